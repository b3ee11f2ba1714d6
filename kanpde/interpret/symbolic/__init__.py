"""Edges as named functions: suggested, fitted, polished."""
