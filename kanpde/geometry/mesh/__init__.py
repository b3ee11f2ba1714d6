"""Domains that a mesh file describes: cells, or a closed surface."""
