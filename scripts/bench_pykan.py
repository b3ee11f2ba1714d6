"""Seconds to the same test error: `kanpde.fit` against pykan 0.2.8, one thread each, in turn.

[2,5,1] on 1000 random points of exp(sin(pi x) + y^2), 1000 others as test points, grids 5, 10, 20,
float64, the same data for both. pykan runs as its tutorials do: LBFGS, `refine` between the grids,
grid updates as by default, `steps` optimizer steps (closures: up to 25) per grid. Its target is
1.05 times the least test error that it reaches on its way, and its time the moment when it first
gets there. kanpde runs its Levenberg-Marquardt through the same grids; its time is the first
moment at which its test error is at the target or below. Both clocks run from the call that makes
the network; a short fit before warms both up. Imports are left out.

pykan is installed into an environment of its own (a folder, made on the first run, with the
same torch). The numbers go to scripts/results/bench_pykan.json.

    OMP_NUM_THREADS=1 python scripts/bench_pykan.py [--env build/pykan] [--seeds 0,1,2]
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _bench import machine, write

import kanpde

ROOT = Path(__file__).resolve().parent.parent
VERSION, GRIDS, POINTS, MUST, SLACK = "0.2.8", (5, 10, 20), 1000, 10.0, 1.05
NEEDS = ("matplotlib", "sympy", "pandas", "scikit-learn", "tqdm", "pyyaml", "setuptools")
Array = np.ndarray

OTHER = """
import json, os, sys, time
import numpy as np, torch
torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
from kan import KAN
data, grids, steps, seed = json.loads(sys.argv[1])
loaded = np.load(data)
own = {
    "train_input": loaded["x"], "train_label": loaded["y"],
    "test_input": loaded["x_test"], "test_label": loaded["y_test"],
}
own = {k: torch.tensor(v) for k, v in own.items()}
def model():
    return KAN(width=[2, 5, 1], grid=grids[0], k=3, seed=seed)
def clock():
    return torch.tensor(time.perf_counter())
model().fit(own, opt="LBFGS", steps=2)
start, seconds, errors = time.perf_counter(), [], []
net = model()
for k, grid in enumerate(grids):
    if k:
        net = net.refine(grid)
    found = net.fit(own, opt="LBFGS", steps=steps, metrics=(clock,))
    seconds += [t - start for t in found["clock"]]
    errors += [float(e) for e in found["test_loss"]]
print("RESULT" + json.dumps([seconds, errors]))
"""


def environment(folder: Path) -> Path:
    """Python of pykan's environment, made where it is not there."""
    python = folder / "bin" / "python"
    if not python.exists():
        print(f"making {folder} with pykan {VERSION}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        versions = [f"torch=={torch.__version__.split('+')[0]}", f"numpy=={np.__version__}"]
        packages = [f"pykan=={VERSION}", *versions, *NEEDS]
        subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    return python


def draw(seed: int) -> dict[str, Array]:
    """Training and test points with their values."""
    rng = np.random.default_rng([seed, 6])
    x, x_test = rng.uniform(-1, 1, (2, POINTS, 2))
    return {"x": x, "y": truth(x), "x_test": x_test, "y_test": truth(x_test)}


def truth(x: Array) -> Array:
    """Evaluate exp(sin(pi x) + y^2), ``(N, 2) -> (N, 1)``."""
    return np.exp(np.sin(math.pi * x[:, :1]) + x[:, 1:] ** 2)


def run_pykan(python: Path, data: dict[str, Array], seed: int, steps: int) -> list[list[float]]:
    """Seconds and test errors after every step of pykan, in a folder that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.npz"
        np.savez(path, **data)
        done = subprocess.run(
            [python, "-c", OTHER, json.dumps([str(path), GRIDS, steps, seed])],
            cwd=folder,
            env={**os.environ, "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"},
            capture_output=True,
            text=True,
            check=False,
        )
    last = [text for text in done.stdout.splitlines() if text.startswith("RESULT")]
    if not last:
        raise SystemExit(f"pykan failed:\n{done.stderr[-2000:]}")
    found: list[list[float]] = json.loads(last[0].removeprefix("RESULT"))
    return found


def run_kanpde(data: dict[str, Array], seed: int) -> list[list[float]]:
    """Seconds and test errors of kanpde whenever it looks at the test rows."""
    x, y, test = data["x"], data["y"], (data["x_test"], data["y_test"])
    common: dict[str, Any] = {"width": (2, 5, 1), "threads": 1, "test": test, "seed": seed}
    kanpde.fit(x, y, grid=5, steps=2, **common)
    start, seconds, errors = time.perf_counter(), [], []

    def look(event: dict[str, Any]) -> None:
        if event["test"] is not None:
            seconds.append(time.perf_counter() - start)
            errors.append(event["test"])

    kanpde.fit(x, y, grids=GRIDS, steps=20, progress=look, **common)
    return [seconds, errors]


def reached(run: list[list[float]], target: float) -> float:
    """First moment at which the error is at the target or below."""
    return next((s for s, e in zip(*run, strict=True) if e <= target), math.inf)


def measure(python: Path, seed: int, steps: int) -> dict[str, Any]:
    """Run both on the same data."""
    data = draw(seed)
    other = run_pykan(python, data, seed, steps)
    own = run_kanpde(data, seed)
    target = SLACK * min(other[1])
    found = {
        "seed": seed,
        "target": target,
        "pykan seconds": reached(other, target),
        "kanpde seconds": reached(own, target),
        "pykan all seconds": other[0][-1],
        "kanpde all seconds": own[0][-1],
        "pykan least error": min(other[1]),
        "kanpde least error": min(own[1]),
    }
    found["ratio"] = found["pykan seconds"] / found["kanpde seconds"]
    print(
        f"seed {seed}: test rmse {target:.1e} after {found['pykan seconds']:.1f} s by pykan, "
        f"{found['kanpde seconds']:.2f} s by kanpde, {found['ratio']:.1f} times as fast; "
        f"kanpde gets to {found['kanpde least error']:.1e} in {found['kanpde all seconds']:.1f} s",
        flush=True,
    )
    return found


def main() -> int:
    """Run both in turn for every seed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--env", type=Path, default=ROOT / "build" / "pykan")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--steps", type=int, default=50)
    args = parser.parse_args()
    python = environment(args.env.absolute())
    runs = [measure(python, int(seed), args.steps) for seed in args.seeds.split(",")]
    ratio = statistics.median(r["ratio"] for r in runs)
    print(f"kanpde is {ratio:.1f} times as fast (median), asked {MUST:.0f}")
    write("bench_pykan", {"machine": machine(), "pykan": VERSION, "ratio": ratio, "runs": runs})
    return 0 if ratio >= MUST else 1


if __name__ == "__main__":
    raise SystemExit(main())
