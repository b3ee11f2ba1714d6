"""Gauss-Newton on product KANs: smooth nonlinear problems to round-off, others handed on."""

import pytest

import kanpde
from kanpde import Dirichlet, Interval, Problem, Settings, coordinates, unknown
from kanpde.residual._measure import Evaluation
from kanpde.solvers._plan import make_plan
from kanpde.solvers._session import Session

GAUSS_NEWTON = "spectral least squares, Gauss-Newton"


def bratu():
    # u'' + e^u = 0 on [0, 1]; k solves k = sqrt(2) cosh(k / 4)
    from sympy import Float, cosh, exp, log

    x = coordinates("x")
    u = unknown("u", x)
    k = Float("1.51716459905075436851", 21)
    return Problem(
        Interval(x, 0, 1),
        {"bratu": u.diff(x, 2) + exp(u)},
        {"ends": Dirichlet(u, 0)},
        exact={u: -2 * log(cosh((x - 0.5) * k / 2) / cosh(k / 4))},
    )


def test_bratu_is_solved_to_round_off_without_settings():
    solution = kanpde.solve(bratu(), steps=8)
    assert solution.summary["path"] == ["spectral least squares, Gauss-Newton"]
    assert solution.errors["u"]["relative_l2"] < 1e-12


def test_levels_start_from_the_one_before():
    plan = make_plan(bratu(), Settings())
    session = Session(plan, Evaluation(plan.problem))
    first = session.phase
    first.step()
    coarse = first.trial
    from kanpde.solvers.spectral._products import product_network, transfer

    fine = plan.trial(product_network(plan, 12))

    transfer(coarse, fine)
    points = plan.problem.domain.grid(33)
    evaluation = Evaluation(plan.problem)
    assert len(points) == 33
    assert abs(evaluation.values(coarse) - evaluation.values(fine)).max() < 1e-15


def test_front_is_handed_on_to_slabs_or_to_training(load_problem):
    solution = kanpde.solve(load_problem("burgers"), steps=5)
    assert solution.summary["path"][:2] == [GAUSS_NEWTON, f"{GAUSS_NEWTON} in time slabs"]
    solution = kanpde.solve(load_problem("burgers"), steps=5, slabs=False)
    assert solution.summary["path"][:2] == [GAUSS_NEWTON, "lm"]


@pytest.mark.parametrize(
    "options", [{"hidden": (4,)}, {"net": "kan"}, {"net": "mlp"}, {"optimizer": "adam"}]
)
def test_what_the_user_asks_for_is_trained(options):
    plan = make_plan(bratu(), Settings(**options))
    assert "newton" not in Session(plan, Evaluation(plan.problem)).names


def test_levels_end_at_the_losses_of_the_loop_that_was_here_before():
    history = kanpde.solve(bratu(), threads=1, steps=2).history
    recorded = [4.740758655374773e-17, 3.579666072929675e-24]
    assert [e["loss"] for e in history] == pytest.approx(recorded, rel=1e-3)  # near round-off
