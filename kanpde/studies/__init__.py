"""KAN against MLP on one problem: runs, verdicts, figure."""

from kanpde.studies._run import Measure, Run, measure_run
from kanpde.studies._sizes import mlp_hidden
from kanpde.studies._study import Comparison, compare
from kanpde.studies._verdict import Row, Spread, Verdict

__all__ = [
    "Comparison",
    "Measure",
    "Row",
    "Run",
    "Spread",
    "Verdict",
    "compare",
    "measure_run",
    "mlp_hidden",
]
