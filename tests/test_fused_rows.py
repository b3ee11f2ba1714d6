"""Rows by the fused kernel against rows on the plain path."""

import numpy as np
import pytest
import sympy
import torch
from sympy import Integral, exp, pi, sin

from kanpde import (
    Constant,
    Dirichlet,
    Initial,
    Interval,
    Periodic,
    Problem,
    Rectangle,
    Settings,
    TimeInterval,
    coordinates,
    laplacian,
    solve,
    unknown,
)
from kanpde.errors import InputError
from kanpde.residual._rows import Rows
from kanpde.residual.backends._compiled import CompiledBackend
from kanpde.residual.backends._jets import JetBackend
from kanpde.solvers._network import make_network
from kanpde.solvers._plan import make_plan
from kanpde.solvers.training._extension import extended


def burgers():
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    equation = u.diff(t) + u * u.diff(x) - 0.05 * u.diff(x, 2)
    conditions = {"start": Initial(u, -sin(pi * x)), "walls": Dirichlet(u, 0)}
    return Problem(Interval(x, -1, 1) * TimeInterval(t, 0, 1), {"burgers": equation}, conditions)


def flow():
    x, y = coordinates("x y")
    u, v, p = unknown("u", x, y, scale=3.0), unknown("v", x, y), unknown("p", x, y)
    a = sympy.Symbol("a", real=True)
    equations = {
        "x-momentum": u * u.diff(x) + v * u.diff(y) + p.diff(x) - a * laplacian(u, x, y),
        "y-momentum": u * v.diff(x) + v * v.diff(y) + p.diff(y) - a * laplacian(v, x, y),
        "mass": u.diff(x) + v.diff(y),
    }
    conditions = {"u": Dirichlet(u, sin(y), on=sympy.Eq(x, 0)), "v": Dirichlet(v, 0)}
    constants = {a: Constant(0.1, scale=0.5)}
    return Problem(Rectangle((x, 0, 1), (y, 0, 2)), equations, conditions, constants=constants)


def kdv():
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    equation = u.diff(t) + u * u.diff(x) + 0.02 * u.diff(x, 3)
    conditions = {"seam": Periodic(u, x), "start": Initial(u, sympy.cos(pi * x))}
    return Problem(Interval(x, -1, 1) * TimeInterval(t, 0, 1), {"kdv": equation}, conditions)


def integral():
    x = coordinates("x")
    u = unknown("u", x)
    equation = -(1 + Integral(exp(u), (x, 0, 2))) * u.diff(x, 2) - u
    return Problem(Interval(x, 0, 2), {"kirchhoff": equation}, {"ends": Dirichlet(u, 0)})


PROBLEMS = {"burgers": burgers, "flow": flow, "kdv": kdv, "integral": integral}


def rows_of(problem, kernel, *, chunk=None, exact=True, **options):
    settings = Settings(
        hidden=(5, 4), kernel=kernel, exact_conditions=exact, boundary=40, **options
    )
    plan = make_plan(problem, settings)
    trial = plan.trial(make_network(plan))
    return Rows(trial, plan.draw(150, np.random.default_rng(2)), chunk=chunk)


def assembled(rows):
    pieces = list(rows.jacobian())
    return torch.cat([j for j, _ in pieces]), torch.cat([r for _, r in pieces])


EDGES = {
    "chebyshev": {"basis": "chebyshev"},
    "mlp": {"net": "mlp"},
    "bspline": {"basis": "bspline", "grid": 4},
    "sine": {"basis": "sine", "degree": 3},
    "rbf": {"basis": "rbf"},
}


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("edges", EDGES)
@pytest.mark.parametrize("name", PROBLEMS)
def test_fused_rows_agree_with_plain_rows(name, edges, exact):
    plain = rows_of(PROBLEMS[name](), "torch", exact=exact, **EDGES[edges])
    fused = rows_of(PROBLEMS[name](), "auto", exact=exact, **EDGES[edges])
    assert isinstance(plain.backend, JetBackend)
    assert isinstance(fused.backend, CompiledBackend)
    expected, residual = assembled(plain)
    jacobian, found = assembled(fused)
    assert (found - residual).abs().max() <= 1e-13 * residual.abs().max()
    assert (jacobian - expected).abs().max() <= 1e-13 * expected.abs().max()
    assert (fused.vector() - plain.vector()).abs().max() <= 1e-13 * residual.abs().max()
    (loss, gradient), (other, slope) = fused.loss_and_gradient(), plain.loss_and_gradient()
    assert abs(loss - other) <= 1e-13 * other
    assert (gradient - slope).abs().max() <= 1e-12 * slope.abs().max()  # a sum of many rows


def test_chunks_change_no_row():
    whole, parts = (assembled(rows_of(burgers(), "auto", chunk=n)) for n in (None, 37))
    # the kernel gives the same bits; torch's loops may round the last points of a chunk elsewise
    for one, other in zip(whole, parts, strict=True):
        assert (one - other).abs().max() <= 1e-14 * one.abs().max()


def test_jacobians_that_are_kept_are_not_overwritten():
    rows = rows_of(burgers(), "auto", chunk=50)
    kept = [j for j, _ in rows.jacobian()]
    copies = [j.clone() for j in kept]
    rows.trial.set(rows.trial.get() + 0.1)
    list(rows.jacobian())
    assert all(torch.equal(a, b) for a, b in zip(kept, copies, strict=True))


def test_steps_are_those_of_the_plain_path():
    options = {"linear": False, "steps": 3, "hidden": (4, 4), "interior": 200}
    plain, fused = (solve(burgers(), kernel=k, **options) for k in ("torch", "auto"))
    for one, other in zip(plain.history, fused.history, strict=True):
        # rounding grows from step to step by what the damping lets through
        assert one["loss"] == pytest.approx(other["loss"], rel=1e-8)


def test_rows_after_an_extension_agree_with_plain_rows():
    found = []
    for kernel in ("torch", "fused"):
        settings = Settings(basis="bspline", grids=(3, 6), hidden=(4,), kernel=kernel)
        plan = make_plan(burgers(), settings)
        coarse = plan.trial(make_network(plan))
        drawn = plan.draw(150, np.random.default_rng(2))
        before = Rows(coarse, drawn).vector()
        fine, _ = extended(coarse, 6, plan.trial)
        rows = Rows(fine, drawn)
        assert isinstance(rows.backend, CompiledBackend if kernel == "fused" else JetBackend)
        assert fine.count > coarse.count
        assert (rows.vector() - before).abs().max() <= 1e-11 * before.abs().max()
        found.append(assembled(rows))
    for one, other in zip(*found, strict=True):
        assert (one - other).abs().max() <= 1e-12 * one.abs().max()


def test_fused_where_it_cannot_apply_names_the_reason():
    with pytest.raises(InputError, match=r"kernel: fused needs .* got train_frequencies=True"):
        solve(burgers(), kernel="fused", basis="sine", train_frequencies=True, steps=1)
    with pytest.raises(InputError, match=r"kernel: fused needs .* got dtype=float32"):
        solve(burgers(), kernel="fused", dtype="float32", steps=1)
    with pytest.raises(InputError, match="kernel: expected one of auto, torch, fused, got 'c'"):
        Settings(kernel="c")
