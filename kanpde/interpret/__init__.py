"""Look inside networks: which functions their edges are, and the formula they make."""

from kanpde.interpret._auto import EdgeReport as EdgeReport
from kanpde.interpret._auto import Symbolified as Symbolified
from kanpde.interpret._auto import auto_symbolic as auto_symbolic
from kanpde.interpret._constants import recognise as recognise
from kanpde.interpret._expression import network_from_expression as network_from_expression
from kanpde.interpret._formula import symbolic_formula as symbolic_formula
from kanpde.interpret._polish import polish as polish
from kanpde.interpret._rounding import rounded as rounded
from kanpde.interpret._suggest import Suggestion as Suggestion
from kanpde.interpret._suggest import numerical_edges as numerical_edges
from kanpde.interpret._suggest import suggest_edges as suggest_edges
from kanpde.interpret._suggest import suggest_symbolic as suggest_symbolic

__all__ = [
    "EdgeReport",
    "Suggestion",
    "Symbolified",
    "auto_symbolic",
    "network_from_expression",
    "numerical_edges",
    "polish",
    "recognise",
    "rounded",
    "suggest_edges",
    "suggest_symbolic",
    "symbolic_formula",
]
