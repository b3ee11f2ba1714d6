"""A new way of solving is one file and one entry: it is tried in its place, stored and resumed."""

import numpy as np
import pytest
from sympy import pi, sin

import kanpde
from kanpde import Dirichlet, InputError, Interval, Problem, coordinates, unknown
from kanpde.residual import Rows
from kanpde.solvers import Phase, Solver, make_plan, register, unregister
from kanpde.solvers._phase import Report
from kanpde.solvers._registry import stages
from kanpde.solvers.spectral._products import product_network


class Collocation(Phase):
    """One dense least squares at once, without levels."""

    name = "collocation"

    def __init__(self, plan, evaluation):
        super().__init__(plan, evaluation)
        self.trial = plan.trial(product_network(plan, 18))

    def step(self):
        drawn = self.plan.draw(80, self.plan.rng(7), sampler="chebyshev")
        rows = Rows(self.trial, drawn)
        jacobian, residual = (np.concatenate(p) for p in zip(*rows.jacobian(), strict=True))
        move = np.linalg.lstsq(jacobian, residual, rcond=None)[0]
        self.trial.set(self.trial.get() - rows.vector().new_tensor(move))
        self.done, self.points = True, 80
        return Report(float(rows.vector().square().sum()))

    @property
    def sufficient(self):
        return self.done

    def state(self):
        return {"vector": self.trial.get(), "done": self.done}

    def restore(self, state):
        self.trial.set(state["vector"])
        self.done = state["done"]


COLLOCATION = Solver(
    "collocation",
    lambda plan, *, closed: plan.problem.name == "toy",
    lambda s: Collocation(s.plan, s.evaluation),
    alone=True,
)


@pytest.fixture
def registered():
    register(COLLOCATION, before="linear")
    yield
    unregister("collocation")


def toy(name="toy"):
    x = coordinates("x")
    u = unknown("u", x)
    return Problem(
        Interval(x, 0, 1),
        {"ode": u.diff(x, 2) + pi**2 * sin(pi * x)},
        {"ends": Dirichlet(u, 0)},
        exact={u: sin(pi * x)},
        name=name,
    )


def test_registered_solver_is_tried_where_it_applies(registered):
    def names(name):
        return [
            stage.name for stage in stages(make_plan(toy(name), kanpde.Settings()), closed=True)
        ]

    assert names("toy") == ["collocation", "lm"]
    assert names("other") == ["linear", "lm"]


def test_registered_solver_solves_stores_and_resumes(registered, tmp_path):
    found = kanpde.solve(toy(), threads=1, out=tmp_path / "run")
    assert found.summary["path"] == ["collocation"]
    assert found.summary["errors"]["u"]["relative_l2"] < 1e-12
    assert [e["phase"] for e in found.history] == ["collocation"]
    x = np.linspace(0, 1, 9)[:, None]
    assert np.array_equal(kanpde.load(tmp_path / "run")(x), found(x))
    again = kanpde.solve(toy(), threads=1, out=tmp_path / "run", resume=True)
    assert np.array_equal(again(x), found(x))


def test_solver_of_a_taken_name_or_an_unknown_place_is_refused(registered):
    with pytest.raises(InputError, match="solver: expected a new name, got collocation"):
        register(COLLOCATION)
    with pytest.raises(InputError, match=r"before: expected one of lazy, eigen, .*got nothing"):
        register(Solver("x", COLLOCATION.applies, COLLOCATION.make), before="nothing")
