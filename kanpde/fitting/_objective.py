"""What a fit minimises, on all rows or some, and the errors that it reports."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from kanpde.fitting._dataset import CLASSIFICATION, Dataset, Part
from kanpde.fitting._scaling import Scaling
from kanpde.fitting._settings import FitSettings
from kanpde.nets import Network
from kanpde.optimize import make_optimizer
from kanpde.regression import (
    ClassLevenberg,
    ClassRows,
    DataRows,
    EdgePenalty,
    Penalty,
    Prior,
)

Array = NDArray[np.float64]
Rows = tuple[Tensor, Tensor]  # network inputs (N, d); targets (N, m) or classes (N,)


@dataclass(frozen=True)
class Look:
    """The objective, its part on the data, and the error as users are told it."""

    loss: float
    data: float
    error: float


class Together:
    """Several penalties as one."""

    def __init__(self, parts: Sequence[Penalty]) -> None:
        self.parts = parts

    def refresh(self, network: Network, loss: float) -> None:
        """Adapt all of them to the present state."""
        for part in self.parts:
            part.refresh(network, loss)

    def jacobian(self, network: Network) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the rows of one after the other."""
        for part in self.parts:
            yield from part.jacobian(network)

    def vector(self, network: Network) -> Tensor:
        """Residuals in the same order."""
        return torch.cat([part.vector(network) for part in self.parts])

    def gradient(self, network: Network) -> tuple[float, Tensor]:
        """Sum of all squared residuals and its gradient."""
        found = [part.gradient(network) for part in self.parts]
        return sum(value for value, _ in found), torch.stack([g for _, g in found]).sum(dim=0)


class Objective:
    """Mean square error of normalised outputs, or mean cross-entropy; a penalty where asked.

    Parameters
    ----------
    data, scaling
        Rows and their normalisation.
    settings
        Penalty, device and dtype.
    """

    def __init__(
        self, data: Dataset, scaling: Scaling, settings: FitSettings, device: torch.device
    ) -> None:
        self.data, self.scaling = data, scaling
        self.device, self.dtype = device, getattr(torch, settings.dtype)
        self.classes = data.task == CLASSIFICATION
        self.train, self.test = self._tensors(data.train), self._tensors(data.test)
        self._known: dict[str, DataRows] = {}
        self.prior = Prior(len(data.train) * (1 if self.classes else data.sizes[1]))
        self.penalty: EdgePenalty | None = None
        if settings.sparsify:
            self.penalty = EdgePenalty(self.train[0], settings.sparsify, entropy=settings.entropy)
        self._both = Together([self.prior, *([self.penalty] if self.penalty else [])])

    def _tensors(self, part: Part) -> Rows:
        x = torch.as_tensor(self.scaling.inputs(part.x), dtype=self.dtype, device=self.device)
        if self.classes:
            return x, torch.as_tensor(part.y, device=self.device)
        y = self.scaling.targets(part.y)
        return x, torch.as_tensor(y, dtype=self.dtype, device=self.device)

    def optimizer(self, name: str) -> Any:
        """Make an optimizer for these rows."""
        return ClassLevenberg() if self.classes and name == "lm" else make_optimizer(name)

    def rows(self, network: Network, batch: Tensor | None = None) -> DataRows:
        """Rows of the training data, or of some of it."""
        if batch is None:
            return self._rows(network, "train")
        x, y = (part[batch] for part in self.train)
        return self._made(network, x, y)

    def _rows(self, network: Network, which: str) -> DataRows:
        """All rows of one kind; they are kept with what they know, as long as the network is."""
        known = self._known.get(which)
        if known is None or known.network is not network:
            known = self._made(network, *(self.train if which == "train" else self.test))
            self._known[which] = known
        return known

    def _made(self, network: Network, x: Tensor, y: Tensor) -> DataRows:
        if self.classes:
            return ClassRows(network, x, y, penalty=self._both, sampled=True)
        return DataRows(network, x, y, penalty=self._both)

    def remember(self, network: Network) -> None:
        """Let the prior be about the present coefficients."""
        self.prior.start = network.get().clone()

    def refresh(self, network: Network, loss: float) -> None:
        """Put prior and penalty at the present state, whose mean square error is `loss`."""
        self._both.refresh(network, 0.5 if self.classes else loss)

    def look(self, network: Network) -> Look:
        """Measure what is minimised, on all training rows, and the error there."""
        values, y = self._rows(network, "train").values(), self.train[1]
        data = self._mean(values, y)
        penalty = 0.0 if self.penalty is None else self.penalty.value(network)
        return Look(data + penalty, data, self._error(values, y))

    def _mean(self, values: Tensor, y: Tensor) -> float:
        if self.classes:
            return float(torch.nn.functional.cross_entropy(values, y))
        return float((values - y).square().mean())

    def error(self, network: Network, which: str) -> float | None:
        """Root mean square error in the data's units, or share of wrong classes."""
        y = self.train[1] if which == "train" else self.test[1]
        return self._error(self._rows(network, which).values(), y) if len(y) else None

    def _error(self, values: Tensor, y: Tensor) -> float:
        if self.classes:
            return float((values.argmax(dim=1) != y).double().mean())
        gain = torch.as_tensor(self.scaling.gain).to(values)
        return float(((values - y) * gain).square().mean().sqrt())

    def errors(self, network: Network) -> dict[str, dict[str, Any]]:
        """All errors of training and test rows, as `summary.json` holds them."""
        found = {}
        for which, part in (("train", self.data.train), ("test", self.data.test)):
            if not len(part):
                continue
            y = self.train[1] if which == "train" else self.test[1]
            values = self._rows(network, which).values()
            found[which] = {"rows": len(part)} | (
                class_errors(values, y)
                if self.classes
                else value_errors(self._in_units(values), part.y)
            )
        return found

    def _in_units(self, values: Tensor) -> Array:
        return self.scaling.outputs_tensor(values).double().cpu().numpy()


def value_errors(values: Array, y: Array) -> dict[str, float]:
    """Errors of predicted values ``(N, m)``.

    Examples
    --------
    >>> round(value_errors(np.array([[1.0], [3.0]]), np.array([[1.0], [2.0]]))["rmse"], 4)
    0.7071
    """
    gap = values - y
    size, spread = np.linalg.norm(y), np.linalg.norm(y - y.mean(axis=0))
    return {
        "rmse": float(np.sqrt(np.mean(np.square(gap)))),
        "relative_l2": float(np.linalg.norm(gap) / (size or 1.0)),
        "r2": float(1 - (np.linalg.norm(gap) / spread) ** 2) if spread > 0 else math.nan,
        "max": float(np.abs(gap).max()),
    }


def class_errors(values: Tensor, y: Tensor) -> dict[str, float]:
    """Accuracy and mean cross-entropy of outputs ``(N, C)`` for classes ``(N,)``."""
    right = (values.argmax(dim=1) == y).double().mean()
    return {
        "accuracy": float(right),
        "cross_entropy": float(torch.nn.functional.cross_entropy(values, y)),
    }
