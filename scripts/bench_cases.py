"""Solve the reference cases of others and compare with what is published.

DIR holds one folder per case (``reference.npz`` with ``x``, ``u``, ``x_names``, ``u_names``, and
data that belong to the statement) and a README.md whose table gives the published best and what
counts as good. Nothing of it is part of kanpde: values and yardsticks are read when it runs.
The problems are in scripts/_cases. Prints a row per case and unknown, and writes
scripts/results/bench_cases.json; with --only, the other rows stay as they are.

    python scripts/bench_cases.py --cases DIR [--only c01,c08] [--time-limit 600] [--seed 0]
    python scripts/bench_cases.py --table      # print what is on file as Markdown
"""

from __future__ import annotations

import argparse
import importlib
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from _bench import RESULTS, machine, path_words, write

import kanpde
from kanpde.residual._measure import mean_in_time

CASES = Path(__file__).resolve().parent / "_cases"
NUMBER = re.compile(r"\d+(?:\.\d+)?e-?\d+")
PERCENT = re.compile(r"(\d+(?:\.\d+)?) *%")
Row = dict[str, Any]


def yardsticks(readme: Path) -> dict[str, Row]:
    """Read the published best and the goals of every case from the table of a README."""
    found = {}
    for line in readme.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if re.match(r"c\d\d_", cells[0]) and len(cells) >= 7:
            good = cells[-1].rsplit(" / ", 1)[-1]
            numbers = [float(n) for n in NUMBER.findall(good)]
            numbers = numbers or [float(n) / 100 for n in PERCENT.findall(good)]
            found[cells[0][:3]] = {
                "title": cells[1],
                "accuracy": cells[3],
                "published": cells[4],
                "asked": cells[-1],
                "good": numbers,
            }
    return found


def relative(found: np.ndarray, truth: np.ndarray, times: np.ndarray | None) -> float:
    """Relative L2 error; of what is free up to a function of time after its means are gone.

    Of what is free up to a constant the times are all alike.
    """
    if times is not None:
        steady = times.min() == times.max()
        found, truth = (
            values - (values.mean() if steady else mean_in_time(times, values))
            for values in (found, truth)
        )
    return float(np.linalg.norm(found - truth) / np.linalg.norm(truth))


def columns(
    module: ModuleType, solution: kanpde.Solution, truth: Row, points: np.ndarray
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield name, values found and true values of everything that the reference holds."""
    problem = solution.problem
    if hasattr(module, "values"):
        given = {str(name): truth["u"][:, k] for k, name in enumerate(truth["u_names"])}
        for name, found in module.values(solution, points).items():
            yield name, found, given[name]
        return
    names = {str(u.func.__name__): u for u in problem.unknowns}
    wanted = module.expressions(problem) if hasattr(module, "expressions") else names
    given = {str(name): truth["u"][:, k] for k, name in enumerate(truth["u_names"])}
    if hasattr(module, "derived"):
        given |= module.derived(given)
    for name, expression in wanted.items():
        if name in given:
            yield name, np.asarray(solution.evaluate(expression, points)), given[name]


def errors(
    module: ModuleType, solution: kanpde.Solution, reference: Path, variant: dict[str, Any]
) -> dict[str, float]:
    """Relative L2 error per unknown, at times up to every window, and of unknown constants."""
    truth = dict(np.load(reference, allow_pickle=False))
    names = [str(name) for name in truth["x_names"]]
    chosen = np.ones(len(truth["x"]), dtype=bool)
    for key, value in variant.items():
        if key in names:
            chosen &= np.isclose(truth["x"][:, names.index(key)], value)
    truth = {**truth, "u": truth["u"][chosen]}
    order = [names.index(str(x)) for x in solution.problem.coordinates]
    points = truth["x"][chosen][:, order]
    free = set(getattr(module, "FREE", ()))
    found = {}
    for name, values, true in columns(module, solution, truth, points):
        for window in getattr(module, "WINDOWS", (None,)):
            mask = slice(None) if window is None else points[:, -1] <= window + 1e-12
            label = name if window is None else f"{name}, t <= {window:g}"
            times = None
            if name in free:
                steady = solution.problem.time is None
                times = np.zeros(len(values[mask])) if steady else points[mask, -1]
            found[label] = relative(values[mask], true[mask], times)
    for name, value in getattr(module, "CONSTANTS", {}).items():
        found[name] = abs(solution.identified[name]["value"] / value - 1)
    return found


def measure(case: str, folder: Path, variant: dict[str, Any], args: argparse.Namespace) -> Row:
    """Solve one variant of a case."""
    module = importlib.import_module(f"_cases.{case}")
    settings = module.settings(**variant) if hasattr(module, "settings") else dict(module.SETTINGS)
    settings["time_limit"] = min(settings.get("time_limit", 60), args.time_limit)
    start = time.perf_counter()
    if hasattr(module, "solve"):
        solution = module.solve(folder, settings, seed=args.seed, **variant)
    else:
        problem = module.problem(folder, **variant)
        solution = kanpde.solve(problem, seed=args.seed, threads=args.threads, **settings)
    seconds = time.perf_counter() - start
    found = errors(module, solution, folder / "reference.npz", variant)
    judged = getattr(module, "JUDGED", tuple(found))
    return {
        "case": case,
        "variant": variant,
        "errors": found,
        "worst": max(found[name] for name in judged),
        "predicted": solution.estimates["predicted"],
        "seconds": round(seconds, 1),
        "settings": settings,
        "status": solution.status.value,
        "path": solution.summary["path"],
        "coefficients": solution.summary["coefficients"],
        "seed": args.seed,
        "machine": machine(),
    }


def run(args: argparse.Namespace) -> dict[str, Row]:
    """Measure what is asked for; what is on file and not asked for stays."""
    goals = yardsticks(args.cases / "README.md")
    rows = on_file()
    names = [p.stem for p in sorted(CASES.glob("c*.py"))]
    for case in args.only.split(",") if args.only else names:
        folder = next(iter(sorted(args.cases.glob(f"{case}_*"))), None)
        if folder is None or case not in names:
            known = ", ".join(names)
            raise SystemExit(f"{case}: no such case in {args.cases}; scripts/_cases has {known}")
        module = importlib.import_module(f"_cases.{case}")
        variants = getattr(module, "VARIANTS", ({},))
        for k, variant in enumerate(variants):
            goal = goals[case]
            good = goal["good"][min(k, len(goal["good"]) - 1)]
            try:
                row = measure(case, folder, variant, args)
            except kanpde.KanpdeError as error:
                row = {"case": case, "variant": variant, "errors": {}, "failed": str(error)}
            row.update(good=good, title=goal["title"], published=goal["published"])
            rows[f"{case} {json.dumps(variant)}"] = row
            tell(row)
            write("bench_cases", {"rows": [rows[key] for key in sorted(rows)]})
    return rows


def on_file() -> dict[str, Row]:
    """Rows of earlier runs."""
    path = RESULTS / "bench_cases.json"
    rows = json.loads(path.read_text())["rows"] if path.exists() else []
    return {f"{row['case']} {json.dumps(row['variant'])}": row for row in rows}


def tell(row: Row) -> None:
    """Print one row."""
    if "failed" in row:
        print(f"{row['case']} {row['variant'] or ''}: {row['failed']}", flush=True)
        return
    verdict = "good" if row["worst"] <= row["good"] else "MISSED"
    parts = ", ".join(f"{name} {value:.1e}" for name, value in row["errors"].items())
    path = path_words(row["path"], " -> ")
    print(
        f"{row['case']} {row['variant'] or ''} {verdict} (asked {row['good']:.0e}): {parts}; "
        f"{row['seconds']} s, {path}",
        flush=True,
    )


def table() -> None:
    """Print the rows on file as Markdown."""
    print("| case | relative L2 error | asked (good) | seconds | path | published |")
    print("|---|---|---|---|---|---|")
    for _, row in sorted(on_file().items()):
        variant = ", ".join(f"{k} = {v}" for k, v in row["variant"].items())
        label = f"{row['case']} {row['title']}" + (f", {variant}" if variant else "")
        if "failed" in row:
            print(f"| {label} | failed: {row['failed']} | {row['good']:.0e} | | | |")
            continue
        parts = ", ".join(f"{name} {value:.1e}" for name, value in row["errors"].items())
        path = path_words(row["path"])
        print(
            f"| {label} | {parts} | {row['good']:.0e} | {row['seconds']:.0f} | {path} "
            f"| {row['published']} |"
        )


def main() -> int:
    """Measure or show."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=Path, help="folder of the cases")
    parser.add_argument("--only", default="", help="names of cases, separated by commas")
    parser.add_argument("--time-limit", type=float, default=600.0, help="most seconds per solve")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--table", action="store_true", help="print what is on file")
    args = parser.parse_args()
    if args.table:
        table()
        return 0
    if args.cases is None or not (args.cases / "README.md").exists():
        parser.error("--cases: expected the folder of the cases with its README.md")
    run(args)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
