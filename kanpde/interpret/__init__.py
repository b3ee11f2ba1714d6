"""Look inside networks: which functions their edges are, and the formula they make."""

from kanpde.interpret._auto import EdgeReport as EdgeReport
from kanpde.interpret._auto import Symbolified as Symbolified
from kanpde.interpret._auto import auto_symbolic as auto_symbolic
from kanpde.interpret._constants import recognise as recognise
from kanpde.interpret._cut import Pruned as Pruned
from kanpde.interpret._expression import network_from_expression as network_from_expression
from kanpde.interpret._formula import symbolic_formula as symbolic_formula
from kanpde.interpret._polish import polish as polish
from kanpde.interpret._prune import prune as prune
from kanpde.interpret._prune import prune_edges as prune_edges
from kanpde.interpret._prune import prune_inputs as prune_inputs
from kanpde.interpret._prune import remove_edges as remove_edges
from kanpde.interpret._prune import remove_inputs as remove_inputs
from kanpde.interpret._prune import remove_nodes as remove_nodes
from kanpde.interpret._readout import Readout as Readout
from kanpde.interpret._readout import read_out as read_out
from kanpde.interpret._record import readout_data as readout_data
from kanpde.interpret._record import readout_from_data as readout_from_data
from kanpde.interpret._rounding import rounded as rounded
from kanpde.interpret._scores import edge_scores as edge_scores
from kanpde.interpret._scores import feature_scores as feature_scores
from kanpde.interpret._scores import node_scores as node_scores
from kanpde.interpret._simplify import Simplified as Simplified
from kanpde.interpret._simplify import simplify as simplify
from kanpde.interpret._suggest import Library as Library
from kanpde.interpret._suggest import Suggestion as Suggestion
from kanpde.interpret._suggest import numerical_edges as numerical_edges
from kanpde.interpret._suggest import suggest_edges as suggest_edges
from kanpde.interpret._suggest import suggest_symbolic as suggest_symbolic
from kanpde.interpret._verify import Verdict as Verdict

__all__ = [
    "EdgeReport",
    "Library",
    "Pruned",
    "Readout",
    "Simplified",
    "Suggestion",
    "Symbolified",
    "Verdict",
    "auto_symbolic",
    "edge_scores",
    "feature_scores",
    "network_from_expression",
    "node_scores",
    "numerical_edges",
    "polish",
    "prune",
    "prune_edges",
    "prune_inputs",
    "read_out",
    "readout_data",
    "readout_from_data",
    "recognise",
    "remove_edges",
    "remove_inputs",
    "remove_nodes",
    "rounded",
    "simplify",
    "suggest_edges",
    "suggest_symbolic",
    "symbolic_formula",
]
