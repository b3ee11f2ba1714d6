"""Which edges, nodes and inputs matter, and networks without the others."""
