"""One network for a family: the error at many values of the parameter, none of them solved for.

Solves a parametric problem file once and measures the relative L2 error at evenly spaced values of
its parameter, ends included, on fresh uniform points of the other coordinates.

    python scripts/bench_parametric.py [--problem NAME] [--values 20] [--time-limit 300]

The numbers go to scripts/results/bench_parametric.json. The exit status tells whether the worst
error is below --asked.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from _bench import RESULTS, machine, write

import kanpde
from kanpde.cli._problem_file import load_problem

ROOT = Path(__file__).resolve().parent.parent
POINTS = 4000


def errors(solution: kanpde.Solution, values: int) -> dict[float, float]:
    """Give the relative L2 error of the first unknown at each value of the first parameter."""
    domain = solution.problem.domain
    axis = domain.coordinates.index(domain.parameters[0])
    found = {}
    for k, value in enumerate(np.linspace(domain.lower[axis], domain.upper[axis], values)):
        points, _ = domain.interior(POINTS, sampler="uniform", rng=np.random.default_rng([7, k]))
        points[:, axis] = value
        truth = solution.truth(points)
        assert truth is not None
        gap = solution(points)[:, 0] - truth[:, 0]
        found[float(value)] = float(np.linalg.norm(gap) / np.linalg.norm(truth[:, 0]))
    return found


def main() -> int:
    """Solve, measure, print, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--problem", default="parametric_poisson")
    parser.add_argument("--values", type=int, default=20)
    parser.add_argument("--time-limit", type=float, default=300.0)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--asked", type=float, default=1e-4)
    args = parser.parse_args()
    problem, _ = load_problem(str(ROOT / "problems" / f"{args.problem}.py"), [])
    settings = kanpde.Settings(time_limit=args.time_limit, threads=args.threads)
    solution = kanpde.solve(problem, settings)
    found = errors(solution, args.values)
    for value, error in found.items():
        print(f"{problem.domain.parameters[0]} = {value:.4f}  relative L2 {error:.2e}")
    worst = max(found.values())
    summary = solution.summary
    print(f"worst {worst:.2e} (asked {args.asked:.0e}) in {summary['seconds']:.1f} s")
    print(f"{' -> '.join(summary['path'])}; {summary['net']}")
    row = {
        "problem": args.problem,
        "worst": worst,
        "asked": args.asked,
        "errors": [[value, error] for value, error in found.items()],
        "seconds": round(summary["seconds"], 2),
        "path": summary["path"],
        "net": summary["net"],
        "predicted": solution.estimates["predicted"],
    }
    RESULTS.mkdir(exist_ok=True)
    write("bench_parametric", {"machine": machine(), "rows": [row]})
    return 0 if worst <= args.asked else 1


if __name__ == "__main__":
    raise SystemExit(main())
