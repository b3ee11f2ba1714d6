"""Rows of data."""
