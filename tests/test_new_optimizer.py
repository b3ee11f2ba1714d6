"""A new optimizer is one class and one entry: chosen by name, stored and resumed."""

import numpy as np
import pytest
import torch
from sympy import exp

import kanpde
from kanpde import Dirichlet, InputError, Interval, Problem, Settings, coordinates, unknown
from kanpde.optimize import (
    StepReport,
    make_optimizer,
    register_optimizer,
    unregister_optimizer,
)


class Cautious:
    """Damped Gauss-Newton by normal equations, damping in proportion to the loss."""

    name = "cautious"
    looks_back = False

    def __init__(self):
        self.steps = 0

    def step(self, rows):
        start = rows.trial.get()
        parts = list(rows.jacobian())
        jacobian, residual = (torch.cat(p) for p in zip(*parts, strict=True))
        before = float(residual.square().sum())
        gram = jacobian.T @ jacobian
        damped = gram + 1e-3 * min(1.0, before) * torch.eye(len(gram), dtype=gram.dtype)
        move = torch.linalg.solve(damped, -jacobian.T @ residual)
        for share in (1.0, 0.5, 0.1, 0.01):
            rows.trial.set(start + share * move)
            after = float(rows.vector().square().sum())
            if after < before:
                self.steps += 1
                return StepReport(after, accepted=True)
        rows.trial.set(start)
        return StepReport(before, accepted=False)

    def restart(self):
        pass

    def revive(self, damping):
        pass

    def state(self):
        return {"steps": self.steps}

    def restore(self, state):
        self.steps = state["steps"]


@pytest.fixture
def registered():
    register_optimizer(Cautious)
    yield
    unregister_optimizer("cautious")


def ode():
    x = coordinates("x")
    u = unknown("u", x)
    return Problem(
        Interval(x, 0, 1),
        {"ode": u.diff(x, 2) - exp(x)},
        {"ends": Dirichlet(u, exp(x))},
        exact={u: exp(x)},
    )


def test_registered_optimizer_trains_and_goes_on_as_if_never_stopped(registered, tmp_path):
    options = {"optimizer": "cautious", "hidden": (4,), "threads": 1, "interior": 60}
    whole = kanpde.solve(ode(), **options, steps=20)
    assert whole.summary["path"] == ["cautious"]
    assert whole.summary["errors"]["u"]["relative_l2"] < 1e-4
    kanpde.solve(ode(), **options, steps=8, out=tmp_path / "run")
    resumed = kanpde.solve(ode(), **options, steps=20, out=tmp_path / "run", resume=True)
    x = np.linspace(0, 1, 11)[:, None]
    assert np.array_equal(resumed(x), whole(x))


def test_registered_optimizer_fits_data(registered):
    x = np.linspace(-1, 1, 80)
    found = kanpde.fit(x, np.exp(x), hidden=(), grids=(4,), optimizer="cautious", steps=30)
    assert found.errors["test"]["rmse"] < 1e-3


def test_names_are_taken_once_and_unknown_ones_are_refused(registered):
    with pytest.raises(InputError, match="optimizer: expected a new name, got cautious"):
        register_optimizer(Cautious)
    with pytest.raises(InputError, match=r"optimizer: expected one of lm, .*cautious, got 'bold'"):
        make_optimizer("bold")
    assert Settings(optimizer="cautious").optimizer == "cautious"


def test_settings_refuse_an_optimizer_that_is_gone():
    with pytest.raises(InputError, match="optimizer: expected one of auto, lm"):
        Settings(optimizer="cautious")
