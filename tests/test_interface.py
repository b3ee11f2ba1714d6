"""Two materials: broken axes, one-sided rows, whole solves, files, refusals."""

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sympy import (
    Abs,
    Eq,
    I,
    Integral,
    Piecewise,
    Rational,
    Symbol,
    cos,
    exp,
    pi,
    piecewise_fold,
    sin,
    solve,
)

import kanpde
from kanpde import (
    Dirichlet,
    Initial,
    InputError,
    Interface,
    Interval,
    Neumann,
    Operator,
    Periodic,
    Problem,
    Rectangle,
    Robin,
    Settings,
    Solution,
    TimeInterval,
    coordinates,
    load,
    preflight,
    unknown,
)
from kanpde.calculus._jets import JetSpace
from kanpde.nets import ProductKAN, network_from_record, network_record, product_count
from kanpde.pde import extract_integrals
from kanpde.problem._functionals import Region
from kanpde.problem.conditions._interface import breaks, check_interfaces
from kanpde.residual._measure import Evaluation
from kanpde.residual._rows import Rows
from kanpde.solvers._plan import make_plan
from kanpde.solvers._session import Session
from kanpde.solvers.marching._marching import MarchingPhase
from kanpde.solvers.spectral._products import axis_nodes, product_network
from kanpde.trial._trial import autograd_jets

x, y, t = coordinates("x y t")
u, w, z = unknown("u", x), unknown("w", x, t), unknown("z", x, y)
HERE = Rational(3, 10)
K = Piecewise((1, x < HERE), (5, True))


def kinked() -> Any:
    """Zero at 0 and 1, with a slope that falls by five at the contact."""
    a, b = Symbol("a"), Symbol("b")
    left, right = x * (1 + x), (1 - x) * (a + b * x)
    gaps = [left - right, left.diff(x) - 5 * right.diff(x)]
    right = right.subs(solve([g.subs(x, HERE) for g in gaps], [a, b]))
    return Piecewise((left, x < HERE), (right, True))


def layers(**change: Any) -> Problem:
    flux = K * u.diff(x)
    ends = {"left": Dirichlet(u, 0, on=Eq(x, 0)), "right": Dirichlet(u, 1, on=Eq(x, 1))}
    contact = Interface(u, at=Eq(x, HERE), **{"flux": flux, **change})
    return Problem(Interval(x, 0, 1), {"e": flux.diff(x) + 1}, {**ends, "contact": contact})


def in_time(end: float) -> Problem:
    truth = kinked() * (2 + sin(12 * t))
    flux = K * w.diff(x)
    left, right = (piece.diff(x, 2) for piece, _ in kinked().args)
    spread = Piecewise((left, x < HERE), (5 * right, True)) * (2 + sin(12 * t)) / 10
    source = piecewise_fold(truth.diff(t) - spread + truth**2)
    return Problem(
        Interval(x, 0, 1) * TimeInterval(t, 0, end),
        {"e": w.diff(t) - flux.diff(x) / 10 + w**2 - source},
        {
            "walls": Dirichlet(w, 0),
            "start": Initial(w, 2 * kinked()),
            "contact": Interface(w, at=Eq(x, HERE), flux=flux),
        },
        exact={w: truth},
    )


def error(found: Solution) -> float:
    return max(e["relative_l2"] for e in found.summary["errors"].values())


def one_sided(found: Solution, expression: Any, place: float) -> tuple[float, float]:
    points = np.array([[np.nextafter(place, side)] for side in (-np.inf, np.inf)])
    below, above = found.evaluate(expression, points)
    return float(below), float(above)


def file_problem(name: str, **parameters: float) -> Problem:
    path = Path(__file__).parents[1] / "problems" / f"{name}.py"
    made: Problem = runpy.run_path(str(path))["problem"](**parameters)
    return made


@pytest.mark.parametrize("resistance", [0.0, 0.2])
def test_two_layers_meet_value_and_flux(resistance: float, tmp_path: Path) -> None:
    problem = file_problem("two_layer_conduction", R=resistance)
    found = kanpde.solve(problem, out=tmp_path / "run")
    assert found.summary["path"] == ["spectral least squares"]
    assert error(found) < 1e-12
    (temperature,) = problem.unknowns
    k = Piecewise((1, x < HERE), (20, True))
    below, above = one_sided(found, k * temperature.diff(x), 0.3)
    assert abs(above - below) < 1e-10
    low, high = one_sided(found, temperature, 0.3)
    assert abs(high - low - resistance * below) < 1e-12
    again = load(tmp_path / "run")
    points = np.array([[0.1], [np.nextafter(0.3, 0)], [0.3], [0.8]])
    assert np.array_equal(again(points), found(points))


def test_given_jumps_are_met() -> None:
    found = kanpde.solve(layers(jump=-2, flux_jump=7))
    low, high = one_sided(found, u, 0.3)
    assert high - low == pytest.approx(-2, abs=1e-12)
    below, above = one_sided(found, K * u.diff(x), 0.3)
    assert above - below == pytest.approx(7, abs=1e-10)


def test_a_plane_in_two_dimensions_and_kinked_data() -> None:
    truth = kinked() * cos(y)
    flux = K * z.diff(x)
    left, right = (piece.diff(x, 2) for piece, _ in kinked().args)
    laplacian = Piecewise((left, x < HERE), (5 * right, True)) * cos(y) - K * truth
    problem = Problem(
        Rectangle((x, 0, 1), (y, 0, 2)),
        {"e": K * (z.diff(x, 2) + z.diff(y, 2)) - piecewise_fold(laplacian)},
        {"walls": Dirichlet(z, truth), "contact": Interface(z, at=Eq(x, HERE), flux=flux)},
        exact={z: truth},
    )
    found = kanpde.solve(problem, Settings(steps=3))
    assert found.summary["imposed"]["walls"] == "exact"  # the data bend where the trial may
    assert error(found) < 1e-9


def test_kinks_elsewhere_are_not_imposed_exactly() -> None:
    for data in (Abs(x - HERE), Piecewise((x, x < Rational(2, 5)), (1, True))):
        flux = K * z.diff(x)
        problem = Problem(
            Rectangle((x, 0, 1), (y, 0, 2)),
            {"e": flux.diff(x) + z.diff(y, 2)},
            {"walls": Dirichlet(z, data), "contact": Interface(z, at=Eq(x, HERE), flux=flux)},
        )
        plan = make_plan(problem, Settings())
        assert plan.imposed["walls"] == "rows"
        assert plan.frame.breaks == ((0.3,), ())


def test_nonlinear_layers_in_time_in_one_piece() -> None:
    found = kanpde.solve(in_time(0.1), Settings(steps=3))
    assert found.summary["path"] == ["spectral least squares, Gauss-Newton"]
    assert error(found) < 1e-9


def test_slabs_hand_a_kinked_state_on() -> None:
    """Four slabs at least: the rows of value and flux are weighted apart, or errors grow."""
    problem = in_time(1.0)
    plan = make_plan(problem, Settings())
    evaluation = Evaluation(problem)
    phase = MarchingPhase(plan, evaluation)
    while phase.best is None:
        phase.step()
    slabs = phase.best[0]
    assert len(slabs.parts) >= 4
    assert evaluation.worst(slabs) < 3e-5
    restored = MarchingPhase(plan, evaluation)
    restored.restore(phase.state())
    assert torch.equal(restored.trial.get(), phase.trial.get())


def test_several_planes_and_a_periodic_coordinate() -> None:
    """Three layers round a ring: the seam is matched by rows, the planes by one-sided rows."""
    k = Piecewise((1, x < Rational(1, 4)), (3, x < Rational(3, 5)), (2, True))
    flux = k * u.diff(x)
    source = Piecewise((1, x < Rational(1, 4)), (-2, x < Rational(3, 5)), (1, True))
    planes = {
        f"plane {c}": Interface(u, at=Eq(x, c), flux=flux) for c in (Rational(1, 4), Rational(3, 5))
    }
    problem = Problem(
        Interval(x, 0, 1),
        {"e": flux.diff(x) + source - u},
        {"ring": Periodic(u, x), **planes},
    )
    assert breaks(problem.conditions, problem.coordinates) == ((0.25, 0.6),)
    found = kanpde.solve(problem)
    for place in (0.25, 0.6):
        below, above = one_sided(found, flux, place)
        assert abs(above - below) < 1e-10
    ends = found(np.array([[0.0], [1.0]]))[:, 0]
    assert abs(ends[0] - ends[1]) < 1e-12
    assert max(found.summary["estimates"]["predicted"].values()) < 1e-12


def test_trained_networks_get_the_side_as_an_input() -> None:
    settings = Settings(optimizer="lm", hidden=(6,), interior=100, steps=60)
    found = kanpde.solve(layers(), settings)
    assert found.trial.network.n_in == 2
    below, above = one_sided(found, K * u.diff(x), 0.3)
    assert abs(above - below) < 1e-3
    slopes = one_sided(found, u.diff(x), 0.3)
    assert slopes[0] / slopes[1] == pytest.approx(5, rel=1e-2)


@pytest.mark.parametrize("cuts", [(0.1,), (-0.5, 0.3)])
def test_broken_products_are_their_nested_derivatives(cuts: tuple[float, ...]) -> None:
    plan = make_plan(
        Problem(
            Rectangle((x, -1, 1), (y, 0, 2)),
            {"e": z.diff(x, 2) + z.diff(x, y)},
            {f"{c}": Interface(z, at=Eq(x, c), flux=z.diff(x)) for c in cuts},
        ),
        Settings(),
    )
    trial = plan.trial(product_network(plan, [4, 3]))
    generator = torch.Generator().manual_seed(3)
    trial.set(torch.randn(trial.count, generator=generator, dtype=torch.float64))
    points = torch.rand(40, 2, generator=generator, dtype=torch.float64) * 2 - torch.tensor([1, 0])
    space = JetSpace.closed(2, [(2, 1)])
    jets = trial.jets(trial.site(points, space))
    assert torch.allclose(jets, autograd_jets(trial._value, points, space), atol=1e-10)
    again = network_from_record(network_record(trial.network))
    assert isinstance(again, ProductKAN)
    assert again.breaks[0] == pytest.approx(cuts, abs=1e-15)
    assert again.count == trial.network.count
    pieces = (len(cuts) + 1, 1)
    assert again.products == product_count((False, False), (4, 3), pieces=pieces)


def test_every_piece_has_nodes_of_its_own_and_none_on_the_plane() -> None:
    plan = make_plan(layers(), Settings())
    nodes = axis_nodes(plan, product_network(plan, 6), 0, excess=2)
    assert ((nodes < 0.3).sum(), (nodes > 0.3).sum()) == (9, 9)
    for sampler in ("chebyshev", "grid", "sobol"):
        for terms, drawn in plan.draw(27, plan.rng(1), sampler=sampler):
            if terms.where == "interior":
                assert not (drawn.points == 0.3).any()
                if sampler == "chebyshev":
                    assert abs((drawn.points < 0.3).mean() - 0.5) < 0.1


def test_rows_are_above_minus_below() -> None:
    plan = make_plan(layers(jump=3), Settings())
    trial = plan.trial(product_network(plan, 2))
    vector = torch.zeros(trial.count, dtype=torch.float64)
    trial.set(vector)
    sets = [(e, d) for e, d in plan.draw(9, plan.rng(1)) if e.where == "interface"]
    rows = Rows(trial, sets)
    assert rows.names == ["contact", "contact flux"]
    value, flux = (float(r[0]) for r in rows.residuals(scaled=False)[0])
    g = x  # what both ends prescribe, interpolated
    assert value == pytest.approx(-3, abs=1e-12)
    assert flux == pytest.approx(float((5 - 1) * g.diff(x)), abs=1e-12)


def test_interfaces_say_what_is_wrong() -> None:
    with pytest.raises(InputError, match=r"a plane such as Eq\(x, 0.5\), got Eq\(x, y\)"):
        Interface(z, at=Eq(x, y), flux=z.diff(x))
    with pytest.raises(InputError, match="a plane such as"):
        Interface(z, at=x < 1, flux=z.diff(x))
    for place in (2, 0, 1):
        with pytest.raises(InputError, match=r"inside 0 < x < 1, got Eq\(x, "):
            layer_at(place)
    with pytest.raises(InputError, match=r"expected flux=.*flux=k\*u.diff\(x\)"):
        layers(flux=None)
    with pytest.raises(InputError, match="expected a plane in the space of a box"):
        Problem(
            Interval(x, 0, 1) * TimeInterval(t, 0, 1),
            {"e": w.diff(t) - w.diff(x, 2)},
            {"start": Initial(w, 0), "jump": Interface(w, at=Eq(t, Rational(1, 2)), flux=w)},
        )
    with pytest.raises(InputError, match="dtype: interfaces need float64, got float32"):
        kanpde.solve(layers(), Settings(dtype="float32"))
    with pytest.raises(InputError, match="undeclared symbol h"):
        layers(jump=Symbol("h", real=True) * u)


def layer_at(place: int) -> Problem:
    return Problem(
        Interval(x, 0, 1), {"e": u.diff(x, 2)}, {"c": Interface(u, at=Eq(x, place), flux=u.diff(x))}
    )


def test_every_unknown_needs_its_own_interface() -> None:
    v = unknown("v", x)
    one = {"contact": Interface(u, at=Eq(x, HERE), flux=u.diff(x))}
    with pytest.raises(InputError, match=r"one Interface of v at Eq\(x, 3/10\).*got 0"):
        Problem(Interval(x, 0, 1), {"a": u.diff(x, 2) - v, "b": v.diff(x, 2)}, one)
    check_interfaces(Interval(x, 0, 1), one, {u: (2,), v: (0,)})  # an algebraic unknown needs none
    twice = {**one, "again": Interface(u, at=Eq(HERE, x), flux=u.diff(x))}
    with pytest.raises(InputError, match="got 2"):
        Problem(Interval(x, 0, 1), {"a": u.diff(x, 2)}, twice)


def test_an_interface_without_a_source_of_kinks_changes_nothing() -> None:
    """Poisson on [0, 1] cut in the middle is Poisson; symmetry is left alone."""
    flux = u.diff(x)
    problem = Problem(
        Interval(x, 0, 1),
        {"e": u.diff(x, 2) + pi**2 * sin(pi * x)},
        {"ends": Dirichlet(u, 0), "cut": Interface(u, at=Eq(x, Rational(1, 2)), flux=flux)},
        exact={u: sin(pi * x)},
    )
    found = kanpde.solve(problem)
    assert found.summary["symmetry"] == {}
    assert error(found) < 1e-13


def test_preflight_and_weights_know_the_rows() -> None:
    told = preflight(layers())
    (contact,) = [c for c in told["conditions"] if c["kind"] == "interface"]
    assert (contact["on"], contact["imposed"]) == ("x = 0.3", "rows")
    assert told["warnings"] == []
    make_plan(layers(), Settings(weights={"contact flux": 2.0}))
    with pytest.raises(InputError, match="e, left, right, contact, contact flux"):
        make_plan(layers(), Settings(weights={"flux": 2.0}))


def test_interrupted_layers_go_on() -> None:
    problem = in_time(0.2)
    plan, evaluation = make_plan(problem, Settings(steps=2)), Evaluation(problem)
    first = Session(plan, evaluation)
    first.run()
    second = Session(plan, evaluation)
    second.restore(first.state())
    assert torch.equal(second.phase.trial.get(), first.phase.trial.get())


def test_walls_without_values_take_a_contact_resistance() -> None:
    """Heat through a resistance: the insulated layers relax to their own means only slowly."""
    flux = K * w.diff(x)
    problem = Problem(
        Interval(x, 0, 1) * TimeInterval(t, 0, 1),
        {"e": w.diff(t) - flux.diff(x)},
        {
            "walls": Neumann(w, 0),
            "start": Initial(w, Piecewise((1, x < HERE), (0, True))),
            "contact": Interface(w, at=Eq(x, HERE), jump=10**6 * flux, flux=flux),
        },
    )
    found = kanpde.solve(problem, Settings(steps=3))
    values = found(np.array([[0.1, 1.0], [0.8, 1.0]]))[:, 0]
    assert values == pytest.approx([1, 0], abs=1e-5)


def test_integrals_are_cut_at_the_planes() -> None:
    """A running integral over a solution that jumps: nodes across the jump would leave 1e-3."""
    running = Integral(u.subs(x, Symbol("s")), (Symbol("s"), 0, x))
    exact = Piecewise((x**2, x < HERE), (2 + x**3, True))
    low, high = (piece for piece, _ in exact.args)
    before = low.subs(x, Symbol("s")).integrate((Symbol("s"), 0, HERE))
    after = high.subs(x, Symbol("s")).integrate((Symbol("s"), HERE, x))
    truth = Piecewise((low.integrate((x, 0, x)), x < HERE), (before + after, True))
    problem = Problem(
        Interval(x, 0, 1),
        {"e": u.diff(x) + running - piecewise_fold(exact.diff(x) + truth)},
        {
            "start": Dirichlet(u, 0, on=Eq(x, 0)),
            "jump": Interface(u, at=Eq(x, HERE), jump=(high - low).subs(x, HERE)),
        },
        exact={u: exact},
    )
    found = kanpde.solve(problem, Settings(steps=1))
    assert found.summary["path"] == ["spectral least squares"]
    assert error(found) < 1e-12


def test_nodes_of_a_cut_integral_in_both_directions() -> None:
    coords = (x,)
    _, (term,) = extract_integrals(Integral(u.subs(x, Symbol("s")), (Symbol("s"), 1, x)), coords)
    region = Region.of(term, coords)
    points = np.array([[0.1], [0.7], [1.0]])
    nodes, weights = region.nodes(points, cuts=((0.3, 0.6),))
    step = np.where(nodes[..., 0] < 0.3, 1.0, np.where(nodes[..., 0] < 0.6, 5.0, 2.0))
    expected = [-(0.2 + 5 * 0.3 + 2 * 0.4), -2 * 0.3, 0.0]
    assert (step * weights).sum(axis=1) == pytest.approx(expected, abs=1e-14)


def test_complex_waves_cross_a_plane() -> None:
    """Helmholtz with k = 2 and 5: reflection and transmission at the plane, outgoing ends."""
    h = unknown("h", x, complex=True)
    k = Piecewise((2, x < HERE), (5, True))
    r, s = Symbol("r"), Symbol("s")
    left, right = (
        exp(2 * I * (x - HERE)) + r * exp(-2 * I * (x - HERE)),
        s * exp(5 * I * (x - HERE)),
    )
    known = solve([1 + r - s, 2 * (1 - r) - 5 * s], [r, s])
    exact = Piecewise((left.subs(known), x < HERE), (right.subs(known), True))
    problem = Problem(
        Interval(x, 0, 1),
        {"e": h.diff(x, 2) + k**2 * h},
        {
            "in": Robin(h, 2 * I, -1, 4 * I * exp(-2 * I * HERE), on=Eq(x, 0)),
            "out": Robin(h, -5 * I, 1, 0, on=Eq(x, 1)),
            "plane": Interface(h, at=Eq(x, HERE), flux=h.diff(x)),
        },
        exact={h: exact},
    )
    found = kanpde.solve(problem)
    points = np.linspace(0, 1, 9)[:, None]
    truth = np.array([complex(exact.subs(x, float(p))) for p in points[:, 0]])
    assert abs(found.evaluate(h, points) - truth).max() < 1e-10


def test_two_layers_of_an_elastic_plate_share_their_tractions() -> None:
    """Pulled along x: stress 1 throughout, strain 1 / E on either side, lines on both."""
    ux, uy = unknown("ux", x, y), unknown("uy", x, y)
    young = Piecewise((1, x < HERE), (5, True))
    exx, eyy, exy = ux.diff(x), uy.diff(y), (ux.diff(y) + uy.diff(x)) / 2
    sxx, syy, sxy = young * exx, young * eyy, young * exy  # Poisson's ratio 0
    stretch = Piecewise((x, x < HERE), (HERE + (x - HERE) / 5, True))
    problem = Problem(
        Rectangle((x, 0, 1), (y, 0, 1)),
        {"along": sxx.diff(x) + sxy.diff(y), "across": sxy.diff(x) + syy.diff(y)},
        {
            "held": Dirichlet(ux, 0, on=Eq(x, 0)),
            "guided": Dirichlet(uy, 0, on=Eq(x, 0)),
            "pulled": Operator(sxx - 1, on=Eq(x, 1)),
            "shear free": Operator(sxy, on=Eq(x, 1)),
            "edges along": Operator(sxy, on=["y=0", "y=1"]),
            "edges across": Operator(syy, on=["y=0", "y=1"]),
            "contact along": Interface(ux, at=Eq(x, HERE), flux=sxx),
            "contact across": Interface(uy, at=Eq(x, HERE), flux=sxy),
        },
    )
    found = kanpde.solve(problem, Settings(steps=1))
    points = np.array([[0.2, 0.5], [0.9, 0.1]])
    assert found.evaluate(ux, points) == pytest.approx(
        [float(stretch.subs(x, p)) for p in (0.2, 0.9)], abs=1e-9
    )
    assert abs(found.evaluate(uy, points)).max() < 1e-9
