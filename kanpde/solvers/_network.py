"""The network that settings ask for, or the default of a problem."""

from __future__ import annotations

import numpy as np

from kanpde.basis import BASES, FREQUENCY, Basis, BSpline, Chebyshev, Sine
from kanpde.errors import InputError
from kanpde.nets import KAN, MLP, Network
from kanpde.problem import Problem, Settings
from kanpde.solvers._plan import Plan

HIDDEN_IN_ONE_DIMENSION, HIDDEN = (8, 8, 8), (8, 8, 8, 8)


def make_network(plan: Plan) -> Network:
    """Make the network that settings ask for, or the default for this problem.

    Raises
    ------
    InputError
        If the degree is below the equation's order.
    """
    settings = plan.settings
    usual = HIDDEN if plan.problem.dimension > 1 else HIDDEN_IN_ONE_DIMENSION
    hidden = settings.hidden or usual
    width = [plan.frame.inputs, *hidden, plan.outputs]
    generator = plan.generator(1)
    if settings.net == "mlp":
        return MLP(_matched_mlp(plan, width), generator=generator)
    if settings.edges != "bspline":
        basis = _smooth_basis(settings.edges, settings)
        return KAN(
            width, basis=basis, base=settings.base or basis.default_base, generator=generator
        )
    order = plan.problem.order
    degree = settings.degree or suggested_degree(plan.problem)
    if degree < order:
        raise InputError(
            f"degree: expected at least {order}, the order of the equation, got {degree}; "
            f"{suggested_degree(plan.problem)} is suggested"
        )
    grid = settings.grids[0] if settings.grids else settings.grid
    for coarse, fine in zip(settings.grids or (), (settings.grids or ())[1:], strict=False):
        if fine % coarse:
            raise InputError(
                f"grids: {fine} is not a multiple of {coarse}; extension would change the "
                "function; choose multiples such as 3,6,12"
            )
    width = [width[0], *(settings.hidden or (8, 8)), width[-1]]
    splines = BSpline.for_network(degree, grid)
    return KAN(
        width, basis=splines, base=settings.base or splines.default_base, generator=generator
    )


def _smooth_basis(name: str, settings: Settings) -> Basis:
    """Make a basis without a grid; `degree` is its number of functions."""
    if settings.grid or settings.grids:
        raise InputError(f"grid: {name.capitalize()} edges have no grid; use basis=bspline")
    if name == Sine.name:
        return Sine(
            settings.degree or Sine.default_degree,
            settings.frequency or FREQUENCY,
            trainable=settings.train_frequencies,
        )
    return BASES[name].for_network(settings.degree)


def suggested_degree(problem: Problem) -> int:
    """Spline degree with a convergent, continuous residual: at least 3, order + 1.

    Examples
    --------
    A fourth-order equation asks for degree 5.
    """
    return max(BSpline.default_degree, problem.order + 1)


def _matched_mlp(plan: Plan, width: list[int]) -> list[int]:
    """Hidden widths as given, or three layers with about as many coefficients as the KAN."""
    if plan.settings.hidden:
        return width
    kan = KAN(width, basis=Chebyshev.for_network(), base=Chebyshev.default_base)
    options = list(range(4, 65))
    counts = [MLP([width[0], n, n, n, width[-1]]).count for n in options]
    n = options[int(np.argmin([abs(c - kan.count) for c in counts]))]
    return [width[0], n, n, n, width[-1]]
