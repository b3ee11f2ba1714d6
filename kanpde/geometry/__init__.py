"""Where a problem lives: shapes, products with time, and points on them."""

from kanpde.geometry._box import Box, Interval, Rectangle, TimeInterval
from kanpde.geometry._domain import Domain
from kanpde.geometry._numbers import exact_number
from kanpde.geometry._parameter import ParameterInterval
from kanpde.geometry._product import Product
from kanpde.geometry._records import domain_from_record
from kanpde.geometry._samplers import SAMPLERS, unit_points
from kanpde.geometry._selection import Face, Part, Selection
from kanpde.geometry.csg import Combination
from kanpde.geometry.mesh import Mesh, read_mesh
from kanpde.geometry.plane import (
    Annulus,
    Corner,
    Ellipse,
    Hole,
    Polygon,
    Sector,
    Triangle,
    corners,
    holes,
)
from kanpde.geometry.solid import Ball, Cone, Cylinder, Disk, Polyhedron, Torus

__all__ = [
    "SAMPLERS",
    "Annulus",
    "Ball",
    "Box",
    "Combination",
    "Cone",
    "Corner",
    "Cylinder",
    "Disk",
    "Domain",
    "Ellipse",
    "Face",
    "Hole",
    "Interval",
    "Mesh",
    "ParameterInterval",
    "Part",
    "Polygon",
    "Polyhedron",
    "Product",
    "Rectangle",
    "Sector",
    "Selection",
    "TimeInterval",
    "Torus",
    "Triangle",
    "corners",
    "domain_from_record",
    "exact_number",
    "holes",
    "read_mesh",
    "unit_points",
]
