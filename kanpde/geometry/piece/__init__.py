"""Pieces of space (a bulk, a face, a sphere) that points are drawn from."""

from kanpde.geometry.piece._ball import BallPiece, SpherePiece
from kanpde.geometry.piece._box import BoxPiece
from kanpde.geometry.piece._kept import SURVEY, InsidePiece, Keep, KeptPiece
from kanpde.geometry.piece._moved import MovedMappedPiece, MovedPiece, moved_piece
from kanpde.geometry.piece._piece import (
    JoinedPiece,
    MappedPiece,
    Piece,
    ProductPiece,
    Sample,
    draw_parts,
    join,
    split,
)
from kanpde.geometry.piece._simplices import SimplexPiece

__all__ = [
    "SURVEY",
    "BallPiece",
    "BoxPiece",
    "InsidePiece",
    "JoinedPiece",
    "Keep",
    "KeptPiece",
    "MappedPiece",
    "MovedMappedPiece",
    "MovedPiece",
    "Piece",
    "ProductPiece",
    "Sample",
    "SimplexPiece",
    "SpherePiece",
    "draw_parts",
    "join",
    "moved_piece",
    "split",
]
