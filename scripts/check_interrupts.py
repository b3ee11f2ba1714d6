"""Kill runs at random times, resume them, and compare with runs that were never stopped.

For every method and every way of dying (SIGINT, SIGTERM, SIGKILL) a run of `kanpde solve` is
stopped TIMES times at random moments, resumed until it has finished, and its solution is
compared at 500 points with that of an uninterrupted run. After every death the run directory
must load. The waiting times are drawn uniformly between zero and the length of a whole run, so
some deaths come before the first step and some after the last one. The table goes to standard
output and the numbers to scripts/results/check_interrupts.json.

A run is the command line itself in a process of its own. It is forked after the imports, so that
the deaths fall into the work and not into importing torch; checkpoints are written ten times a
second, because the runs last a second only. Lines marked "fresh" start `python -m kanpde` anew
each time and change nothing.

    python scripts/check_interrupts.py [--times 10]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

import kanpde
from kanpde.cli import main as main_of_kanpde
from kanpde.errors import RunDirectoryError
from kanpde.solution import _solve

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "scripts" / "results" / "check_interrupts.json"
TOLERANCE = 1e-10
ATTEMPTS = 20  # to kill a run before it has finished
FRESH = "fresh "
POINTS = 500
SIGNALS = ("SIGINT", "SIGTERM", "SIGKILL")
PROBLEM = """
from sympy import cos, pi, sin

from kanpde import Dirichlet, Interval, Problem, coordinates, unknown


def problem(nonlinear: bool = True):
    x = coordinates("x")
    u = unknown("u", x)
    force = u**3 if nonlinear else u
    exact = sin(pi * x) + cos(3 * x) * x / 10
    source = exact.diff(x, 2) - force.subs(u, exact)
    return Problem(
        domain=Interval(x, -1, 1),
        equations={"ode": u.diff(x, 2) - force - source},
        conditions={"ends": Dirichlet(u, exact)},
        exact={u: exact},
    )
"""
SMALL = ("--hidden", "4,4", "-s", "interior=256", "-s", "redraw=7", "-s", "threads=1")
METHODS = {
    "lm chebyshev": (*SMALL, "--steps", "30"),
    "lm bspline grids 3,6": (*SMALL, "--basis", "bspline", "-s", "grids=3,6", "--steps", "40"),
    "lbfgs": (*SMALL, "-s", "optimizer=lbfgs", "--steps", "30"),
    "adam": (*SMALL, "-s", "optimizer=adam", "--steps", "100"),
    "linear": ("-p", "nonlinear=false", "-s", "threads=1", "--steps", "8"),
}


def start(file: Path, out: Path, method: str) -> int:
    """Start the command line in a process of its own; it resumes what is there."""
    resume = ["--resume"] if out.is_dir() else []
    options = METHODS[method.removeprefix(FRESH)]
    words = ["solve", str(file), "--out", str(out), "--quiet", "--no-plots", *options, *resume]
    process = os.fork()
    if process:
        return process
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores it
    log = os.open(out.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    if method.startswith(FRESH):
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.environ.update(OMP_NUM_THREADS="1", PYTHONPATH=str(ROOT))
        os.execv(sys.executable, [sys.executable, "-m", "kanpde", *words])
    _solve.CHECKPOINT_EVERY = 0.1
    os._exit(main_of_kanpde(words))


def wait(process: int, seconds: float) -> int | None:
    """Wait for the end, at most some seconds; returns the exit code (negative for a signal)."""
    end = time.perf_counter() + seconds
    while True:
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.perf_counter() >= end:
            return None
        time.sleep(0.002)


def run(file: Path, out: Path, method: str) -> float:
    """Run to the end; returns the wall time."""
    begun = time.perf_counter()
    code = wait(start(file, out, method), 300.0)
    if code != 0:
        log = out.with_suffix(".log").read_text()
        raise SystemExit(f"{out.name}: exit code {code}\n{log}")
    return time.perf_counter() - begun


def stop(file: Path, out: Path, method: str, delay: float, name: str) -> int | None:
    """Start, wait, kill; returns the exit code of the death, None if it had finished before."""
    process = start(file, out, method)
    code = wait(process, delay)
    if code is not None:
        return None
    os.kill(process, getattr(signal, name))
    return wait(process, 60.0)


def stage(out: Path) -> str:
    """What a dead run left behind; anything that cannot be loaded is a failure."""
    if not out.is_dir() or not (out / "problem.json").exists():
        left = sorted(p.name for p in out.iterdir()) if out.is_dir() else []
        if any(not n.startswith((".", "checkpoint", "history")) for n in left):
            return f"FAILED: {left}"
        return "before the start"
    try:
        solution = kanpde.load(out)
    except RunDirectoryError as error:
        return f"FAILED: {error}"
    values = solution(np.zeros((3, 1)))
    if values.shape != (3, 1) or not np.isfinite(values).all():
        return "FAILED: the loaded solution has no values"
    return f"{solution.status.value}, step {len(solution.history)}"


def measure(
    method: str, name: str, times: int, place: Path, whole: tuple[np.ndarray, float]
) -> dict[str, object]:
    """One line of the table."""
    file = place / "problem.py"
    truth, seconds = whole
    points = np.linspace(-1, 1, POINTS)[:, None]
    rng = np.random.default_rng([len(method), SIGNALS.index(name)])
    worst, stages, codes = 0.0, [], set()
    for trial in range(times):
        out = place / f"{method.replace(' ', '-').replace(',', '-')}-{name}-{trial}"
        for _ in range(ATTEMPTS):
            code = stop(file, out, method, rng.uniform(0.0, seconds), name)
            if code is not None:
                codes.add(code)
                stages.append(stage(out))
                break
            shutil.rmtree(out)  # it had finished before
        run(file, out, method)
        solution = kanpde.load(out)
        gap = np.abs(solution(points) - truth).max() / np.abs(truth).max()
        worst = max(worst, float(gap))
    failed = [s for s in stages if s.startswith("FAILED")]
    return {
        "method": method,
        "signal": name,
        "runs": times,
        "deaths": len(stages),
        "exit codes": sorted(codes),
        "before the start": stages.count("before the start"),
        "failed to load": len(failed),
        "largest relative difference": worst,
        "passed": not failed and worst <= TOLERANCE and codes != {0},
        "stages": stages,
    }


def main() -> int:
    """Measure every method and signal."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--signals", default=",".join(SIGNALS), help="the others are kept")
    args = parser.parse_args()
    torch.set_num_threads(1)
    chosen = args.signals.split(",")
    old = json.loads(RESULTS.read_text())["lines"] if RESULTS.exists() else []
    lines = [line for line in old if line["signal"] not in chosen]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "problem.py").write_text(PROBLEM)
        print(f"{'method':22} {'signal':8} runs deaths early unloadable  largest difference")
        for method in (*METHODS, f"{FRESH}lm chebyshev"):
            out = place / f"whole-{method.replace(' ', '-').replace(',', '-')}"
            seconds = run(place / "problem.py", out, method)
            warm = out.with_name(f"{out.name}-again")
            seconds = min(seconds, run(place / "problem.py", warm, method))
            truth = kanpde.load(out)(np.linspace(-1, 1, POINTS)[:, None])
            for name in chosen:
                times = 3 if method.startswith(FRESH) else args.times
                line = measure(method, name, times, place, (truth, seconds))
                lines.append(line)
                print(
                    f"{method:22} {name:8} {line['runs']:4} {line['deaths']:6} "
                    f"{line['before the start']:5} {line['failed to load']:10}  "
                    f"{line['largest relative difference']:.1e}"
                    f"{'' if line['passed'] else '  FAILED'}",
                    flush=True,
                )
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    record = {
        "tolerance": TOLERANCE,
        "points": POINTS,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "lines": lines,
    }
    RESULTS.write_text(json.dumps(record, indent=1) + "\n")
    return 0 if all(line["passed"] for line in lines) else 1


if __name__ == "__main__":
    raise SystemExit(main())
