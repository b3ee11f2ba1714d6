"""What `net` means: who asks for a KAN gets a trained KAN, and spectral least squares says so."""

import numpy as np
import pytest
import torch
from sympy import exp, pi, sin

import kanpde
from kanpde import (
    Dirichlet,
    Initial,
    InputError,
    Interval,
    Problem,
    Settings,
    TimeInterval,
    coordinates,
    unknown,
)
from kanpde.basis import BSpline, Chebyshev
from kanpde.residual import Evaluation
from kanpde.solvers import Session, make_network, make_plan


def ode():
    x = coordinates("x")
    u = unknown("u", x)
    return Problem(
        Interval(x, 0, 1),
        {"ode": u.diff(x, 2) - exp(x)},
        {"ends": Dirichlet(u, exp(x))},
        exact={u: exp(x)},
    )


def front():
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    return Problem(
        Interval(x, -1, 1) * TimeInterval(t, 0, 1),
        {"burgers": u.diff(t) + u * u.diff(x) - 0.003 * u.diff(x, 2)},
        {"start": Initial(u, -sin(pi * x)), "walls": Dirichlet(u, 0)},
    )


def edges(**settings):
    network = make_network(make_plan(ode(), Settings(**settings)))
    return network.basis


def test_a_kan_has_splines_unless_the_basis_says_otherwise():
    assert isinstance(edges(net="kan"), BSpline)
    assert isinstance(edges(net="kan", basis="chebyshev"), Chebyshev)
    assert isinstance(edges(net="auto"), Chebyshev)
    assert isinstance(edges(net="auto", grid=4), BSpline)


def test_a_kan_is_trained_in_all_layers_though_the_problem_is_linear():
    found = kanpde.solve(ode(), net="kan", hidden=(3,), steps=25, threads=1)
    assert found.summary["path"] == ["lm"]
    assert found.summary["net"].startswith("KAN [1,3,1], BSpline")
    assert found.summary["errors"]["u"]["relative_l2"] < 1e-3
    assert np.isfinite(found.summary["loss"])


def test_spectral_least_squares_says_so_in_net_and_path():
    found = kanpde.solve(ode(), net="spectral", threads=1)
    assert found.summary["path"] == ["spectral least squares"]
    assert "spectral least squares" in found.summary["net"]
    assert found.status is kanpde.Status.CONVERGED
    assert found.summary["errors"]["u"]["relative_l2"] < 1e-13


def test_auto_takes_what_spectral_takes():
    one, other = (kanpde.solve(ode(), net=net, threads=1) for net in ("auto", "spectral"))
    x = np.linspace(0, 1, 50)[:, None]
    assert np.array_equal(one(x), other(x))


def test_spectral_never_hands_on_to_training():
    plan = make_plan(front(), Settings(net="spectral"))
    session = Session(plan, Evaluation(plan.problem))
    assert session.names == ["newton", "slabs"]
    found = kanpde.solve(front(), net="spectral", slabs=False, threads=1, time_limit=20)
    assert found.summary["path"] == ["spectral least squares, Gauss-Newton"]
    assert found.status is kanpde.Status.BUDGET  # a front that it does not resolve


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"hidden": (4,)}, r"hidden: expected none beside net=spectral.*got \(4,\).*net=kan"),
        ({"basis": "bspline"}, "basis: expected none beside net=spectral"),
        ({"optimizer": "adam"}, "optimizer: expected none beside net=spectral"),
        ({"linear": False}, "linear: expected none beside net=spectral"),
        ({"geodesic": False}, "geodesic: expected none beside net=spectral"),
        ({"sparsify": 1e-3}, "sparsify: expected net=kan beside it, got net=spectral"),
    ],
)
def test_spectral_refuses_settings_of_training(options, says):
    with pytest.raises(InputError, match=says):
        Settings(net="spectral", **options)


def test_spectral_refuses_what_it_cannot_take():
    plan = make_plan(ode(), Settings(net="spectral", dtype="float32"))
    with pytest.raises(InputError, match=r"net: spectral cannot take .*dtype=float32.*net=auto"):
        Session(plan, Evaluation(plan.problem))


def test_spectral_run_that_gave_up_says_so_again_when_resumed(tmp_path):
    options = {"net": "spectral", "slabs": False, "threads": 1, "out": tmp_path / "run"}
    first = kanpde.solve(front(), **options, time_limit=20)
    again = kanpde.solve(front(), **options, time_limit=40, resume=True)
    assert first.status is again.status is kanpde.Status.BUDGET
    assert first.summary["steps"] == again.summary["steps"]


def test_comparison_of_a_file_that_asks_for_spectral_trains_both():
    problem = ode()
    problem.settings = Settings(net="spectral")
    found = kanpde.compare(problem, seeds=(0,), sizes=(2,), steps=2, hidden=(2,))
    assert [run.net for run in found.runs] == ["kan", "mlp"]
    assert found.runs[0].network.startswith("KAN [1,2,1], Chebyshev")


def test_named_edges_of_format_1_are_a_kan_now(tmp_path):
    options = {"net": "kan", "basis": "bspline", "hidden": (3,), "threads": 1}
    kanpde.solve(ode(), **options, steps=2, out=tmp_path / "run")
    file = tmp_path / "run" / "checkpoint.pt"
    torch.save({**torch.load(file, weights_only=True), "format": 1}, file)
    again = kanpde.solve(ode(), **options, steps=3, out=tmp_path / "run", resume=True)
    assert again.summary["steps"] == 3
