"""Keep small run directories of this version as test data, with values beside each.

    python scripts/record_runs.py [--to tests/data]

They are written to runs_MAJOR_MINOR; what is there already stays, because it tells what an
earlier version wrote. `tests/test_old_runs.py` loads and resumes every one of them.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from _small_runs import RUNS, SmallRun

import kanpde

DATA = Path(__file__).resolve().parents[1] / "tests" / "data"
FEW = 8  # of the points on which a read-out would try a formula; a run has a thousand


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--to", type=Path, default=DATA, help="default %(default)s")
    version = "_".join(kanpde.__version__.split(".")[:2])
    folder = parser.parse_args().to / f"runs_{version}"
    for name, run in RUNS.items():
        if (folder / name).exists():
            print(f"{name}: there already")
            continue
        record(run, folder / name)
        size = sum(p.stat().st_size for p in (folder / name).rglob("*") if p.is_file())
        print(f"{name}: {size / 1000:.0f} kB")


def record(run: SmallRun, out: Path) -> None:
    """Write the run directory `out`, and ``NAME.values.json`` beside it."""
    found = run.make(out)
    if run.holds not in found.summary["net"]:
        shutil.rmtree(out)
        raise SystemExit(f"{out.name}: expected {run.holds}, got {found.summary['net']}")
    for file in out.rglob("*.json"):
        data = json.loads(file.read_text(encoding="utf-8"))
        if file.name == "problem.json":
            thin(data)
        write(file, data)
    told = observe(kanpde.load(out), run.points)
    write(out.with_name(f"{out.name}.values.json"), told)


def write(file: Path, data: dict[str, Any]) -> None:
    """Write JSON as a run directory has it, with a newline at the end."""
    text = json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)
    file.write_text(text + "\n", encoding="utf-8")


def thin(data: dict[str, Any]) -> None:
    """Keep some of the points of every claim, where a point is a row: nine tenths of the file."""
    for claim in data["claims"]:
        if claim["row"] is None:
            for name in ("points", "inputs", "factor", "weight"):
                claim[name] = claim[name] and claim[name][:FEW]


def observe(found: Any, points: Any) -> dict[str, Any]:
    """Tell what a loaded run says: values, a derivative, status, errors and constants."""
    array = np.array(points, dtype=float)
    told = {
        "version": found.summary["versions"]["kanpde"],
        "status": found.status.value,
        "points": array.tolist(),
        "values": found(array).tolist(),
        "errors": found.errors,
    }
    if isinstance(found, kanpde.Fit):
        return {**told, "symbolic": [list(edge) for edge in found.symbolic_edges]}
    u, x = found.problem.unknowns[0], found.problem.coordinates[0]
    return {
        **told,
        "derivative": found.evaluate(u.diff(x), array).tolist(),
        "predicted": found.estimates["predicted"],
        "constants": found.constants,
    }


if __name__ == "__main__":
    main()
