"""Balls and disks, solids of revolution, polyhedra."""

from kanpde.geometry.solid._ball import Ball, Disk
from kanpde.geometry.solid._cone import Cone, Cylinder
from kanpde.geometry.solid._polyhedron import Polyhedron
from kanpde.geometry.solid._torus import Torus

__all__ = ["Ball", "Cone", "Cylinder", "Disk", "Polyhedron", "Torus"]
