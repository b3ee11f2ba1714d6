"""Measure the memory of a Levenberg-Marquardt step with many rows.

    python scripts/bench_memory.py [--points 200000] [--limit 2.0]

Burgers' equation, KAN [2, 8, 8, 8, 8, 1] with Chebyshev edges (about 1000 coefficients), one
whole step (rows, sums, geodesic correction, new loss) in Gram and in QR form, each in a fresh
process. The peak is what the operating system reports (ru_maxrss); J alone would take 1.8 GB.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import torch
from _bench import machine, write

from kanpde import Settings
from kanpde.basis import Chebyshev
from kanpde.nets import KAN
from kanpde.optimize._levenberg import LevenbergMarquardt
from kanpde.residual._rows import Rows
from kanpde.solvers._plan import make_plan

ROOT = Path(__file__).resolve().parent.parent
WIDTH, DEGREE = [2, 8, 8, 8, 8, 1], 4


def peak() -> float:
    """Peak resident memory of this process in GiB."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30


def measure(form: str, points: int) -> dict:
    """Take one step in this process."""
    spec = spec_from_file_location("problem_burgers", ROOT / "problems" / "burgers.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    plan = make_plan(module.problem(), Settings())
    net = KAN(WIDTH, basis=Chebyshev(degree=DEGREE, squash=None), base="identity")
    trial = plan.trial(net)
    baseline = peak()
    start = time.perf_counter()
    rows = Rows(trial, plan.draw(points, np.random.default_rng(0), sampler="uniform"))
    prepared = peak()
    report = LevenbergMarquardt(linear_algebra=form).step(rows)
    return {
        "form": form,
        "points": points,
        "rows": rows.count,
        "coefficients": trial.count,
        "jacobian_gib": round(8 * rows.count * trial.count / 2**30, 3),
        "baseline_gib": round(baseline, 3),
        "prepared_gib": round(prepared, 3),
        "peak_gib": round(peak(), 3),
        "seconds": round(time.perf_counter() - start, 1),
        "accepted": report.accepted,
        "attempts": report.evaluations - 1,
    }


def main() -> int:
    """Measure both forms in fresh processes, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=200_000)
    parser.add_argument("--limit", type=float, default=2.0, help="GiB")
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--form", choices=("gram", "qr"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.set_default_dtype(torch.float64)
    if options.form:
        print(json.dumps(measure(options.form, options.points)))
        return 0
    found = []
    for form in ("gram", "qr"):
        command = [sys.executable, __file__, "--form", form, "--points", str(options.points)]
        command += ["--threads", str(torch.get_num_threads())]
        child = subprocess.run(command, capture_output=True, text=True, check=True)
        found.append(json.loads(child.stdout.splitlines()[-1]))
        print(
            "{form:4s} {rows} rows, {coefficients} coefficients: peak {peak_gib} GiB "
            "({baseline_gib} after imports, {prepared_gib} with points; J would be "
            "{jacobian_gib}), {seconds} s".format(**found[-1])
        )
    print(write("bench_memory", {"machine": machine(), "limit_gib": options.limit, "runs": found}))
    return int(max(run["peak_gib"] for run in found) > options.limit)


if __name__ == "__main__":
    sys.exit(main())
