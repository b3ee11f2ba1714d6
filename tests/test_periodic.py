"""Periodic pairs, unknown constants inside conditions, mean values and pins."""

from typing import Any

import numpy as np
import pytest
from sympy import Eq, Piecewise, Rational, Symbol, cos, exp, pi, sin

from kanpde import (
    Constant,
    Dirichlet,
    Initial,
    InputError,
    Interface,
    Interval,
    MeanValue,
    Neumann,
    Operator,
    Periodic,
    PointData,
    Problem,
    Rectangle,
    Robin,
    Settings,
    Solution,
    TimeInterval,
    coordinates,
    laplacian,
    normal,
    preflight,
    solve,
    unknown,
)
from kanpde.problem.passes._periodic import check_periodic, periodic_axes, uneven

x, y, t = coordinates("x y t")
u, w, z = unknown("u", x), unknown("w", x, t), unknown("z", x, y)
RING = {"ring": Periodic(u, x)}


def error(found: Solution) -> float:
    return max(e["relative_l2"] for e in found.summary["errors"].values())


def line(equation: Any, conditions: dict[str, Any], **kwargs: Any) -> Problem:
    return Problem(Interval(x, 0, 1), {"e": equation}, conditions, **kwargs)


def test_values_and_slopes_that_differ_contradict_a_periodic_pair() -> None:
    left, right = Eq(x, 0), Eq(x, 1)
    values = {"l": Dirichlet(u, 0, on=left), "r": Dirichlet(u, 2, on=right)}
    message = r"'ring'\]: u\(x\) is periodic in x, but its values .* differ by 2, by 'l' and 'r'"
    with pytest.raises(InputError, match=message):
        check_periodic(line(u.diff(x, 2) - u, {**RING, **values}))
    with pytest.raises(InputError, match="values"):
        solve(line(u.diff(x, 2) - u, {**RING, "both": Dirichlet(u, x, on=["x=0", "x=1"])}))
    slopes = {"l": Neumann(u, 1, on=left), "r": Neumann(u, 1, on=right)}
    with pytest.raises(InputError, match="slopes on the two faces differ by 2"):
        check_periodic(line(u.diff(x, 2) - u, {**RING, **slopes}))
    fits = {"l": Neumann(u, 1, on=left), "r": Neumann(u, -1, on=right)}
    check_periodic(line(u.diff(x, 2) - u, {**RING, **fits}))
    check_periodic(line(u.diff(x, 2) - u, {**RING, "l": Dirichlet(u, 3, on=left)}))


def test_data_along_the_faces_are_compared_as_functions() -> None:
    domain = Rectangle((x, 0, 1), (y, 0, 1))
    ring, floor = {"ring": Periodic(z, x)}, {"floor": Dirichlet(z, 0, on=Eq(y, 0))}
    both = {"l": Dirichlet(z, y, on=Eq(x, 0)), "r": Dirichlet(z, y**2, on=Eq(x, 1))}
    with pytest.raises(InputError, match=r"differ by 0\.2"):
        check_periodic(Problem(domain, {"e": laplacian(z, x, y)}, {**ring, **floor, **both}))
    same = {"l": Dirichlet(z, y, on=Eq(x, 0)), "r": Dirichlet(z, y + 1 - x, on=Eq(x, 1))}
    check_periodic(Problem(domain, {"e": laplacian(z, x, y)}, {**ring, **floor, **same}))


def test_starts_that_jump_at_the_seam_are_told() -> None:
    domain = Interval(x, 0, 1) * TimeInterval(t, 0, 1)
    heat = {"heat": w.diff(t) - w.diff(x, 2)}
    problem = Problem(domain, heat, {"ring": Periodic(w, x), "start": Initial(w, x)})
    assert uneven(problem) == ["start: jumps by 1 across the periodic seam of x (ring)"]
    assert uneven(problem)[0] in preflight(problem)["warnings"]
    smooth = {"ring": Periodic(w, x), "start": Initial(w, x * (1 - x))}
    assert uneven(Problem(domain, heat, smooth)) == []


@pytest.mark.parametrize("factor", [x, x * (1 - x), Piecewise((1, x < 0.5), (2, True))])
def test_an_equation_that_does_not_repeat_gets_rows_not_waves(factor: Any) -> None:
    problem = line(u.diff(x, 2) - (1 + factor) * u, RING)
    assert periodic_axes(problem) == ()
    assert "is not the same at both ends of the periodic coordinate x" in uneven(problem)[0]


@pytest.mark.parametrize("factor", [1, sin(2 * pi * x), cos(4 * pi * x) ** 2])
def test_an_equation_that_repeats_gets_waves(factor: Any) -> None:
    problem = line(u.diff(x, 2) - (1 + factor) * u + sin(2 * pi * x), RING)
    assert periodic_axes(problem) == (0,)
    assert uneven(problem) == []


def test_a_ring_with_a_sawtooth_source_is_solved_to_round_off() -> None:
    """u = x**3 - 3 x**2 / 2 + x / 2 is periodic up to u'; waves would converge like n**-4."""
    exact = x**3 - 3 * x**2 / 2 + x / 2
    problem = line(u.diff(x, 2) - u - (exact.diff(x, 2) - exact), RING, exact={u: exact})
    found = solve(problem)
    assert found.summary["imposed"] == {"ring": "rows"}
    assert "not the same at both ends" in found.summary["reasons"]["ring"]
    assert error(found) < 1e-12


def constant(found: Solution, name: str) -> float:
    return float(found.constants[name])


def test_an_unknown_wall_value_follows_from_data() -> None:
    """u = T0 + x (1 - x) / 2: the value at both ends is sought, one measurement inside tells it."""
    T0 = Symbol("T0", real=True)
    found = solve(
        line(
            u.diff(x, 2) + 1,
            {"walls": Dirichlet(u, T0), "gauge": PointData(u, [[0.5]], [3.125])},
            constants={T0: Constant(1.0)},
        )
    )
    assert constant(found, "T0") == pytest.approx(3, abs=1e-10)
    assert found.summary["imposed"]["walls"] == "rows"
    assert found(np.array([[0.0]]))[0, 0] == pytest.approx(3, abs=1e-10)


@pytest.mark.parametrize("kind", ["robin", "operator"])
def test_an_unknown_heat_transfer_coefficient_follows_from_data(kind: str) -> None:
    """u' + h u = 0 at x = 1 with u = 2 - x: h = 1 there."""
    h = Symbol("h", real=True)
    loss = (
        Robin(u, h, 1, on=Eq(x, 1))
        if kind == "robin"
        else Operator(h * u + normal(x) * u.diff(x), on=Eq(x, 1))
    )
    problem = line(
        u.diff(x, 2),
        {"hot": Dirichlet(u, 2, on=Eq(x, 0)), "loss": loss, "data": PointData(u, [[0.5]], [1.5])},
        constants={h: Constant(0.3, bounds=(0, None))},
    )
    assert constant(solve(problem, Settings(steps=4)), "h") == pytest.approx(1, abs=1e-6)


def test_an_unknown_contact_resistance_follows_from_data() -> None:
    R, flux = Symbol("R", real=True), 2 * u.diff(x)
    problem = line(
        flux.diff(x),
        {
            "left": Dirichlet(u, 0, on=Eq(x, 0)),
            "right": Dirichlet(u, 1, on=Eq(x, 1)),
            "contact": Interface(u, at=Eq(x, Rational(1, 2)), jump=R * flux, flux=flux),
            "data": PointData(u, [[0.25], [0.75]], [0.125, 0.875]),
        },
        constants={R: Constant(0.1)},
    )
    # slope 1/2 and flux 1 on either side, so the jump of 1/2 is R
    found = solve(problem, Settings(steps=8))
    assert constant(found, "R") == pytest.approx(0.5, abs=1e-5)


def test_an_unknown_amplitude_of_the_start_follows_from_data() -> None:
    a = Symbol("a", real=True)
    problem = Problem(
        Interval(x, 0, 1) * TimeInterval(t, 0, Rational(1, 10)),
        {"heat": w.diff(t) - w.diff(x, 2)},
        {
            "walls": Dirichlet(w, 0),
            "start": Initial(w, a * sin(pi * x)),
            "late": PointData(w, [[0.5, 0.1]], [2 * float(exp(-(pi**2) / 10))]),
        },
        constants={a: Constant(1.0)},
    )
    assert constant(solve(problem, Settings(steps=6)), "a") == pytest.approx(2, abs=1e-6)


def test_mean_values_and_pins_fix_the_constant_of_a_neumann_problem() -> None:
    exact = cos(pi * x) * cos(2 * pi * y) + 2
    slopes = {"slopes": Neumann(z, 0)}
    poisson = {"poisson": laplacian(z - exact, x, y).doit()}
    square = Rectangle((x, 0, 1), (y, 0, 1))
    for fixed in (MeanValue(z, 2), PointData(z, [[0.0, 0.0]], [3.0])):
        problem = Problem(square, poisson, {**slopes, "fixed": fixed}, exact={z: exact})
        assert preflight(problem)["warnings"] == []
        assert error(solve(problem, Settings(steps=4))) < 1e-8
    floating = Problem(square, poisson, slopes, exact={z: exact})
    assert "fixed only up to a constant" in preflight(floating)["warnings"][0]


def test_a_mean_value_fixes_a_ring_with_interfaces() -> None:
    """Layers round a ring, driven by a jump: only the mean tells the level."""
    first, second = Rational(1, 4), Rational(3, 4)
    flux = Piecewise((1, x < first), (3, x < second), (1, True)) * u.diff(x)
    planes = {
        "driven": Interface(u, at=Eq(x, first), jump=1, flux=flux),
        "plain": Interface(u, at=Eq(x, second), flux=flux),
    }
    found = solve(line(flux.diff(x), {**RING, **planes, "mean": MeanValue(u, 5)}))
    slopes = found.evaluate(u.diff(x), np.array([[0.2], [0.7], [0.9]]))
    assert slopes == pytest.approx([-1.5, -0.5, -1.5], abs=1e-10)  # -1 / (1/2 + 1/2 / 3)
    nodes, weights = np.polynomial.legendre.leggauss(8)
    pieces = [(0.125, 0.125), (0.5, 0.25), (0.875, 0.125)]
    mean = sum(half * weights @ found((m + half * nodes)[:, None])[:, 0] for m, half in pieces)
    assert mean == pytest.approx(5, abs=1e-9)
