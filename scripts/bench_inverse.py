"""How often the 95 % interval of an identified constant holds the truth.

Solves problems/heat_inverse.py (diffusivity 0.1 from 200 temperatures with 1 % noise) for many
draws of points and noise, and prints value, interval and coverage. Of 20 intervals at 95 %, 19
are expected to hold the truth; 18 or more are asked. The spread of the values is compared with the
interval's width and with the Cramer-Rao bound, 0.083 % of D: intervals that are much too wide
would cover always and say nothing. The numbers go to scripts/results/bench_inverse.json.

    python scripts/bench_inverse.py [--draws 20] [--steps 14] [--hidden 6,6]
"""

from __future__ import annotations

import argparse
import json
import platform
from pathlib import Path

import numpy as np
import torch

import kanpde
from kanpde.cli._problem_file import load_problem

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "scripts" / "results" / "bench_inverse.json"
TRUTH = 0.1
BOUND = 0.00083


def measure(draw: int, settings: kanpde.Settings) -> dict[str, float | bool]:
    """Solve one draw."""
    problem, _ = load_problem(str(ROOT / "problems" / "heat_inverse.py"), [f"draw={draw}"])
    solution = kanpde.solve(problem, settings)
    found = solution.identified["D"]
    return {
        "draw": draw,
        **found,
        "covered": found["low"] <= TRUTH <= found["high"],
        "relative_l2": solution.errors["u"]["relative_l2"],
        "seconds": solution.summary["seconds"],
    }


def main() -> int:
    """Measure every draw and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--steps", type=int, default=14)
    parser.add_argument("--hidden", default="6,6")
    parser.add_argument("--interior", type=int, default=300)
    args = parser.parse_args()
    hidden = tuple(int(n) for n in args.hidden.split(","))
    settings = kanpde.Settings(
        hidden=hidden, interior=args.interior, steps=args.steps, threads=torch.get_num_threads()
    )
    lines = []
    print("draw         D                    95 % interval    holds 0.1   error of u")
    for draw in range(args.draws):
        line = measure(draw, settings)
        lines.append(line)
        print(
            f"{draw:4}  {line['value']:.6f}  [{line['low']:.6f}, {line['high']:.6f}]"
            f"  {'yes' if line['covered'] else 'NO':>9}   {line['relative_l2']:.1e}",
            flush=True,
        )
    values = np.array([line["value"] for line in lines])
    covered = sum(bool(line["covered"]) for line in lines)
    width = float(np.mean([line["high"] - line["low"] for line in lines])) / TRUTH / 4
    summary = {
        "covered": covered,
        "draws": len(lines),
        "bias of D": float(values.mean() / TRUTH - 1),
        "standard deviation of D over draws": float(values.std(ddof=1) / TRUTH),
        "a quarter of the mean interval": width,
        "Cramer-Rao bound": BOUND,
        "median seconds": float(np.median([line["seconds"] for line in lines])),
    }
    for name, value in summary.items():
        print(f"{name:36} {value:.3g}")
    record = {
        "settings": settings.to_data(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "summary": summary,
        "lines": lines,
    }
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(record, indent=1) + "\n")
    return 0 if covered >= 0.9 * len(lines) else 1


if __name__ == "__main__":
    raise SystemExit(main())
