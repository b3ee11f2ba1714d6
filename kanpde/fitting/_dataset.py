"""The rows that are fitted: checked, named, split into training and test rows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from kanpde.errors import InputError, ShapeError
from kanpde.fitting._scaling import Scaling, identity, input_maps, output_maps
from kanpde.fitting._settings import FitSettings

Array = NDArray[Any]
Label = str | int | float
REGRESSION, CLASSIFICATION = "regression", "classification"
LARGEST = 1e150  # squares of larger numbers overflow


@dataclass(frozen=True)
class Part:
    """Rows of a data set: inputs ``(N, d)``; targets ``(N, m)``, or classes ``(N,)``."""

    x: Array
    y: Array

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True)
class Dataset:
    """Checked data of a fit.

    Attributes
    ----------
    task
        ``"regression"`` or ``"classification"``.
    train, test
        Rows; the test rows may be none.
    inputs, outputs
        Names of the columns (of classification: of the one target).
    classes
        Labels in the order of the network's outputs; empty for regression.
    notes
        What was done to the data and what to beware of.
    """

    task: str
    train: Part
    test: Part
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    classes: tuple[Label, ...] = ()
    notes: list[str] = field(default_factory=list)

    @property
    def sizes(self) -> tuple[int, int]:
        """Inputs and outputs of the network."""
        return len(self.inputs), len(self.classes) or len(self.outputs)

    def scaling(self, *, normalise: bool) -> Scaling:
        """Normalisation by the training rows; constant inputs are noted."""
        d, m = self.sizes
        scaling = identity(d, m)
        shift, factor = input_maps(self.train.x)
        constant = [self.inputs[k] for k in np.flatnonzero(factor == 0)]
        if constant:
            done = "normalised to 0, so it cannot matter" if normalise else "it cannot matter"
            self.notes.append(f"constant input {', '.join(constant)}: {done}")
        if not normalise:
            return scaling
        if self.task == CLASSIFICATION:
            return Scaling(shift, factor, scaling.offset, scaling.gain)
        return Scaling(shift, factor, *output_maps(self.train.y))

    def digest(self) -> str:
        """Hash of all rows, for resuming."""
        found = hashlib.sha256()
        for part in (self.train, self.test):
            found.update(np.ascontiguousarray(part.x).tobytes())
            found.update(np.ascontiguousarray(part.y).tobytes())
        return found.hexdigest()


def make_dataset(
    x: Any, y: Any, settings: FitSettings, test: tuple[Any, Any] | None = None
) -> Dataset:
    """Check data and split them.

    Parameters
    ----------
    x, y
        Inputs ``(N, d)`` or ``(N,)``; targets ``(N, m)`` or ``(N,)``, or labels ``(N,)``.
    settings
        Task, names, share of the test rows, what to do with missing values.
    test
        Test rows of one's own, ``(x_test, y_test)``.

    Raises
    ------
    InputError
        If the data are empty, not finite, of unequal lengths or of one class only.
    """
    inputs = _inputs("x", x)
    targets = _targets("y", y, settings.task)
    task = settings.task or (REGRESSION if targets.dtype == np.float64 else CLASSIFICATION)
    given = [(inputs, targets)]
    if test is not None:
        given.append((_inputs("x_test", test[0]), _targets("y_test", test[1], task)))
        _same_columns(given)
    names = _names("inputs", settings.inputs, inputs.shape[1], "x")
    outputs = _names("outputs", settings.outputs, targets.shape[1], "y")
    _distinct(names, outputs)
    notes: list[str] = []
    parts = [
        _finite(a, b, (names, outputs), settings.missing, notes, where)
        for (a, b), where in zip(given, ("", "_test"), strict=False)
    ]
    if not len(parts[0][0]):
        raise InputError("x: expected at least one row, got none")
    classes: tuple[Label, ...] = ()
    if task == CLASSIFICATION:
        parts, classes = _encoded(parts, outputs, notes)
    if test is None:
        parts = _split(*parts[0], settings, stratified=bool(classes))
    train, held = (Part(np.ascontiguousarray(a), b) for a, b in parts)
    return Dataset(task, train, held, names, outputs, classes, notes)


def _inputs(name: str, value: Any) -> Array:
    array = _numbers(name, value)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or array.shape[1] < 1:
        raise ShapeError(f"{name}: expected shape (N, d), got {array.shape}")
    return array


def _targets(name: str, value: Any, task: str | None) -> Array:
    """Return floats ``(N, m)`` for numbers, objects ``(N, 1)`` for labels."""
    labels = task == CLASSIFICATION
    if not labels:
        plain = np.asarray(value.detach().cpu() if isinstance(value, Tensor) else value)
        labels = task is None and plain.dtype.kind in "USOb" and _is_text(plain)
    if not labels:
        array = _numbers(name, value)
        array = array[:, None] if array.ndim == 1 else array
        if array.ndim != 2 or array.shape[1] < 1:
            raise ShapeError(f"{name}: expected shape (N, m) or (N,), got {array.shape}")
        return array
    array = np.asarray(value.detach().cpu() if isinstance(value, Tensor) else value)
    array = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    if array.ndim != 1:
        raise ShapeError(
            f"{name}: expected one label per row, shape (N,), got {array.shape}; "
            "give the classes as whole numbers or text, not as columns of 0 and 1"
        )
    return array.astype(object)[:, None]


def _is_text(array: Array) -> bool:
    return array.dtype.kind in "USb" or any(isinstance(v, str | bytes) for v in array.flat)


def _numbers(name: str, value: Any) -> Array:
    if isinstance(value, Tensor):
        value = value.detach().cpu()
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(
            f"{name}: expected an array of numbers, got {_what(value)}; leave columns of text "
            "out or code them as numbers"
        ) from None


def _what(value: Any) -> str:
    array = np.asarray(value, dtype=object)
    for entry in array.flat:
        try:
            float(entry)
        except (TypeError, ValueError):
            return repr(entry)
    return type(value).__name__


def _same_columns(given: Sequence[tuple[Array, Array]]) -> None:
    for k, name in enumerate(("x_test", "y_test")):
        want, got = given[0][k].shape[1], given[1][k].shape[1]
        if want != got:
            raise ShapeError(f"{name}: expected {want} columns as in training, got {got}")


def _names(what: str, given: tuple[str, ...] | None, count: int, letter: str) -> tuple[str, ...]:
    if given is None:
        single = count == 1 and letter == "y"
        return (letter,) if single else tuple(f"{letter}{k + 1}" for k in range(count))
    names = tuple(str(n) for n in given)
    if len(names) != count:
        raise InputError(f"{what}: expected {count} names, one per column, got {len(names)}")
    return names


def _distinct(inputs: tuple[str, ...], outputs: tuple[str, ...]) -> None:
    every = [*inputs, *outputs]
    twice = next((n for n in every if every.count(n) > 1), None)
    if twice is not None:
        both = twice in inputs and twice in outputs
        what = "is named as input and as target" if both else "is named twice"
        raise InputError(f"inputs: expected distinct names, but {twice!r} {what}; rename it")


def _finite(
    x: Array,
    y: Array,
    names: tuple[tuple[str, ...], tuple[str, ...]],
    missing: str,
    notes: list[str],
    where: str,
) -> tuple[Array, Array]:
    """Refuse or drop rows that are not finite."""
    if len(x) != len(y):
        raise InputError(f"y{where}: expected {len(x)} rows, as many as x{where} has, got {len(y)}")
    bad: Array = np.column_stack((~(np.abs(x) < LARGEST), _absent(y)))
    rows = np.asarray(bad.any(axis=1))
    if not rows.any():
        return x, y
    if missing == "drop":
        notes.append(f"{int(rows.sum())} of {len(rows)} rows with missing values dropped")
        return x[~rows], y[~rows]
    column = int(bad.any(axis=0).argmax())
    first = int(bad[:, column].argmax())
    raise InputError(
        f"{[*names[0], *names[1]][column]}: expected finite numbers, got NaN or more than 1e150 in "
        f"{int(bad[:, column].sum())} of {len(rows)} rows, first in row {first + 1}; mend them, "
        "or drop such rows by missing=drop (--drop-missing)"
    )


def _absent(y: Array) -> Array:
    """Where a target is NaN, infinite, or an empty or missing label."""
    if y.dtype == np.float64:
        return ~(np.abs(y) < LARGEST)
    gone = [v is None or v == "" or v != v for v in y[:, 0]]
    return np.array(gone, dtype=bool)[:, None]


def _label(value: Any) -> Label:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return int(value) if float(value).is_integer() else float(value)


def _encoded(
    parts: list[tuple[Array, Array]], outputs: tuple[str, ...], notes: list[str]
) -> tuple[list[tuple[Array, Array]], tuple[Label, ...]]:
    """Turn labels into numbers of classes; give the labels in order too."""
    found = [[_label(v) for v in y[:, 0]] for _, y in parts]
    seen = set(found[0])
    if len(seen) < 2:
        raise InputError(
            f"{outputs[0]}: expected at least two classes, got one ({next(iter(seen))!r} in every "
            "row); nothing is to be learned"
        )
    new = set().union(*found[1:]) - seen
    if new:
        listed = ", ".join(map(str, sorted(new, key=_order)))
        notes.append(f"classes in test rows only, never learned: {listed}")
    classes = tuple(sorted(seen | new, key=_order))
    place = {label: k for k, label in enumerate(classes)}
    if len(seen) > 0.5 * len(found[0]) and len(seen) > 20:
        raise InputError(
            f"{outputs[0]}: expected classes that repeat, got {len(seen)} different values in "
            f"{len(found[0])} rows; use task=regression"
        )
    coded = [
        (x, np.array([place[v] for v in own], dtype=np.int64))
        for (x, _), own in zip(parts, found, strict=True)
    ]
    return coded, classes


def _order(label: Label) -> tuple[bool, Any]:
    return isinstance(label, str), label


def _split(
    x: Array, y: Array, settings: FitSettings, *, stratified: bool
) -> list[tuple[Array, Array]]:
    """Hold a share of the rows out, of every class the same."""
    rng = np.random.default_rng([settings.seed, 31])
    groups = [np.flatnonzero(y == k) for k in np.unique(y)] if stratified else [np.arange(len(x))]
    held = []
    for group in groups:
        many = min(round(settings.test * len(group)), len(group) - 1)
        held.append(rng.permutation(group)[:many])
    out = np.sort(np.concatenate(held)).astype(int)
    mask = np.ones(len(x), dtype=bool)
    mask[out] = False
    return [(x[mask], y[mask]), (x[out], y[out])]
