"""Domains that are turned, shifted or scaled copies of others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from kanpde.errors import InputError, RunDirectoryError
from kanpde.geometry import _records
from kanpde.geometry._domain import MOVE, Domain
from kanpde.geometry._motion import Motion
from kanpde.geometry._numbers import checked_points
from kanpde.geometry._samplers import Array, outer
from kanpde.geometry._selection import Face, Part
from kanpde.geometry.csg._combination import Combination
from kanpde.geometry.curve import Curve, CurvePiece, all_curves, curve_bounds
from kanpde.geometry.piece import Piece, moved_piece
from kanpde.geometry.plane import vanishing_moved


class Moved(Domain):
    """A copy of a spatial domain at another place, made by `translate`, `rotate` or `scale`.

    The parts keep their names: a side that was "x=0" is still called so when it
    lies elsewhere. Boxes that are not turned, disks and balls stay what they are
    (and the faces of such a box are named by where they are).

    Parameters
    ----------
    domain
        Spatial domain.
    motion
        Where it goes.

    Raises
    ------
    InputError
        If the domain is not a spatial one.

    Examples
    --------
    >>> import sympy
    >>> from kanpde.geometry import Rectangle
    >>> x, y = sympy.symbols("x y", real=True)
    >>> tilted = Rectangle((x, 0, 2), (y, 0, 1)).rotate(sympy.pi / 6)
    >>> tilted.measure, tilted.parts["x=0"].measure
    (2.0, 1.0)
    """

    def __init__(self, domain: Domain, motion: Motion) -> None:
        if not isinstance(domain, Domain) or domain.space is not domain:
            raise InputError(
                f"translate, rotate, scale: expected a spatial domain, got {domain}; move the "
                "shape first and multiply the result by TimeInterval"
            )
        self.domain: Domain = domain.domain if isinstance(domain, Moved) else domain
        self.motion: Motion = motion.after(domain.motion) if isinstance(domain, Moved) else motion
        self.coordinates = domain.coordinates
        domain, motion = self.domain, self.motion
        if self.dimension == 2:
            self.lower, self.upper = curve_bounds(all_curves(self.curves()))
        else:
            ends = [np.array(pair) for pair in zip(domain.lower, domain.upper, strict=True)]
            corners = motion.forward(outer(ends))
            self.lower, self.upper = corners.min(axis=0), corners.max(axis=0)

    @property
    def parts(self) -> dict[str, Part]:
        """The parts of the domain that was moved, scaled."""
        scale = self.motion.factor ** (self.dimension - 1)
        return {n: Part(n, scale * p.measure) for n, p in self.domain.parts.items()}

    @property
    def planes(self) -> tuple[Face, ...]:
        """None: a name such as "x=0" may be wrong by now."""
        return ()

    def bulk(self) -> Piece:
        """Return the moved piece."""
        return moved_piece(self.domain.bulk(), self.motion)

    def surface(self, name: str) -> Piece:
        """Return the moved piece of a part."""
        if self.dimension == 2:
            return CurvePiece(self.curves()[name])
        return moved_piece(self.domain.surface(name), self.motion)

    def curves(self) -> dict[str, tuple[Curve, ...]]:
        """Return the moved curves."""
        matrix, offset = self.motion.matrix, self.motion.offset
        return {
            name: tuple(c.moved(matrix, offset) for c in curves)
            for name, curves in self.domain.curves().items()
        }

    def vanishing_on(self, parts: Sequence[str]) -> sympy.Expr | None:
        """Give the function of the domain that was moved, at the places moved back."""
        motion, inner = self.motion, self.domain.vanishing_on(parts)
        return vanishing_moved(inner, self.coordinates, motion.matrix, motion.offset)

    def contains(self, points: Array) -> NDArray[np.bool_]:
        """Tell which points lie in the closed domain."""
        array = checked_points(points, self.dimension)
        inside = self.domain.contains(self.motion.backward(array))
        asked = np.flatnonzero(~inside & np.isfinite(array).all(axis=1))
        size = max(float(np.abs(self.lower).max()), float(np.abs(self.upper).max()))
        inside[asked] = self.implicit(array[asked]) <= 1e-12 * size  # rounded on the way back
        return inside

    def signed_distance(self, points: Array) -> Array:
        """Return the scaled distance."""
        array = checked_points(points, self.dimension)
        return self.motion.factor * self.domain.signed_distance(self.motion.backward(array))

    def implicit(self, points: Array) -> Array:
        """Return the scaled function."""
        return self.motion.factor * self.domain.implicit(self.motion.backward(points))

    def surface_triangles(self, size: float) -> tuple[Array, NDArray[np.int64]]:
        """Return the moved triangles."""
        points, triangles = self.domain.surface_triangles(size / self.motion.factor)
        return self.motion.forward(points), triangles

    def to_record(self) -> dict[str, Any]:
        """Describe domain and motion in plain JSON types."""
        return {
            "kind": "moved",
            "domain": self.domain.to_record(),
            "factor": self.motion.factor,
            "rotation": self.motion.rotation.tolist(),
            "offset": self.motion.offset.tolist(),
        }

    def __repr__(self) -> str:
        """Show the domain and what was done to it."""
        text = f"({self.domain})" if isinstance(self.domain, Combination) else f"{self.domain}"
        if self.motion.turns:
            text += _turn(self.motion.rotation)
        if self.motion.factor != 1.0:
            text += f".scale({self.motion.factor:.6g})"
        if self.motion.offset.any():
            text += f".translate(({', '.join(f'{v:.6g}' for v in self.motion.offset)}))"
        return text


MOVE.fill(Moved)


def _turn(rotation: Array) -> str:
    if len(rotation) == 2:
        return f".rotate({np.arctan2(rotation[1, 0], rotation[0, 0]):.6g})"
    vector = Rotation.from_matrix(rotation).as_rotvec()
    angle = float(np.linalg.norm(vector))
    return f".rotate({angle:.6g}, axis=({', '.join(f'{v:.6g}' for v in vector / angle)}))"


@_records.reads("moved")
def _moved_from_record(data: dict[str, Any]) -> Domain:
    domain, factor, rotation, offset = _records.entries(
        data, "domain", "factor", "rotation", "offset"
    )
    inner = _records.build(domain)
    d = inner.dimension
    if not isinstance(rotation, list) or len(rotation) != d:
        raise RunDirectoryError(f"domain rotation: expected {d} rows, got {rotation!r:.80}")
    turn = np.array([_records.floats("rotation", row, d) for row in rotation])
    (size,) = _records.floats("factor", [factor], 1)
    shift = np.array(_records.floats("offset", offset, d))
    proper = abs(turn @ turn.T - np.eye(d)).max() < 1e-9 and np.linalg.det(turn) > 0
    if not (proper and size > 0 and np.isfinite([size, *shift]).all()):
        raise RunDirectoryError(
            "domain moved: expected a rotation matrix, a positive factor and a finite offset, "
            f"got {rotation!r:.80}, {factor!r:.40}, {offset!r:.80}"
        )
    return Moved(inner, Motion(size, turn, shift))
