"""Curves of all runs as one table, a row per measured step."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence

from kanpde.studies._run import Run

COLUMNS = (
    "net", "size", "seed", "step", "seconds", "loss", "error", "predicted", "coefficients", "grid",
)  # fmt: skip


def write_curves(runs: Sequence[Run]) -> str:
    """Write the curves as CSV; what is not known or not finite stays empty.

    Examples
    --------
    >>> write_curves([]).split(",")[:3]
    ['net', 'size', 'seed']
    """
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for run in runs:
        name = {"net": run.net, "size": run.size, "seed": run.seed}
        for point in run.curve:
            known = {k: v for k, v in point.items() if not _missing(v)}
            writer.writerow({**name, **known})
    return buffer.getvalue()


def _missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and not math.isfinite(value))
