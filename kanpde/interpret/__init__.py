"""Look inside networks: which functions their edges are, and the formula they make."""

from kanpde.interpret._expression import network_from_expression as network_from_expression
from kanpde.interpret.formula._constants import recognise as recognise
from kanpde.interpret.formula._formula import symbolic_formula as symbolic_formula
from kanpde.interpret.formula._rounding import rounded as rounded
from kanpde.interpret.pruning._cut import Pruned as Pruned
from kanpde.interpret.pruning._prune import prune as prune
from kanpde.interpret.pruning._prune import prune_edges as prune_edges
from kanpde.interpret.pruning._prune import prune_inputs as prune_inputs
from kanpde.interpret.pruning._prune import remove_edges as remove_edges
from kanpde.interpret.pruning._prune import remove_inputs as remove_inputs
from kanpde.interpret.pruning._prune import remove_nodes as remove_nodes
from kanpde.interpret.pruning._scores import edge_scores as edge_scores
from kanpde.interpret.pruning._scores import feature_scores as feature_scores
from kanpde.interpret.pruning._scores import node_scores as node_scores
from kanpde.interpret.pruning._simplify import Simplified as Simplified
from kanpde.interpret.pruning._simplify import simplify as simplify
from kanpde.interpret.symbolic._auto import EdgeReport as EdgeReport
from kanpde.interpret.symbolic._auto import Symbolified as Symbolified
from kanpde.interpret.symbolic._auto import auto_symbolic as auto_symbolic
from kanpde.interpret.symbolic._polish import polish as polish
from kanpde.interpret.symbolic._suggest import Library as Library
from kanpde.interpret.symbolic._suggest import Suggestion as Suggestion
from kanpde.interpret.symbolic._suggest import numerical_edges as numerical_edges
from kanpde.interpret.symbolic._suggest import suggest_edges as suggest_edges
from kanpde.interpret.symbolic._suggest import suggest_symbolic as suggest_symbolic

__all__ = [
    "EdgeReport",
    "Library",
    "Pruned",
    "Simplified",
    "Suggestion",
    "Symbolified",
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
