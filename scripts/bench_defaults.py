"""What decides the default network: basis x depth at equal coefficients and equal seconds.

    python scripts/bench_defaults.py [--problems burgers,…] [--bases sine,…] [--depths 2,4,5]
                                     [--seeds 0,1,2] [--seconds 15 | --steps 60]
                                     [--coefficients 700] [--again]

Every run trains all layers (``linear=False``) from the problem file with no other settings. The
width is the one whose number of coefficients is nearest to the one asked. A finished run is kept
in ``scripts/results/bench_defaults.json`` and not repeated unless ``--again`` is given, so that
the table can be filled a run at a time and interrupted. ``docs/defaults.md`` is written from
that file, for the limit and coefficients of this call. ``--steps`` limits optimizer steps
instead of seconds: the numbers of a busy machine are then as good as those of an idle one.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import statistics
import time
from pathlib import Path
from typing import Any

from _bench import RESULTS, machine

import kanpde
from kanpde.cli._problem_file import load_problem
from kanpde.solvers._network import make_network
from kanpde.solvers._plan import Plan, make_plan

ROOT = Path(__file__).resolve().parents[1]
STORE = RESULTS / "bench_defaults.json"
PAGE = ROOT / "docs" / "defaults.md"
PROBLEMS = ("poisson_paper", "helmholtz", "burgers", "reaction")
BASES: dict[str, dict[str, Any]] = {
    "chebyshev 2": {"basis": "chebyshev", "degree": 2},
    "chebyshev 3": {"basis": "chebyshev", "degree": 3},
    "bspline": {"basis": "bspline", "grid": 3},
    "sine 2": {"basis": "sine", "degree": 2},
    "sine 4": {"basis": "sine", "degree": 4, "frequency": 1.0},
    "sine trained": {"basis": "sine", "degree": 2, "train_frequencies": True},
    "rbf": {"basis": "rbf", "degree": 4},
}
KEY = ("problem", "basis", "layers", "seed", "limit", "wanted")
WIDEST = 64


def limit_of(args: argparse.Namespace) -> str:
    """Give the limit of every run, as the table calls it."""
    return f"{args.steps} steps" if args.steps else f"{args.seconds:g} s"


def hidden_of(plan: Plan, layers: int, wanted: int) -> tuple[int, ...]:
    """Give hidden layers of one width whose network has the number of coefficients nearest."""

    def distance(width: int) -> int:
        hidden = (width,) * (layers - 1)
        changed = dataclasses.replace(plan, settings=plan.settings.replace(hidden=hidden))
        return abs(make_network(changed).count - wanted)

    return (min(range(1, WIDEST + 1), key=distance),) * (layers - 1)


def run(name: str, basis: str, layers: int, seed: int, args: argparse.Namespace) -> dict[str, Any]:
    """Train one network and keep what the table needs."""
    problem, settings = load_problem(str(ROOT / "problems" / f"{name}.py"), [])
    settings = settings.replace(
        **BASES[basis],
        linear=False,
        seed=seed,
        threads=1,
        steps=args.steps,
        time_limit=args.seconds,
    )
    hidden = hidden_of(make_plan(problem, settings), layers, args.coefficients)
    start, cpu = time.perf_counter(), time.process_time()
    solution = kanpde.solve(problem, settings, hidden=hidden)
    summary = solution.summary
    error = max(e["relative_l2"] for e in summary["errors"].values())
    return {
        "problem": name,
        "basis": basis,
        "layers": layers,
        "seed": seed,
        "limit": limit_of(args),
        "wanted": args.coefficients,
        "hidden": list(hidden),
        "coefficients": summary["coefficients"],
        "error": error if math.isfinite(error) else None,
        "steps": summary["steps"],
        "seconds": round(summary["seconds"], 2),
        "wall": round(time.perf_counter() - start, 2),
        "cpu": round(time.process_time() - cpu, 2),
        "status": summary["status"],
        "machine": machine(),
    }


def middle(runs: list[dict[str, Any]]) -> float:
    """Give the median error; a run without one counts as 1."""
    return statistics.median(1.0 if r["error"] is None else r["error"] for r in runs)


def page(found: list[dict[str, Any]], limit: str, wanted: int) -> str:
    """Write the page: a table per problem, then the order over all of them."""
    kept = [r for r in found if (r["limit"], r["wanted"]) == (limit, wanted)]
    depths = sorted({r["layers"] for r in kept})
    names = [n for n in PROBLEMS if any(r["problem"] == n for r in kept)]
    cells: dict[tuple[str, str, int], list[dict[str, Any]]] = {}
    for r in kept:
        cells.setdefault((r["problem"], r["basis"], r["layers"]), []).append(r)
    lines = [
        "# Which basis, degree, depth and width is the default",
        "",
        "Written by `python scripts/bench_defaults.py`; the data lie in "
        "`scripts/results/bench_defaults.json`.",
        "",
        f"Relative L2 error of the worst unknown after {limit} of training all layers "
        "(`linear=False`) on one thread, float64, problem files as they are; median over the "
        "seeds, their number in brackets where it is above one; then hidden width, optimizer "
        "steps and seconds of processor time, evaluation and start included. About "
        f"{wanted} coefficients everywhere.",
        "",
        "| basis | settings |",
        "|---|---|",
        *(
            f"| {basis} | {', '.join(f'{k}={v}' for k, v in settings.items())} |"
            for basis, settings in BASES.items()
            if any(r["basis"] == basis for r in kept)
        ),
        "",
    ]
    for name in names:
        lines += [
            f"## {name}",
            "",
            "| basis | " + " | ".join(f"{d} layers" for d in depths) + " |",
            "|---|" + "---|" * len(depths),
        ]
        for basis in BASES:
            row = [cell(cells.get((name, basis, d), [])) for d in depths]
            if any(c != "–" for c in row):
                lines.append(f"| {basis} | " + " | ".join(row) + " |")
        lines.append("")
    return "\n".join(lines + order(cells, names, depths))


def cell(runs: list[dict[str, Any]]) -> str:
    """Write one cell: median error, seeds, width and steps."""
    if not runs:
        return "–"
    many = f" [{len(runs)}]" if len(runs) > 1 else ""
    steps = statistics.median(r["steps"] for r in runs)
    cpu = statistics.median(r["cpu"] for r in runs)
    return f"{middle(runs):.1e}{many}; {runs[0]['hidden'][0]}, {steps:g}, {cpu:.0f} s"


def order(
    cells: dict[tuple[str, str, int], list[dict[str, Any]]], names: list[str], depths: list[int]
) -> list[str]:
    """Rank what was run on every problem by the geometric mean of error over the best error."""
    complete = {
        (basis, d): [middle(cells[name, basis, d]) for name in names]
        for basis in BASES
        for d in depths
        if all((name, basis, d) in cells for name in names)
    }
    if not complete:
        return []
    best = [min(errors[k] for errors in complete.values()) for k in range(len(names))]
    means = {
        key: math.exp(statistics.mean(math.log(e / b) for e, b in zip(errors, best, strict=True)))
        for key, errors in complete.items()
    }
    lines = [
        "## Order over all problems",
        "",
        "Geometric mean of the error over the smallest error of that problem: 1 would be best on",
        "each of them.",
        "",
        "| basis | layers | times the best |",
        "|---|---|---|",
    ]
    for (basis, d), mean in sorted(means.items(), key=lambda item: item[1]):
        lines.append(f"| {basis} | {d} | {mean:.3g} |")
    return [*lines, ""]


def main() -> None:
    """Run what is missing and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--problems", default=",".join(PROBLEMS))
    parser.add_argument("--bases", default=",".join(BASES))
    parser.add_argument("--depths", default="2,4,5", help="numbers of layers")
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--seconds", type=float, default=15.0, help="time limit of every run")
    parser.add_argument("--steps", type=int, help="limit steps instead of seconds")
    parser.add_argument("--coefficients", type=int, default=700)
    parser.add_argument("--again", action="store_true")
    args = parser.parse_args()
    if args.steps:
        args.seconds = None
    limit = limit_of(args)
    found: list[dict[str, Any]] = json.loads(STORE.read_text()) if STORE.exists() else []
    wanted = [
        (name, basis, layers, seed)
        for seed in map(int, args.seeds.split(","))
        for name in args.problems.split(",")
        for layers in map(int, args.depths.split(","))
        for basis in args.bases.split(",")
    ]
    for asked in wanted:
        key = (*asked, limit, args.coefficients)
        if any(tuple(r[k] for k in KEY) == key for r in found) and not args.again:
            continue
        last = run(*asked, args)
        found = [r for r in found if tuple(r[k] for k in KEY) != key] + [last]
        shown = "none" if last["error"] is None else f"{last['error']:.1e}"
        print(f"{asked}: {shown}, {last['hidden']}, {last['steps']} steps", flush=True)
        RESULTS.mkdir(exist_ok=True)
        STORE.write_text(json.dumps(found, indent=1) + "\n")
        PAGE.write_text(page(found, limit, args.coefficients))
    PAGE.write_text(page(found, limit, args.coefficients))


if __name__ == "__main__":
    main()
