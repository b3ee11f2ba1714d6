"""The scoreboard: every problem file, no settings but a time limit, error on unseen points.

    python scripts/bench_accuracy.py [--rows poisson_paper,burgers] [--nets kan,mlp]
                                     [--seeds 0,1,2] [--again]

Every row is a problem with its time limit. A finished (row, net, seed) is kept in
``scripts/results/bench_accuracy.json`` and not run again unless ``--again`` is given, so that the
board can be filled a row at a time. ``docs/results.md`` is written from that file.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import Any

from _bench import RESULTS, machine

import kanpde
from kanpde.cli._problem_file import load_problem

ROOT = Path(__file__).resolve().parents[1]
STORE = RESULTS / "bench_accuracy.json"
PAGE = ROOT / "docs" / "results.md"

# name: (problem file, -p values, seconds, published record and its hardware)
ROWS: dict[str, tuple[str, list[str], float, str]] = {
    "poisson_paper": ("poisson_paper", [], 60, "KAN paper: MSE 1e-7, about 6e-4 relative"),
    "poisson_square": ("poisson_square", [], 60, "natural-gradient MLPs near machine precision"),
    "oscillator": ("oscillator", [], 30, "–"),
    "integral_constraint": ("integral_constraint", [], 30, "–"),
    "helmholtz": ("helmholtz", [], 30, "MLP 2.0e-9, 540 s GPU; KAN 1.0e-3"),
    "biharmonic": ("biharmonic", [], 60, "–"),
    "wave": ("wave", [], 60, "MLP 3.8e-4 (this row); 1.2e-15, 635 s H100 (mode 4)"),
    "wave_mode4": ("wave", ["mode=4"], 60, "MLP 1.2e-15, 635 s H100"),
    "convection": ("convection", [], 120, "MLP 5.4e-6 GPU"),
    "heat": ("heat", [], 30, "KAN 2.1e-4 (D = 1)"),
    "heat_inverse": ("heat_inverse", [], 60, "–"),
    "reaction": ("reaction", [], 60, "MLP 2.9e-5 GPU"),
    "kovasznay": ("kovasznay", [], 60, "MLP about 1e-7 GPU"),
    "burgers": ("burgers", [], 60, "MLP 5.4e-9, 46 min GPU; KAN 2.1e-2"),
    "burgers_smooth": ("burgers", ["nu=0.01"], 60, "MLP 8e-14, 346 s H100"),
}


def solve(row: str, net: str, seed: int) -> dict[str, Any]:
    """Solve one row and keep what the table needs."""
    name, parameters, limit, _ = ROWS[row]
    problem, settings = load_problem(str(ROOT / "problems" / f"{name}.py"), parameters)
    start = time.perf_counter()
    solution = kanpde.solve(problem, settings, net=net, seed=seed, time_limit=limit)
    summary = solution.summary
    errors = [e["relative_l2"] for e in summary["errors"].values()]
    predicted = [p for p in summary["estimates"]["predicted"].values() if p is not None]
    return {
        "row": row,
        "net": net,
        "seed": seed,
        "limit": limit,
        "error": max(errors),
        "predicted": max(predicted) if predicted else None,
        "identified": summary["identified"],
        "seconds": round(summary["seconds"], 2),
        "wall": round(time.perf_counter() - start, 2),
        "steps": summary["steps"],
        "path": summary["path"],
        "network": summary["net"],
        "coefficients": summary["coefficients"],
        "status": summary["status"],
        "machine": machine(),
    }


def table(found: list[dict[str, Any]]) -> str:
    """The page: median and spread over the seeds, the record beside it."""
    lines = [
        "# Results",
        "",
        "Written by `python scripts/bench_accuracy.py`; the data lie in",
        "`scripts/results/bench_accuracy.json`. Relative L2 error of the worst unknown on 4000",
        "random points that no solve saw; median over the seeds (smallest … largest). Problem",
        "files as they are, no settings but the time limit; two CPU cores, float64. Rows whose",
        "path is *linear* are solved by least squares on a product KAN (spectral least squares in",
        "KAN form), not trained; *linear x4* does so in four slabs in time. Published records are",
        "quoted with their hardware, not rerun here.",
        "",
        "| problem | net | path | coefficients | seconds | relative L2, median (spread) "
        "| predicted / true | seeds | published |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in ROWS:
        for net in ("kan", "mlp"):
            runs = [r for r in found if r["row"] == row and r["net"] == net]
            if not runs:
                continue
            errors = sorted(r["error"] for r in runs)
            ratios = [r["predicted"] / r["error"] for r in runs if r["predicted"] and r["error"]]
            ratio = f"{statistics.median(ratios):.2g}" if ratios else "–"
            path = " → ".join(runs[0]["path"])
            seconds = statistics.median(r["seconds"] for r in runs)
            lines.append(
                f"| {row} | {net} | {path} | {runs[0]['coefficients']} | {seconds:.1f} "
                f"| {statistics.median(errors):.1e} ({errors[0]:.1e} … {errors[-1]:.1e}) "
                f"| {ratio} | {len(runs)} | {ROWS[row][3]} |"
            )
    every = [r["predicted"] / r["error"] for r in found if r["predicted"] and r["error"] > 1e-13]
    if every:
        lines += [
            "",
            f"Predicted over true error over {len(every)} runs with an error above round-off "
            f"(1e-13): median {statistics.median(every):.2g}, "
            f"smallest {min(every):.2g}, largest {max(every):.2g}.",
        ]
    inverse = [r for r in found if r["identified"]]
    if inverse:
        lines += [
            "",
            "| inverse problem | seed | constant | value | 95 % interval |",
            "|---|---|---|---|---|",
        ]
        for r in inverse:
            for name, c in r["identified"].items():
                lines.append(
                    f"| {r['row']} ({r['net']}) | {r['seed']} | {name} | {c['value']:.6g} "
                    f"| {c['low']:.6g} … {c['high']:.6g} |"
                )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run what is missing, a row at a time, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default=",".join(ROWS))
    parser.add_argument("--nets", default="kan")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--again", action="store_true")
    args = parser.parse_args()
    found: list[dict[str, Any]] = json.loads(STORE.read_text()) if STORE.exists() else []
    for row in args.rows.split(","):
        for net in args.nets.split(","):
            for seed in map(int, args.seeds.split(",")):
                key = (row, net, seed)
                if any((r["row"], r["net"], r["seed"]) == key for r in found):
                    if not args.again:
                        continue
                    found = [r for r in found if (r["row"], r["net"], r["seed"]) != key]
                found.append(solve(row, net, seed))
                last = found[-1]
                print(
                    f"{row:20s} {net} seed {seed}: {last['error']:.2e} "
                    f"(predicted {last['predicted'] or float('nan'):.1e}) "
                    f"in {last['seconds']:.1f} s, {last['status']}",
                    flush=True,
                )
                RESULTS.mkdir(exist_ok=True)
                STORE.write_text(json.dumps(found, indent=1) + "\n")
                PAGE.write_text(table(found))


if __name__ == "__main__":
    main()
