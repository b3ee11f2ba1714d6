"""Unseen problems: true error, predicted error, status and seconds without any settings.

    python scripts/bench_heldout.py [--only two_pipes,renewal] [--seeds 0,1,2] [--time-limit 20]
                                    [--quick] [--table]

No constant of kanpde was set on the problems of `scripts/_heldout`, so this page tells what the
others cannot: what a user's own problem may come out at, and how far the predicted error is to
be trusted. Nothing is tuned here: every problem gets a time limit, a seed and one thread, and a
failure is a row. Rows are kept in ``scripts/results/bench_heldout.json`` (with --only, the others
stay), and ``docs/heldout.md`` is written from that file. --quick solves the first problem of every
class for 5 seconds and writes nothing; --table only writes the page.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from _bench import RESULTS, machine, path_words, write
from _heldout import CASES, ROUND_OFF, Case

import kanpde

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "heldout.md"
STORE = RESULTS / "bench_heldout.json"
SECONDS, QUICK_SECONDS = 20.0, 5.0
NEAR = (0.3, 3.0)  # a ratio in here is a good prediction
Row = dict[str, Any]


def measure(name: str, seed: int, limit: float, where: Row) -> Row:
    """Solve one problem, or say why it was not solved."""
    row: Row = {"problem": name, "kind": CASES[name].kind, "seed": seed, "limit": limit}
    row["machine"] = where
    try:
        problem = CASES[name].make()
        points, _ = problem.domain.interior(2, rng=np.random.default_rng(0))
        problem.truth(points)  # a reference is made here, not in the seconds of the solve
        solution = kanpde.solve(problem, seed=seed, time_limit=limit, threads=1)
    except kanpde.KanpdeError as error:
        return {**row, "failed": str(error)}
    predicted = solution.estimates["predicted"]
    errors = {u: e["relative_l2"] for u, e in solution.errors.items() if u in predicted}
    known = [p for p in predicted.values() if p is not None]
    worst, guess = max(errors.values()), max(known) if known else None
    return {
        **row,
        "error": worst,
        "predicted": guess,
        "ratio": None if guess is None else guess / max(worst, 1e-300),
        "errors": errors,
        "predictions": predicted,
        "constants": constants(CASES[name], solution),
        "status": solution.status.value,
        "path": solution.summary["path"],
        "seconds": round(solution.summary["seconds"], 1),
        "coefficients": solution.summary["coefficients"],
    }


def constants(case: Case, solution: kanpde.Solution) -> dict[str, Row]:
    """Value, interval and true value of every unknown constant."""
    return {
        name: {"true": true, **{k: solution.identified[name].get(k) for k in BOUNDS}}
        for name, true in case.constants.items()
    }


BOUNDS = ("value", "low", "high")


def judged(row: Row) -> bool:
    """Whether the truth is good enough to judge the prediction."""
    accuracy = CASES[row["problem"]].accuracy
    return row.get("ratio") is not None and (accuracy <= ROUND_OFF or row["error"] > 3 * accuracy)


def digest(rows: Iterable[Row]) -> tuple[str, ...]:
    """Count, median error, median ratio and share of good ratios; a failure counts as infinite."""
    rows = list(rows)
    errors = [row.get("error", math.inf) for row in rows]
    ratios = [row["ratio"] for row in rows if judged(row)]
    good = sum(NEAR[0] <= r <= NEAR[1] for r in ratios)
    return (
        str(len(rows)),
        f"{statistics.median(errors):.1e}",
        f"{statistics.median(ratios):.2g}" if ratios else "–",
        f"{good} of {len(ratios)}",
    )


def line(row: Row) -> str:
    """Put a row into the table."""
    case = CASES[row["problem"]]
    head = [f"`{row['problem']}`", row["kind"], str(row["seed"])]
    if "failed" in row:
        cells = ["–", "–", "–", f"failed: {row['failed']}", "–", "–", "–"]
        return f"| {' | '.join(head + cells)} |"
    guess, ratio = row["predicted"], row["ratio"]
    below = row["error"] <= 3 * case.accuracy and case.accuracy > ROUND_OFF
    cells = [
        f"{row['error']:.1e}" + (" (truth)" if below else ""),
        "–" if guess is None else f"{guess:.1e}",
        "–" if ratio is None else f"{ratio:.2g}",
        row["status"],
        path_words(row["path"]),
        f"{row['seconds']:.1f}",
        str(row["coefficients"]),
    ]
    return f"| {' | '.join(head + cells)} |"


def page(rows: list[Row]) -> str:
    """Write the page from the rows."""
    limits = sorted({row["limit"] for row in rows})
    commits = sorted({row["machine"]["commit"] for row in rows})
    used = sorted({row["machine"]["processor"] for row in rows})
    given = ", ".join(f"{limit:g}" for limit in limits)
    lines = [
        "# Unseen problems",
        "",
        "Written by `python scripts/bench_heldout.py` from `scripts/results/bench_heldout.json`.",
        "No constant of kanpde was set on these problems (`scripts/_heldout`), and none may be:",
        "those of the other pages were there while kanpde was made. No settings but a time limit",
        f"of {given} s, one thread; commit {', '.join(commits)}; {', '.join(used)}.",
        "",
        "*Error* is the true relative L2 error of the worst unknown, on 4000 points that no solve",
        "saw; *predicted* is what the solve said of it without the truth. *(truth)* marks errors",
        "of at most three times what the reference may be wrong by: their ratio is not counted.",
        "Where both are round-off the ratio says little.",
        "",
        "| problem | class | seed | error | predicted | predicted / true | status | path | seconds "
        "| coefficients |",
        "|---|---|---|---|---|---|---|---|---|---|",
        *map(line, rows),
        "",
        f"## In short\n\nA ratio is good within [{NEAR[0]:g}, {NEAR[1]:g}].",
        "",
        "| class | runs | median error | median ratio | good ratios |",
        "|---|---|---|---|---|",
    ]
    kinds = dict.fromkeys(case.kind for case in CASES.values())
    groups = {kind: [row for row in rows if row["kind"] == kind] for kind in kinds}
    groups["all"] = rows
    groups["all with an error above 1e-12"] = [r for r in rows if r.get("error", 1.0) > 1e-12]
    lines += [f"| {kind} | {' | '.join(digest(g))} |" for kind, g in groups.items() if g]
    return "\n".join([*lines, *told_constants(rows), *told_problems()]) + "\n"


def told_constants(rows: list[Row]) -> list[str]:
    """Unknown constants beside their true values."""
    lines = [
        "\n## Unknown constants\n",
        "| problem | seed | constant | true | found | relative error | 95 % interval |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        for name, c in row.get("constants", {}).items():
            gap = abs(c["value"] / c["true"] - 1)
            between = "–" if c["low"] is None else f"{c['low']:.6g} … {c['high']:.6g}"
            lines.append(
                f"| `{row['problem']}` | {row['seed']} | {name} | {c['true']:.8g} "
                f"| {c['value']:.8g} | {gap:.1e} | {between} |"
            )
    return lines


def told_problems() -> list[str]:
    """What the problems are and how their truth is known."""
    lines = [
        "\n## The problems\n",
        "| problem | statement | truth | its accuracy |",
        "|---|---|---|---|",
    ]
    for name, case in CASES.items():
        accuracy = "round-off" if case.accuracy <= ROUND_OFF else f"{case.accuracy:.0e}"
        lines.append(f"| `{name}` | {case.statement} | {case.truth} | {accuracy} |")
    return lines


def on_file() -> list[Row]:
    """Rows of earlier runs, in the order of the problems."""
    rows = json.loads(STORE.read_text())["rows"] if STORE.exists() else []
    return ordered(rows)


def ordered(rows: Iterable[Row]) -> list[Row]:
    """Rows of problems that there still are, in their order."""
    place = {name: k for k, name in enumerate(CASES)}
    found = [row for row in rows if row["problem"] in place]
    return sorted(found, key=lambda row: (place[row["problem"]], row["seed"]))


def first_of_each_kind() -> list[str]:
    """Names of one problem per class."""
    kinds: dict[str, str] = {}
    for name, case in CASES.items():
        kinds.setdefault(case.kind, name)
    return list(kinds.values())


def main() -> None:
    """Solve what is asked for, print it, and write data and page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", help="names of problems, separated by commas")
    parser.add_argument("--seeds", default="0", help="separated by commas")
    parser.add_argument("--time-limit", type=float, default=None, help="seconds per solve")
    parser.add_argument("--quick", action="store_true", help="one problem per class; no files")
    parser.add_argument("--table", action="store_true", help="only write the page")
    args = parser.parse_args()
    names = list(filter(None, args.only.split(","))) or list(CASES)
    if unknown := [name for name in names if name not in CASES]:
        parser.error(f"--only: no problem {', '.join(unknown)}; there are {', '.join(CASES)}")
    if args.quick:
        names = [name for name in first_of_each_kind() if name in names]
    limit = args.time_limit or (QUICK_SECONDS if args.quick else SECONDS)
    rows = {(row["problem"], row["seed"]): row for row in on_file()}
    fresh, where = [], machine()  # once: the first row makes the files differ from the commit
    for name in [] if args.table else names:
        for seed in map(int, args.seeds.split(",")):
            rows[name, seed] = measure(name, seed, limit, where)
            fresh.append(rows[name, seed])
            print(line(rows[name, seed]), flush=True)
            if not args.quick:
                write("bench_heldout", {"rows": ordered(rows.values())})
    if fresh:
        print("runs, median error, median ratio, good ratios:", *digest(fresh), sep="  ")
    if not args.quick:
        PAGE.write_text(page(ordered(rows.values())))


if __name__ == "__main__":
    main()
