"""Domains that a mesh file describes: cells, or a closed surface."""

from kanpde.geometry.mesh._file import read_mesh
from kanpde.geometry.mesh._mesh import Mesh
from kanpde.geometry.mesh._topology import check_closed

__all__ = ["Mesh", "check_closed", "read_mesh"]
