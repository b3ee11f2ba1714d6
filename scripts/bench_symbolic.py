"""Read formulas off trained networks: from data, and from solutions of equations.

    python scripts/bench_symbolic.py [--only NAME,NAME]

Data: a KAN is fitted to 1000 noise-free points, simplified, trained on a finer grid, made symbolic
and written as a formula, each seed with other points and other initial coefficients; all by the
public calls `fit`, `simplify`, `train`, `auto_symbolic`, `symbolic_formula`, with the same
settings for every function. Nothing of the function is given away: the library is the default one.

Problems: the files of problems/ are solved with a time limit, and `Solution.symbolic()` reads the
solution; what it finds is put into every equation and condition.

The last section builds the KAN that equals an expression and writes it back.

Writes scripts/results/bench_symbolic.json and docs/symbolic.md's tables to standard output.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sympy
from _bench import RESULTS, machine, write
from numpy.typing import NDArray

import kanpde

Array = NDArray[np.float64]
ROOT = Path(__file__).resolve().parent.parent
ROWS = 1000
ROUND_OFF = 1e-10


@dataclass(frozen=True)
class Case:
    """A function to find again: its graph to start from, its range, its formula."""

    width: list[Any]
    low: float
    high: float
    function: Callable[[Array], Array]
    formula: str
    seeds: int = 3


CASES = {
    "exp(sin(pi x) + y^2)": Case(
        [2, 5, 1],
        -1,
        1,
        lambda x: np.exp(np.sin(np.pi * x[0]) + x[1] ** 2),
        "exp(sin(pi*x1)+x2**2)",
        seeds=5,
    ),
    "x y": Case([2, 5, 1], -1, 1, lambda x: x[0] * x[1], "x1*x2"),
    "x y; product nodes": Case([2, (2, 2), 1], -1, 1, lambda x: x[0] * x[1], "x1*x2"),
    "x / y": Case([2, 5, 1], 0.5, 2, lambda x: x[0] / x[1], "x1/x2"),
    "distance": Case(
        [4, 3, 3, 1],
        -1,
        1,
        lambda x: np.sqrt((x[0] - x[1]) ** 2 + (x[2] - x[3]) ** 2),
        "sqrt((x1-x2)**2+(x3-x4)**2)",
    ),
}
PROBLEMS = {
    "poisson_square": {},
    "poisson_paper": {},
    "helmholtz": {},
    "biharmonic": {},
    "heat": {},
    "wave": {},
    "convection": {"time_limit": 60},
    "travelling_wave": {"time_limit": 60},
    "kovasznay": {"time_limit": 60},
    "oscillator": {},
    "reaction": {"time_limit": 100},
    "heat_inverse": {"time_limit": 30},
    "burgers": {"time_limit": 60},
}
EXPRESSIONS = [
    "exp(sin(pi*x)+y**2)",
    "x*y",
    "x/y",
    "sqrt((x-y)**2+(x+2*y)**2)",
    "sin(x)*exp(-y)+x**2*y**2/3",
    "tanh(x-y/2)/(1+exp(-x*y))",
]


def recover(case: Case, seed: int) -> dict[str, Any]:
    """One function, one seed: fit, simplify, refine, make symbolic."""
    rng = np.random.default_rng(seed)
    d = case.width[0]
    x = case.low + (case.high - case.low) * rng.random((ROWS, d))
    fresh = case.low + (case.high - case.low) * rng.random((ROWS, d))
    start = time.perf_counter()
    fit = kanpde.fit(
        x, case.function(x.T), width=case.width, grids=(5,), seed=seed, steps=60, test=0
    )
    small = fit.simplify()
    fine = small.train(grids=(5, 10, 20), steps=40)
    found = fine.auto_symbolic()
    formula = found.symbolic_formula()
    seconds = time.perf_counter() - start
    gap = found(fresh)[:, 0] - case.function(fresh.T)
    difference = sympy.simplify(formula - sympy.sympify(case.formula, locals=_symbols(d)))
    return {
        "seed": seed,
        "shape": str(small.network.width) + _products(small.network),
        "rmse": {
            "first": fit.errors["train"]["rmse"],
            "simplified": small.errors["train"]["rmse"],
            "finer": fine.errors["train"]["rmse"],
        },
        "fresh_rmse": float(np.sqrt(np.mean(gap**2))),
        "formula": str(formula),
        "same": bool(difference == 0),
        "seconds": round(seconds, 1),
    }


def _symbols(d: int) -> dict[str, sympy.Symbol]:
    return {f"x{k}": sympy.Symbol(f"x{k}", real=True) for k in range(1, d + 1)}


def _products(network: kanpde.KAN) -> str:
    arities = [layer.arities for layer in network.layers]
    return f" with products {arities}" if any(arities) else ""


def read(name: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Solve one problem and read its solution."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "problems" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    start = time.perf_counter()
    solution = kanpde.solve(module.problem(), **settings)
    solved = time.perf_counter() - start
    found = solution.symbolic()
    verdict = found.verdict
    errors = [e["relative_l2"] for e in solution.errors.values()]
    return {
        "error": max(errors) if errors else None,
        "found": found.found,
        "exact": found.exact,
        "formulas": {k: str(v) for k, v in found.formulas.items()},
        "residual": None if verdict is None else verdict.worst,
        "difference": found.difference,
        "notes": found.notes,
        "solve_seconds": round(solved, 1),
        "read_seconds": round(found.seconds, 1),
    }


def round_trip(text: str) -> dict[str, Any]:
    """Build the KAN of an expression, compare, and write it back."""
    x, y = sympy.symbols("x y", real=True)
    expression = sympy.sympify(text, locals={"x": x, "y": y})
    network = kanpde.interpret.network_from_expression(expression, (x, y))
    points = 0.2 + 0.7 * np.random.default_rng(0).random((500, 2))
    import torch

    values = network(torch.from_numpy(points)).detach().numpy()[:, 0]
    truth = sympy.lambdify((x, y), expression, "numpy")(*points.T)
    (back,) = kanpde.interpret.symbolic_formula(network, (x, y))
    return {
        "expression": text,
        "width": network.width,
        "largest_gap": float(np.abs(values - truth).max()),
        "written_back": bool(sympy.simplify(back - expression) == 0),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", help="names of functions and problems, separated by commas")
    args = parser.parse_args()
    chosen = None if args.only is None else set(args.only.split(","))
    stored = RESULTS / "bench_symbolic.json"
    result: dict[str, Any] = {"functions": {}, "problems": {}}
    if chosen is not None and stored.exists():  # the others stay as they were
        result = json.loads(stored.read_text(encoding="utf-8"))
    result["machine"] = machine()
    print("| function | shape found | RMSE on fresh points | formula | seconds |")
    print("|---|---|---|---|---|")
    for name, case in CASES.items():
        if chosen is not None and name not in chosen:
            continue
        rows = [recover(case, seed) for seed in range(case.seeds)]
        result["functions"][name] = rows
        worst, most = max(r["fresh_rmse"] for r in rows), max(r["seconds"] for r in rows)
        good = sum(r["fresh_rmse"] <= ROUND_OFF for r in rows)
        shapes = ", ".join(dict.fromkeys(r["shape"] for r in rows))
        texts = ", ".join(dict.fromkeys(r["formula"] for r in rows))
        print(
            f"| {name} | {shapes} | {good} of {len(rows)} ≤ 1e-10, worst {worst:.1e} | {texts} "
            f"| up to {most} |",
            flush=True,
        )
    print("\n| problem | closed form | check | from the solution | seconds: solve, read |")
    print("|---|---|---|---|---|")
    for name, settings in PROBLEMS.items():
        if chosen is not None and name not in chosen:
            continue
        row = read(name, settings)
        result["problems"][name] = row
        told = "exact" if row["exact"] else "none found"
        if row["found"] and not row["exact"]:
            told = f"largest residual {row['residual']:.1e}"
        texts = ", ".join(f"{k} = {v}" for k, v in row["formulas"].items()) or row["notes"][0]
        gap = max(row["difference"].values(), default=float("nan"))
        print(
            f"| {name} | {texts} | {told} | {gap:.1e} "
            f"| {row['solve_seconds']}, {row['read_seconds']} |",
            flush=True,
        )
    result["expressions"] = [round_trip(text) for text in EXPRESSIONS]
    for row in result["expressions"]:
        print(row)
    write("bench_symbolic", result)


if __name__ == "__main__":
    main()
