"""KAN against MLP on one problem: runs, verdicts, figure."""

from kanpde._compare._run import Measure, Run, measure_run
from kanpde._compare._sizes import mlp_hidden
from kanpde._compare._study import Comparison, compare
from kanpde._compare._verdict import Row, Spread, Verdict

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
