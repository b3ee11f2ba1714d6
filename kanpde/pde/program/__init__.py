"""Expressions as programs: lists of operations out of one table, run on tensors, stored as data."""
