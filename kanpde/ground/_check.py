"""Checks of shape, dtype and device at the public doors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from kanpde.errors import InputError, ShapeError


def shape(name: str, value: Any, expected: Sequence[int | None], symbols: str = "") -> None:
    """Raise `ShapeError` unless ``value.shape`` equals `expected` (``None`` = any).

    Examples
    --------
    >>> shape("points", torch.zeros(3, 2), (None, 2))
    """
    got = tuple(value.shape)
    same = len(got) == len(expected) and all(
        e is None or e == g for e, g in zip(expected, got, strict=True)
    )
    if not same:
        words = ", ".join("N" if e is None else str(e) for e in expected)
        words += "," if len(expected) == 1 else ""
        raise ShapeError(f"{name}: expected shape ({words}){symbols}, got {got}")


def device(name: str) -> torch.device:
    """Resolve ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:k"``.

    Raises
    ------
    InputError
        If the device is unknown or not present.

    Examples
    --------
    >>> device("cpu")
    device(type='cpu')
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    kind = name.split(":", maxsplit=1)[0]
    if kind not in {"cpu", "cuda"}:
        raise InputError(f"device: expected auto, cpu or cuda, got {name!r}")
    if kind == "cuda" and not torch.cuda.is_available():
        raise InputError(f"device: {name!r} asked for, but no CUDA device is present; use cpu")
    try:
        return torch.device(name)
    except RuntimeError:
        raise InputError(f"device: expected cuda or cuda:NUMBER, got {name!r}") from None
