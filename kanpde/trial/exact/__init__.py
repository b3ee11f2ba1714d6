"""Conditions that hold exactly: g and D, on boxes and shapes, at corners and mirrors."""
