"""Compare the weights that follow a training, at equal steps.

Conditions are imposed by rows, since there is nothing to balance where they hold exactly. Prints
a row per problem, optimizer and kind, and writes scripts/results/bench_weighting.json.

    python scripts/bench_weighting.py [--steps 100] [--adam-steps 2000] [--seed 0]
"""

from __future__ import annotations

import argparse
import time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from _bench import machine, write

import kanpde

ROOT = Path(__file__).resolve().parent.parent
PROBLEMS = ("heat", "wave", "burgers")
KINDS = ("none", "lra", "ntk", "rba", "causal")


def problem(name: str) -> kanpde.Problem:
    """The problem of a file."""
    spec = spec_from_file_location(f"problem_{name}", ROOT / "problems" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    found: kanpde.Problem = module.problem()
    return found


def measure(name: str, optimizer: str, kind: str, args: argparse.Namespace) -> dict[str, Any]:
    """Train once."""
    steps = args.adam_steps if optimizer == "adam" else args.steps
    start = time.perf_counter()
    solution = kanpde.solve(
        problem(name),
        optimizer=optimizer,
        weighting=kind,
        exact_conditions=False,
        symmetry=False,
        hidden=(8, 8),
        interior=1000,
        steps=steps,
        seed=args.seed,
        threads=1,
    )
    return {
        "problem": name,
        "optimizer": optimizer,
        "weighting": kind,
        "steps": steps,
        "seed": args.seed,
        "error": max(e["relative_l2"] for e in solution.errors.values()),
        "loss": solution.summary["loss"],
        "seconds": round(time.perf_counter() - start, 1),
        "machine": machine(),
    }


def main() -> None:
    """Measure all, print as it goes, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=100, help="steps of Levenberg-Marquardt")
    parser.add_argument("--adam-steps", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    rows = []
    for name in PROBLEMS:
        for optimizer in ("lm", "adam"):
            for kind in KINDS:
                row = measure(name, optimizer, kind, args)
                rows.append(row)
                told = f"{name:8} {optimizer:5} {kind:7} error {row['error']:.1e}"
                print(f"{told}  loss {row['loss']:.1e}  {row['seconds']} s", flush=True)
                write("bench_weighting", {"rows": rows})


if __name__ == "__main__":
    main()
