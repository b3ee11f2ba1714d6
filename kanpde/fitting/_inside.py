"""Looking inside a fit: scores, pruning, symbolic edges and the formula."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import sympy
import torch
from sympy import Expr, Symbol
from torch import Tensor

from kanpde import interpret
from kanpde.errors import InputError
from kanpde.fitting._dataset import CLASSIFICATION, Dataset
from kanpde.fitting._objective import Objective
from kanpde.fitting._scaling import Scaling
from kanpde.fitting._settings import FitSettings
from kanpde.ground._plain import plain
from kanpde.interpret import Library, Suggestion
from kanpde.nets import KAN, LIBRARY, Network, SymbolicFunction, copy_network, fix_edge
from kanpde.nets import release_edge as _release_edge
from kanpde.nets._describe import describe_network

if TYPE_CHECKING:
    from typing_extensions import Self


class Inside:
    """The tools of the KAN paper on a fit; each gives a new fit and leaves this one as it is.

    Edges are named by layer k, input i and node j of the layer, from 0; where there are product
    nodes, j counts the sums and then the factors of the products.
    """

    network: Network
    data: Dataset
    scaling: Scaling
    settings: FitSettings
    summary: dict[str, Any]

    @property
    def samples(self) -> Tensor:
        """Inputs of the training rows as the network sees them, ``(N, d)``."""
        raise TypeError("Inside is abstract")

    def scores(self, how: str = "attribution") -> list[Tensor]:
        """Score every edge, one ``(n_in, subnodes)`` tensor per layer; see `edge_scores`."""
        return interpret.edge_scores(self._kan(), self.samples, how)

    def feature_scores(self, how: str = "attribution") -> dict[str, float]:
        """Score the inputs by name, most important first."""
        found = interpret.feature_scores(self._kan(), self.samples, how).tolist()
        pairs = sorted(zip(self.data.inputs, found, strict=True), key=lambda p: -p[1])
        return dict(pairs)

    def prune(self, *, node: float = 1e-2, edge: float = 3e-2, how: str = "attribution") -> Self:
        """Remove hidden nodes and edges whose scores are not above the thresholds.

        All inputs stay; one that leads nowhere any more is pale in the diagram. The summary
        notes by how much the function changed.

        Raises
        ------
        InputError
            If nothing would be left.

        References
        ----------
        Liu et al., *KAN: Kolmogorov-Arnold Networks*, arXiv 2404.19756, eq. 2.21.
        """
        found = interpret.prune(self._kan(), self.samples, node=node, edge=edge, how=how)
        return self._with(
            found.network,
            f"pruned {found.removed} edges: the normalised outputs changed by "
            f"{found.largest:.1e} at most",
        )

    def simplify(self, **options: Any) -> Self:
        """Take nodes and edges away as long as the network still learns the data.

        Parameters
        ----------
        options
            Those of `kanpde.interpret.simplify`: tolerance, growth, steps, restarts, seconds.

        Raises
        ------
        InputError
            If this is a classification.
        """
        if self.data.task == CLASSIFICATION:
            raise InputError("simplify: expected a regression, got classes; use prune")
        found = interpret.simplify(self._kan(), self.samples, self._targets_seen(), **options)
        return self._with(found.network, f"simplified to {found.edges} edges")

    def suggest_symbolic(
        self, k: int, i: int, j: int, *, library: Library = None, top: int = 5
    ) -> list[Suggestion]:
        """Rank library functions for one edge; see `kanpde.interpret.suggest_symbolic`."""
        return interpret.suggest_symbolic(
            self._kan(), self.samples, k, i, j, library=library, top=top
        )

    def fix_symbolic(
        self,
        k: int,
        i: int,
        j: int,
        function: str | SymbolicFunction,
        affine: tuple[float, float, float, float] | None = None,
    ) -> Self:
        """Fix one edge to ``c f(a z + b) + d``, fitted to the edge unless `affine` is given.

        Raises
        ------
        InputError
            If there is no such edge or function, or the function cannot be placed there.
        """
        if isinstance(function, str) and function not in LIBRARY:
            raise InputError(
                f"function: expected one of {', '.join(LIBRARY)}, or a SymbolicFunction, "
                f"got {function!r}"
            )
        f = LIBRARY[function] if isinstance(function, str) else function
        if not isinstance(f, SymbolicFunction):
            raise InputError(
                f"function: expected a name or a SymbolicFunction, got {type(f).__name__}; wrap "
                'an expression as SymbolicFunction("name", expression)'
            )
        if affine is None:
            found = self.suggest_symbolic(k, i, j, library={f.name: f})
            if not found:
                raise InputError(
                    f"function: {f.name} cannot be placed on edge ({k}, {i}, {j}): the edge's "
                    "range leaves its domain however it is shifted; give affine"
                )
            affine = found[0].affine
        network = copy_network(self._kan())
        fix_edge(network, k, i, j, f, affine)
        return self._with(network, f"edge ({k}, {i}, {j}) fixed to {f.name}")

    def unfix_symbolic(self, k: int, i: int, j: int) -> Self:
        """Make a fixed edge a numerical one again.

        Raises
        ------
        InputError
            If the edge is not fixed.
        """
        network = copy_network(self._kan())
        _release_edge(network, k, i, j)
        return self._with(network, f"edge ({k}, {i}, {j}) released")

    @property
    def symbolic_edges(self) -> list[tuple[int, int, int, str]]:
        """Edges that are fixed to functions: layer, input, node, name."""
        network, found = self._kan(), []
        for k in range(len(network.layers)):
            block = network.layer(k).symbolic
            for edge in () if block is None else block.edges:
                found.append((k, edge.i, edge.j, edge.function.name))
        return found

    def auto_symbolic(
        self,
        *,
        library: Library = None,
        r2_threshold: float = 0.99,
        weight_simple: float | None = None,
        seconds: float = 60.0,
    ) -> Self:
        """Turn edges into library functions and polish them together on the training rows.

        Parameters
        ----------
        library
            Names of functions, or a mapping with your own.
        r2_threshold
            Edges that no function follows to this R² stay numerical.
        weight_simple
            Decades of accuracy that one unit of complexity must buy.
        seconds
            Wall time after which nothing further is begun.

        References
        ----------
        Liu et al., *KAN: Kolmogorov-Arnold Networks*, arXiv 2404.19756, section 2.5.1.
        """
        more = {} if weight_simple is None else {"weight_simple": weight_simple}
        targets = None if self.data.task == CLASSIFICATION else self._targets_seen()
        found = interpret.auto_symbolic(
            self._kan(),
            self.samples,
            targets,
            library=library,
            r2_threshold=r2_threshold,
            seconds=seconds,
            **more,
        )
        fixed = sum(e.name is not None for e in found.edges)
        return self._with(found.network, f"{fixed} of {len(found.edges)} edges made symbolic")

    def symbolic_formula(self, *, round: bool = True) -> Expr | list[Expr]:
        """Write the outputs as sympy expressions of the inputs, normalisation undone.

        Parameters
        ----------
        round
            Replace constants by recognised ones where the function stays the same.

        Returns
        -------
        Expr or list of Expr
            One per output, symbols named like the inputs; of classes the scores before softmax.
            Numerical edges appear as undefined functions.
        """
        scaling, names = self.scaling, self.data.inputs
        dead = set(scaling.constant)
        symbols = [
            sympy.Dummy() if n in dead else Symbol(x, real=True) for n, x in enumerate(names)
        ]
        shift = [0.0 if n in dead else float(s) for n, s in enumerate(scaling.shift)]
        factor = [1.0 if n in dead else float(f) for n, f in enumerate(scaling.factor)]
        found = interpret.symbolic_formula(
            self._kan(),
            symbols,
            inputs=(shift, [1 / f for f in factor]),
            outputs=(scaling.offset.tolist(), scaling.gain.tolist()),
            round=round,
            x=self.samples,
        )
        found = [f.subs({symbols[n]: 0 for n in dead}) for f in found]
        return found[0] if len(found) == 1 else found

    def _kan(self) -> KAN:
        if not isinstance(self.network, KAN):
            raise InputError(
                f"network: expected a KAN, got {type(self.network).__name__}, which has no "
                "functions on its edges; fit with net='kan'"
            )
        return self.network

    def _targets_seen(self) -> Tensor:
        y = self.scaling.targets(self.data.train.y)
        return torch.as_tensor(y).to(self.samples)

    def _with(self, network: KAN, note: str) -> Self:
        """Make the fit of another network on the same data, measured."""
        first = next(iter(network.parameters()))
        dtype = str(first.dtype).removeprefix("torch.")  # formulas are polished in float64
        settings = self.settings.replace(dtype=dtype)
        objective = Objective(self.data, self.scaling, settings, first.device)
        summary = {
            **self.summary,
            "dtype": dtype,
            "settings": settings.to_data(),
            "net": describe_network(network),
            "coefficients": network.count,
            "loss": objective.look(network).loss,
            "errors": objective.errors(network),
            "changes": [*self.summary.get("changes", []), note],
        }
        own = cast(Any, self)
        made: Self = type(self)(  # type: ignore[call-arg]
            network,
            self.data,
            self.scaling,
            settings,
            status=own.status,
            summary=plain(summary),
            history=own.history,
        )
        return made
