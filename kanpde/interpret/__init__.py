"""Look inside networks: scores, pruning, symbolic functions and formulas."""

from kanpde.interpret._cut import Pruned as Pruned
from kanpde.interpret._prune import prune as prune
from kanpde.interpret._prune import prune_edges as prune_edges
from kanpde.interpret._prune import prune_inputs as prune_inputs
from kanpde.interpret._prune import remove_edges as remove_edges
from kanpde.interpret._prune import remove_inputs as remove_inputs
from kanpde.interpret._prune import remove_nodes as remove_nodes
from kanpde.interpret._scores import edge_scores as edge_scores
from kanpde.interpret._scores import feature_scores as feature_scores
from kanpde.interpret._scores import node_scores as node_scores

__all__ = [
    "Pruned",
    "edge_scores",
    "feature_scores",
    "node_scores",
    "prune",
    "prune_edges",
    "prune_inputs",
    "remove_edges",
    "remove_inputs",
    "remove_nodes",
]
