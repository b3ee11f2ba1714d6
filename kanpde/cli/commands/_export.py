"""Write a finished run as VTU (ParaView) or CSV.

With --points the solution is evaluated at the points of a CSV file: one
column per coordinate, in the order of the coordinates or named by a header
line. With --mesh the values are given at the points of your own mesh, in a
file with its cells and all its data.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kanpde.cli._convert import to_int
from kanpde.cli._output import console, writing
from kanpde.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from kanpde import Solution

FORMATS = ("vtu", "csv")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``kanpde export``."""
    parser.add_argument("directory", metavar="RUN_DIR", help="a run directory")
    parser.add_argument("--format", metavar="|".join(FORMATS), help="default vtu")
    parser.add_argument("--points", metavar="FILE.csv", help="evaluate at these points (csv)")
    parser.add_argument("--mesh", metavar="FILE", help="give values on this mesh (vtu, msh, vtk)")
    parser.add_argument("--mesher", metavar="gmsh", help="let gmsh mesh the domain (vtu)")
    parser.add_argument("--resolution", metavar="N", help="points along the longest side")
    parser.add_argument("--out", metavar="PATH", help="default RUN_DIR/solution.FORMAT")


def run(args: argparse.Namespace) -> int:
    """Write the files and print their paths.

    Parameters
    ----------
    args
        Parsed arguments of `add_arguments`.

    Returns
    -------
    int
        0.

    Raises
    ------
    InputError
        If an option or the points file is wrong, or the place cannot be written.
    RunDirectoryError
        If the run directory is missing, damaged, foreign or unsafe.
    """
    form = _format(args)
    resolution = _resolution(args.resolution)
    import kanpde

    solution = kanpde.load(args.directory)
    if isinstance(solution, kanpde.Fit):
        raise InputError(
            f"{args.directory}: expected the run of `kanpde solve`, got that of `kanpde fit`; "
            f"its values at any inputs x are kanpde.load({args.directory!r})(x) in Python"
        )
    name = "points.csv" if args.points else f"solution.{form}"
    path = Path(args.out) if args.out is not None else Path(args.directory) / name
    if path.is_dir():
        raise InputError(f"{path}: expected a file to write, got a directory; add a file name")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        paths = _write(solution, path, form, resolution, args)
    out = console()
    for written in paths:
        out.print(str(written), soft_wrap=True)
    return 0


def _write(
    solution: Solution,
    path: Path,
    form: str,
    resolution: int | None,
    args: argparse.Namespace,
) -> list[Path]:
    import kanpde.export

    if form == "vtu":
        given = {"mesh": args.mesh, "mesher": args.mesher}
        own = {name: value for name, value in given.items() if value is not None}
        return kanpde.export.write_vtu(solution, path, resolution=resolution, **own)
    points = args.points
    wanted = None if points is None else read_points(Path(points), _names(solution))
    return kanpde.export.write_csv(solution, path, wanted, resolution=resolution)


def read_points(file: Path, coordinates: Sequence[str]) -> np.ndarray:
    """Read points from a CSV file.

    Parameters
    ----------
    file
        Comma-separated numbers; a first line of names may give the columns'
        order, further columns are then ignored.
    coordinates
        Names of the d coordinates.

    Returns
    -------
    np.ndarray
        Shape ``(N, d)``, columns in the order of `coordinates`.

    Raises
    ------
    InputError
        If the file cannot be read, has no points, lacks a coordinate, or has
        something else than a finite number in it (the line is named).
    """
    import numpy as np

    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            lines = [(n, row) for n, row in enumerate(csv.reader(stream), 1) if row]
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(
            f"{file}: expected a CSV file of points, got {type(error).__name__}; check the path"
        ) from error
    columns = list(range(len(coordinates)))
    if lines and not _is_number(lines[0][1][0]):
        columns = _columns([name.strip() for name in lines.pop(0)[1]], coordinates, file)
        named = True
    else:
        named = False
    if not lines:
        raise InputError(f"{file}: expected points, got none; give one line per point")
    points = [_point(row, columns, named, f"{file}:{line}", coordinates) for line, row in lines]
    return np.array(points, dtype=np.float64)


def _columns(header: list[str], coordinates: Sequence[str], file: Path) -> list[int]:
    missing = [name for name in coordinates if name not in header]
    if missing:
        raise InputError(
            f"{file}: expected columns {', '.join(coordinates)}, got {', '.join(header)}; "
            f"add {', '.join(missing)} or leave the header out"
        )
    return [header.index(name) for name in coordinates]


def _point(
    row: list[str], columns: list[int], named: bool, where: str, coordinates: Sequence[str]
) -> list[float]:
    fits = max(columns) < len(row) if named else len(row) == len(columns)
    if not fits or not all(_is_number(row[i]) for i in columns):
        raise InputError(
            f"{where}: expected numbers for {', '.join(coordinates)}, got {','.join(row)!r}; "
            "give one finite number per coordinate"
        )
    return [float(row[i]) for i in columns]


def _is_number(text: str) -> bool:
    try:
        value = float(text)
    except ValueError:
        return False
    return abs(value) < float("inf")


def _names(solution: Solution) -> list[str]:
    return [str(x) for x in solution.problem.coordinates]


def _format(args: argparse.Namespace) -> str:
    form: str = args.format or ("csv" if args.points else "vtu")
    if form not in FORMATS:
        raise InputError(
            f"--format {form}: expected {' or '.join(FORMATS)}, got {form!r}; use one of these"
        )
    if args.mesher and (form != "vtu" or args.mesh):
        raise InputError("--mesher: expected --format vtu and no --mesh with it; leave one out")
    if args.mesh and form != "vtu":
        raise InputError(f"--mesh: expected --format vtu with it, got {form}; leave the other out")
    if args.points and form != "csv":
        raise InputError(f"--points: expected --format csv with it, got {form}; leave --format out")
    return form


def _resolution(text: str | None) -> int | None:
    if text is None:
        return None
    value = to_int(text, f"--resolution {text}")
    if value < 2:
        raise InputError(f"--resolution {text}: expected 2 or more, got {text}; write 64")
    return value
