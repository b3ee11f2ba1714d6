"""Curves that bound plane domains, what they enclose, and points on and between them."""

from kanpde.geometry.curve._curve import Curve, distance_to
from kanpde.geometry.curve._curves import Arc, Segment
from kanpde.geometry.curve._outline import all_curves, curve_bounds, outline_of
from kanpde.geometry.curve._piece import CurvePiece
from kanpde.geometry.curve._slices import SlicedPiece, crossings, panels, slice_rule

__all__ = [
    "Arc",
    "Curve",
    "CurvePiece",
    "Segment",
    "SlicedPiece",
    "all_curves",
    "crossings",
    "curve_bounds",
    "distance_to",
    "outline_of",
    "panels",
    "slice_rule",
]
