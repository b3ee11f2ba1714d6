"""Patches: pieces of space (a bulk, a face, a sphere) that points are drawn from."""

from kanpde.geometry.patch._ball import BallChart, SphereChart
from kanpde.geometry.patch._box import BoxChart
from kanpde.geometry.patch._kept import SURVEY, InsidePatch, Keep, KeptPatch
from kanpde.geometry.patch._moved import MovedChart, MovedPatch, moved_patch
from kanpde.geometry.patch._patch import (
    Chart,
    JoinedPatch,
    Patch,
    ProductPatch,
    Sample,
    draw_parts,
    join,
    split,
)
from kanpde.geometry.patch._simplices import SimplexChart

__all__ = [
    "SURVEY",
    "BallChart",
    "BoxChart",
    "Chart",
    "InsidePatch",
    "JoinedPatch",
    "Keep",
    "KeptPatch",
    "MovedChart",
    "MovedPatch",
    "Patch",
    "ProductPatch",
    "Sample",
    "SimplexChart",
    "SphereChart",
    "draw_parts",
    "join",
    "moved_patch",
    "split",
]
