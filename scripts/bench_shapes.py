"""Shapes and their cuts: measures, normals and distances against exact values.

    python scripts/bench_shapes.py [--only NAME,…]

Interior: how many of 2**17 Sobol points of the bounding box `contains` keeps, against the exact
measure. Boundary: the sum of the weights of 4096 points against the exact measure, and Gauss's
theorem on these points (their normals and weights give the measure of the interior). Normals:
against central differences of the signed distance. Outside: points of every sampler that the
formula of the table says are outside. Signs: of 10 000 signed distances, against that formula.
Writes scripts/results/bench_shapes.json and docs/shapes.md.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sympy
from _bench import RESULTS, machine
from scipy.special import ellipe

from kanpde.geometry import (
    SAMPLERS,
    Annulus,
    Ball,
    Box,
    Cone,
    Cylinder,
    Disk,
    Domain,
    Ellipse,
    Interval,
    Polygon,
    Polyhedron,
    Rectangle,
    Sector,
    Torus,
    Triangle,
)

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "shapes.md"
BOX_POINTS, SIGNS, RIM = 2**17, 10_000, 4096
PI = np.pi
x, y, z, w = sympy.symbols("x y z w", real=True)
Inside = Callable[..., Any]


@dataclass(frozen=True)
class Row:
    """A domain, its exact measures and what lies inside, by a formula of its own."""

    domain: Callable[[], Domain]
    measure: float
    boundary: float
    inside: Inside


def star(p: Any, q: Any) -> Any:
    """Tell by the even-odd rule what lies in the star."""
    corners = np.array(STAR)
    ends = np.roll(corners, -1, axis=0)
    crossed = np.zeros(len(p), dtype=int)
    for (a, b), (c, d) in zip(corners, ends, strict=True):
        between = (b > q) != (d > q)
        with np.errstate(divide="ignore", invalid="ignore"):
            crossed += between & (p < a + (q - b) * (c - a) / (d - b))
    return crossed % 2 == 1


def ring_length(corners: Any) -> float:
    """Return the length of a closed line."""
    return float(np.linalg.norm(np.diff(corners, axis=0, append=corners[:1]), axis=1).sum())


def ring_area(corners: Any) -> float:
    """Return the area inside a closed line, by the shoelace formula."""
    p, q = np.array(corners).T
    return 0.5 * abs(float(p @ np.roll(q, -1) - q @ np.roll(p, -1)))


STAR = [
    ((1 + 0.5 * (k % 2)) * np.cos(PI * k / 5), (1 + 0.5 * (k % 2)) * np.sin(PI * k / 5))
    for k in range(10)
]
FRAME = [(0, 0), (3, 0), (3, 3), (0, 3)]
WINDOW = [(1, 1), (2, 1), (2, 2), (1, 2)]
SQUARE = Rectangle((x, 0, 1), (y, 0, 1))
CUBE = Box((x, 0, 1), (y, 0, 1), (z, 0, 1))
TENT = [(0, 0, 0), (2, 0, 0), (2, 2, 0), (0, 2, 0), (1, 1, 1.5)]
ROOF = [(0, 3, 2, 1), (0, 1, 4), (1, 2, 4), (2, 3, 4), (3, 0, 4)]
LENS = 2 * PI / 3 - np.sqrt(3) / 2  # of two unit disks at distance 1
TILT = np.pi / 6


def turned(p: Any, q: Any) -> tuple[Any, Any]:
    """Turn back by 30 degrees."""
    return np.cos(TILT) * p + np.sin(TILT) * q, np.cos(TILT) * q - np.sin(TILT) * p


def tent(p: Any, q: Any, r: Any) -> Any:
    """Tell what lies in the tent."""
    return (r > 0) & (np.maximum(abs(p - 1), abs(q - 1)) < 1 - r / 1.5)


ROWS: dict[str, Row] = {
    "Interval": Row(lambda: Interval(x, -1, 2), 3, 2, lambda p: abs(p - 0.5) < 1.5),
    "Rectangle": Row(
        lambda: Rectangle((x, 0, 2), (y, 0, 1)), 2, 6, lambda p, q: (p < 2) & (q < 1)
    ),
    "Disk": Row(lambda: Disk((x, y), (1, 2), 2), 4 * PI, 4 * PI,
                lambda p, q: np.hypot(p - 1, q - 2) < 2),
    "Ellipse": Row(lambda: Ellipse((x, y), radii=(2, 0.5)), PI, 8 * ellipe(1 - 1 / 16),
                   lambda p, q: p**2 / 4 + 4 * q**2 < 1),
    "Triangle": Row(lambda: Triangle((x, y), (0, 0), (3, 0), (0, 4)), 6, 12,
                    lambda p, q: (p > 0) & (q > 0) & (p / 3 + q / 4 < 1)),
    "Polygon (star)": Row(lambda: Polygon((x, y), STAR), ring_area(STAR), ring_length(STAR), star),
    "Polygon (hole)": Row(
        lambda: Polygon((x, y), FRAME, [WINDOW]),
        8,
        16,
        lambda p, q: np.maximum(abs(p - 1.5), abs(q - 1.5)) > 0.5,
    ),
    "Annulus": Row(lambda: Annulus((x, y), inner=1, outer=2), 3 * PI, 6 * PI,
                   lambda p, q: abs(np.hypot(p, q) - 1.5) < 0.5),
    "Sector": Row(
        lambda: Sector((x, y), radius=2, start=0, stop=3 * PI / 2),
        3 * PI,
        3 * PI + 4,
        lambda p, q: (np.hypot(p, q) < 2) & ((p < 0) | (q > 0)),
    ),
    "Box": Row(lambda: Box((x, 0, 1), (y, 0, 2), (z, 0, 3)), 6, 22, lambda p, q, r: p < 1),
    "Ball": Row(lambda: Ball((x, y, z), radius=2), 32 * PI / 3, 16 * PI,
                lambda p, q, r: p**2 + q**2 + r**2 < 4),
    "Ball (4-D)": Row(lambda: Ball((x, y, z, w)), PI**2 / 2, 2 * PI**2,
                      lambda *p: sum(c**2 for c in p) < 1),
    "Cylinder": Row(lambda: Cylinder((x, y, z), radius=1, height=2, axis=x), 2 * PI, 6 * PI,
                    lambda p, q, r: (abs(p) < 1) & (np.hypot(q, r) < 1)),
    "Cone": Row(lambda: Cone((x, y, z), radius=3, height=4), 12 * PI, 24 * PI,
                lambda p, q, r: np.hypot(p, q) < 3 * (0.5 - r / 4)),
    "Cone (cut off)": Row(
        lambda: Cone((x, y, z), radius=4, height=4, top_radius=1),
        28 * PI,
        42 * PI,
        lambda p, q, r: np.hypot(p, q) < 4 - 3 * (0.5 + r / 4),
    ),
    "Torus": Row(lambda: Torus((x, y, z), radius=2, tube=0.5), PI**2, 4 * PI**2,
                 lambda p, q, r: np.hypot(np.hypot(p, q) - 2, r) < 0.5),
    "Polyhedron": Row(lambda: Polyhedron((x, y, z), TENT, ROOF), 2, 4 + 4 * np.sqrt(3.25), tent),
    "square - disk": Row(
        lambda: SQUARE - Disk((x, y), (0.5, 0.5), 0.25),
        1 - PI / 16,
        4 + PI / 2,
        lambda p, q: np.hypot(p - 0.5, q - 0.5) > 0.25,
    ),
    "square - corner disk": Row(
        lambda: SQUARE - Disk((x, y), (1, 1), 0.5),
        1 - PI / 16,
        3 + PI / 4,
        lambda p, q: np.hypot(p - 1, q - 1) > 0.5,
    ),
    "disk & disk": Row(lambda: Disk((x, y)) & Disk((x, y), (1, 0)), LENS, 4 * PI / 3,
                       lambda p, q: np.maximum(np.hypot(p, q), np.hypot(p - 1, q)) < 1),
    "disk | disk": Row(lambda: Disk((x, y)) | Disk((x, y), (1, 0)), 2 * PI - LENS, 8 * PI / 3,
                       lambda p, q: np.minimum(np.hypot(p, q), np.hypot(p - 1, q)) < 1),
    "square | square (L)": Row(
        lambda: Rectangle((x, 0, 2), (y, 0, 1)) | Rectangle((x, 0, 1), (y, 0, 2)),
        3,
        8,
        lambda p, q: np.minimum(p, q) < 1,
    ),
    "square - square (L)": Row(
        lambda: Rectangle((x, 0, 2), (y, 0, 2)) - Rectangle((x, 1, 2), (y, 1, 2)),
        3,
        8,
        lambda p, q: np.minimum(p, q) < 1,
    ),
    "(disk - disk) - half plane": Row(
        lambda: Disk((x, y), radius=2) - Disk((x, y)) - Rectangle((x, -3, 0), (y, -3, 3)),
        1.5 * PI,
        3 * PI + 2,
        lambda p, q: (abs(np.hypot(p, q) - 1.5) < 0.5) & (p > 0),
    ),
    "turned square": Row(lambda: SQUARE.rotate(TILT), 1, 4,
                         lambda p, q: abs(np.array(turned(p, q)) - 0.5).max(axis=0) < 0.5),
    "turned, scaled lens": Row(
        lambda: (Disk((x, y)) & Disk((x, y), (1, 0))).scale(2).rotate(TILT),
        4 * LENS,
        8 * PI / 3,
        lambda p, q: np.maximum(
            np.hypot(p, q), np.hypot(p - 2 * np.cos(TILT), q - 2 * np.sin(TILT))
        ) < 2,
    ),
    "cube - ball": Row(
        lambda: CUBE - Ball((x, y, z), 0.5, 0.3),
        1 - 0.036 * PI,
        6 + 0.36 * PI,
        lambda p, q, r: (p - 0.5) ** 2 + (q - 0.5) ** 2 + (r - 0.5) ** 2 > 0.09,
    ),
    "ball & cube": Row(lambda: Ball((x, y, z)) & CUBE, PI / 6, 5 * PI / 4,
                       lambda p, q, r: p**2 + q**2 + r**2 < 1),
    "cylinder - cylinder": Row(
        lambda: Cylinder((x, y, z), radius=1, height=2) - Cylinder((x, y, z), radius=0.5, height=2),
        1.5 * PI,
        7.5 * PI,
        lambda p, q, r: abs(np.hypot(p, q) - 0.75) < 0.25,
    ),
    "ball | ball": Row(
        lambda: Ball((x, y, z)) | Ball((x, y, z), (1, 0, 0)),
        9 * PI / 4,
        6 * PI,
        lambda p, q, r: np.minimum(p**2, (p - 1) ** 2) + q**2 + r**2 < 1,
    ),
    "(disk - disk) * interval": Row(
        lambda: (Disk((x, y)) - Disk((x, y), radius=0.5)) * Interval(z, -1, 1),
        1.5 * PI,
        7.5 * PI,
        lambda p, q, r: abs(np.hypot(p, q) - 0.75) < 0.25,
    ),
}  # fmt: skip


def measured(row: Row) -> dict[str, Any]:
    """Measure one row."""
    began = time.perf_counter()
    domain, rng = row.domain(), np.random.default_rng(0)
    built = time.perf_counter() - began
    d = domain.dimension
    box = Box(*zip(domain.coordinates, domain.lower, domain.upper, strict=True))
    tried, weights = box.interior(BOX_POINTS, rng=rng)
    hit = float(weights[domain.contains(tried)].sum())
    points, normals, weights, _ = domain.boundary(RIM, rng=rng)
    flux = float(weights @ (points * normals).sum(axis=1)) / d
    outside = 0
    for sampler in SAMPLERS:
        drawn, _ = domain.interior(RIM, sampler=sampler, rng=rng)
        outside += int((~row.inside(*drawn.T)).sum())
    places = domain.lower + (domain.upper - domain.lower) * rng.random((SIGNS, d))
    signs = (domain.signed_distance(places) < 0) != row.inside(*places.T)
    return {
        "dimension": d,
        "measure": row.measure,
        "interior_error": abs(hit / row.measure - 1),
        "drawn_error": abs(float(domain.measure) / row.measure - 1),
        "boundary": row.boundary,
        "boundary_error": abs(float(weights.sum()) / row.boundary - 1),
        "flux_error": abs(flux / row.measure - 1),
        "normal_error": normal_error(domain, points, normals),
        "outside": outside,
        "wrong_signs": int(signs.sum()),
        "build_seconds": built,
        "seconds": time.perf_counter() - began,
    }


def normal_error(domain: Domain, points: Any, normals: Any) -> float:
    """Return the largest difference from the gradient of the signed distance."""
    step = 1e-6
    columns = []
    for axis in range(domain.dimension):
        off = step * np.eye(domain.dimension)[axis]
        rise = domain.signed_distance(points + off) - domain.signed_distance(points - off)
        columns.append(rise / (2 * step))
    return float(np.linalg.norm(np.stack(columns, axis=1) - normals, axis=1).max())


def page(rows: dict[str, dict[str, Any]]) -> str:
    """Write the table."""
    lines = [
        "# Shapes",
        "",
        "Written by `python scripts/bench_shapes.py` from `scripts/results/bench_shapes.json`.",
        f"Interior: of {BOX_POINTS} points of the bounding box those that lie inside, counted,",
        "against the exact measure; drawn: the sum of the weights of the points that are drawn.",
        f"Boundary: the sum of the weights of {RIM} points. Flux: the normals and weights of these",
        "points in Gauss's theorem, against the measure. Normals: against central differences of",
        f"the signed distance. Outside: of {RIM} points of each of the {len(SAMPLERS)} samplers.",
        f"Signs: of {SIGNS} signed distances.",
        "",
        "| domain | measure | interior | drawn | boundary | its error | flux | normals | outside "
        "| wrong signs |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, r in rows.items():
        lines.append(
            f"| {name.replace('|', '∪')} | {r['measure']:.4f} | {r['interior_error']:.1e} | "
            f"{r['drawn_error']:.1e} | {r['boundary']:.4f} | {r['boundary_error']:.1e} | "
            f"{r['flux_error']:.1e} | {r['normal_error']:.1e} | {r['outside']} | "
            f"{r['wrong_signs']} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="names of rows, separated by commas")
    only = [n for n in parser.parse_args().only.split(",") if n]
    store = RESULTS / "bench_shapes.json"
    rows = json.loads(store.read_text())["rows"] if only and store.exists() else {}
    for name, row in ROWS.items():
        if not only or name in only:
            rows[name] = measured(row)
            short = {k: f"{v:.2g}" for k, v in rows[name].items() if k not in ("dimension",)}
            print(f"{name:28s}", " ".join(f"{k}={v}" for k, v in short.items()), flush=True)
    rows = {name: rows[name] for name in ROWS if name in rows}
    store.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=1) + "\n")
    PAGE.write_text(page(rows))


if __name__ == "__main__":
    main()
