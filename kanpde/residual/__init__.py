"""Residual rows."""
