"""Closed forms of solutions: structure, refit, formula, proof."""
