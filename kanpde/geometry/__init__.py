"""Where a problem lives: shapes, products with time, and points on them."""

from kanpde.geometry._box import Box, Interval, Rectangle, TimeInterval
from kanpde.geometry._data import domain_from_data
from kanpde.geometry._domain import Domain
from kanpde.geometry._numbers import exact_number
from kanpde.geometry._parameter import ParameterInterval
from kanpde.geometry._product import Product
from kanpde.geometry._samplers import SAMPLERS, unit_points
from kanpde.geometry._selection import Face, Part, Selection
from kanpde.geometry.csg import _moved as _moved  # fills its slot
from kanpde.geometry.csg._combination import Combination
from kanpde.geometry.mesh._file import read_mesh
from kanpde.geometry.mesh._mesh import Mesh
from kanpde.geometry.plane._annulus import Annulus
from kanpde.geometry.plane._ellipse import Ellipse
from kanpde.geometry.plane._places import Corner, Hole, corners, holes
from kanpde.geometry.plane._polygon import Polygon, Triangle
from kanpde.geometry.plane._sector import Sector
from kanpde.geometry.solid._ball import Ball, Disk
from kanpde.geometry.solid._cone import Cone, Cylinder
from kanpde.geometry.solid._polyhedron import Polyhedron
from kanpde.geometry.solid._torus import Torus

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
    "domain_from_data",
    "exact_number",
    "holes",
    "read_mesh",
    "unit_points",
]
