"""Poisson's equation on a gmsh mesh and inside an STL surface: errors, seconds, files.

    python scripts/bench_meshes.py [--seconds 300] [gear] [stl_ball]

Solves the problem files with the settings of the file and seed 0, and measures relative L2 errors
on 20 000 points drawn uniformly from the domain: for `gear` from quadratic finite elements that
are assembled here on a mesh of its own, finer than that of the problem file's reference; for
`stl_ball` from the exact solution. The run directory is loaded again, the result is written on
the user's own mesh, read again by meshio and compared with the solution number by number. Writes
``scripts/results/bench_meshes.json``. Needs gmsh and libigl (``pip install "kanpde[geometry]"``).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import _bench
import make_meshes
import meshio
import numpy as np
import torch
from _fem import solve_poisson

import kanpde
from kanpde.export import write_vtu

ROOT = Path(__file__).resolve().parent.parent
MESHES = {"gear": "gear.msh", "stl_ball": "ball.stl"}
FINEST = (0.04, 0.0005, 0.15)  # sizes of the finite elements, as in make_meshes.SIZES
POINTS, WANTED = 20_000, 1e-3


def load(name: str) -> Any:
    """The module of a problem file."""
    spec = spec_from_file_location(f"problem_{name}", ROOT / "problems" / f"{name}.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def truth(name: str, problem: kanpde.Problem) -> tuple[Callable[[np.ndarray], np.ndarray], str]:
    """A function of points, and what it is."""
    if name == "stl_ball":
        return (lambda points: problem.truth(points)[:, 0]), "exact"
    with tempfile.TemporaryDirectory() as folder:
        found = make_meshes.made_and_solved(Path(folder), *FINEST)
    text = f"quadratic finite elements, {len(found[0])} nodes"
    return (lambda points: make_meshes.evaluate(*found, points)), text


def own_mesh_error(solution: kanpde.Solution, mesh: Path, folder: Path) -> float:
    """Largest difference between a file on the user's mesh and the solution there."""
    (path,) = write_vtu(solution, folder / "own.vtu", mesh=mesh)
    read, given = meshio.read(path), meshio.read(mesh, file_format=_kind(mesh))
    assert np.array_equal(read.points, given.points)
    ours, theirs = read.cells_dict, given.cells_dict
    assert ours.keys() == theirs.keys()
    assert all(np.array_equal(cells, theirs[kind]) for kind, cells in ours.items())
    wanted = solution(given.points[:, : solution.problem.domain.dimension])[:, 0]
    return float(np.abs(read.point_data["u"] - wanted).max())


def _kind(mesh: Path) -> str:
    return {".msh": "gmsh", ".stl": "stl"}[mesh.suffix]


def run(name: str, seconds: float) -> dict[str, Any]:
    """Solve one problem, measure, write and read."""
    module = load(name)
    start = time.perf_counter()
    problem = module.problem()
    made = time.perf_counter() - start
    settings = getattr(module, "settings", kanpde.Settings()).replace(time_limit=seconds, seed=0)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        start = time.perf_counter()
        kanpde.solve(problem, settings, out=out)
        solved = time.perf_counter() - start
        solution = kanpde.load(out)
        on_mesh = own_mesh_error(solution, ROOT / "problems" / MESHES[name], Path(folder))
    exact, text = truth(name, problem)
    rng = np.random.default_rng(20)
    points, _ = problem.domain.interior(POINTS, sampler="uniform", rng=rng)
    wanted, found = exact(points), solution(points)[:, 0]
    rim, *_ = problem.domain.boundary(POINTS, sampler="uniform", rng=rng)
    given = exact(rim) if name == "stl_ball" else 0.0
    return {
        "relative_l2": float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted)),
        "max": float(np.abs(found - wanted).max()),
        "max_on_boundary": float(np.abs(solution(rim)[:, 0] - given).max()),
        "against": text,
        "points": POINTS,
        "seconds": round(solved, 1),
        "seconds_to_read_the_mesh": round(made, 2),
        "status": solution.summary["status"],
        "path": solution.summary["path"],
        "coefficients": solution.summary["coefficients"],
        "settings": {k: v for k, v in settings.to_data().items() if k in ("boundary", "weights")},
        "largest_difference_on_own_mesh": on_mesh,
        "within": WANTED,
    }


def manufactured_error(count: int = 16) -> float:
    """Relative error of the finite elements where the solution is known."""
    ticks = np.linspace(0, 1, count + 1)
    points = np.stack(np.meshgrid(ticks, ticks, indexing="ij"), axis=-1).reshape(-1, 2)
    n = np.arange(len(points)).reshape(count + 1, count + 1)
    a, b, c, d = n[:-1, :-1], n[1:, :-1], n[1:, 1:], n[:-1, 1:]
    cells = np.concatenate([np.stack(t, -1).reshape(-1, 3) for t in ((a, b, c), (a, c, d))])

    def exact(p: np.ndarray) -> np.ndarray:
        return np.sin(np.pi * p[:, 0]) * np.sin(np.pi * p[:, 1])

    nodes, _, values = solve_poisson(points, cells, lambda p: 2 * np.pi**2 * exact(p))
    return float(np.linalg.norm(values - exact(nodes)) / np.linalg.norm(exact(nodes)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="gear, stl_ball (default both)")
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    print(f"finite elements on a known solution, 16 x 16: {manufactured_error():.1e}")
    found = {}
    for name in args.names or list(MESHES):
        row = found[name] = run(name, args.seconds)
        verdict = "ok" if row["relative_l2"] <= row["within"] else "MISSED"
        print(
            f"{name:9} relative L2 {row['relative_l2']:.1e} (within {WANTED:.0e}: {verdict})  "
            f"on the boundary {row['max_on_boundary']:.1e}  {row['seconds']:.1f} s  "
            f"own mesh: {row['largest_difference_on_own_mesh']:.1e}  {row['against']}"
        )
    if set(found) == set(MESHES):
        print(_bench.write("bench_meshes", {"machine": _bench.machine(), "problems": found}))


if __name__ == "__main__":
    main()
