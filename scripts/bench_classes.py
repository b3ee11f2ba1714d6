"""One problem file of every class: error, seconds, what is asked, and the predicted error.

Solves problem files with their own settings (or the time limit given here), seed 0, one thread, and
prints the relative L2 error of every unknown on 4000 points that no solve saw; for eigenvalue
problems and unknown constants their relative error. Writes scripts/results/bench_classes.json.
Parametric families, high dimension and coverage of intervals have scripts of their own
(bench_parametric.py, bench_dimension.py, bench_inverse.py).

    python scripts/bench_classes.py [--only volterra,cavity] [--table]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from _bench import RESULTS, machine, path_words, write
from sympy import Eq

import kanpde
from kanpde.cli._problem_file import load_problem

ROOT = Path(__file__).resolve().parent.parent
Row = dict[str, Any]
# label: problem file, parameters, seconds, what is asked (None: nothing).
RUNS: dict[str, tuple[str, list[str], float, float | None]] = {
    "schroedinger": ("schroedinger", [], 300, 1e-4),
    "helmholtz_absorbing": ("helmholtz_absorbing", [], 60, None),
    **{f"infinite_well {n}": ("infinite_well", [f"level={n}"], 60, 1e-8) for n in (1, 2, 3)},
    **{
        f"harmonic_oscillator_quantum {n}": (
            "harmonic_oscillator_quantum",
            [f"level={n}"],
            60,
            1e-8,
        )
        for n in (0, 1, 2)
    },
    "volterra": ("volterra", [], 60, 1e-8),
    "love": ("love", [], 60, None),
    "two_layer_conduction": ("two_layer_conduction", [], 60, 1e-8),
    "two_layer_conduction R = 0.1": ("two_layer_conduction", ["R=0.1"], 60, 1e-8),
    "plane_elasticity": ("plane_elasticity", [], 60, 1e-5),
    "stokes": ("stokes", [], 60, None),
    "taylor_green": ("taylor_green", [], 100, None),
    "cavity": ("cavity", [], 200, None),
    "kovasznay": ("kovasznay", [], 100, None),
    "beltrami": ("beltrami", [], 300, 1e-3),
    "schnakenberg": ("schnakenberg", [], 100, None),
    "klein_gordon": ("klein_gordon", [], 60, None),
    "sine_gordon": ("sine_gordon", [], 100, None),
    "fisher_kpp": ("fisher_kpp", [], 60, None),
    "kuramoto_sivashinsky": ("kuramoto_sivashinsky", [], 60, None),
    "lorenz": ("lorenz", [], 60, None),
    "lorenz_inverse": ("lorenz_inverse", [], 60, 5e-3),
    "conductivity_field": ("conductivity_field", [], 60, None),
}


def measure(label: str) -> Row:
    """Solve one problem file."""
    name, parameters, seconds, asked = RUNS[label]
    problem, _ = load_problem(str(ROOT / "problems" / f"{name}.py"), parameters)
    settings = problem.settings or kanpde.Settings()
    solution = kanpde.solve(problem, settings, time_limit=seconds, seed=0, threads=1)
    errors = {k: e["relative_l2"] for k, e in solution.errors.items()}
    constants = {}
    for key, found in solution.identified.items():
        true = found.get("true", TRUE.get(name, {}).get(key))
        if true is not None:
            constants[key] = abs(float(found["value"]) / float(true) - 1)
    return {
        "label": label,
        "errors": errors,
        "constants": constants,
        "jumps": jumps(problem, solution),
        "asked": asked,
        "predicted": solution.estimates["predicted"],
        "seconds": round(solution.summary["seconds"], 1),
        "path": solution.summary["path"],
        "coefficients": solution.summary["coefficients"],
        "status": solution.status.value,
        "machine": machine(),
    }


# Values that made the data of inverse problems.
TRUE = {"lorenz_inverse": {"sigma": 10.0, "rho": 28.0, "beta": 8.0 / 3.0}}


def jumps(problem: kanpde.Problem, solution: kanpde.Solution) -> dict[str, float]:
    """Largest jump of the flux across every interface, at both sides of the plane."""
    found = {}
    for name, condition in problem.conditions.items():
        if not isinstance(condition, kanpde.Interface) or not isinstance(condition.at, Eq):
            continue
        place = float(condition.at.rhs)
        sides = np.array([[np.nextafter(place, s)] for s in (-np.inf, np.inf)])
        low, high = np.asarray(solution.evaluate(condition.flux, sides))
        found[f"flux across {name}"] = float(abs(high - low))
    return found


def worst(row: Row) -> float:
    """Give the number that is judged: constants of eigenvalue and inverse problems, else u."""
    if row["constants"]:
        return float(max(row["constants"].values()))
    if "abs(h)" in row["errors"]:
        return float(row["errors"]["abs(h)"])
    return float(max([*row["errors"].values(), *row["jumps"].values()]))


def tell(row: Row) -> str:
    """Put a row of the table into words."""
    shown = {**row["errors"], **row["constants"], **row["jumps"]}
    parts = ", ".join(f"{name} {value:.1e}" for name, value in shown.items())
    asked = "–" if row["asked"] is None else f"{row['asked']:.0e}"
    path = path_words(row["path"])
    cells = (row["label"], parts, asked, f"{row['seconds']:.1f}", path, row["coefficients"])
    return "| " + " | ".join(map(str, cells)) + " |"


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", help="labels, separated by commas")
    parser.add_argument("--table", action="store_true", help="print what is on file")
    args = parser.parse_args()
    path = RESULTS / "bench_classes.json"
    old = json.loads(path.read_text())["rows"] if path.exists() else []
    rows = {row["label"]: row for row in old if row["label"] in RUNS}
    print("| problem | relative error | asked | seconds | path | coefficients |")
    print("|---|---|---|---|---|---|")
    if args.table:
        print(*(tell(rows[label]) for label in RUNS if label in rows), sep="\n")
        return 0
    for label in args.only.split(",") if args.only else RUNS:
        rows[label] = measure(label)
        print(tell(rows[label]), flush=True)
        write("bench_classes", {"rows": [rows[k] for k in RUNS if k in rows]})
    judged = [row for row in rows.values() if row["asked"] is not None]
    return 0 if all(worst(row) <= row["asked"] for row in judged) else 1


if __name__ == "__main__":
    raise SystemExit(main())
