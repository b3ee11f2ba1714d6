"""Networks on the compiled kernel: values and rows without a feature tensor in memory.

The plain path of `Network` is the reference and serves whatever is not covered: product and
symbolic nodes, trained frequencies, float32, GPUs.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from kanpde.basis import Basis
from kanpde.calculus import JetSpace
from kanpde.nets._block import BaseBlock, BasisBlock, BiasBlock
from kanpde.nets._layer import Layer, PrecomputedTape
from kanpde.nets._network import Network
from kanpde.nets.fused._rowprogram import LayerSpec, row_program

BLOCKS = (BasisBlock, BaseBlock, BiasBlock)
BASES = ("identity", "tanh", "silu")
# Threads of the kernel, which wait for each other once per call only: pieces are taken
# as threads get free. A gradient is summed piece by piece; rows do not depend on pieces.
WORKERS: ContextVar[int] = ContextVar("threads of the kernel", default=1)
PIECES, FEWEST_BLOCKS = 2, 8
CACHE_LINE = 8  # entries of 8 bytes
WORKSPACE_BYTES = 200_000_000
Kernel = Callable[..., None]


def kernel_available() -> bool:
    """Whether numba is installed; it is not imported.

    Examples
    --------
    >>> kernel_available()
    True
    """
    return importlib.util.find_spec("numba") is not None


@lru_cache(maxsize=1)
def kernel() -> Kernel | None:
    """Load the compiled interpreter, compiling it if this machine never did; None without numba."""
    try:
        return importlib.import_module("kanpde.nets.fused._kernel").run
    except ImportError:
        return None


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count())


def compile_kernel() -> None:
    """Load the kernel in the background, where compiling it (once per machine) delays nobody.

    Whoever needs the kernel meanwhile waits for it, so that the same run takes the same steps.
    """
    if kernel_available():
        threading.Thread(target=kernel, name="kernel").start()


def layer_specs(network: Network) -> tuple[LayerSpec, ...] | None:
    """Describe a network for the kernel, or None where the kernel does not cover it.

    Examples
    --------
    >>> from kanpde.nets import KAN, MLP
    >>> layer_specs(KAN([2, 3, 1], grid=5).float()) is None  # the plain path
    True
    >>> [spec.count for spec in layer_specs(MLP([2, 4, 1]).double())]
    [12, 5]
    """
    if not network.has_rule:
        return None
    found = []
    for layer in network.layers:
        spec = _layer_spec(layer) if type(layer) is Layer else None
        if spec is None:
            return None
        found.append(spec)
    return tuple(found)


def _layer_spec(layer: Layer) -> LayerSpec | None:
    blocks = list(layer.blocks)
    if layer.arities or any(type(block) not in BLOCKS for block in blocks):
        return None
    rule, base, squash = None, None, False
    if layer.first().device.type != "cpu" or layer.first().dtype != torch.float64:
        return None
    if isinstance(blocks[0], BasisBlock):
        rule, squash = _basis(blocks.pop(0)).edge_rule(), layer.squash
        if rule is None:
            return None
    if blocks and isinstance(blocks[0], BaseBlock):
        base = str(blocks.pop(0).name)
        if base not in BASES:
            return None
    bias = bool(blocks) and isinstance(blocks[0], BiasBlock)
    if len(blocks) > bias or not (rule or base):
        return None
    mask = None if layer.mask is None else tuple(layer.mask.bool().flatten().tolist())
    return LayerSpec(layer.n_in, layer.n_out, rule, base, squash, bias, mask)


@dataclass(frozen=True)
class Inputs:
    """Jets of a network's inputs that are not zero by structure, points contiguous."""

    space: JetSpace
    live: tuple[tuple[bool, ...], ...]
    rows: NDArray[np.float64]


class Fused:
    """A network's jets and rows by the compiled kernel.

    Parameters
    ----------
    network
        One that `layer_specs` describes; its structure must not change, its
        coefficients and its grids may.
    specs
        That description.
    run
        The kernel.
    """

    def __init__(self, network: Network, specs: tuple[LayerSpec, ...], run: Kernel) -> None:
        self.network, self.specs, self.run = network, specs, run
        self._prepare(_bases(network))

    def _prepare(self, bases: list[Basis | None]) -> None:
        """Arrange what a step does not change: masks, and what bases know of their inputs."""
        self._bases = bases
        specs = self.specs
        masks = [
            np.ones(spec.count) if spec.mask is None else _spread(spec, spec.mask) for spec in specs
        ]
        self.alive = None if all(s.mask is None for s in specs) else np.concatenate(masks)
        tables = [
            basis.edge_tables(spec.n_in).ravel()
            for basis, spec in zip(bases, specs, strict=True)
            if basis is not None
        ]
        self.tables = np.concatenate([*tables, np.empty(0)])

    def refresh(self) -> None:
        """Follow the network where its grids moved or got finer since."""
        bases = _bases(self.network)
        if any(new is not old for new, old in zip(bases, self._bases, strict=True)):
            specs = layer_specs(self.network)
            assert specs is not None  # a grid changes no kind of edge
            self.specs = specs
            self._prepare(bases)

    @classmethod
    def of(cls, network: Network) -> Fused | None:
        """Give the fused form of a network where there is one."""
        specs = layer_specs(network)
        run = None if specs is None else kernel()
        return None if specs is None or run is None else cls(network, specs, run)

    def inputs(self, z: Tensor, space: JetSpace) -> Inputs:
        """Keep of the inputs' jets ``(K, N, n_in)`` what is not zero."""
        live = (z != 0).any(dim=1).T
        live[:, 0] = True
        kept = z.permute(2, 0, 1)[live].contiguous().numpy()
        return Inputs(space, tuple(map(tuple, live.tolist())), kept)

    def jets(self, inputs: Inputs, which: slice) -> Tensor:
        """Jets of the outputs at some of the points, ``(m, K, n)``."""
        n_out, size = self.specs[-1].n_out, inputs.space.size
        found = np.empty((n_out * size, len(range(*which.indices(inputs.rows.shape[1])))))
        self._run(inputs, which, None, found)
        return torch.from_numpy(found).unflatten(0, (n_out, size))

    def rows(self, inputs: Inputs, which: slice, cotangent: Tensor, out: Tensor) -> None:
        """Write the Jacobian ``(P, n)`` from the cotangent ``(m, K, n)`` of the outputs' jets."""
        self._run(inputs, which, cotangent, out.numpy())

    def gradient(self, inputs: Inputs, which: slice, cotangent: Tensor) -> Tensor:
        """Sum of the rows over the points, ``(P,)``, without the Jacobian."""
        return torch.from_numpy(self._run(inputs, which, cotangent, None))

    def _run(
        self,
        inputs: Inputs,
        which: slice,
        cotangent: Tensor | None,
        out: NDArray[np.float64] | None,
    ) -> NDArray[np.float64]:
        self.refresh()
        program = row_program(self.specs, inputs.space, inputs.live, jacobian=cotangent is not None)
        z = inputs.rows[:, which]
        count = z.shape[1]
        bars = np.empty((0, count)) if cotangent is None else cotangent.flatten(0, 1).numpy()
        short = count < program.block
        z, bars = (_padded(a, program.block if short else count) for a in (z, bars))
        ends = _pieces(-(-z.shape[1] // program.block))
        pieces = len(ends) - 1
        if out is None:
            targets = list(np.zeros((pieces, self.network.count, program.block)))
        else:
            targets = [np.empty((len(out), program.block)) if short else out] * pieces
        weights = self.network.get().numpy()
        if self.alive is not None:
            weights *= self.alive
        weights = np.concatenate((weights, self.tables))

        def piece(k: int) -> None:
            span = np.array([ends[k], ends[k + 1], out is None], dtype=np.int64)
            scratch = program.scratch()
            self.run(program.code, program.numbers, scratch, weights, z, bars, targets[k], span)

        if pieces > 1:
            list(_pool().map(piece, range(pieces)))
        else:
            piece(0)
        if out is None:
            total: NDArray[np.float64] = np.sum(targets, axis=(0, 2))
            return total
        if short:
            out[...] = targets[0][:, :count]
        return out


def _bases(network: Network) -> list[Basis | None]:
    """Give the bases of the layers, which are replaced where grids change."""
    firsts = [network.layer(k).blocks[0] for k in range(len(network.layers))]
    return [_basis(block) if isinstance(block, BasisBlock) else None for block in firsts]


def _basis(block: nn.Module) -> Basis:
    assert isinstance(block, BasisBlock)
    return block.basis


def _pieces(blocks: int) -> list[int]:
    """Give the ends of the pieces that threads take."""
    workers = WORKERS.get()
    pieces = 1 if workers == 1 else max(1, min(PIECES * workers, blocks // FEWEST_BLOCKS))
    return [blocks * k // pieces for k in range(pieces + 1)]


def _padded(array: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Points contiguous, filled up with zeros to `count`."""
    if array.shape[1] == count:
        return np.ascontiguousarray(array)
    filled = np.zeros((len(array), count))
    filled[:, : array.shape[1]] = array
    return filled


def _spread(spec: LayerSpec, mask: tuple[bool, ...]) -> NDArray[np.float64]:
    """One for every coefficient of an edge that is alive, and for biases."""
    edges = np.array(mask, dtype=np.float64).reshape(spec.n_in, spec.n_out)
    sources = [spec.source(c) for c in range(spec.features)]
    return np.concatenate((edges[sources].ravel(), np.ones(spec.n_out * spec.bias)))


class FusedTape(PrecomputedTape):
    """Jets of the output by the kernel, and the way back.

    Parameters
    ----------
    fused, inputs, which
        What computes them, and at which points.
    track
        Whether cotangents will be asked for.
    """

    def __init__(self, fused: Fused, inputs: Inputs, which: slice, *, track: bool) -> None:
        super().__init__()
        self.fused, self.inputs, self.which = fused, inputs, which
        self.leaf = fused.jets(inputs, which).requires_grad_(track)

    def rows(self, cotangent: Tensor, out: Tensor) -> None:
        """Write the Jacobian ``(P, N)`` from the cotangent of `leaf`."""
        self.fused.rows(self.inputs, self.which, cotangent.contiguous(), out)

    def gradient(self, cotangent: Tensor) -> Tensor:
        """Sum of the Jacobian's rows, ``(P,)``."""
        return self.fused.gradient(self.inputs, self.which, cotangent.contiguous())


def _aligned(entries: int) -> NDArray[np.float64]:
    """Memory that begins on a cache line: sums of a linear algebra depend on where it begins."""
    plain = np.empty(entries + CACHE_LINE)
    first = (-plain.ctypes.data // plain.itemsize) % CACHE_LINE
    return plain[first : first + entries]


class Workspace:
    """Memory for Jacobians, taken again once nobody else holds it.

    Fresh pages cost more than the kernel that fills them: 681 coefficients at 7000 points
    take 27 ms in pages of 4 KiB, 5 ms in the large ones that numpy asks for.
    """

    def __init__(self) -> None:
        self._kept: list[NDArray[np.float64]] = []

    def take(self, count: int, n: int, like: Tensor) -> Tensor:
        """Memory ``(count, n)``, uninitialised."""
        if like.device.type != "cpu" or like.dtype != torch.float64:
            return like.new_empty((count, n))
        for k in range(len(self._kept)):
            # two holders: this list and the call; a tensor on the memory is another
            if self._kept[k].shape == (count, n) and sys.getrefcount(self._kept[k]) <= 2:
                return torch.from_numpy(self._kept[k])
        made = _aligned(count * n).reshape(count, n)
        if sum(a.nbytes for a in self._kept) + made.nbytes <= WORKSPACE_BYTES:
            self._kept.append(made)
        return torch.from_numpy(made)
