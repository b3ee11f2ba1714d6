"""Look inside a network."""
