"""Triangles and tetrahedra that fill a domain."""

from kanpde.geometry.meshing._tetrahedra import tetrahedra
from kanpde.geometry.meshing._triangulate import triangulate

__all__ = ["tetrahedra", "triangulate"]
