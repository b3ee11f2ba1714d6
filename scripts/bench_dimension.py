"""Poisson's equation in 5, 10 and 100 dimensions; in 5 also in rotated coordinates.

Rows are marked where the network has the structure of the solution (a sum of functions of few
coordinates): such an error says that the structure was found, not that a general function of as
many coordinates would be solved as well. The rotated row has no such structure.

    python scripts/bench_dimension.py [--only 5d] [--threads 1]

The numbers go to scripts/results/bench_dimension.json; rows that --only leaves out stay.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path
from typing import Any

from _bench import RESULTS, machine, write

import kanpde
from kanpde.cli._problem_file import load_problem

ROOT = Path(__file__).resolve().parent.parent
ROWS: dict[str, tuple[str, list[str], float, float]] = {  # file, parameters, seconds, asked
    "5d": ("poisson_nd", ["d=5"], 300, 1e-8),
    "10d": ("poisson_nd", ["d=10"], 300, 1e-8),
    "5d rotated": ("poisson_nd", ["d=5", "rotate=1"], 300, 1e-4),
    "100d": ("poisson_100d", [], 900, 1e-6),
}


def measure(name: str, threads: int | None) -> dict[str, Any]:
    """Solve one row."""
    file, parameters, limit, asked = ROWS[name]
    began = time.perf_counter()
    problem, _ = load_problem(str(ROOT / "problems" / f"{file}.py"), parameters)
    solution = kanpde.solve(problem, kanpde.Settings(time_limit=limit, threads=threads))
    summary = solution.summary
    return {
        "row": name,
        "problem": file,
        "parameters": parameters,
        "error": max(e["relative_l2"] for e in solution.errors.values()),
        "predicted": max(solution.estimates["predicted"].values()),
        "asked": asked,
        "structure_matched": "structure-matched" in summary["net"],
        "net": summary["net"],
        "path": summary["path"],
        "coefficients": summary["coefficients"],
        "seconds": round(summary["seconds"], 2),
        "seconds_in_all": round(time.perf_counter() - began, 2),
        "peak_gigabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 3),
    }


def main() -> int:
    """Measure the rows and print them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", choices=sorted(ROWS))
    parser.add_argument("--threads", type=int, default=None)
    args = parser.parse_args()
    path = RESULTS / "bench_dimension.json"
    known = json.loads(path.read_text())["rows"] if path.exists() else []
    rows = {row["row"]: row for row in known}
    for name in [args.only] if args.only else list(ROWS):
        row = measure(name, args.threads)
        rows[name] = row
        mark = "structure-matched" if row["structure_matched"] else "not structure-matched"
        print(
            f"{name:11} relative L2 {row['error']:.1e} (asked {row['asked']:.0e}), {mark}; "
            f"{row['seconds']:.1f} s, {row['seconds_in_all']:.1f} s in all; {row['net']}",
            flush=True,
        )
        ordered = [rows[n] for n in ROWS if n in rows]
        write("bench_dimension", {"machine": machine(), "rows": ordered})
    return 0 if all(r["error"] <= r["asked"] for r in rows.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
