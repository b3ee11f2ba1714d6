"""Balls and disks, solids of revolution, polyhedra."""
