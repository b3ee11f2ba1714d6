"""Triangles and tetrahedra that fill a domain."""
