"""The result of a fit: a function of inputs, with its errors, data and normalisation."""

from __future__ import annotations

from pathlib import Path
from typing import Any, overload

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from kanpde.errors import InputError
from kanpde.fitting import _store
from kanpde.fitting._dataset import CLASSIFICATION, Dataset, Label
from kanpde.fitting._inside import Inside
from kanpde.fitting._run import train
from kanpde.fitting._scaling import Scaling
from kanpde.fitting._settings import FitSettings
from kanpde.ground import _check
from kanpde.ground._status import Status
from kanpde.nets import Network

Array = NDArray[np.float64]
CHUNK = 8192
TRAINING = {
    "grids",
    "optimizer",
    "batch",
    "steps",
    "time_limit",
    "sparsify",
    "remember",
    "entropy",
    "seed",
    "device",
    "threads",
    "name",
}


class Fit(Inside):
    """A network fitted to data: call it at inputs, go on training it, save it.

    Attributes
    ----------
    network
        On normalised inputs, see `inputs`.
    data
        A `Dataset`: training and test rows, names of inputs and outputs, classes.
    scaling
        A `Scaling`: the normalisation.
    settings
        The `FitSettings` of the last training.
    status
        A `Status`: converged, budget, interrupted or nonfinite.
    summary
        What `summary.json` holds.
    history
        One dict per look at all rows.
    """

    def __init__(
        self,
        network: Network,
        data: Dataset,
        scaling: Scaling,
        settings: FitSettings,
        *,
        status: Status,
        summary: dict[str, Any],
        history: list[dict[str, Any]],
    ) -> None:
        self.network, self.data, self.scaling, self.settings = network, data, scaling, settings
        self.status, self.summary, self.history = status, summary, history

    @property
    def task(self) -> str:
        """``"regression"`` or ``"classification"``."""
        return self.data.task

    @property
    def classes(self) -> tuple[Label, ...]:
        """Labels in the order of the outputs; empty for regression."""
        return self.data.classes

    @property
    def errors(self) -> dict[str, dict[str, Any]]:
        """Errors of ``"train"`` and ``"test"`` rows.

        Of regression rmse, relative_l2, r2 and max, over all outputs in the data's units; of
        classification accuracy and cross_entropy.
        """
        return dict(self.summary.get("errors", {}))

    @property
    def grids(self) -> list[dict[str, Any]]:
        """One dict per grid.

        Errors of training and test rows (rmse, or the share of wrong classes), the largest
        change of an edge at the transfer, the error before and after it, steps and seconds.
        """
        return list(self.summary.get("grids", []))

    @property
    def notes(self) -> list[str]:
        """What was done to the data, and what to beware of."""
        return list(self.summary.get("notes", []))

    @property
    def x(self) -> Array:
        """Inputs of the training rows, ``(N, d)``."""
        return self.data.train.x

    @property
    def y(self) -> Array:
        """Targets of the training rows, ``(N, m)``; of classification the labels ``(N,)``."""
        return self._targets(self.data.train.y)

    @property
    def x_test(self) -> Array:
        """Inputs of the test rows."""
        return self.data.test.x

    @property
    def y_test(self) -> Array:
        """Targets or labels of the test rows."""
        return self._targets(self.data.test.y)

    def _targets(self, y: Array) -> Array:
        return np.array(self.classes)[y] if self.classes else y

    @property
    def samples(self) -> Tensor:
        """Inputs of the training rows as the network sees them, ``(N, d)``."""
        return self.network_inputs(self.data.train.x)

    @overload
    def inputs(self, x: Tensor) -> Tensor: ...
    @overload
    def inputs(self, x: Array) -> Array: ...
    def inputs(self, x: Any) -> Any:
        """Normalise inputs ``(N, d)`` as the network wants them; numpy or torch."""
        if isinstance(x, Tensor):
            _check.shape("x", x, (None, self.network.n_in))
            return self.scaling.inputs_tensor(x)
        return self.scaling.inputs(self._array(x))

    def network_inputs(self, x: Any) -> Tensor:
        """Normalised inputs of the network's dtype on its device, ``(N, d)``."""
        like = next(iter(self.network.parameters()))
        return torch.as_tensor(self.inputs(self._array(x))).to(like.device, like.dtype)

    @overload
    def __call__(self, x: Tensor) -> Tensor: ...
    @overload
    def __call__(self, x: Array) -> Array: ...
    def __call__(self, x: Any) -> Any:
        """Predict outputs, or probabilities of the classes.

        Parameters
        ----------
        x
            Shape ``(N, d)``, columns in the order of `data.inputs`; numpy or torch. ``(N,)``
            for numpy where there is one input.

        Returns
        -------
        ndarray or Tensor
            Shape ``(N, m)``: numpy for numpy, torch (differentiable) for torch. Of
            classification the probabilities ``(N, C)``, columns in the order of `classes`.

        Raises
        ------
        ShapeError
            If `x` is not ``(N, d)``.
        """
        if isinstance(x, Tensor):
            like = next(iter(self.network.parameters()))
            values = self._outputs(self.network(self.inputs(x).to(like.device, like.dtype)))
            return values.to(x.device)
        z = self.network_inputs(x)
        with torch.no_grad():
            parts = [self._outputs(self.network(part)) for part in z.split(CHUNK)]
        if not parts:
            return np.zeros((0, self.network.n_out))
        return torch.cat(parts).double().cpu().numpy()

    def _outputs(self, values: Tensor) -> Tensor:
        if self.task == CLASSIFICATION:
            return torch.softmax(values, dim=1)
        return self.scaling.outputs_tensor(values)

    def classify(self, x: Any) -> NDArray[Any]:
        """Give the likeliest label of every row, ``(N, d) -> (N,)``.

        Raises
        ------
        InputError
            If this is a regression.
        """
        if self.task != CLASSIFICATION:
            raise InputError("classify: expected a classification, got a regression; call the fit")
        array = self._array(x.detach().cpu() if isinstance(x, Tensor) else x)
        return np.array(self.classes)[self(array).argmax(axis=1)]

    def train(self, **changes: Any) -> Fit:
        """Go on training from here; gives a new `Fit` and leaves this one as it is.

        Parameters
        ----------
        changes
            Settings of the training, for example ``steps=50, sparsify=1e-2, grids=(10, 20)``;
            the others stay, except that the grid is kept where no `grids` are given. `out` and
            `progress` are those of `kanpde.fit`.

        Returns
        -------
        Fit
            Its history begins with this one's.

        Raises
        ------
        InputError
            If something else than the training is to change.
        """
        out, progress = changes.pop("out", None), changes.pop("progress", None)
        for name in changes:
            if name not in TRAINING:
                raise InputError(
                    f"{name}: expected a setting of the training ({', '.join(sorted(TRAINING))}), "
                    f"got another; fit anew to change it"
                )
        settings = self.settings.replace(**{"grid": None, "grids": None, **changes})
        trained = train(
            self.network,
            self.data,
            self.scaling,
            settings,
            before=self.history,
            out=None if out is None else Path(out),
            progress=progress,
        )
        return Fit(**vars(trained))

    def save(self, directory: str | Path) -> Path:
        """Write the run directory; see `kanpde.load`.

        Raises
        ------
        RunDirectoryError
            If `directory` cannot be written or holds another run.
        """
        path = Path(directory)
        _store.save(path, self)
        return path

    def _array(self, x: Any) -> Array:
        try:
            array = np.asarray(x, dtype=np.float64)
        except (TypeError, ValueError):
            raise InputError(f"x: expected an array of numbers, got {type(x).__name__}") from None
        if array.ndim == 1 and self.network.n_in == 1:
            array = array[:, None]
        _check.shape("x", array, (None, self.network.n_in))
        return array

    def __repr__(self) -> str:
        entry = self.errors.get("test") or self.errors.get("train") or {}
        which = "test" if "test" in self.errors else "train"
        if "accuracy" in entry:
            error = f"{which} accuracy {entry['accuracy']:.3f}"
        else:
            error = f"{which} rmse {entry.get('rmse', float('nan')):.1e}"
        return f"Fit({self.summary.get('net')}, {self.status.value}, {error})"


def load_fit(directory: str | Path) -> Fit:
    """Load a `Fit` from its run directory; see `kanpde.load`."""
    return Fit(**_store.read(Path(directory)))
