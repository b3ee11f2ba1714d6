"""Look inside networks: which functions their edges are, and the formula they make."""

from kanpde.interpret._auto import EdgeReport as EdgeReport
from kanpde.interpret._auto import Symbolified as Symbolified
from kanpde.interpret._auto import auto_symbolic as auto_symbolic
from kanpde.interpret._constants import recognise as recognise
from kanpde.interpret._expression import network_from_expression as network_from_expression
from kanpde.interpret._formula import symbolic_formula as symbolic_formula
from kanpde.interpret._polish import polish as polish
from kanpde.interpret._readout import Readout as Readout
from kanpde.interpret._readout import read_out as read_out
from kanpde.interpret._record import readout_data as readout_data
from kanpde.interpret._record import readout_from_data as readout_from_data
from kanpde.interpret._rounding import rounded as rounded
from kanpde.interpret._suggest import Library as Library
from kanpde.interpret._suggest import Suggestion as Suggestion
from kanpde.interpret._suggest import numerical_edges as numerical_edges
from kanpde.interpret._suggest import suggest_edges as suggest_edges
from kanpde.interpret._suggest import suggest_symbolic as suggest_symbolic
from kanpde.interpret._verify import Verdict as Verdict

__all__ = [
    "EdgeReport",
    "Library",
    "Readout",
    "Suggestion",
    "Symbolified",
    "Verdict",
    "auto_symbolic",
    "network_from_expression",
    "numerical_edges",
    "polish",
    "read_out",
    "readout_data",
    "readout_from_data",
    "recognise",
    "rounded",
    "suggest_edges",
    "suggest_symbolic",
    "symbolic_formula",
]
