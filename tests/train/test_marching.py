"""Marching through time: slabs and degrees follow the solution, marches follow each other."""

import math

import numpy as np
import pytest
import torch
from sympy import Rational, exp, pi, sin

import kanpde
from kanpde import (
    Box,
    Dirichlet,
    Initial,
    Interval,
    Problem,
    Settings,
    TimeInterval,
    coordinates,
    solve,
    unknown,
)
from kanpde.nets import AxisMap, ProductKAN
from kanpde.residual._measure import Evaluation
from kanpde.solvers._plan import make_plan
from kanpde.solvers._session import Session
from kanpde.solvers.marching._fronts import choose_map
from kanpde.solvers.marching._march import ACCEPTED, HIGHER, SHORTER, March, Seen
from kanpde.solvers.marching._marching import MarchingPhase
from kanpde.solvers.spectral._products import tails


def front(rate=3.0):
    """A travelling front of Fisher's equation, (1 + e^z)^-2, made steeper by `rate`."""
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    d = Rational(1, 6) / rate**2
    exact = 1 / (1 + exp(rate * x - Rational(5, 6) * t)) ** 2
    return Problem(
        domain=Interval(x, -1, 1) * TimeInterval(t, 0, 1),
        equations={"fisher": u.diff(t) - d * u.diff(x, 2) - u * (1 - u)},
        conditions={"start": Initial(u, exact.subs(t, 0)), "ends": Dirichlet(u, exact)},
        exact={u: exact},
    )


def phase_of(problem, **settings):
    plan = make_plan(problem, Settings(**settings))
    return MarchingPhase(plan, Evaluation(problem))


def through(phase, marches):
    while not phase.done and len(phase.costs) < marches:
        phase.step()
    return phase


def test_fronts_are_exact_solutions():
    problem = front()
    (u,) = problem.unknowns
    residual = problem.equations["fisher"].expression.subs(u, problem.exact[u]).doit()
    values = dict(zip(problem.coordinates, (0.3, 0.4), strict=True))
    assert abs(complex(residual.subs(values).evalf())) < 1e-12


def test_every_march_is_far_better_than_the_one_before():
    problem, errors = front(), []
    phase, evaluation = phase_of(problem), Evaluation(problem)
    for marches in (1, 2, 3):
        through(phase, marches)
        errors.append(evaluation.worst(phase.trial))
    # the tolerance falls by two decades from march to march, the error by one at least
    assert errors[0] < 1e-3
    assert errors[1] < 0.1 * errors[0]
    assert errors[2] < 0.1 * errors[1]


def test_difference_of_marches_predicts_the_error():
    problem = front()
    phase, evaluation = through(phase_of(problem), 3), Evaluation(problem)
    session = Session(phase.plan, evaluation)
    (predicted,) = session.predict(phase.best[1], phase)
    assert 0.1 < predicted / evaluation.worst(phase.trial) < 10


def test_steep_front_is_solved_in_a_chart_with_fewer_polynomials():
    steep = front(rate=60.0)
    phase = through(phase_of(steep), 1)
    degrees = [part.network.degrees[0] for part in phase.best[0].parts]
    maps = [part.network.maps[0] for part in phase.best[0].parts]
    assert max(degrees) > 64
    assert any(c is not None for c in maps)
    assert degrees[-1] < max(degrees)
    assert Evaluation(steep).worst(phase.trial) < 1e-3


@pytest.mark.parametrize("center", [-0.3, 0.0, 0.7])
def test_chart_is_put_where_the_front_is(center):
    class Front:
        device = "cpu"

        def __call__(self, points):
            return torch.tanh((points[:, :1] - center) / 0.01)

    plan = make_plan(front(), Settings())
    chart, share = choose_map(plan, Front(), 0, 0.5, tolerance=1e-6, present=None)
    # half the domain is one unit long in the chart's variable
    assert abs(chart.center - center) < 0.01
    assert share < 0.3


def test_smooth_profile_needs_no_chart():
    class Smooth:
        device = "cpu"

        def __call__(self, points):
            return torch.sin(3 * points[:, :1])

    plan = make_plan(front(), Settings())
    assert choose_map(plan, Smooth(), 0, 0.5, tolerance=1e-8, present=None) == (None, 1.0)


def seen(time=1e-6, space=1e-6, residual=1e-6, converged=True):
    return Seen(length=0.1, time=time, space=[space], residual=residual, converged=converged)


def fresh_march(tolerance=1e-4):
    return March(tolerance, 0.1, [16, 0], [0.0], axis=1)


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        (seen(), ACCEPTED),
        (seen(time=1e-3), SHORTER),
        (seen(space=1e-3), HIGHER),
        (seen(converged=False), SHORTER),
        (seen(residual=1.0, time=2e-6), SHORTER),
        (seen(residual=1.0, space=2e-6), HIGHER),
    ],
)
def test_verdict_follows_from_tails_residual_and_convergence(state, verdict):
    assert fresh_march().verdict(state, shortest=False, capped=False) == verdict


def test_shortest_slab_is_accepted_where_no_degree_helps():
    march = fresh_march()
    assert march.verdict(seen(time=1.0), shortest=True, capped=True) == ACCEPTED


def test_raising_one_degree_lowers_no_other():
    x, y, t = coordinates("x y t")
    u = unknown("u", x, y, t)
    problem = Problem(
        domain=Box((x, 0, 1), (y, 0, 1)) * TimeInterval(t, 0, 0.1),
        equations={"r": u.diff(t) - (u.diff(x, 2) + u.diff(y, 2)) / 20 + u**3 - u * u.diff(x)},
        conditions={"start": Initial(u, sin(pi * x) * sin(pi * y)), "walls": Dirichlet(u, 0)},
    )
    phase = phase_of(problem, symmetry=False)
    phase.march.length, phase.march.degrees = 0.01, [16, 6, 6]
    for _ in range(5):
        before = list(phase.march.degrees)
        if "higher" in phase.step().note:
            assert all(n >= o for n, o in zip(phase.march.degrees, before, strict=True))
    assert phase.march.slabs


def test_blow_up_ends_the_march():
    t = coordinates("t")
    u = unknown("u", t)
    problem = Problem(TimeInterval(t, 0, 2), {"u": u.diff(t) - u**2}, {"start": Initial(u, 1)})
    phase = phase_of(problem)
    for _ in range(300):
        if phase.done:
            break
        phase.step()
    assert phase.march_failed, "the solution ends at t = 1"


def test_small_unknown_is_resolved_beside_a_large_one():
    x, t = coordinates("x t")
    u, v = unknown("u", x, t), unknown("v", x, t)
    fast = sin(9 * pi * x) * exp(-t)
    problem = Problem(
        domain=Interval(x, 0, 1) * TimeInterval(t, 0, 0.1),
        equations={"u": u.diff(t) + u, "v": v.diff(t) + v + (v**2 - fast**2)},
        conditions={
            "u0": Initial(u, 100000 * (1 + x)),
            "v0": Initial(v, fast.subs(t, 0)),
        },
        exact={u: 100000 * (1 + x) * exp(-t), v: fast},
    )
    phase, evaluation = through(phase_of(problem, symmetry=False), 2), Evaluation(problem)
    assert evaluation.worst(phase.trial) < 1e-5  # at a tolerance of 1e-6


def test_given_up_march_does_not_hinder_resuming(tmp_path, monkeypatch):
    monkeypatch.setattr("kanpde.solution._solve.CHECKPOINT_EVERY", 0.0)
    monkeypatch.setattr(MarchingPhase, "gives_up", lambda phase, elapsed, latest, limit: True)
    settings = {"threads": 1, "time_limit": 1.5}
    out = tmp_path / "run"
    first = solve(front(rate=60.0), **settings, out=out)
    assert "lm" in first.summary["path"]
    again = solve(front(rate=60.0), threads=1, time_limit=2.0, out=out, resume=True)
    assert again.summary["steps"] >= first.summary["steps"]


def test_degree_in_time_grows_with_the_decades():
    assert [fresh_march(10.0**-k).degrees[1] for k in (4, 6, 8)] == [6, 8, 10]


def test_length_follows_the_order_in_time():
    march = fresh_march()
    # six derivatives in time: a tail 2^7 times too large halves the slab, beside the safety
    assert march.factor(2.0**7 * 0.3 * march.tolerance) == pytest.approx(0.5)


def test_tails_are_those_of_the_highest_products():
    net = ProductKAN((1.0, 1.0), (), 1, degree=(10, 4)).double()
    index = net.index_list()
    with torch.no_grad():
        for place, (i, j) in enumerate(index):
            net.block.coefficients[place] = 10.0 ** -(i + 2 * j)
    highest = [(i / 10, j / 4, 10.0 ** -(i + 2 * j)) for i, j in index if i / 10 + j / 4 >= 0.87]
    expected = [math.sqrt(sum((share[k] * share[2]) ** 2 for share in highest)) for k in (0, 1)]
    assert tails(net)[:, 0].tolist() == pytest.approx(expected)


def test_resumed_march_equals_the_uninterrupted_one(tmp_path, monkeypatch):
    monkeypatch.setattr("kanpde.solution._solve.CHECKPOINT_EVERY", 0.0)
    problem, points = front(rate=60.0), np.random.default_rng(0).random((300, 2))
    settings = {"steps": 16, "threads": 1}
    whole = solve(problem, **settings)
    assert "spectral least squares, Gauss-Newton in time slabs" in whole.summary["path"]

    for steps in (6, 9, 13):

        def stop(event, last=steps):
            if event["step"] == last:
                raise KeyboardInterrupt

        stopped = solve(problem, **settings, out=tmp_path / "run", resume=True, progress=stop)
        assert np.array_equal(kanpde.load(tmp_path / "run")(points), stopped(points))
    resumed = solve(problem, **settings, out=tmp_path / "run", resume=True)
    # the dense linear algebra repeats itself only up to round-off
    assert [e["note"] for e in resumed.history] == [e["note"] for e in whole.history]
    assert np.abs(resumed(points) - whole(points)).max() <= 1e-13


def test_march_that_cannot_end_in_time_is_given_up():
    phase = phase_of(front())
    phase.march.seconds = 20.0
    assert phase.gives_up(elapsed=21.0, latest=0.0, limit=60.0), (
        "a third of the time and nowhere yet"
    )
    phase.march.edges.append(0.5)
    assert not phase.gives_up(elapsed=21.0, latest=0.0, limit=60.0)
    assert phase.gives_up(elapsed=59.0, latest=0.0, limit=60.0)


def test_systems_march_too():
    x, t = coordinates("x t")
    u, v = unknown("u", x, t), unknown("v", x, t)
    decay = exp(-(pi**2) * t / 10)
    problem = Problem(
        domain=Interval(x, 0, 1) * TimeInterval(t, 0, 1),
        equations={
            "a": u.diff(t) - u.diff(x, 2) / 10 - (u**2 - v**2 / 4),
            "b": v.diff(t) - v.diff(x, 2) / 10 - (u * v - v**2 / 2),
        },
        conditions={
            "u0": Initial(u, sin(pi * x)),
            "v0": Initial(v, 2 * sin(pi * x)),
            "u walls": Dirichlet(u, 0),
            "v walls": Dirichlet(v, 0),
        },
        exact={u: decay * sin(pi * x), v: 2 * decay * sin(pi * x)},
    )
    phase, evaluation = through(phase_of(problem), 3), Evaluation(problem)
    assert evaluation.worst(phase.trial) < 1e-7


def test_ordinary_differential_equations_march_too():
    t = coordinates("t")
    u = unknown("u", t)
    problem = Problem(
        TimeInterval(t, 0, 3),
        {"logistic": u.diff(t) - 5 * u * (1 - u)},
        {"start": Initial(u, 0.01)},
        exact={u: 1 / (1 + 99 * exp(-5 * t))},
    )
    phase, evaluation = through(phase_of(problem), 4), Evaluation(problem)
    assert len(phase.best[0].parts) > 1
    assert evaluation.worst(phase.trial) < 1e-9


def test_two_space_dimensions_march_too():
    x, y, t = coordinates("x y t")
    u = unknown("u", x, y, t)
    exact = exp(-t) * sin(pi * x) * sin(pi * y)
    diffusion = (u.diff(x, 2) + u.diff(y, 2)) / 10
    left = u.diff(t) - diffusion + u**3
    source = left.subs(u, exact).doit()
    problem = Problem(
        domain=Box((x, 0, 1), (y, 0, 1)) * TimeInterval(t, 0, 1),
        equations={"reaction-diffusion": left - source},
        conditions={"start": Initial(u, exact.subs(t, 0)), "walls": Dirichlet(u, 0)},
        exact={u: exact},
    )
    phase, evaluation = through(phase_of(problem), 1), Evaluation(problem)
    assert evaluation.worst(phase.trial) < 1e-3


def test_chart_maps_the_interval_onto_itself_and_back():
    chart = AxisMap(0.3, 0.05)
    z = torch.linspace(-1, 1, 11, dtype=torch.float64)
    (value,) = chart.jets(z, 0)
    assert value[[0, -1]].tolist() == pytest.approx([-1, 1], abs=1e-14)
    assert (chart.inverse(value) - z).abs().max() < 1e-14


def test_derivatives_of_a_chart_agree_with_autograd():
    chart = AxisMap(-0.2, 0.1)
    z = torch.linspace(-0.9, 0.9, 7, dtype=torch.float64, requires_grad=True)
    jets = chart.jets(z, 4)
    value = jets[0]
    for m in range(1, 5):
        (value,) = torch.autograd.grad(value.sum(), z, create_graph=True)
        assert (value - jets[m]).abs().max() < 1e-11 * jets[m].abs().max() + 1e-13
    assert math.isfinite(float(value.sum().detach()))
