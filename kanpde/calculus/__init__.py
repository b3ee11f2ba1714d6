"""Truncated Taylor algebra, and simplices that hold points."""
