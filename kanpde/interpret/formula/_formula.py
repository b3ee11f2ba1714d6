"""The formula of a network whose edges are library functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import sympy
import torch
from sympy import Expr, Symbol
from torch import Tensor

from kanpde.errors import InputError, UnsupportedError
from kanpde.interpret.formula._rounding import rounded
from kanpde.interpret.formula._tidy import grouped, multiplied_out, number, tidied
from kanpde.interpret.symbolic._suggest import finite, numerical_edges, some
from kanpde.nets import ARGUMENT, KAN, BiasBlock, Layer, SymbolicFunction, activations
from kanpde.pde import Evaluator

TOLERANCE = 1e-9
POINTS = 400
PASSES = 3
LONG = 300  # operations beyond which a formula is not rewritten

Affine = tuple[Sequence[float], Sequence[float]]


def symbolic_formula(
    network: KAN,
    symbols: Sequence[Symbol],
    *,
    inputs: Affine | None = None,
    outputs: Affine | None = None,
    round: bool = True,
    x: Tensor | None = None,
    tolerance: float = TOLERANCE,
) -> list[Expr]:
    r"""Write every output of a network as a sympy expression.

    Parameters
    ----------
    network
        A KAN. Edges that are not symbolic appear as undefined functions ``phi_k_i_j`` of
        their input; `numerical_edges` lists them.
    symbols
        One per input.
    inputs
        Shift and scale per input: the network sees ``(symbol - shift) / scale``.
    outputs
        Shift and scale per output: the formula is ``shift + scale * network``.
    round
        Replace constants by integers, fractions, multiples of pi, roots … where the change
        of the function on `x` stays below `tolerance`, and write the formula briefly.
        False keeps the constants as they are.
    x
        Samples of the network's inputs, ``(N, n_in)``; a grid of pseudo-random points in
        [-1, 1] by default.
    tolerance
        Largest root mean square change by rounding, relative to the output's size. A polished
        formula is exact to far below the default.

    Returns
    -------
    list of Expr
        One per output.

    Raises
    ------
    InputError
        If the number of symbols or of shifts and scales does not fit the network.

    References
    ----------
    Liu et al., *KAN: Kolmogorov-Arnold Networks*, arXiv 2404.19756, section 2.5.1.

    Examples
    --------
    >>> from kanpde.nets import LIBRARY, fix_edge
    >>> net = KAN([1, 1]).double()
    >>> fix_edge(net, 0, 0, 0, LIBRARY["sin"], (3.141592653589793, 0.0, 2.0, 0.0))
    >>> symbolic_formula(net, [sympy.Symbol("x", real=True)])
    [2*sin(pi*x)]
    """
    symbols = list(symbols)
    if len(symbols) != network.n_in:
        raise InputError(f"symbols: expected {network.n_in}, one per input, got {len(symbols)}")
    before = _affine("inputs", inputs, network.n_in)
    after = _affine("outputs", outputs, network.n_out)
    starts = [
        symbol if (shift, scale) == (0.0, 1.0) else (symbol - number(shift)) / number(scale)
        for symbol, shift, scale in zip(symbols, *before, strict=True)
    ]
    made = _through(network, starts)
    made = [
        value if (shift, scale) == (0.0, 1.0) else number(shift) + number(scale) * value
        for value, shift, scale in zip(made, *after, strict=True)
    ]
    if not round:
        return made
    points = _points(network, x) * np.asarray(before[1]) + np.asarray(before[0])
    functions = _functions(network)
    return [_written(value, symbols, points, tolerance, functions) for value in made]


def _affine(name: str, given: Affine | None, count: int) -> tuple[list[float], list[float]]:
    if given is None:
        return [0.0] * count, [1.0] * count
    shift, scale = ([float(v) for v in part] for part in given)
    if len(shift) != count or len(scale) != count or not all(scale):
        raise InputError(
            f"{name}: expected {count} shifts and {count} scales other than 0, "
            f"got {len(shift)} and {len(scale)}"
        )
    return shift, scale


def _through(network: KAN, values: list[Expr]) -> list[Expr]:
    """Compose the layers as they are, constants in full precision."""
    for k in range(len(network.layers)):
        layer = network.layer(k)
        sums = _constants(layer)
        block = layer.symbolic
        if block is not None:
            for edge, row in zip(block.edges, block.affine.tolist(), strict=True):
                a, b, c, d = map(_float, row)
                sums[edge.j] += c * _applied(edge.function, a * values[edge.i] + b) + d
        for own, i, j in numerical_edges(network):
            if own == k:
                sums[j] += sympy.Function(f"phi_{k}_{i}_{j}", real=True)(values[i])
        values = sums[: layer.sums]
        for p in range(len(layer.arities)):
            values.append(sympy.Mul(*[sums[f] for f in layer.factors(p)]))
    return values


def _applied(function: SymbolicFunction, argument: Expr) -> Expr:
    """Put an argument in; a constant outside the domain counts as the network counts it."""
    if argument.is_number:
        z = torch.tensor(float(argument), dtype=torch.float64)
        if not bool(function.inside(z)):
            return number(float(function.plain_values(z)[0]))
    return function.expression.xreplace({ARGUMENT: argument})


def _float(value: float) -> Expr:
    """Keep 0, 1 and -1 as integers: they are exact and vanish."""
    return sympy.Integer(int(value)) if value in {0.0, 1.0, -1.0} else number(value)


def _constants(layer: Layer) -> list[Expr]:
    for block in layer.blocks:
        if isinstance(block, BiasBlock):
            return [_float(value) for value in block.coefficients.detach().flatten().tolist()]
    return [sympy.Integer(0)] * layer.subnodes


def _points(network: KAN, x: Tensor | None) -> np.ndarray:
    if x is None:
        generator = torch.Generator().manual_seed(0)
        x = 2 * torch.rand(POINTS, network.n_in, generator=generator, dtype=torch.float64) - 1
    return np.asarray(finite("x", x)[some(x, POINTS)].numpy())


def _functions(network: KAN) -> dict[str, Callable[..., Any]]:
    """Numerical implementations of the edges that are not symbolic."""
    return {f"phi_{k}_{i}_{j}": _edge(network, k, i, j) for k, i, j in numerical_edges(network)}


def _edge(network: KAN, k: int, i: int, j: int) -> Callable[[Any], Any]:
    part = _Part(network, k)

    def evaluate(value: Any) -> Any:
        flat = torch.as_tensor(np.asarray(value, dtype=float)).flatten()
        z = flat.new_zeros(len(flat), part.n_in)
        z[:, i] = flat
        found = activations(part, z)[0].edges[:, i, j].double().cpu()
        return found.numpy().reshape(np.shape(value))

    return evaluate


class _Part(KAN):
    """One layer of a network as a network, sharing its coefficients."""

    def __init__(self, network: KAN, k: int) -> None:
        torch.nn.Module.__init__(self)
        self.layers = torch.nn.ModuleList([network.layer(k)])


def _written(
    expression: Expr,
    symbols: list[Symbol],
    points: np.ndarray,
    tolerance: float,
    functions: dict[str, Callable[..., Any]],
) -> Expr:
    """Round several ways of writing an expression and keep the best."""
    size = _size(expression, symbols, points, functions)
    nested = tidied(expression)
    variants = [nested]
    expanded = tidied(multiplied_out(expression))
    if expanded != nested and sympy.count_ops(expanded) <= LONG:
        variants.append(expanded)
    found = []
    for variant in variants:
        for _ in range(PASSES):
            exact = rounded(
                variant, symbols, points, tolerance=tolerance * size, functions=functions
            )
            if exact == variant or not exact.has(sympy.Float):
                break
            variant = tidied(exact)  # what is exact now may cancel
        found += _rewritings(exact)
    return min(found, key=_length)


def _size(
    expression: Expr,
    symbols: list[Symbol],
    points: np.ndarray,
    functions: dict[str, Callable[..., Any]],
) -> float:
    try:
        evaluate = Evaluator(expression, symbols, functions)
    except UnsupportedError:  # an infinite or complex number
        return 1.0
    with np.errstate(all="ignore"):
        values = evaluate(*points.T)
    size = float(np.sqrt(np.mean(values**2)))
    return size if np.isfinite(size) and size > 0 else 1.0


def _rewritings(expression: Expr) -> list[Expr]:
    """Give an expression and shorter ways of writing it that are cheap to find."""
    found = [expression]
    if sympy.count_ops(expression) > LONG or expression.has(sympy.Float):
        return found
    expanded = multiplied_out(expression)
    return [expression, expanded, grouped(expression), grouped(expanded)]


def _length(expression: Expr) -> tuple[int, int, int]:
    """Constants that are not recognised, then operations, then letters."""
    floats = sum(isinstance(part, sympy.Float) for part in sympy.preorder_traversal(expression))
    return floats, int(sympy.count_ops(expression)), len(re.sub(r"\s", "", str(expression)))
