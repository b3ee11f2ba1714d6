"""Solutions drawn: curves, maps, vectors, domains, points."""
