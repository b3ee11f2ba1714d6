"""Why a run stopped."""

from __future__ import annotations

import enum


class Status(enum.Enum):
    """Why a solve stopped."""

    CONVERGED = "converged"
    BUDGET = "budget"
    INTERRUPTED = "interrupted"
    DIVERGED = "diverged"
    NONFINITE = "nonfinite"
