"""How large the nets of a comparison are: equal coefficients, equal points."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from itertools import pairwise

from kanpde.errors import InputError
from kanpde.problem import Problem, Settings
from kanpde.solvers import Plan, interior_points, make_network, make_plan

MLP_LAYERS = 3
SHARES = (0.5, 0.75, 1.0)  # of the usual width, where no sizes are given


def usual_shape(plan: Plan) -> list[int]:
    """Hidden widths of the KAN that a solve would train."""
    return make_network(dataclasses.replace(plan, settings=_kan(plan.settings))).width[1:-1]


def _kan(settings: Settings) -> Settings:
    """Train the KAN that a solve would choose, by name; without a grid it has none of splines."""
    return settings.replace(net="kan", basis=settings.replace(net="auto").edges)


def usual_sizes(plan: Plan) -> tuple[int, ...]:
    """Half, three quarters and all of the usual width."""
    widest = max(usual_shape(plan))
    return tuple(sorted({max(1, round(share * widest)) for share in SHARES}))


def size_settings(
    problem: Problem, settings: Settings, sizes: Sequence[int]
) -> dict[tuple[str, int], Settings]:
    """Give the settings of KAN and MLP at every size.

    A size is the width of the KAN's widest hidden layer. The MLP has three hidden layers and
    as many coefficients as the KAN, on its last grid where the grid is extended. Both get the
    same number of points, which the KAN's coefficients decide.

    Parameters
    ----------
    problem
        What is solved.
    settings
        What the nets share; `basis`, `grid`, `grids`, `degree` and `base` are the KAN's alone.
    sizes
        Widths of the KAN.

    Returns
    -------
    dict
        Settings by net and size.

    Raises
    ------
    InputError
        If the settings do not fit the problem.
    """
    settings = _kan(settings)
    plan = make_plan(problem, settings)
    shape = usual_shape(plan)
    found = {}
    for size in sizes:
        hidden = tuple(max(1, round(width * size / max(shape))) for width in shape)
        kan = settings.replace(hidden=hidden)
        count = _largest_count(dataclasses.replace(plan, settings=kan))
        points = interior_points(plan, count + len(problem.constants))
        found["kan", size] = kan.replace(interior=points)
        found["mlp", size] = kan.replace(
            net="mlp",
            hidden=mlp_hidden(count, inputs=plan.frame.inputs, outputs=plan.outputs),
            interior=points,
            **dict.fromkeys(("basis", "grid", "grids", "degree", "base", "frequency")),
            sparsify=0.0,
            train_frequencies=False,
        )
    return found


def _largest_count(plan: Plan) -> int:
    """Count the network's coefficients, on the last grid of its schedule."""
    settings = plan.settings
    make_network(plan)  # refuses grids that do not nest
    if settings.grids:
        settings = settings.replace(grid=settings.grids[-1], grids=None)
    return make_network(dataclasses.replace(plan, settings=settings)).count


def mlp_hidden(
    count: int, *, inputs: int, outputs: int, layers: int = MLP_LAYERS
) -> tuple[int, ...]:
    """Choose hidden widths of an MLP with about `count` coefficients.

    Parameters
    ----------
    count
        Coefficients wanted, positive.
    inputs, outputs
        Sizes of the first and the last layer.
    layers
        Number of hidden layers; their widths differ by one at most.

    Returns
    -------
    tuple of int
        Hidden widths, the wider ones first.

    Raises
    ------
    InputError
        If `count` is not positive.

    Examples
    --------
    >>> mlp_hidden(681, inputs=2, outputs=1)
    (17, 17, 17)
    """
    if count < 1:
        raise InputError(f"count: expected a positive number of coefficients, got {count}")
    best: tuple[int, ...] = (1,) * layers
    n = 1
    while True:
        for wider in range(layers):
            hidden = (n + 1,) * wider + (n,) * (layers - wider)
            if _gap(hidden, count, inputs, outputs) < _gap(best, count, inputs, outputs):
                best = hidden
        if _affine_count((inputs, *(n,) * layers, outputs)) >= count:
            return best
        n += 1


def _gap(hidden: Sequence[int], count: int, inputs: int, outputs: int) -> int:
    return abs(_affine_count((inputs, *hidden, outputs)) - count)


def _affine_count(width: Sequence[int]) -> int:
    """Coefficients of affine layers between the given sizes."""
    return sum((a + 1) * b for a, b in pairwise(width))
