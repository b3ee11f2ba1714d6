"""Look inside networks: scores, pruning, symbolic functions and formulas."""

from kanpde.interpret._auto import EdgeReport as EdgeReport
from kanpde.interpret._auto import Symbolified as Symbolified
from kanpde.interpret._auto import auto_symbolic as auto_symbolic
from kanpde.interpret._cut import Pruned as Pruned
from kanpde.interpret._polish import polish as polish
from kanpde.interpret._prune import prune as prune
from kanpde.interpret._prune import prune_edges as prune_edges
from kanpde.interpret._prune import prune_inputs as prune_inputs
from kanpde.interpret._prune import remove_edges as remove_edges
from kanpde.interpret._prune import remove_inputs as remove_inputs
from kanpde.interpret._prune import remove_nodes as remove_nodes
from kanpde.interpret._scores import edge_scores as edge_scores
from kanpde.interpret._scores import feature_scores as feature_scores
from kanpde.interpret._scores import node_scores as node_scores
from kanpde.interpret._simplify import Simplified as Simplified
from kanpde.interpret._simplify import simplify as simplify
from kanpde.interpret._suggest import Suggestion as Suggestion
from kanpde.interpret._suggest import suggest_edges as suggest_edges
from kanpde.interpret._suggest import suggest_symbolic as suggest_symbolic

__all__ = [
    "EdgeReport",
    "Pruned",
    "Simplified",
    "Suggestion",
    "Symbolified",
    "auto_symbolic",
    "edge_scores",
    "feature_scores",
    "node_scores",
    "polish",
    "prune",
    "prune_edges",
    "prune_inputs",
    "remove_edges",
    "remove_inputs",
    "remove_nodes",
    "simplify",
    "suggest_edges",
    "suggest_symbolic",
]
