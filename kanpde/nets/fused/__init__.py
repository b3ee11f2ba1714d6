"""The compiled kernel: jets and rows of a network in one pass."""
