"""The doors of solving."""
