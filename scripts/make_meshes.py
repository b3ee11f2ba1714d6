"""Make the mesh files of the problem files `gear` and `stl_ball`.

    python scripts/make_meshes.py [FOLDER]

`gear.msh` is a polygon like a gear wheel in triangles, with the physical groups "tips", "flanks"
and "roots" of its boundary; `gear_fem.vtu` a mesh that is much finer at all corners, with the
solution of -Laplace u = 1, u = 0 on the boundary by quadratic finite elements as point data;
`ball.stl` the unit ball's surface. Prints sizes, and how far the finite elements are from those on
a mesh twice as coarse. Needs gmsh (``pip install "kanpde[geometry]"``).
"""

from __future__ import annotations

import sys
from pathlib import Path

import gmsh
import meshio
import numpy as np
import shapely
from _fem import shapes, solve_poisson

from kanpde.calculus._simplices import Simplices

ROOT = Path(__file__).resolve().parent.parent
TEETH, ROOT_RADIUS, TIP_RADIUS = 6, 0.7, 1.0
ROOT_HALF, TIP_HALF = 0.32, 0.16  # half of the angle that a tooth takes, in radians
# Sizes of triangles far from the corners, there, and their growth in between.
SIZES, FINE, COARSE = (0.12, 0.03, 0.25), (0.08, 0.004, 0.35), (0.16, 0.008, 0.5)


def gear_vertices() -> tuple[np.ndarray, list[str]]:
    """Corners in order, and the group of the side that starts at each."""
    corners, groups = [], []
    for k in range(TEETH):
        middle = 2 * np.pi * k / TEETH
        for angle, radius, group in (
            (-ROOT_HALF, ROOT_RADIUS, "flanks"),
            (-TIP_HALF, TIP_RADIUS, "tips"),
            (TIP_HALF, TIP_RADIUS, "flanks"),
            (ROOT_HALF, ROOT_RADIUS, "roots"),
        ):
            corners.append(radius * np.array([np.cos(middle + angle), np.sin(middle + angle)]))
            groups.append(group)
    return np.array(corners), groups


def make_gear(path: Path, size: float, finest: float, growth: float) -> None:
    """Mesh the gear with triangles of `size`, of `finest` at the re-entrant corners."""
    corners, groups = gear_vertices()
    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.option.setNumber("General.NumThreads", 1)
        gmsh.option.setNumber("Mesh.MshFileVersion", 4.1)
        tags = [gmsh.model.geo.addPoint(*p, 0.0) for p in corners.tolist()]
        lines = [
            gmsh.model.geo.addLine(a, b) for a, b in zip(tags, tags[1:] + tags[:1], strict=True)
        ]
        face = gmsh.model.geo.addPlaneSurface([gmsh.model.geo.addCurveLoop(lines)])
        gmsh.model.geo.synchronize()
        _grade(tags, size, finest, growth)
        for number, name in enumerate(("tips", "flanks", "roots"), start=1):
            members = [line for line, g in zip(lines, groups, strict=True) if g == name]
            gmsh.model.addPhysicalGroup(1, members, number, name)
        gmsh.model.addPhysicalGroup(2, [face], 4, "wheel")
        gmsh.model.mesh.generate(2)
        gmsh.write(str(path))
    finally:
        gmsh.finalize()


def _grade(tags: list[int], size: float, finest: float, growth: float) -> None:
    """Let triangles grow with the distance from some points, from `finest` to `size`."""
    field = gmsh.model.mesh.field
    field.add("Distance", 1)
    field.setNumbers(1, "PointsList", tags)
    field.add("MathEval", 2)
    field.setString(2, "F", f"{finest} + {growth} * F1")
    field.add("MathEval", 3)
    field.setString(3, "F", f"{size}")
    field.add("Min", 4)
    field.setNumbers(4, "FieldsList", [2, 3])
    field.setAsBackgroundMesh(4)
    for option in ("FromPoints", "FromCurvature", "ExtendFromBoundary"):
        gmsh.option.setNumber(f"Mesh.MeshSize{option}", 0)


def finite_elements(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Points, triangles, quadratic elements and nodal values of -Laplace u = 1 on a mesh file."""
    mesh = meshio.read(path, file_format="gmsh")
    cells = np.concatenate([b.data for b in mesh.cells if b.type == "triangle"]).astype(np.int64)
    used, cells = np.unique(cells, return_inverse=True)
    points, cells = mesh.points[used, :2], cells.reshape(-1, 3)
    nodes, elements, values = solve_poisson(points, cells, lambda p: np.ones(len(p)))
    return nodes, cells, elements, values


def evaluate(nodes, cells, elements, values, places: np.ndarray) -> np.ndarray:
    """The quadratic finite element function at places, ``(N,)``."""
    cell, shares, _ = Simplices(nodes, cells).locate(places)
    return (shapes(shares) * values[elements[cell]]).sum(axis=1)


def sphere(level: int) -> tuple[np.ndarray, np.ndarray]:
    """Points and triangles of the unit sphere, an icosahedron refined `level` times."""
    g = 0.5 * (1 + 5**0.5)
    points = np.array([[0, a, b * g] for a in (-1, 1) for b in (-1, 1)])
    points = np.concatenate([points, points[:, [1, 2, 0]], points[:, [2, 0, 1]]])
    side = np.linalg.norm(points[:, None] - points[None], axis=2)
    near = np.isclose(side, 2.0)
    faces = [
        (i, j, k) for i in range(12) for j in range(i) for k in range(j)
        if near[i, j] and near[j, k] and near[i, k]
    ]  # fmt: skip
    corners = points[np.array(faces)]
    inward = np.linalg.det(corners) < 0
    corners[inward] = corners[inward][:, ::-1]
    for _ in range(level):
        a, b, c = np.swapaxes(corners, 0, 1)
        ab, bc, ca = 0.5 * (a + b), 0.5 * (b + c), 0.5 * (c + a)
        parts = ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))
        corners = np.concatenate([np.stack(p, axis=1) for p in parts])
        corners /= np.linalg.norm(corners, axis=2, keepdims=True)
    rounded = (corners / np.linalg.norm(corners, axis=2, keepdims=True)).round(7).reshape(-1, 3)
    unique, number = np.unique(rounded + 0.0, axis=0, return_inverse=True)
    return unique, number.reshape(-1, 3)


def made_and_solved(folder: Path, *sizes: float) -> tuple[np.ndarray, ...]:
    """Finite elements on a gear of its own, whose file is removed."""
    path = folder / ".gear.msh"
    try:
        make_gear(path, *sizes)
        return finite_elements(path)
    finally:
        path.unlink(missing_ok=True)


def gear_points(count: int, seed: int = 0) -> np.ndarray:
    """Points drawn uniformly from the gear."""
    rng = np.random.default_rng(seed)
    gear = shapely.Polygon(gear_vertices()[0])
    found = rng.uniform(-TIP_RADIUS, TIP_RADIUS, (4 * count, 2))
    return found[shapely.contains_xy(gear, *found.T)][:count]


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "problems"
    make_gear(folder / "gear.msh", *SIZES)
    found, other = (made_and_solved(folder, *sizes) for sizes in (FINE, COARSE))
    nodes, _, elements, values = found
    places = gear_points(4000)
    truth = evaluate(*found, places)
    gap = np.linalg.norm(evaluate(*other, places) - truth) / np.linalg.norm(truth)
    print(f"gear: {len(nodes)} nodes of quadratic elements, {gap:.1e} from a coarser mesh")
    padded = np.pad(nodes, ((0, 0), (0, 1)))
    blocks = [("triangle6", elements[:, [0, 1, 2, 5, 3, 4]])]
    made = meshio.Mesh(padded, blocks, point_data={"u": values})
    meshio.write(folder / "gear_fem.vtu", made, compression="lzma")
    points, triangles = sphere(3)
    meshio.write(folder / "ball.stl", meshio.Mesh(points, [("triangle", triangles)]), binary=True)
    for name in ("gear.msh", "gear_fem.vtu", "ball.stl"):
        print(f"{name}: {(folder / name).stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
