"""What each part of the recipe is worth: optimizer by basis by depth, error against seconds.

    python scripts/ablation.py [--problems poisson_paper,burgers] [--optimizers adam,lm]
                               [--bases chebyshev,bspline] [--depths 1,2,4] [--seeds 0,1,2]
                               [--seconds 30] [--limit N] [--again]

Every row trains one KAN (the linear path is off) with about 600 coefficients, whatever its depth
and basis. A finished (problem, optimizer, basis, depth, seed) is kept in
``scripts/results/ablation.json`` and not run again unless ``--again`` is given or it had fewer
seconds; ``--limit N`` stops after N rows. ``docs/ablation.md`` and ``docs/ablation.png`` are
written from that file.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import math
import statistics
from pathlib import Path
from typing import Any

import numpy as np
from _bench import RESULTS, machine

from kanpde import Settings
from kanpde.cli._problem_file import load_problem
from kanpde.ground._choices import BASES, OPTIMIZERS
from kanpde.plot._style import PAGE, new_figure, style, tidy_axes
from kanpde.solvers._network import make_network
from kanpde.solvers._plan import interior_points, make_plan
from kanpde.studies import Measure, Run, measure_run

ROOT = Path(__file__).resolve().parents[1]
STORE = RESULTS / "ablation.json"
TABLE = ROOT / "docs" / "ablation.md"
FIGURE = ROOT / "docs" / "ablation.png"
PROBLEMS = ("poisson_paper", "burgers")
COEFFICIENTS = 600
WIDEST = 200
MARKS = (5.0, 15.0, 30.0)
GRIDS = (3, 6, 12)
EXTENDED = "lm + geodesic + extension"

# name in the table: settings
CHOICES: dict[str, dict[str, Any]] = {
    "adam": {"optimizer": "adam"},
    "lbfgs": {"optimizer": "lbfgs"},
    "ssbroyden": {"optimizer": "ssbroyden"},
    "lm": {"optimizer": "lm", "geodesic": False},
    "lm + geodesic": {"optimizer": "lm", "geodesic": True},
    EXTENDED: {"optimizer": "lm", "geodesic": True, "grids": GRIDS},
}
COLORS = {
    "adam": "#666666",
    "lbfgs": "#E69F00",
    "ssbroyden": "#CC79A7",
    "lm": "#56B4E9",
    "lm + geodesic": "#0072B2",
    EXTENDED: "#009E73",
}
Row = dict[str, Any]
KEY = ("problem", "optimizer", "basis", "depth", "seed")


def optimizers() -> list[str]:
    """Optimizers of the table that this version of kanpde has."""
    return [name for name, chosen in CHOICES.items() if chosen["optimizer"] in OPTIMIZERS]


def bases() -> list[str]:
    """Bases of the table that this version of kanpde has."""
    return [name for name in ("chebyshev", "bspline", "sine", "rbf", "wavelet") if name in BASES]


def settings_of(problem: Any, optimizer: str, basis: str, depth: int) -> Settings:
    """Settings of a row: about as many coefficients as every other row, on the last grid."""
    chosen = CHOICES[optimizer]
    base = Settings(linear=False, basis=basis, **chosen)
    last = base.replace(grids=None, grid=GRIDS[-1]) if "grids" in chosen else base
    plan = make_plan(problem, base)

    def count(width: int) -> int:
        settings = last.replace(hidden=(width,) * depth)
        return make_network(dataclasses.replace(plan, settings=settings)).count

    low, high = 1, WIDEST  # the count grows with the width
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if count(middle) <= COEFFICIENTS else (low, middle)
    width = min((low, high), key=lambda w: abs(count(w) - COEFFICIENTS))
    return base.replace(hidden=(width,) * depth, interior=interior_points(plan, COEFFICIENTS))


def train(name: str, optimizer: str, basis: str, depth: int, seed: int, seconds: float) -> Row:
    """Train one row and keep its curve, thinned to what a figure shows."""
    problem, _ = load_problem(str(ROOT / "problems" / f"{name}.py"))
    settings = settings_of(problem, optimizer, basis, depth)
    settings = settings.replace(seed=seed, time_limit=seconds)
    run = measure_run(problem, settings, size=depth, measure=Measure(problem))
    if run is None:
        raise KeyboardInterrupt
    return {
        **dict(zip(KEY, (name, optimizer, basis, depth, seed), strict=True)),
        "limit": seconds,
        "network": run.network,
        "coefficients": run.coefficients,
        "status": run.status,
        "steps": run.steps,
        "seconds": round(run.seconds, 2),
        "errors": {f"{mark:g}": finite(at(run, mark)) for mark in MARKS if mark <= seconds},
        "curve": thinned(run),
        "machine": machine(),
    }


def at(run: Run, seconds: float) -> float:
    """Error after so many seconds; a run that stopped of itself keeps its last one."""
    return run.error_at("seconds", seconds)


def finite(error: float) -> float | None:
    """JSON has no infinity: ``None`` is a run that failed."""
    return error if math.isfinite(error) else None


def thinned(run: Run, *, growth: float = 1.08) -> list[list[float]]:
    """Seconds and error at times that grow by 8 % at least."""
    kept: list[list[float]] = []
    for point in run.curve[1:]:
        if math.isfinite(point["error"]) and (
            not kept or point["seconds"] >= growth * kept[-1][0] or point is run.curve[-1]
        ):
            kept.append([round(point["seconds"], 3), float(f"{point['error']:.3e}")])
    return kept


def key_of(row: Row) -> tuple[Any, ...]:
    """What makes a row different from the others."""
    return tuple(row[name] for name in KEY)


def page(found: list[Row]) -> str:
    """Table of the medians over the seeds, the best of each column in bold."""
    seeds = sorted({r["seed"] for r in found})
    lines = [
        "# Ablation",
        "",
        "Written by `python scripts/ablation.py`; the data lie in `scripts/results/ablation.json`.",
        f"Relative L2 error after {', '.join(f'{m:g}' for m in MARKS)} seconds of optimisation on",
        "4000 points that no optimizer saw: median over the seeds (smallest … largest where there",
        f"are several; seeds here: {', '.join(map(str, seeds))}). Every net is a KAN of about "
        f"{COEFFICIENTS}",
        "coefficients, whatever its basis and depth (number of hidden layers), trained on the same",
        "number of points; the linear path is off. *extension* starts B-splines on",
        f"{GRIDS[0]} intervals and goes to {GRIDS[1]} and {GRIDS[2]} where the loss stalls, with",
        f"about {COEFFICIENTS} coefficients on the last grid. The smallest median of a column is",
        "bold; a dash is a run that failed or was not made.",
        "",
        "![Error against seconds](ablation.png)",
        "",
        "One panel for each problem and basis; every optimizer at the depth (in brackets) that",
        "suited it best after the last second; the median over the seeds.",
    ]
    for name in PROBLEMS:
        rows = [r for r in found if r["problem"] == name]
        if rows:
            lines += ["", f"## {name}", "", *_table(rows)]
    return "\n".join(lines) + "\n"


def _table(rows: list[Row]) -> list[str]:
    marks = [f"{m:g}" for m in MARKS]
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for r in rows:
        groups.setdefault((r["optimizer"], r["basis"], r["depth"]), []).append(r)
    medians = {
        (group, mark): _median(_errors(runs, mark))
        for group, runs in groups.items()
        for mark in marks
    }
    best = {mark: min(medians[g, mark] for g in groups) for mark in marks}
    lines = [
        "| optimizer | basis | depth | network | coefficients | steps | seeds | "
        + " | ".join(f"{mark} s" for mark in marks)
        + " |",
        "|---|---|---|---|---|---|---|" + "---|" * len(marks),
    ]
    for group in sorted(groups, key=_order):
        runs = groups[group]
        cells = [
            _cell(_errors(runs, mark), bold=medians[group, mark] == best[mark]) for mark in marks
        ]
        width = runs[0]["network"].split(" ")[1].rstrip(",")
        steps = statistics.median(r["steps"] for r in runs)
        optimizer, basis, depth = group
        lines.append(
            f"| {optimizer} | {basis} | {depth} | {width} | {runs[0]['coefficients']} "
            f"| {steps:g} | {len(runs)} | {' | '.join(cells)} |"
        )
    return lines


def _order(group: tuple[Any, ...]) -> tuple[int, int, int]:
    optimizer, basis, depth = group
    return list(CHOICES).index(optimizer), bases().index(basis), depth


def _errors(runs: list[Row], mark: str) -> list[float]:
    return [math.inf if e is None else e for e in (r["errors"].get(mark) for r in runs)]


def _median(errors: list[float]) -> float:
    return statistics.median(errors)


def _cell(errors: list[float], *, bold: bool) -> str:
    middle = _median(errors)
    if not math.isfinite(middle):
        return "–"
    text = f"**{middle:.1e}**" if bold else f"{middle:.1e}"
    return text if len(errors) == 1 else f"{text} ({min(errors):.1e} … {max(errors):.1e})"


def draw(found: list[Row]) -> None:
    """Draw the curves: a row of panels for each problem, a panel for each basis."""
    names = [n for n in PROBLEMS if any(r["problem"] == n for r in found)]
    columns = [b for b in bases() if any(r["basis"] == b for r in found)]
    with style():
        figure = new_figure(PAGE, 0.5 + 2.3 * len(names))
        panels = figure.subplots(len(names), len(columns), sharey="row", sharex=True, squeeze=False)
        for (i, name), (j, basis) in itertools.product(enumerate(names), enumerate(columns)):
            rows = [r for r in found if (r["problem"], r["basis"]) == (name, basis)]
            _draw_panel(panels[i][j], rows)
            panels[i][j].set_title(f"{name}, {basis}", loc="left")
            if i == len(names) - 1:
                panels[i][j].set_xlabel("seconds of optimization")
            if j == 0:
                panels[i][j].set_ylabel("relative $L^2$ error")
        drawn = [o for o in CHOICES if any(r["optimizer"] == o for r in found)]
        handles = [panels[0][0].plot([], [], color=COLORS[o], label=o)[0] for o in drawn]
        figure.legend(handles=handles, loc="outside lower center", ncols=len(drawn))
        figure.savefig(FIGURE, dpi=110)


def _draw_panel(axes: Any, rows: list[Row]) -> None:
    axes.grid(visible=True)
    axes.set_xscale("log")
    axes.set_yscale("log")
    for optimizer in CHOICES:
        own = [r for r in rows if r["optimizer"] == optimizer and r["curve"]]
        if not own:
            continue
        best = min({r["depth"] for r in own}, key=lambda d, own=own: _final(own, d))
        curves = [np.array(r["curve"]) for r in own if r["depth"] == best]
        seconds = np.geomspace(max(c[0, 0] for c in curves) + 1e-3, max(c[-1, 0] for c in curves))
        errors = [c[np.searchsorted(c[:, 0], seconds, "right").clip(1) - 1, 1] for c in curves]
        middle = np.median(errors, axis=0)
        axes.plot(seconds, middle, color=COLORS[optimizer])
        axes.annotate(
            f"({best})", (seconds[-1], middle[-1]), xytext=(2, 0), textcoords="offset points",
            va="center", fontsize=6, color=COLORS[optimizer],
        )  # fmt: skip
    axes.margins(x=0.12)
    tidy_axes(axes)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")


def _final(rows: list[Row], depth: int) -> float:
    return _median([r["curve"][-1][1] for r in rows if r["depth"] == depth])


def save(found: list[Row]) -> None:
    """Write the data a row a line, the page and the figure."""
    RESULTS.mkdir(exist_ok=True)
    found = sorted(found, key=lambda r: (r["problem"], *_order(key_of(r)[1:4]), r["seed"]))
    STORE.write_text("[\n" + ",\n".join(json.dumps(row) for row in found) + "\n]\n")
    TABLE.write_text(page(found), encoding="utf-8")
    draw(found)


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--problems", default=",".join(PROBLEMS))
    parser.add_argument("--optimizers", default=",".join(optimizers()))
    parser.add_argument("--bases", default=",".join(bases()))
    parser.add_argument("--depths", default="1,2,4")
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--seconds", type=float, default=MARKS[-1])
    parser.add_argument("--limit", type=int, default=None)
    parser.add_argument("--again", action="store_true")
    return parser.parse_args()


def main() -> None:
    """Run what is missing, a row at a time."""
    args = parse()
    found: list[Row] = json.loads(STORE.read_text()) if STORE.exists() else []
    todo = [
        (problem, optimizer, basis, int(depth), int(seed))
        for seed in args.seeds.split(",")
        for problem in args.problems.split(",")
        for optimizer in args.optimizers.split(",")
        for basis in args.bases.split(",")
        for depth in args.depths.split(",")
        if optimizer != EXTENDED or basis == "bspline"
    ]
    kept = {key_of(r) for r in found if not args.again and r["limit"] >= args.seconds}
    for key in [key for key in todo if key not in kept][: args.limit]:
        row = train(*key, args.seconds)
        found = [r for r in found if key_of(r) != key] + [row]
        save(found)
        errors = ", ".join(f"{m} s: {e or math.nan:.1e}" for m, e in row["errors"].items())
        print(*key, row["network"], row["coefficients"], row["steps"], errors, flush=True)
    if found:
        save(found)


if __name__ == "__main__":
    main()
