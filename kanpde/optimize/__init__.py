"""Least squares and other optimizers."""
