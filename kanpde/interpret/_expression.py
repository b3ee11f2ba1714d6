"""The other way: from a sympy expression to the KAN that equals it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import sympy
import torch
from sympy import Add, Expr, Mul, Pow, Symbol

from kanpde.errors import InputError, UnsupportedError
from kanpde.nets import (
    ARGUMENT,
    KAN,
    LIBRARY,
    BiasBlock,
    SymbolicEdge,
    SymbolicFunction,
    set_symbolic,
)
from kanpde.pde import scalar

_DOMAINS = {
    sympy.log: "positive",
    sympy.asin: "unit",
    sympy.acos: "unit",
    sympy.atanh: "open unit",
    sympy.coth: "nonzero",
    sympy.csch: "nonzero",
}
_ONE, _ZERO = sympy.Integer(1), sympy.Integer(0)
Node: TypeAlias = Expr | tuple[str, int]


@dataclass(frozen=True)
class _Part:
    """One edge: c f(a z + b), where z is the node that holds `source`."""

    source: Expr
    function: SymbolicFunction
    a: Expr = _ONE
    b: Expr = _ZERO
    c: Expr = _ONE

    def of(self, argument: Expr) -> Expr:
        inner = self.a * argument + self.b
        return self.c * self.function.expression.xreplace({ARGUMENT: inner})


@dataclass
class _Sum:
    """A subnode: a constant and edges."""

    constant: Expr
    parts: list[_Part]


@dataclass
class _Plan:
    """A node: the sum of one subnode, or the product of several."""

    factors: list[_Sum]

    def sources(self) -> list[Expr]:
        return [part.source for factor in self.factors for part in factor.parts]


def network_from_expression(expression: Expr | Sequence[Expr], symbols: Sequence[Symbol]) -> KAN:
    """Build a KAN that equals an expression: functions on edges, sums and products at nodes.

    Parameters
    ----------
    expression
        One sympy expression per output, or one alone.
    symbols
        The inputs.

    Returns
    -------
    KAN
        In float64, with symbolic edges only. Functions that are not in the library become
        functions of their own name; what a node gets from one other node is one edge, so
        ``x + sin(x)`` is a single function.

    Raises
    ------
    InputError
        If other symbols occur.
    UnsupportedError
        If a function of several arguments, or one that cannot be lowered, occurs.

    References
    ----------
    Liu et al., *KAN 2.0*, arXiv 2408.10205, section 4.2.

    Examples
    --------
    >>> x, y = sympy.symbols("x y", real=True)
    >>> net = network_from_expression(sympy.exp(sympy.sin(sympy.pi * x) + y**2), [x, y])
    >>> net.width
    [2, 1, 1]
    >>> network_from_expression(x / y, [x, y])(torch.tensor([[1.0, 4.0]]).double()).item()
    0.25
    """
    several = isinstance(expression, (list, tuple))
    given = [scalar("expression", e) for e in (expression if several else [expression])]
    if not given:
        raise InputError(f"expression: expected scalar sympy expressions, got {expression!r}")
    symbols = list(symbols)
    if not symbols or len(set(symbols)) != len(symbols):
        raise InputError(f"symbols: expected different symbols, at least one, got {symbols}")
    foreign = set().union(*(e.free_symbols for e in given)) - set(symbols)
    if foreign:
        raise InputError(
            f"expression: expected the symbols {', '.join(map(str, symbols))}, got "
            f"{', '.join(sorted(map(str, foreign)))} too; give them values first"
        )
    network = _Compiler(symbols).compiled(given)
    _check_finite(network)
    return network


def _check_finite(network: KAN) -> None:
    """Evaluate every function once, so that one that cannot be lowered is refused here."""
    for k in range(len(network.layers)):
        block = network.layer(k).symbolic
        for edge in () if block is None else block.edges:
            edge.function.values(torch.full((1,), 0.5, dtype=torch.float64), 1)


@dataclass
class _Compiler:
    """Places nodes in layers: every node as early as it can be, carried on by identities."""

    symbols: list[Symbol]
    plans: dict[Expr, _Plan] = field(default_factory=dict)
    levels: list[dict[Node, _Plan]] = field(default_factory=list)

    def compiled(self, outputs: Sequence[Expr]) -> KAN:
        depth = max(self.depth(e) + self._late(e, outputs) for e in outputs)
        self.levels = [{} for _ in range(max(depth, 1) + 1)]
        last = len(self.levels) - 1
        for n, e in enumerate(outputs):
            plan = self.plan(e)
            if plan is None or self.depth(e) < last:
                plan = self._carried(e)
            self._place(("output", n), plan, last)
        return self._network()

    def _late(self, e: Expr, outputs: Sequence[Expr]) -> int:
        """Products among several outputs are carried on: sums come first in a layer."""
        plan = self.plan(e)
        return int(len(outputs) > 1 and plan is not None and len(plan.factors) > 1)

    def plan(self, e: Expr) -> _Plan | None:
        """How a node is made; ``None`` for an input."""
        if e in self.symbols:
            return None
        if e not in self.plans:
            constant, terms = linear(e)
            alone = terms[0][1] if len(terms) == 1 and constant == 0 else None
            if isinstance(alone, Mul):
                factors = [self._sum(factor) for factor in alone.args]
                factors[0] = _times(terms[0][0], factors[0])
                self.plans[e] = _Plan(factors)
            else:
                self.plans[e] = _Plan([self._sum(e)])
        return self.plans[e]

    def depth(self, e: Expr) -> int:
        plan = self.plan(e)
        if plan is None:
            return 0
        return 1 + max((self.depth(source) for source in plan.sources()), default=0)

    def _sum(self, e: Expr) -> _Sum:
        constant, terms = linear(e)
        groups: dict[Expr, list[tuple[_Part, Expr]]] = {}
        for coefficient, primitive in terms:
            part = _part(coefficient, primitive)
            groups.setdefault(part.source, []).append((part, primitive))
        parts: list[_Part] = []
        for group in groups.values():
            parts += _merged(group)
        return _Sum(constant, parts)

    def _carried(self, e: Expr) -> _Plan:
        return _Plan([_Sum(_ZERO, [_Part(e, LIBRARY["x"])])])

    def _place(self, key: Node, plan: _Plan, level: int) -> None:
        self.levels[level][key] = plan
        for source in plan.sources():
            self._ensure(source, level - 1)

    def _ensure(self, e: Expr, level: int) -> None:
        if level == 0 or e in self.levels[level]:
            return
        plan = self.plan(e)
        if plan is None or self.depth(e) < level:
            plan = self._carried(e)
        self._place(e, plan, level)

    def _network(self) -> KAN:
        ordered: list[list[Node]] = [list(self.symbols)]
        width: list[int | tuple[int, tuple[int, ...]]] = [len(self.symbols)]
        for level in self.levels[1:]:
            sums = [key for key, plan in level.items() if len(plan.factors) == 1]
            products = [key for key, plan in level.items() if len(plan.factors) > 1]
            arities = tuple(len(level[key].factors) for key in products)
            ordered.append([*sums, *products])
            width.append((len(sums), arities) if arities else len(sums))
        network = KAN(width, grid=1, degree=1, base="none", squash=False).double()
        for k, level in enumerate(self.levels[1:]):
            factors = [factor for key in ordered[k + 1] for factor in level[key].factors]
            _fill(network, k, ordered[k], factors)
        return network


def _fill(network: KAN, k: int, sources: list[Node], factors: list[_Sum]) -> None:
    """Give layer `k` its edges and constants; its numerical edges are switched off."""
    layer = network.layer(k)
    edges, rows = [], []
    for j, factor in enumerate(factors):
        for part in factor.parts:
            edges.append(SymbolicEdge(sources.index(part.source), j, part.function))
            rows.append([_value(part.a), _value(part.b), _value(part.c), 0.0])
    with torch.no_grad():
        for block in layer.blocks:
            for parameter in block.parameters():
                parameter.zero_()
            if isinstance(block, BiasBlock):
                constants = [_value(factor.constant) for factor in factors]
                block.coefficients.copy_(torch.tensor([constants], dtype=torch.float64))
    layer.set_mask(torch.zeros(layer.n_in, layer.subnodes))
    set_symbolic(layer, edges, torch.tensor(rows, dtype=torch.float64).reshape(-1, 4))


def _value(number: Expr) -> float:
    value = number.evalf(20)
    if not (value.is_Number and value.is_finite):
        raise UnsupportedError(f"expression: expected finite real numbers, got {number}")
    return float(value)


def linear(e: Expr) -> tuple[Expr, list[tuple[Expr, Expr]]]:
    """Split into a constant and terms (coefficient, rest without numbers).

    Examples
    --------
    >>> x, y = sympy.symbols("x y")
    >>> linear(2 * x * y + 3 * sympy.sin(x) + 4)
    (4, [(2, x*y), (3, sin(x))])
    """
    constant, terms = _ZERO, []
    for term in Add.make_args(e):
        coefficient, rest = term.as_independent(*term.free_symbols, as_Add=False)
        if not term.free_symbols:
            constant += term
        elif isinstance(rest, Add):
            inner, more = linear(rest)
            constant += coefficient * inner
            terms += [(coefficient * c, r) for c, r in more]
        else:
            terms.append((coefficient, rest))
    terms.sort(key=lambda pair: sympy.default_sort_key(pair[1]))
    return constant, terms


def _times(coefficient: Expr, factor: _Sum) -> _Sum:
    parts = [replace(part, c=coefficient * part.c) for part in factor.parts]
    return _Sum(coefficient * factor.constant, parts)


def _part(coefficient: Expr, primitive: Expr) -> _Part:
    """Make the edge of one term."""
    if isinstance(primitive, (Symbol, Mul)):
        return _Part(primitive, LIBRARY["x"], c=coefficient)
    if isinstance(primitive, Pow) and not primitive.exp.is_number:
        primitive = sympy.exp(primitive.exp * sympy.log(primitive.base), evaluate=False)
    if isinstance(primitive, Pow) and primitive.base.func == sympy.sech and primitive.exp == 2:
        return _applied(LIBRARY["sech^2"], primitive.base.args[0], coefficient)
    if isinstance(primitive, Pow):
        return _applied(_power(primitive.exp), primitive.base, coefficient)
    if len(primitive.args) == 1:
        return _applied(_named(primitive.func), primitive.args[0], coefficient)
    if len(primitive.free_symbols) == 1:
        (symbol,) = primitive.free_symbols
        expression = primitive.xreplace({symbol: ARGUMENT})
        function = SymbolicFunction(str(expression), expression, 5)
        return _Part(symbol, function, c=coefficient)
    raise UnsupportedError(
        f"expression: expected functions of one argument, sums, products and powers, "
        f"got {primitive}"
    )


def _applied(function: SymbolicFunction, inner: Expr, coefficient: Expr) -> _Part:
    constant, terms = linear(inner)
    if len(terms) == 1:
        slope, source = terms[0]
        return _Part(source, function, slope, constant, coefficient)
    return _Part(inner, function, c=coefficient)


def _named(function: type[Expr]) -> SymbolicFunction:
    """Find the library's function or make one of the same name."""
    expression = function(ARGUMENT)
    for known in LIBRARY.values():
        if known.expression == expression:
            return known
    return SymbolicFunction(function.__name__, expression, 3, _DOMAINS.get(function, "line"))


def _power(exponent: Expr) -> SymbolicFunction:
    expression = ARGUMENT**exponent
    for known in LIBRARY.values():
        if known.expression == expression:
            return known
    if exponent.is_integer:
        domain = "line" if exponent > 0 else "nonzero"
    else:
        domain = "nonnegative" if exponent > 0 else "positive"
    return SymbolicFunction(f"x^{exponent}", expression, 4, domain)


def _merged(group: list[tuple[_Part, Expr]]) -> list[_Part]:
    """Make one function of several edges between the same nodes, or send some through a node."""
    if len(group) == 1:
        return [group[0][0]]
    parts = [part for part, _ in group]
    bounded = [part for part in parts if part.function.domain != "line"]
    plain = all((part.a, part.b) == (_ONE, _ZERO) for part in bounded)
    domains = {part.function.domain for part in bounded}
    if plain and len(domains) <= 1:
        expression = Add(*[part.of(ARGUMENT) for part in parts])
        cost = sum(part.function.complexity for part in parts)
        domain = domains.pop() if domains else "line"
        function = SymbolicFunction(str(expression), expression, cost, domain)
        return [_Part(parts[0].source, function)]
    others = [_Part(primitive, LIBRARY["x"], c=part.c) for part, primitive in group[1:]]
    return [parts[0], *others]
