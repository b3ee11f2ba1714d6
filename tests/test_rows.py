"""Residual rows and their Jacobian against finite differences, autograd and each other."""

import numpy as np
import pytest
import sympy
import torch
from sympy import Integral, cos, exp, pi, sin

from kanpde import (
    Constant,
    Dirichlet,
    Equation,
    Initial,
    Interval,
    MeanValue,
    Neumann,
    Periodic,
    PointData,
    Problem,
    Rectangle,
    Robin,
    Settings,
    TimeInterval,
    coordinates,
    laplacian,
    unknown,
)
from kanpde.basis import Chebyshev
from kanpde.calculus._jets import JetSpace
from kanpde.nets import KAN, ModuleNet
from kanpde.optimize._source import transposed_product
from kanpde.residual._rows import Rows
from kanpde.solvers._plan import make_plan
from kanpde.trial._trial import autograd_jets


def system():
    x, y = coordinates("x y")
    u, v, p = unknown("u", x, y, scale=3.0), unknown("v", x, y), unknown("p", x, y)
    equations = {
        "x-momentum": u * u.diff(x) + v * u.diff(y) + p.diff(x) - 0.1 * laplacian(u, x, y),
        "y-momentum": u * v.diff(x) + v * v.diff(y) + p.diff(y) - 0.1 * laplacian(v, x, y),
        "mass": u.diff(x) + v.diff(y),
    }
    conditions = {
        "u": Dirichlet(u, sin(y), on=sympy.Eq(x, 0)),
        "v": Dirichlet(v, 0),
        "pin": PointData(p, [0.5, 0.25], 1.0),
    }
    return Problem(Rectangle((x, 0, 1), (y, 0, 2)), equations, conditions)


def periodic():
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    equation = u.diff(t) + u * u.diff(x) + 0.02 * u.diff(x, 3)
    conditions = {"seam": Periodic(u, x), "start": Initial(u, cos(pi * x))}
    return Problem(Interval(x, -1, 1) * TimeInterval(t, 0, 1), {"kdv": equation}, conditions)


def mean():
    x, y = coordinates("x y")
    u = unknown("u", x, y)
    conditions = {"flux": Neumann(u, x - y), "level": MeanValue(u, 2)}
    equation = laplacian(u, x, y) - sin(x)
    return Problem(Rectangle((x, 0, 1), (y, 0, 1)), {"poisson": equation}, conditions)


def inverse():
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    a, b = sympy.symbols("a b", real=True)
    points = np.array([[0.1, 0.2], [0.5, 0.5], [0.9, 1.0]])
    conditions = {
        "start": Initial(u, b * sin(pi * x)),
        "ends": Robin(u, a, 1, x),
        "data": PointData(u, points, [1.0, 2.0, 3.0]),
    }
    return Problem(
        Interval(x, 0, 1) * TimeInterval(t, 0, 1),
        {"heat": u.diff(t) - a * u.diff(x, 2) + b * u**2},
        conditions,
        constants={a: Constant(0.5, bounds=(0, 5), scale=0.1), b: Constant(2.0)},
    )


def integral():
    x = coordinates("x")
    u = unknown("u", x)
    c = sympy.Symbol("c", real=True)
    energy = Integral(u.diff(x) ** 2 + c * x * u, (x, 0, 2))
    total = Integral(exp(u), (x, 0, 2))
    return Problem(
        Interval(x, 0, 2),
        {"kirchhoff": -(1 + energy * total) * u.diff(x, 2) - u, "size": c * u - sin(total)},
        {"ends": Dirichlet(u, 0)},
        constants={c: Constant(1.5)},
    )


def regions():
    x, y = coordinates("x y")
    u = unknown("u", x, y)
    equations = {
        "left": Equation(laplacian(u, x, y) - 1, on=x < 0.5),
        "right": Equation(2 * laplacian(u, x, y) - u, on=x > 0.5),
        "all": u.diff(x) * u.diff(y),
    }
    return Problem(Rectangle((x, 0, 1), (y, 0, 1)), equations, {"rim": Robin(u, x, y, 1)})


PROBLEMS = {
    "system": system,
    "periodic": periodic,
    "mean": mean,
    "inverse": inverse,
    "integral": integral,
    "regions": regions,
}


def rows_of(problem, *, exact=False, chunk=None, derivatives="jets", weights=None, wrap=False):
    settings = Settings(exact_conditions=exact, derivatives=derivatives, boundary=10)
    plan = make_plan(problem, settings)
    net = KAN([plan.frame.inputs, 3, plan.outputs], basis=Chebyshev(3), base="tanh").double()
    if wrap:
        net = ModuleNet(net, net.n_in, net.n_out)
    trial = plan.trial(net)
    generator = torch.Generator().manual_seed(1)
    drawn = 0.5 * torch.randn(net.count, generator=generator, dtype=torch.float64)
    trial.set(torch.cat((drawn, trial.eta.detach())))
    points = plan.draw(16, np.random.default_rng(2))
    return Rows(trial, points, chunk=chunk, weights=weights)


def assembled(rows):
    pieces = list(rows.jacobian())
    return torch.cat([j for j, _ in pieces]), torch.cat([r for _, r in pieces])


@pytest.fixture(params=list(PROBLEMS))
def problem(request):
    return PROBLEMS[request.param]()


@pytest.mark.parametrize("exact", [False, True])
def test_jacobian_agrees_with_central_differences(problem, exact):
    rows = rows_of(problem, exact=exact)
    found, _ = assembled(rows)
    start, step = rows.trial.get(), 1e-5
    expected = torch.empty_like(found)
    for k in range(rows.trial.count):
        move = torch.zeros_like(start)
        move[k] = step
        both = []
        for sign in (1, -1):
            rows.trial.set(start + sign * move)
            both.append(rows.vector())
        expected[:, k] = (both[0] - both[1]) / (2 * step)
    # truncation step^2 and rounding 1e-16 / step of numbers up to the largest entry
    assert (found - expected).abs().max() <= 1e-6 * expected.abs().max()


@pytest.mark.parametrize("exact", [False, True])
def test_jacobian_agrees_with_autograd(problem, exact):
    rows = rows_of(problem, exact=exact)
    found, residual = assembled(rows)
    pieces = [p for part in rows.parts for ps in rows._values(part, True) for p in ps]
    parameters = [*rows.trial.network.parameters(), rows.trial.eta]
    expected = []
    for value in torch.cat(pieces):
        grads = torch.autograd.grad(
            value, parameters, retain_graph=True, allow_unused=True, materialize_grads=True
        )
        expected.append(torch.cat([g.flatten() for g in grads]))
    expected = torch.stack(expected)
    # the same derivative twice: rounding only
    assert (found - expected).abs().max() <= 1e-10 * expected.abs().max()
    assert (residual - torch.cat(pieces).detach()).abs().max() <= 1e-12 * residual.abs().max()


def test_vector_stands_in_the_order_of_the_rows(problem):
    rows = rows_of(problem, chunk=7)
    _, residual = assembled(rows)
    vector = rows.vector()
    assert len(vector) == rows.count
    assert (vector - residual).abs().max() <= 1e-12 * vector.abs().max()


def test_chunk_size_changes_nothing(problem):
    whole, parts = rows_of(problem, chunk=10**6), rows_of(problem, chunk=7)
    (j, r), (j_parts, r_parts) = assembled(whole), assembled(parts)
    # chunks interleave the equations: compare the sums that optimizers see
    scale = (j.T @ j).abs().max()
    assert (j.T @ j - j_parts.T @ j_parts).abs().max() <= 1e-12 * scale
    assert (j.T @ r - j_parts.T @ r_parts).abs().max() <= 1e-12 * scale
    for one, two in zip(whole.residuals().values(), parts.residuals().values(), strict=True):
        for a, b in zip(one, two, strict=True):
            assert (a - b).abs().max() <= 1e-12 * max(float(a.abs().max()), 1e-3)
    assert whole.terms() == pytest.approx(parts.terms(), rel=1e-12)


@pytest.mark.parametrize("chunk", [None, 7])
def test_gradient_of_the_loss_is_twice_the_transposed_jacobian_times_the_rows(problem, chunk):
    rows = rows_of(problem, chunk=chunk)
    jacobian, residual = assembled(rows)
    loss, gradient = rows.loss_and_gradient()
    expected = 2 * jacobian.T @ residual
    assert loss == pytest.approx(float(residual.square().sum()), rel=1e-12)
    assert loss == pytest.approx(float(rows.loss().detach()), rel=1e-12)
    assert (gradient - expected).abs().max() <= 1e-10 * expected.abs().max()


def test_transposed_product_agrees_with_the_jacobian(problem, generator):
    rows = rows_of(problem, chunk=7)
    jacobian, residual = assembled(rows)
    v = torch.randn(len(residual), generator=generator, dtype=torch.float64)
    expected = jacobian.T @ v
    assert (transposed_product(rows, v) - expected).abs().max() <= 1e-12 * expected.abs().max()


def test_some_term_sets_alone_give_their_part_of_the_rows(problem):
    rows = rows_of(problem)
    first = rows.parts[0].terms
    inside, others = rows.only(lambda t: t is first), rows.only(lambda t: t is not first)
    assert inside.count + others.count == rows.count == len(rows.vector())
    assert torch.equal(torch.cat((inside.vector(), others.vector())), rows.vector())
    before = inside.vector()
    rows.rescale([tuple(2 * s for s in part.scale) for part in rows.parts])
    assert torch.equal(rows.vector()[: len(before)], 2 * before)


def test_autograd_derivatives_give_the_same_rows(problem):
    (j, r), (j_auto, r_auto) = (
        assembled(rows_of(problem, derivatives=d)) for d in ("jets", "autograd")
    )
    assert (j - j_auto).abs().max() <= 1e-10 * j.abs().max()
    assert (r - r_auto).abs().max() <= 1e-10 * r.abs().max()


def test_wrapped_module_gives_the_same_rows(problem):
    j, r = assembled(rows_of(problem, exact=True))
    j_module, r_module = assembled(rows_of(problem, exact=True, wrap=True))
    assert (j - j_module).abs().max() <= 1e-10 * j.abs().max()
    assert (r - r_module).abs().max() <= 1e-10 * r.abs().max()


def test_module_whose_second_derivative_vanishes_gives_zero_rows():
    x = coordinates("x")
    u = unknown("u", x)
    problem = Problem(Interval(x, 0, 1), {"e": u.diff(x, 2) - 1}, {"ends": Dirichlet(u, 0)})
    # even inputs would bend the straight pieces of the module
    plan = make_plan(problem, Settings(exact_conditions=False, symmetry=False))
    relu = torch.nn.Sequential(torch.nn.Linear(1, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))
    rows = Rows(plan.trial(ModuleNet(relu, 1, 1)), plan.draw(10, np.random.default_rng(0)))
    jacobian, residual = next(rows.jacobian())
    assert jacobian.abs().max() == 0
    # ten rows, each -1 times the square root of its weight
    assert float(residual.square().sum()) == pytest.approx(1.0, rel=1e-12)


def test_terms_are_mean_squares_whatever_their_weight():
    plain, weighted = rows_of(system()), rows_of(system(), weights={"mass": 100.0})
    assert weighted.terms() == pytest.approx(plain.terms(), rel=1e-12)
    extra = 99 * plain.terms()["mass"]
    assert float(weighted.loss().detach()) == pytest.approx(
        float(plain.loss().detach()) + extra, rel=1e-12
    )


def test_loss_is_the_sum_of_the_terms(problem):
    rows = rows_of(problem)
    assert float(rows.loss().detach()) == pytest.approx(sum(rows.terms().values()), rel=1e-12)


def test_periodic_rows_are_the_jumps_of_value_slope_and_curvature():
    rows = rows_of(periodic())
    part = next(p for p in rows.parts if p.terms.where == "pair")
    found = rows.residuals(scaled=False)[rows.parts.index(part)]
    assert len(found) == 3
    half = len(part.site.points) // 2
    low, high = part.site.points[:half], part.site.points[half:]
    assert torch.equal(low[:, 1], high[:, 1])
    jump = (rows.trial(low) - rows.trial(high))[:, 0].detach()
    assert (found[0] - jump).abs().max() <= 1e-13


def test_mean_value_row_is_the_mean_minus_its_value():
    rows = rows_of(mean())
    part = next(k for k, p in enumerate(rows.parts) if p.terms.where == "mean")
    (found,) = rows.residuals()[part]
    nodes, weights = np.polynomial.legendre.leggauss(40)
    nodes, weights = (nodes + 1) / 2, weights / 2
    grid = np.stack([g.ravel() for g in np.meshgrid(nodes, nodes, indexing="ij")], axis=1)
    values = rows.trial(torch.as_tensor(grid))[:, 0].detach().numpy()
    expected = np.outer(weights, weights).ravel() @ values - 2.0
    # 32 against 40 Gauss nodes each way for a tanh of steep tanhs
    assert found.tolist() == pytest.approx([expected], abs=1e-6)


def test_integrals_inside_an_equation_are_those_of_quadrature():
    rows = rows_of(integral())
    found = rows.residuals(scaled=False)[0]
    nodes, weights = np.polynomial.legendre.leggauss(60)
    x = torch.as_tensor(nodes + 1.0)[:, None].requires_grad_(True)
    u = rows.trial(x)[:, 0]
    (slope,) = torch.autograd.grad(u.sum(), x)
    w = torch.as_tensor(weights)
    total = float((w * u.exp()).sum().detach())
    c = rows.trial.constant_values()["c"]
    points = rows.parts[0].site.points
    expected = c * rows.trial(points)[:, 0].detach() - np.sin(total)
    # 32 against 60 Gauss nodes for a tanh of steep tanhs
    assert (found[1] - expected).abs().max() <= 1e-7
    assert slope.abs().max() > 0


def test_column_of_a_constant_is_in_units_of_its_scale():
    rows = rows_of(inverse())
    jacobian, _ = assembled(rows)
    start = rows.trial.get()
    assert rows.trial.constant_values() == pytest.approx({"a": 0.5, "b": 2.0})
    assert start[-2:].tolist() == pytest.approx([5.0, 1.0])
    moved = start.clone()
    moved[-1] += 0.5
    before = rows.vector()
    rows.trial.set(moved)
    assert rows.trial.constant_values()["b"] == pytest.approx(3.0)
    # the rows are affine in b
    change = rows.vector() - before
    assert (change - 0.5 * jacobian[:, -1]).abs().max() <= 1e-12 * change.abs().max()


def test_regions_hold_only_their_own_points():
    rows = rows_of(regions())
    by_name = {part.terms.names: part.site.points for part in rows.parts}
    assert by_name["left",][:, 0].max() < 0.5
    assert by_name["right",][:, 0].min() > 0.5
    assert by_name["all",][:, 0].max() > 0.5 > by_name["all",][:, 0].min()


def test_normals_point_outward_in_flux_rows():
    x, y = coordinates("x y")
    u = unknown("u", x, y)
    domain = Rectangle((x, 0, 1), (y, 0, 1))
    problem = Problem(domain, {"e": laplacian(u, x, y)}, {"flux": Neumann(u, 0)})
    rows = rows_of(problem)
    found = rows.residuals(scaled=False)[1][0]
    points = rows.parts[1].site.points.clone().requires_grad_(True)
    (slopes,) = torch.autograd.grad(rows.trial(points).sum(), points)
    p = points.detach()
    normal = (p == 1).double() - (p == 0).double()
    assert (found - (slopes * normal).sum(1)).abs().max() <= 1e-12


def test_single_precision_rows_agree():
    rows = rows_of(system())
    expected, _ = assembled(rows)
    rows_single = rows_of(system())
    single = rows_single.trial.float()
    plan = make_plan(system(), Settings(exact_conditions=False, boundary=10))
    drawn = plan.draw(16, np.random.default_rng(2))
    found, residual = assembled(Rows(single, drawn))
    assert found.dtype == residual.dtype == torch.float32
    # second derivatives of size 100 in single precision
    assert (found - expected).abs().max() <= 1e-4 * expected.abs().max()


def test_collapsed_laplacian_with_a_factor_gives_the_residual_of_the_equation():
    x, y = coordinates("x y")
    u = unknown("u", x, y)
    equation = (1 + x) * (u.diff(x, 2) + 3 * u.diff(y, 2)) - u * u.diff(y)
    rows = rows_of(Problem(Rectangle((x, 0, 1), (y, 0, 2)), {"e": equation}))
    part = rows.parts[0]
    assert part.terms.space.collapsed == (1.0, 3.0)
    space = JetSpace.closed(2, [(2, 0), (0, 2)])
    points = part.site.points
    jets = autograd_jets(rows.trial, points, space)[..., 0].detach()
    value, slope = jets[0], jets[space.position((0, 1))]
    second = jets[space.position((2, 0))] + 3 * jets[space.position((0, 2))]
    expected = (1 + points[:, 0]) * second - value * slope
    found = rows.residuals(scaled=False)[0][0]
    assert (found - expected).abs().max() <= 1e-10 * expected.abs().max()
