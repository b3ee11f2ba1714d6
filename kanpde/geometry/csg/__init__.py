"""Domains made of domains: unions, intersections, differences, moved copies."""

from kanpde.geometry.csg._combination import Combination
from kanpde.geometry.csg._moved import Moved

__all__ = ["Combination", "Moved"]
