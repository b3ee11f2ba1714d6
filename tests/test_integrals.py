"""Running and partial integrals: values, rows, whole solves, files, refusals."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sympy import Eq, Expr, Integral, Rational, Symbol, cos, cosh, exp, pi, sin, sqrt

from kanpde import (
    Chebyshev,
    Dirichlet,
    Initial,
    InputError,
    Interval,
    Problem,
    Rectangle,
    Settings,
    Solution,
    TimeInterval,
    coordinates,
    load,
    preflight,
    solve,
    unknown,
)
from kanpde.nets import KAN
from kanpde.pde import extract_integrals, is_linear
from kanpde.problem._functionals import Region
from kanpde.residual._points import draw
from kanpde.residual._rows import Rows
from kanpde.residual._terms import compile_terms
from kanpde.trial._trial import Frame, Trial
from kanpde.trial.exact._ansatz import build

x, y, t = coordinates("x y t")
s, r = Symbol("s"), Symbol("r")
v, w, z = unknown("v", x), unknown("w", x, t), unknown("z", x, y)


def ode(equation: Expr, **kwargs: object) -> Problem:
    start = {"start": Dirichlet(v, 1, on=Eq(x, 0))}
    return Problem(Interval(x, 0, 2), {"ode": equation}, start, **kwargs)


def volterra() -> Problem:
    memory = Integral(exp(s - x) * v.subs(x, s), (s, 0, x))
    return ode(v.diff(x) + v - memory, exact={v: exp(-x) * cosh(x)})


def rows_of(problem: Problem, *, derivatives: str = "jets", chunk: int | None = None) -> Rows:
    frame = Frame(
        problem.coordinates,
        tuple(map(float, problem.domain.lower)),
        tuple(map(float, problem.domain.upper)),
        (),
        tuple(sin(sum(problem.coordinates)) for _ in problem.unknowns),
        tuple(1 + problem.coordinates[0] for _ in problem.unknowns),
        (1.0,) * len(problem.unknowns),
    )
    width = [problem.dimension, 3, len(problem.unknowns)]
    network = KAN(width, basis=Chebyshev(3), generator=torch.Generator().manual_seed(1))
    trial = Trial(frame, network.double(), derivatives=derivatives)
    rng = np.random.default_rng(0)
    sets = compile_terms(problem, build(problem, exact=False))
    drawn = [(e, draw(problem, e, 7, sampler="uniform", rng=rng)) for e in sets]
    return Rows(trial, drawn, chunk=chunk)


def matrix(rows: Rows) -> tuple[torch.Tensor, torch.Tensor]:
    parts = list(rows.jacobian())
    return torch.cat([j for j, _ in parts]), torch.cat([v for _, v in parts])


EQUATIONS = {
    "running": volterra(),
    "nonlinear": ode(v.diff(x) - Integral(x * s * v.subs(x, s) ** 2, (s, 0, x)) ** 2),
    "partial": Problem(
        Interval(x, 0, 1) * TimeInterval(t, 0, 1),
        {"e": w.diff(t) - Integral(cos(x - s) * w.subs(x, s).diff(s), (s, 0, 1)) * w},
        {"start": Initial(w, x)},
    ),
    "history": Problem(
        Interval(x, 0, 1) * TimeInterval(t, 0, 1),
        {"e": w.diff(t) - Integral(exp(r - t) * w.diff(x, 2).subs(t, r), (r, 0, t))},
        {"start": Initial(w, x)},
    ),
    "number": ode(v.diff(x) - Integral(v**2, (x, 0, 1)) * v),
    "triangle": Problem(
        Rectangle((x, 0, 1), (y, 0, 1)),
        {"e": z.diff(x) - Integral(x * z, (y, 0, x), (x, 0, 1)) - y},
        {"left": Dirichlet(z, 0, on=Eq(x, 0))},
    ),
}


@pytest.mark.parametrize("name", EQUATIONS)
def test_rows_are_the_derivatives_of_the_residuals(name: str) -> None:
    rows = rows_of(EQUATIONS[name])
    jacobian, residual = matrix(rows)
    trial, start = rows.trial, rows.trial.get()
    assert torch.allclose(residual, rows.vector(), atol=1e-14)
    direction = torch.randn(len(start), generator=torch.Generator().manual_seed(2)).to(start)
    step = 1e-6
    sides = []
    for sign in (1, -1):
        trial.set(start + sign * step * direction)
        sides.append(rows.vector())
    slope = (sides[0] - sides[1]) / (2 * step)
    assert torch.allclose(jacobian @ direction, slope, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", EQUATIONS)
def test_chunks_and_nested_derivatives_change_nothing(name: str) -> None:
    jacobian, residual = matrix(rows_of(EQUATIONS[name]))
    small = rows_of(EQUATIONS[name], chunk=3)
    for other in (small, rows_of(EQUATIONS[name], derivatives="autograd")):
        again, same = matrix(other)
        assert torch.allclose(again, jacobian, atol=1e-11)
        assert torch.allclose(same, residual, atol=1e-12)
    loss, gradient = small.loss_and_gradient()
    assert loss == pytest.approx(float(residual.square().sum()), rel=1e-12)
    assert torch.allclose(gradient, 2 * jacobian.T @ residual, atol=1e-11)


def integrated(integral: Integral, point: list[float], values: object) -> float:
    coords = [x, y]
    _, (term,) = extract_integrals(integral, coords)
    region = Region.of(term, coords)
    nodes, weights = region.nodes(np.array([point]))
    columns = nodes[0].T
    return float((values(*columns) * weights[0]).sum())  # type: ignore[operator]


def test_limits_may_be_curved_nested_and_renamed() -> None:
    """Each against the integral done by hand at the point (0.5, 0.25)."""
    point = [0.5, 0.25]
    field = z.subs(x, s)
    assert integrated(Integral(field, (s, y, x**2 + y)), point, lambda a, b: a * b) == (
        pytest.approx(0.25 * (0.5**2 - 0.25**2) / 2, rel=1e-13)
    )
    inner = z.subs({x: s, y: r})  # over 0 < r < s x, 0 < s < x: x is the equation's in both
    assert integrated(Integral(inner, (r, 0, s * x), (s, 0, x)), point, lambda a, b: a) == (
        pytest.approx(0.5**4 / 3, rel=1e-13)
    )
    assert integrated(Integral(z, (y, 0, x), (x, 0, 1)), point, lambda a, b: b) == (
        pytest.approx(1 / 6, rel=1e-13)
    )


def test_integrals_keep_an_equation_linear_and_square_ones_do_not() -> None:
    memory = Integral(exp(s - x) * v.subs(x, s).diff(s), (s, 0, x))
    assert is_linear(v.diff(x) + memory, [v])
    assert is_linear(Integral(v, (x, 0, 1)) * x + v, [v])
    assert not is_linear(v.diff(x) + v * memory, [v])
    assert not is_linear(Integral(v.subs(x, s) ** 2, (s, 0, x)), [v])


def solved(problem: Problem, **settings: object) -> Solution:
    return solve(problem, Settings(time_limit=20, **settings))


def error(found: Solution) -> float:
    return max(e["relative_l2"] for e in found.summary["errors"].values())


def test_volterra_is_solved_as_linear_and_comes_back_from_its_files(tmp_path: Path) -> None:
    found = solve(volterra(), out=tmp_path / "run")
    assert found.summary["path"] == ["spectral least squares"]
    assert error(found) < 1e-13
    again = load(tmp_path / "run")
    points = np.linspace(0, 2, 9)[:, None]
    assert np.array_equal(again(points), found(points))
    (claim, _) = again.problem.claims
    rows = Rows(again.trial, [(claim.terms, claim.drawn)], finer=True)
    assert float(rows.vector().abs().max()) < 1e-12


def test_a_first_kind_equation_names_its_unknown_in_the_integral_only() -> None:
    memory = Integral(cos(x - s) * v.subs(x, s), (s, 0, x))
    problem = Problem(Interval(x, 0, 2), {"first kind": memory - sin(x)}, exact={v: 1 + 0 * x})
    assert error(solved(problem)) < 1e-9


def test_fredholm_with_a_kernel_that_has_a_kink() -> None:
    """The kernel is Green's function of -u'', which maps sin(pi x) to sin(pi x) / pi**2."""
    field = v.subs(x, s)
    kernel = Integral(s * (1 - x) * field, (s, 0, x)) + Integral(x * (1 - s) * field, (s, x, 1))
    equation = v - kernel - (1 - 1 / pi**2) * sin(pi * x)
    problem = Problem(Interval(x, 0, 1), {"fredholm": equation}, exact={v: sin(pi * x)})
    assert error(solved(problem)) < 1e-13


def test_a_nonlinear_running_integral_is_solved_by_newton() -> None:
    """v' = -v**3/2 of 1/sqrt(1 + x), with a memory that vanishes at the solution."""
    total = Integral(v.subs(x, s), (s, 0, x))
    exact = 1 / sqrt(1 + x)  # its integral is 2 sqrt(1+x) - 2
    equation = v.diff(x) + v**3 / 2 + (total - 2 * sqrt(1 + x) + 2) * v
    found = solved(ode(equation, exact={v: exact}))
    assert found.summary["path"] == ["spectral least squares, Gauss-Newton"]
    assert error(found) < 1e-9


def test_an_integral_over_space_marches_in_slabs_with_its_equation() -> None:
    """w_t = -2 x int s w ds of w = x a(t): a' = -2/3 a."""
    mean = Integral(s * w.subs(x, s), (s, 0, 1))
    exact = x * exp(-Rational(2, 3) * t)
    equation = w.diff(t) + 2 * x * mean
    problem = Problem(
        Interval(x, 0, 1) * TimeInterval(t, 0, 1),
        {"e": equation},
        {"start": Initial(w, x)},
        exact={w: exact},
    )
    assert error(solved(problem)) < 1e-12


def test_memory_in_time() -> None:
    """w_t = int_0^t w_xx dr is the wave equation, integrated once."""
    memory = Integral(w.diff(x, 2).subs(t, r), (r, 0, t))
    problem = Problem(
        Interval(x, 0, 1) * TimeInterval(t, 0, 1),
        {"e": w.diff(t) - memory},
        {"start": Initial(w, sin(pi * x)), "walls": Dirichlet(w, 0)},
        exact={w: sin(pi * x) * cos(pi * t)},
    )
    assert error(solved(problem)) < 1e-8


def test_a_trained_network_learns_it_too() -> None:
    found = solve(volterra(), Settings(optimizer="lm", hidden=(6,), interior=60, steps=40))
    assert error(found) < 1e-4


def test_quadrature_that_is_too_coarse_shows_on_fresh_points() -> None:
    rows = rows_of(ode(v - Integral(cos(400 * s) * v.subs(x, s), (s, 0, x))))
    drawn = [
        (p.terms, draw(volterra(), p.terms, 7, sampler="uniform", rng=np.random.default_rng(0)))
        for p in rows.parts[:1]
    ]
    coarse, fine = (Rows(rows.trial, drawn, finer=f).vector() for f in (False, True))
    assert float((coarse - fine).norm()) > 1e-3 * float(fine.norm())


def test_what_reaches_outside_or_is_no_number_is_refused() -> None:
    field = v.subs(x, s)
    with pytest.raises(InputError, match=r"inside 0 <= x <= 2, its limits reach from -0.9"):
        ode(v - Integral(field, (s, x - 1, x)))
    k = Symbol("k", real=True)
    with pytest.raises(InputError, match="limits of coordinates and numbers, got k"):
        ode(v - Integral(field, (s, 0, k)))


def test_preflight_tells_of_integral_equations() -> None:
    told = preflight(volterra())
    assert told["equations"][0]["linear"]
    assert told["warnings"] == []
