"""The scoreboard: every problem file, no settings but a time limit, error on unseen points.

    python scripts/bench_accuracy.py [--rows poisson_paper,burgers] [--nets kan,mlp]
                                     [--seeds 0,1,2] [--threads 1] [--again]

Every row is a problem with its time limit. The MLP gets as many seconds as the KAN took (the
median over its seeds, 5 at least), so KAN rows come first. A finished (row, net, seed) is kept in
``scripts/results/bench_accuracy.json`` and not run again unless ``--again`` is given, so that the
board can be filled a row at a time, by several processes if you like. ``docs/results.md`` is
written from that file; ``--rows ""`` only writes the page.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import math
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from _bench import RESULTS, machine, path_words

import kanpde
from kanpde.cli._problem_file import load_problem

ROOT = Path(__file__).resolve().parents[1]
STORE = RESULTS / "bench_accuracy.json"
PAGE = ROOT / "docs" / "results.md"

LEAST_SECONDS = 5.0


@dataclass(frozen=True)
class Row:
    """A problem, how long it may take, what was published and what is asked of it."""

    file: str
    seconds: float
    published: str = "–"
    must: float | None = None
    parameters: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    truth: str = "exact"


GPU_MLP_BURGERS = "MLP 5.4e-9, 46 min GPU; KAN 2.1e-2"
COLE_HOPF = "Cole-Hopf, 1e-15"
SPECTRAL = "own spectral solution, "
ROWS: dict[str, Row] = {
    "poisson_paper": Row("poisson_paper", 10, "KAN paper: MSE 1e-7, about 6e-4 relative", 1e-11),
    "poisson_paper_trained": Row(
        "poisson_paper",
        60,
        "KAN paper: MSE 1e-7, about 6e-4 relative",
        1e-9,
        settings={"linear": False},
    ),
    "poisson_square": Row(
        "poisson_square", 10, "natural-gradient MLPs near machine precision", 1e-12
    ),
    "oscillator": Row("oscillator", 30),
    "integral_constraint": Row("integral_constraint", 30),
    "helmholtz": Row("helmholtz", 30, "MLP 2.0e-9, 540 s GPU; KAN 1.0e-3", 1e-11),
    "biharmonic": Row("biharmonic", 30, must=1e-9),
    "wave": Row("wave", 60, "MLP 3.8e-4", 1e-9),
    "wave_mode4": Row("wave", 60, "MLP 1.2e-15, 635 s H100", 1e-9, ("mode=4",)),
    "convection": Row("convection", 120, "MLP 5.4e-6 GPU", 1e-7),
    "heat": Row("heat", 30, "KAN 2.1e-4 (D = 1)"),
    "heat_inverse": Row("heat_inverse", 60),
    "reaction": Row("reaction", 120, "MLP 2.9e-5 GPU", 1e-7),
    "kovasznay": Row("kovasznay", 120, "MLP about 1e-7 GPU", 1e-8),
    "burgers": Row("burgers", 300, GPU_MLP_BURGERS, 5e-7, truth=COLE_HOPF),
    "burgers_trained": Row(
        "burgers", 60, GPU_MLP_BURGERS, settings={"linear": False}, truth=COLE_HOPF
    ),
    "burgers_smooth": Row(
        "burgers", 300, "MLP 8e-14, 346 s H100", 1e-8, ("nu=0.01",), truth=COLE_HOPF
    ),
    "allen_cahn": Row(
        "allen_cahn", 600, "MLP 9.4e-7; KAN 5.5e-5 GPU", 1e-5, truth=f"{SPECTRAL}1e-11"
    ),
    "kdv": Row(
        "kdv", 1800, "MLP 8.2e-11, 20 min H100; next 1.5e-4", 1e-5, truth=f"{SPECTRAL}2e-12"
    ),
}
MANY_SECONDS = 300  # rows above take one seed


def solve(name: str, net: str, seed: int, limit: float, threads: int | None) -> dict[str, Any]:
    """Solve one row and keep what the table needs."""
    row = ROWS[name]
    path = str(ROOT / "problems" / f"{row.file}.py")
    problem, settings = load_problem(path, list(row.parameters))
    # `auto` trains a Chebyshev KAN where it trains, and the rows are named by what it stands for.
    chosen = "auto" if net == "kan" else net
    options = {**row.settings, "net": chosen, "seed": seed, "time_limit": limit, "threads": threads}
    start = time.perf_counter()
    solution = kanpde.solve(problem, settings, **options)
    summary = solution.summary
    errors = [e["relative_l2"] for e in summary["errors"].values()]
    predicted = [p for p in summary["estimates"]["predicted"].values() if p is not None]
    return {
        "row": name,
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
        "symmetry": [e["used"] for e in summary["symmetry"].values()],
        "threads": threads,
        "configurations": 1,
        "machine": machine(),
    }


def allowed(found: list[dict[str, Any]], name: str, net: str) -> float:
    """Seconds of a run: the row's for a KAN, what the KAN took for an MLP."""
    limit = ROWS[name].seconds
    if net == "kan":
        return limit
    took = [r["seconds"] for r in found if r["row"] == name and r["net"] == "kan"]
    return min(limit, max(LEAST_SECONDS, statistics.median(took))) if took else limit


HEAD = """# Results

Written by `python scripts/bench_accuracy.py`; the data lie in
`scripts/results/bench_accuracy.json`. Relative L2 error of the worst unknown on 4000
random points that no solve saw; median over the seeds (smallest … largest). Problem
files as they are, no settings but the time limit (*poisson_paper_trained* has `linear=false`);
float64, one thread of a machine with two cores. One configuration was tried of each net.

The path says what was at work. *linear* and *newton* are least squares and Gauss-Newton on one
product KAN (spectral least squares in KAN form), *slabs* the same in slabs of time of adaptive
length: they are not trained networks. *lazy* and *lm* train all layers. The MLP is always trained,
by Levenberg-Marquardt with the same points, for as many seconds as the KAN took (5 at least, 100
at most): most rows compare a method that knows it is linear in what it learns with one that is
not. Rows where both nets are trained by the same optimizer are *heat_inverse* and
*burgers_trained*; [ablation.md](ablation.md) has more of that kind. The KAN wins more rows without
settings and is therefore the default.
Published records are quoted with their hardware, not rerun here.

| problem | truth and its accuracy | net | path | coefficients | seconds (limit) \
| relative L2, median (spread) | asked | predicted / true | seeds | published |
|---|---|---|---|---|---|---|---|---|---|---|
"""


def line(found: list[dict[str, Any]], name: str, net: str) -> str | None:
    """One row of the table."""
    runs = [r for r in found if r["row"] == name and r["net"] == net]
    if not runs:
        return None
    row, errors = ROWS[name], sorted(r["error"] for r in runs)
    ratios = [r["predicted"] / r["error"] for r in runs if r["predicted"] and r["error"]]
    seconds = statistics.median(r["seconds"] for r in runs)
    middle = statistics.median(errors)
    asked = "–"
    if row.must is not None and net == "kan":
        asked = f"{row.must:.0e} {'met' if middle <= row.must else '**missed**'}"
    cells = [
        name,
        row.truth if net == "kan" else "",
        net,
        path_words(runs[0]["path"]),
        f"{statistics.median(r['coefficients'] for r in runs):.0f}",
        f"{seconds:.1f} ({runs[0]['limit']:.0f})",
        f"{middle:.1e} ({errors[0]:.1e} … {errors[-1]:.1e})",
        asked,
        f"{statistics.median(ratios):.2g}" if ratios else "–",
        str(len(runs)),
        row.published if net == "kan" else "",
    ]
    return f"| {' | '.join(cells)} |"


def verdict(found: list[dict[str, Any]], name: str) -> str | None:
    """Who wins a row at equal seconds, and by how much against the spread."""
    errors = {
        net: [r["error"] for r in found if r["row"] == name and r["net"] == net]
        for net in ("kan", "mlp")
    }
    if not all(errors.values()):
        return None
    middle = {net: statistics.median(e) for net, e in errors.items()}
    best, other = sorted(middle, key=lambda net: middle[net])
    factor = middle[other] / middle[best]
    spread = max(max(e) / min(e) for e in errors.values())
    overlap = max(errors[best]) >= min(errors[other])
    winner = "tie" if overlap else best
    return f"| {name} | {winner} | {factor:.2g} | {spread:.2g} |"


def table(found: list[dict[str, Any]]) -> str:
    """The page: median and spread over the seeds, the record beside it, who wins."""
    rows = [line(found, name, net) for name in ROWS for net in ("kan", "mlp")]
    text = HEAD + "\n".join(r for r in rows if r) + "\n"
    verdicts = [v for v in (verdict(found, name) for name in ROWS) if v]
    if verdicts:
        text += (
            "\n## Who wins at equal seconds\n\nTie where the seeds' ranges overlap; the factor is"
            " between medians, the spread the larger ratio of largest to smallest error.\n\n"
            "| problem | winner | factor | spread |\n|---|---|---|---|\n"
        )
        text += "\n".join(verdicts) + "\n"
    return text + predictions(found) + identified(found)


def predictions(found: list[dict[str, Any]]) -> str:
    """Predicted over true error of the KAN runs whose truth is far better than the run."""
    ratios = {
        name: [
            r["predicted"] / r["error"]
            for r in found
            if r["row"] == name and r["net"] == "kan" and r["predicted"] and r["error"]
        ]
        for name, row in ROWS.items()
        if not row.truth.startswith(SPECTRAL)
    }
    ratios = {name: v for name, v in ratios.items() if v}
    if not ratios:
        return ""
    medians = [statistics.median(v) for v in ratios.values()]
    every = [x for v in ratios.values() for x in v]
    return (
        f"\n## Predicted over true error\n\nOver the {len(medians)} rows of the KAN with a closed "
        f"form: median {statistics.median(medians):.2g}, rows between {min(medians):.2g} and "
        f"{max(medians):.2g}, single runs between {min(every):.2g} and {max(every):.2g}. The "
        "spectral references of the other rows are hardly better than what they judge.\n"
    )


def identified(found: list[dict[str, Any]]) -> str:
    """Constants of inverse problems with their intervals."""
    inverse = [r for r in found if r["identified"]]
    if not inverse:
        return ""
    lines = [
        "\n## Identified constants\n",
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


def stored() -> list[dict[str, Any]]:
    """All finished runs."""
    found: list[dict[str, Any]] = json.loads(STORE.read_text()) if STORE.exists() else []
    return [r for r in found if r["row"] in ROWS]


def keep(run: dict[str, Any]) -> None:
    """Add a run to what other processes may have stored meanwhile, and write the page."""
    RESULTS.mkdir(exist_ok=True)
    with (RESULTS / "bench_accuracy.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        key = (run["row"], run["net"], run["seed"])
        found = [r for r in stored() if (r["row"], r["net"], r["seed"]) != key] + [run]
        STORE.write_text(json.dumps(found, indent=1) + "\n")
        PAGE.write_text(table(found))


def main() -> None:
    """Run what is missing, a row at a time, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default=",".join(ROWS))
    parser.add_argument("--nets", default="kan,mlp")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--limit", type=float, default=math.inf, help="no row longer than this")
    parser.add_argument("--again", action="store_true")
    args = parser.parse_args()
    for row in filter(None, args.rows.split(",")):
        for net in args.nets.split(","):
            for seed in map(int, args.seeds.split(",")):
                done = any((r["row"], r["net"], r["seed"]) == (row, net, seed) for r in stored())
                if (done and not args.again) or (seed and ROWS[row].seconds > MANY_SECONDS):
                    continue
                limit = min(args.limit, allowed(stored(), row, net))
                last = solve(row, net, seed, limit, args.threads)
                keep(last)
                print(
                    f"{row:20s} {net} seed {seed}: {last['error']:.2e} "
                    f"(predicted {last['predicted'] or float('nan'):.1e}) "
                    f"in {last['seconds']:.1f} s, {last['status']}",
                    flush=True,
                )
    PAGE.write_text(table(stored()))


if __name__ == "__main__":
    main()
