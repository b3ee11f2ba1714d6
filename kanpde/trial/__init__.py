"""The trial function."""
