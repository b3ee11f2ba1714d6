"""How often 95 % intervals of identified constants hold the truth, and how wide they are.

Solves an inverse problem file for many draws of points and noise: *heat* (heat_inverse, 200
temperatures), *burgers* (burgers_inverse, 2000 velocities), *lorenz* (lorenz_inverse, 100 times);
all with 1 % noise. Prints value, interval and coverage. Of 20 intervals at 95 %, 19 are expected to
hold the truth; 18 are asked. The errors are compared with the Cramer-Rao bound, that no unbiased
estimate can better: noise over the norm of the sensitivities at the draw's points, which come from
exact solutions (Cole-Hopf, scipy's DOP853) at constants moved by a little, not from kanpde.
Intervals that are much wider than the bound would cover always and say nothing.

    python scripts/bench_inverse.py burgers [--draws 50] [--time-limit 120] [--start 0]

The numbers go to scripts/results/bench_inverse.json; other problems' rows there stay, and with
--start N, so do the draws before N.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from _bench import RESULTS, machine, write

import kanpde
from kanpde.cli._problem_file import load_problem

ROOT = Path(__file__).resolve().parent.parent
Row = dict[str, Any]
MOVE = 1e-3  # relative, of the constants in the sensitivities


def heat(points: np.ndarray, constants: dict[str, float]) -> np.ndarray:
    """Exact temperatures ``(N, 1)``."""
    decay = np.exp(-(np.pi**2) * constants["D"] * points[:, 1])
    return (decay * np.sin(np.pi * points[:, 0]))[:, None]


def burgers(points: np.ndarray, constants: dict[str, float]) -> np.ndarray:
    """Give exact velocities ``(N, 1)``."""
    return np.asarray(kanpde.cole_hopf(constants["nu"])(points))[:, None]


def lorenz(points: np.ndarray, constants: dict[str, float]) -> np.ndarray:
    """Integrate the amplitudes ``(N, 3)``."""
    from scipy.integrate import solve_ivp

    sigma, rho, beta = (constants[n] for n in ("sigma", "rho", "beta"))

    def slope(_: float, s: np.ndarray) -> list[float]:
        x, y, z = s
        return [sigma * (y - x), x * (rho - z) - y, x * y - beta * z]

    path = solve_ivp(
        slope, (0, 3), (-8.0, 7.0, 27.0), method="DOP853", rtol=1e-12, atol=1e-12, dense_output=True
    )
    return np.asarray(path.sol(points[:, 0]).T)


CASES: dict[str, tuple[str, Callable[..., np.ndarray], dict[str, float]]] = {
    "heat": ("heat_inverse", heat, {"D": 0.1}),
    "burgers": ("burgers_inverse", burgers, {"nu": 0.01 / np.pi}),
    "lorenz": ("lorenz_inverse", lorenz, {"sigma": 10.0, "rho": 28.0, "beta": 8 / 3}),
}


def bound(points: np.ndarray, exact: Any, truth: dict[str, float], noise: float) -> np.ndarray:
    """Cramer-Rao bound of every constant: its least standard deviation."""
    base = exact(points, truth)
    columns = []
    for name, value in truth.items():
        ends = [exact(points, {**truth, name: value * (1 + s * MOVE)}) for s in (1, -1)]
        columns.append((ends[0] - ends[1]) / (2 * MOVE * value) / (noise * base.std(axis=0)))
    slopes = np.stack([c.ravel() for c in columns], axis=1)
    return np.sqrt(np.diagonal(np.linalg.inv(slopes.T @ slopes)))


def measure(case: str, draw: int, settings: kanpde.Settings) -> list[Row]:
    """Solve one draw; one row per constant."""
    file, exact, truth = CASES[case]
    problem, _ = load_problem(str(ROOT / "problems" / f"{file}.py"), [f"draw={draw}"])
    solution = kanpde.solve(problem, settings)
    data = next(c for c in problem.conditions.values() if isinstance(c, kanpde.PointData))
    bounds = bound(np.asarray(data.points), exact, truth, 0.01)
    rows = []
    for k, (name, value) in enumerate(truth.items()):
        found = solution.identified[name]
        told = found["low"] is not None
        low, high = (found["low"], found["high"]) if told else (-np.inf, np.inf)
        rows.append(
            {
                "case": case,
                "draw": draw,
                "constant": name,
                **found,
                "truth": value,
                "bound": float(bounds[k] / value),
                "error": found["value"] / value - 1,
                "covered": bool(told and low <= value <= high),
                "noise": {n: v["sd"] for n, v in solution.summary["noise"].items()},
                "seconds": round(solution.summary["seconds"], 2),
                "status": solution.status.value,
            }
        )
    return rows


def summarise(rows: list[Row]) -> Row:
    """Coverage, spread and bound of one constant."""
    errors = np.array([row["error"] for row in rows])
    width = np.array(
        [(row["high"] - row["low"]) / row["truth"] for row in rows if row["low"] is not None]
    )
    bounds = np.array([row["bound"] for row in rows])
    return {
        "constant": rows[0]["constant"],
        "draws": len(rows),
        "covered": sum(row["covered"] for row in rows),
        "within twice the bound": int(sum(abs(errors) <= 2 * bounds)),
        "root mean square error": float(np.sqrt(np.mean(errors**2))),
        "root mean square bound": float(np.sqrt(np.mean(bounds**2))),
        "largest error": float(abs(errors).max()),
        "bias": float(errors.mean()),
        "a quarter of the mean interval": float(width.mean() / 4),
        "median seconds": float(np.median([row["seconds"] for row in rows])),
    }


def main() -> int:
    """Measure every draw and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("case", nargs="?", choices=sorted(CASES), default="heat")
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--time-limit", type=float, default=120.0)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    settings = kanpde.Settings(time_limit=args.time_limit, threads=args.threads)
    path = RESULTS / "bench_inverse.json"
    known = json.loads(path.read_text()).get("rows", []) if path.exists() else []
    rows = [r for r in known if r["case"] != args.case or r["draw"] < args.start]
    print("draw  constant     value           95 % interval        truth   error/bound   seconds")
    for draw in range(args.start, args.draws):
        for row in measure(args.case, draw, settings):
            rows.append(row)
            ends = [np.nan if row[n] is None else row[n] for n in ("low", "high")]
            print(
                f"{draw:4}  {row['constant']:8} {row['value']:.7f}  [{ends[0]:.7f}, "
                f"{ends[1]:.7f}]  {'yes' if row['covered'] else 'NO':>5}  "
                f"{row['error'] / row['bound']:9.2f}  {row['seconds']:9.1f}",
                flush=True,
            )
        names = {(r["case"], r["constant"]): None for r in rows}
        found = {
            f"{c} {n}": summarise([r for r in rows if (r["case"], r["constant"]) == (c, n)])
            for c, n in names
        }
        write("bench_inverse", {"machine": machine(), "summary": found, "rows": rows})
    mine = [v for k, v in found.items() if k.startswith(args.case)]
    for summary in mine:
        for name, value in summary.items():
            print(f"{name:36} {value if isinstance(value, str) else f'{value:.3g}'}")
    return 0 if all(s["covered"] >= 0.9 * s["draws"] for s in mine) else 1


if __name__ == "__main__":
    raise SystemExit(main())
