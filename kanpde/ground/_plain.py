"""Plain values, as JSON wants them, and what a resumed run must share with the stopped one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kanpde.errors import InputError


def plain(value: Any) -> Any:
    """Numbers, strings, lists and dicts only, as JSON wants them (no NaN)."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def check_unchanged(stored: dict[str, Any], now: dict[str, Any]) -> None:
    """Compare what a run began with and what it is to go on with.

    Raises
    ------
    InputError
        If anything differs; the message names it.
    """
    other = [k for k in {**now, **stored} if stored.get(k) != now.get(k)]
    if other:
        changes = "; ".join(
            f"{k} was {_short(stored.get(k))}, now {_short(now.get(k))}" for k in other[:4]
        )
        more = f" and {len(other) - 4} more" if len(other) > 4 else ""
        raise InputError(f"resume: {changes}{more}; use the same, or another --out")


def _short(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
