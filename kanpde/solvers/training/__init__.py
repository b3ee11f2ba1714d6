"""Trained networks: descent, redraws, grid extension, weights, corrections, lazy training."""
