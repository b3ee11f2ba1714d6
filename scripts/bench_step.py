"""Measure what one Levenberg-Marquardt step on Burgers' equation is made of.

    python scripts/bench_step.py [--points 7000] [--repeat 9]

KAN [2, 8, 8, 8, 8, 1], Chebyshev edges of degree 2, 681 coefficients. Residuals alone, residuals
and Jacobian on the plain path and on the fused kernel, the Gram product of that Jacobian (symmetric
rank-k update), factorisation and solve: all in one process, taking turns, threads as in a solve.
Then steps (residuals and Jacobian, Gram product, factorisation and solve) with every basis, KAN
[2, 8, 8, 1] with 8 functions and a base function per edge, 809 coefficients, on both paths.
Then, in fresh processes, the seconds from the start of `python -m kanpde solve` to the end of the
first optimizer step, with the kernel compiled by an earlier run and with an empty cache, and
what it costs to import numba and to load the kernel.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import torch
from _bench import interleaved, machine, write

from kanpde import Problem, Settings
from kanpde.optimize._accumulators import Gram
from kanpde.optimize._threads import few_threads
from kanpde.residual._rows import Rows
from kanpde.solvers._network import make_network
from kanpde.solvers._plan import make_plan

ROOT = Path(__file__).resolve().parent.parent
PROBLEM = ROOT / "problems" / "burgers.py"
SETTINGS = {"hidden": (8, 8, 8, 8), "degree": 2}
WHAT = ("rows", "rows and jacobian", "step")
BASES = {
    "chebyshev": {"basis": "chebyshev", "degree": 8},
    "chebyshev with silu": {"basis": "chebyshev", "degree": 8, "base": "silu"},
    "bspline": {"basis": "bspline", "grid": 5, "degree": 3},
    "sine": {"basis": "sine", "degree": 8},
    "rbf": {"basis": "rbf", "degree": 8},
}

FIRST = """
import os, sys, time
from kanpde.solvers import _session
record = _session.Session._record
def first(self, report):
    print("first step after", time.time() - float(os.environ["BEGAN"]), self.seconds, flush=True)
    os._exit(0)
_session.Session._record = first
from kanpde.cli import main
main(sys.argv[1:])
"""

LOAD = """
import json, time
import kanpde.nets, scipy.linalg
a, b = time.perf_counter(), time.process_time()
import numba
c, d = time.perf_counter(), time.process_time()
import kanpde.nets.fused._kernel as kernel
e, f = time.perf_counter(), time.process_time()
hits = sum(kernel.run.stats.cache_hits.values())
print(json.dumps({"import_numba_s": c - a, "import_numba_cpu_s": d - b,
                  "load_kernel_s": e - c, "load_kernel_cpu_s": f - d, "cached": bool(hits)}))
"""


def burgers() -> Problem:
    """The problem of the file."""
    spec = spec_from_file_location("problem_burgers", PROBLEM)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.problem()


def step(points: int, repeat: int) -> dict:
    """Milliseconds of every part of a step."""
    problem = burgers()
    calls, rows = {}, {}
    for kernel in ("torch", "fused"):
        settings = Settings(kernel=kernel, **SETTINGS)
        plan = make_plan(problem, settings)
        trial = plan.trial(make_network(plan))
        drawn = plan.draw(points, np.random.default_rng(0))
        rows[kernel] = Rows(trial, drawn)
        calls[f"rows {kernel}"] = rows[kernel].vector
        calls[f"rows and jacobian {kernel}"] = lambda own=rows[kernel]: list(own.jacobian())
    pieces = list(rows["fused"].jacobian())
    jacobian = torch.cat([j for j, _ in pieces])
    plain = torch.cat([j for j, _ in rows["torch"].jacobian()])
    difference = float((jacobian - plain).abs().max() / plain.abs().max())
    gram = Gram(trial.count, trial.eta)

    def product() -> None:
        for piece, residual in pieces:
            gram._add(piece, residual)

    def factor() -> torch.Tensor:
        gram.matrix.zero_()
        product()
        gram.reduce()
        return gram

    for piece, residual in pieces:
        gram.add(piece, residual)
    gram.reduce()
    kept = gram.matrix.clone()

    def solve() -> torch.Tensor:
        gram._factor = None
        return gram.step(1e-3)

    def sums() -> None:
        gram.matrix.zero_()
        product()

    calls["gram product"] = sums
    timed = interleaved({**calls}, repeat=repeat)
    gram.matrix = kept
    timed |= interleaved({"factorisation and solve": solve}, repeat=repeat)
    least = {name: value["median_ms"] for name, value in timed.items()}
    return {
        "points": points,
        "rows": rows["fused"].count,
        "coefficients": trial.count,
        "threads_torch": torch.get_num_threads(),
        "relative_difference_of_the_jacobians": difference,
        "times": timed,
        "fused_over_gram": round(least["rows and jacobian fused"] / least["gram product"], 3),
        "fused_over_torch": round(
            least["rows and jacobian fused"] / least["rows and jacobian torch"], 3
        ),
    }


def bases(points: int, repeat: int) -> dict:
    """Milliseconds of residuals and Jacobian and of whole steps, by basis and kernel."""
    problem = burgers()
    calls, counts = {}, {}
    for name, options in BASES.items():
        for kernel in ("torch", "fused"):
            plan = make_plan(problem, Settings(kernel=kernel, hidden=(8, 8), **options))
            trial = plan.trial(make_network(plan))
            rows = Rows(trial, plan.draw(points, np.random.default_rng(0)))
            gram = Gram(trial.count, trial.eta)

            def whole(rows: Rows = rows, gram: Gram = gram) -> torch.Tensor:
                gram.matrix.zero_()
                for piece, residual in rows.jacobian():
                    gram.add(piece, residual)
                gram.reduce()
                gram._factor = None
                return gram.step(1e-3)

            calls[f"{name}, rows {kernel}"] = rows.vector
            calls[f"{name}, rows and jacobian {kernel}"] = lambda own=rows: list(own.jacobian())
            calls[f"{name}, step {kernel}"] = whole
            counts[name] = trial.count
    timed = interleaved(calls, repeat=repeat)
    found: dict = {"points": points, "coefficients": counts, "times": timed}
    for kernel in ("torch", "fused"):
        for what in WHAT:
            usual = timed[f"chebyshev, {what} {kernel}"]["median_ms"]
            found[f"{what} {kernel} over chebyshev"] = {
                name: round(timed[f"{name}, {what} {kernel}"]["median_ms"] / usual, 3)
                for name in BASES
            }
    # what splines cost where the kernel does not know them
    found["bspline torch over chebyshev fused"] = {
        what: round(
            timed[f"bspline, {what} torch"]["median_ms"]
            / timed[f"chebyshev, {what} fused"]["median_ms"],
            3,
        )
        for what in WHAT
    }
    return found


def first_step(environment: dict[str, str], *options: str) -> dict[str, float]:
    """Seconds from the start of the process to the end of the first step."""
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-c", FIRST, "solve", str(PROBLEM)]
        command += ["--out", str(Path(directory) / "run"), *options]
        environment = {**environment, "BEGAN": repr(time.time())}
        child = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
    words = next(w for w in child.stdout.splitlines() if "first step after" in w).split()
    return {
        "seconds": round(float(words[-2]), 2),
        "of_them_optimisation": round(float(words[-1]), 2),
    }


def start_up() -> dict:
    """Start-up with an empty and with a filled cache of the kernel."""
    found: dict = {}
    trained = ("-s", "linear=false", "-s", "hidden=8,8,8,8", "-s", "degree=2")
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
        environment["PYTHONPATH"] = str(ROOT)
        for state in ("empty", "filled"):
            child = subprocess.run(
                [sys.executable, "-c", LOAD],
                env=environment,
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=True,
            )
            found[f"kernel_cache_{state}"] = json.loads(child.stdout)
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
        environment["PYTHONPATH"] = str(ROOT)
        found["first_step_default_empty_cache"] = first_step(environment)
    with tempfile.TemporaryDirectory() as cache:
        environment["NUMBA_CACHE_DIR"] = cache
        found["first_step_trained_empty_cache"] = first_step(environment, *trained)
        found["first_step_trained"] = first_step(environment, *trained)
        found["first_step_trained_torch"] = first_step(environment, *trained, "-s", "kernel=torch")
        found["first_step_default"] = first_step(environment)
    return found


def main() -> int:
    """Measure, print, write; fails where fused rows cost more than half the product.

    And where a step with splines costs more than one and a half with Chebyshev edges.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=7000)
    parser.add_argument("--repeat", type=int, default=9)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--no-start-up", action="store_true")
    options = parser.parse_args()
    torch.set_default_dtype(torch.float64)
    with few_threads(options.threads):
        found = {"machine": machine(), "step": step(options.points, options.repeat)}
        found["bases"] = bases(options.points, options.repeat)
    for name, value in [*found["step"]["times"].items(), *found["bases"]["times"].items()]:
        print(f"{name:44s} {value['median_ms']:8.2f} ms (least {value['least_ms']:.2f})")
    print("fused rows and Jacobian over Gram product:", found["step"]["fused_over_gram"])
    ratios = found["bases"]["step fused over chebyshev"]
    print("fused steps over that of Chebyshev edges:", ratios)
    if not options.no_start_up:
        found["start_up"] = start_up()
        print(json.dumps(found["start_up"], indent=1))
    print(write("bench_step", found))
    return int(found["step"]["fused_over_gram"] > 0.5 or ratios["bspline"] > 1.5)


if __name__ == "__main__":
    sys.exit(main())
