"""A network written as row operations: jets forward, rows of the Jacobian back.

Powers of a jet's non-constant part carry no factorials, as the functions composed with them
are Taylor coefficients, so products carry no binomials.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from kanpde.basis import EdgeRule, Row, Series, Term
from kanpde.calculus import JetSpace
from kanpde.nets.fused._rowwriter import ADD, ZERO_START, RowProgram, RowWriter, whole


@dataclass(frozen=True)
class LayerSpec:
    """What a layer computes: edges in a basis, a base function, a bias, an (in, out) mask."""

    n_in: int
    n_out: int
    rule: EdgeRule | None
    base: str | None
    squash: bool
    bias: bool
    mask: tuple[bool, ...] | None

    @property
    def functions(self) -> int:
        """Functions of the basis, per input."""
        return 0 if self.rule is None else self.rule.count

    @property
    def tables(self) -> int:
        """Numbers that the rule reads, of all inputs."""
        return 0 if self.rule is None else self.n_in * self.rule.table_size

    @property
    def features(self) -> int:
        """Functions of all inputs."""
        return self.n_in * (self.functions + (self.base is not None))

    @property
    def count(self) -> int:
        """Coefficients."""
        return (self.features + self.bias) * self.n_out

    def source(self, c: int) -> int:
        """Input that feature `c` belongs to; the features of the basis come first."""
        split = self.n_in * self.functions
        return c // self.functions if c < split else c - split


@dataclass
class _Pass:
    """What the forward pass of a layer leaves for the way back, by input and by feature."""

    z: list[list[Row]]
    powers: list[list[list[Row]]]
    series: dict[int, list[Row]]
    phi: list[list[Row]]


@lru_cache(maxsize=128)
def row_program(
    layers: tuple[LayerSpec, ...],
    space: JetSpace,
    live: tuple[tuple[bool, ...], ...],
    *,
    jacobian: bool,
) -> RowProgram:
    """Write the program of a network.

    Parameters
    ----------
    layers
        What the layers compute.
    space
        The jets that are carried.
    live
        By input and component: whether a row of it is loaded; else it is zero.
    jacobian
        Rows of the Jacobian from cotangents, instead of the output's jets.

    Examples
    --------
    >>> line = LayerSpec(1, 1, rule=None, base="identity", squash=False, bias=True, mask=None)
    >>> len(row_program((line,), JetSpace(1, ((0,),)), ((True,),), jacobian=False).code)
    2
    """
    writer = _LayerWriter(space, space.order + jacobian)
    z = [[writer.new() if here else None for here in component] for component in live]
    n_out, size = layers[-1].n_out, space.size
    bars: list[list[Row]] = []
    if jacobian:
        first = writer.block(n_out * size)
        bars = [[first + o * size + k for k in range(size)] for o in range(n_out)]
    writer.constants()
    passes, start, table = [], 0, sum(layer.count for layer in layers)
    for number, layer in enumerate(layers):
        passes.append(writer.features(layer, z, table))
        if number + 1 < len(layers) or not jacobian:
            z = writer.outputs(layer, passes[-1], start)
        start += layer.count
        table += layer.tables
    if not jacobian:
        for o in range(n_out):
            for k in range(size):
                writer.dot(o * size + k, [z[o][k]], [writer.one])
        return writer.program()
    for number in reversed(range(len(layers))):
        layer, made = layers[number], passes[number]
        start -= layer.count
        writer.columns(layer, made, bars, start)
        if number:
            bars = writer.pull(layer, made, bars, start)
    return writer.program()


class _LayerWriter(RowWriter):
    """Writes the operations of layers."""

    def features(self, layer: LayerSpec, z: list[list[Row]], table: int) -> _Pass:
        """Jets of all features of a layer's inputs; `table` is where its basis's numbers begin."""
        series: dict[int, Series] = {}
        for i, jets in enumerate(z):
            value = jets[0]
            assert value is not None  # values always are
            y = x = self.variable(value)
            if layer.squash or layer.base == "tanh":
                bounded = self.squashed(x)
                y = bounded if layer.squash else y
            if layer.rule is not None:
                place = table + i * layer.rule.table_size
                for f, own in enumerate(layer.rule.write(self, y, place)):
                    series[i * layer.functions + f] = own
            if layer.base == "tanh":
                series[layer.n_in * layer.functions + i] = bounded
            elif layer.base == "silu":
                series[layer.n_in * layer.functions + i] = self.silu(value)
        powers = [self.powers(jets) for jets in z]
        phi = []
        for c in range(layer.features):
            i = layer.source(c)
            phi.append(self.composed(series[c], powers[i]) if c in series else z[i])
        return _Pass(z, powers, series, phi)

    def powers(self, z: list[Row]) -> list[list[Row]]:
        """Powers 1 … order of the non-constant part, by component."""
        first: list[Row] = [None, *z[1:]]
        found = [first]
        for m in range(2, self.space.order + 1):
            table = self.space._symmetric_products if m == 2 else self.space.products
            below = found[-1]
            found.append(
                [
                    self.total((f, below[a], first[b]) for a, b, f in table[k])
                    for k in range(self.space.size)
                ]
            )
        return found

    def composed(self, series: list[Row], powers: list[list[Row]]) -> list[Row]:
        """Jets of a function; rows of neighbours lie side by side for `dot`."""
        place = self.block(self.space.size)
        jets: list[Row] = [self.total([(1.0, series[0], self.one)], place)]
        for k in range(1, self.space.size):
            terms = [(1.0, series[m], powers[m - 1][k]) for m in range(1, self.orders[k] + 1)]
            jets.append(self.total(terms, place + k))
        return jets

    def outputs(self, layer: LayerSpec, made: _Pass, start: int) -> list[list[Row]]:
        """Jets of the layer's outputs."""
        size = self.space.size
        place = self.block(layer.n_out * size)
        found: list[list[Row]] = []
        for o in range(layer.n_out):
            found.append([])
            for k in range(size):
                rows = [
                    (row, start + c * layer.n_out + o)
                    for c, jets in enumerate(made.phi)
                    if (row := jets[k]) is not None
                ]
                bias = layer.bias and k == 0
                if not rows and k:
                    found[o].append(None)
                    continue
                target = place + o * size + k
                index = start + layer.features * layer.n_out + o
                self.combine(target, rows, layer.n_out, index if bias else ZERO_START)
                found[o].append(target)
        return found

    def columns(self, layer: LayerSpec, made: _Pass, bars: list[list[Row]], start: int) -> None:
        """Columns of the Jacobian: jets of a feature times the cotangent of an output."""
        for c, jets in enumerate(made.phi):
            for o in range(layer.n_out):
                edge = layer.source(c) * layer.n_out + o
                alive = layer.mask is None or layer.mask[edge]
                place = start + c * layer.n_out + o
                self.dot(place, jets if alive else [], bars[o] if alive else [])
        if layer.bias:
            for o in range(layer.n_out):
                self.dot(start + layer.features * layer.n_out + o, [bars[o][0]], [self.one])

    def pull(
        self, layer: LayerSpec, made: _Pass, bars: list[list[Row]], start: int
    ) -> list[list[Row]]:
        """Cotangents of the layer's inputs.

        In the algebra d(φ∘z) = (φ'∘z) dz: the cotangent of z is that product's transpose,
        after the sum over the functions φ of one input, order by order.
        """
        size = self.space.size
        place = self.block(layer.n_in * size)
        found: list[list[Row]] = []
        for i in range(layer.n_in):
            terms: list[list[Term]] = [[] for _ in range(size)]
            curved = [c for c in made.series if layer.source(c) == i]
            for a in range(size):
                pulled = [
                    (c, self.transposed(_weighted(bars, a, start + c * layer.n_out)))
                    for c in curved
                ]
                sums = [
                    self.total((m + 1.0, made.series[c][m + 1], row) for c, row in pulled)
                    for m in range(self.orders[a] + 1)
                ]
                self.paired(terms, a, sums, made.powers[i])
            jets: list[Row] = []
            for k in range(size):
                target = place + i * size + k
                alive = made.z[i][k] is not None
                passed: list[tuple[int, int]] = []
                if layer.base == "identity":
                    c = layer.n_in * layer.functions + i
                    passed = _weighted(bars, k, start + c * layer.n_out)
                jets.append(self.collected(passed, terms[k], target) if alive else None)
            found.append(jets)
        return found

    def paired(
        self, terms: list[list[Term]], a: int, sums: list[Row], powers: list[list[Row]]
    ) -> None:
        """Terms of the cotangents of z that come from the cotangent of component `a`."""
        terms[a].append((1.0, sums[0], self.one))
        if a == 0:
            return

        def add(target: int, k: int, factor: float) -> None:
            for m in range(1, self.orders[k] + 1):
                terms[target].append((factor, sums[m], powers[m - 1][k]))

        add(0, a, 1.0)
        for b, k, factor in self.space.products[a]:
            add(b, k, factor)

    def transposed(self, rows: Sequence[tuple[int, int]]) -> Row:
        """Cotangent of a component of a feature, from those of the outputs."""
        if not rows:
            return None
        target = self.new()
        self.combine(target, rows, 1, ZERO_START)
        return target

    def collected(self, passed: Sequence[tuple[int, int]], terms: list[Term], target: int) -> Row:
        """Sum of the terms of a cotangent and of what an identity passes down."""
        if not passed:
            return self.total(terms, target)
        self.combine(target, passed, 1, ZERO_START)
        kept = whole(terms)
        for at in range(0, len(kept), 2):
            self.pair(ADD, target, kept[at : at + 2])
        return target


def _weighted(bars: list[list[Row]], k: int, weight: int) -> list[tuple[int, int]]:
    """Component k of the cotangents of all outputs, with the weights of a feature's edges."""
    rows = ((jets[k], weight + o) for o, jets in enumerate(bars))
    return [(row, place) for row, place in rows if row is not None]
