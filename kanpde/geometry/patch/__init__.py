"""Patches: pieces of space (a bulk, a face, a sphere) that points are drawn from."""
