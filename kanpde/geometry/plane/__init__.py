"""Plane shapes that say by their curves where they end, and what stands out in them."""

from kanpde.geometry.plane._annulus import Annulus
from kanpde.geometry.plane._ellipse import Ellipse
from kanpde.geometry.plane._places import Corner, Hole, corners, holes
from kanpde.geometry.plane._plane import near_or_inside
from kanpde.geometry.plane._polygon import Polygon, Triangle
from kanpde.geometry.plane._sector import Sector
from kanpde.geometry.plane._vanishing import vanishing_moved, vanishing_quadratic

__all__ = [
    "Annulus",
    "Corner",
    "Ellipse",
    "Hole",
    "Polygon",
    "Sector",
    "Triangle",
    "corners",
    "holes",
    "near_or_inside",
    "vanishing_moved",
    "vanishing_quadratic",
]
