"""How the test error of a KAN falls with its grid: the KAN paper's toy scaling.

J0(20 x) on [-1, 1] by a [1, 1] KAN of degrees 1 to 5, and exp(sin(pi x) + y^2) by [2, 1, 1] of
degree 3, over G = 3, 5, 10, 20, 50, 100, 200, 500, 1000; grids that do not nest are reached by
least squares. 3000 random training points, 5000 random test points, no noise, float64,
Levenberg-Marquardt, which solves the [1, 1] net exactly in a few steps. The paper has 1000
points; they end the fall where an interval has fewer than about three points (G = 500), so that
line is in the table too.

The exponent is the slope of log RMSE against log G over the asymptotic range, fixed by a rule
and not by the data: from the first grid whose interval is no longer than 1/20, the length on
which J0(20 x) varies (for the other function 1/pi), to the last with five training points per
interval or more, and only errors above 1e-12. It is compared with degree + 1.

The table goes to docs/scaling.md, the figure to docs/scaling.png, the numbers to
scripts/results/scaling.json.

    OMP_NUM_THREADS=1 python scripts/scaling.py
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from _bench import machine, write
from _fitting import line
from matplotlib.figure import Figure
from scipy import special

import kanpde

ROOT = Path(__file__).resolve().parent.parent
GRIDS = (3, 5, 10, 20, 50, 100, 200, 500, 1000)
TEST_POINTS, PER_INTERVAL, LEAST = 5000, 5, 1e-12
LOW, HIGH = -4.5, -3.5
Array = np.ndarray


@dataclass(frozen=True)
class Curve:
    """A function, a network for it and the points it is fitted on."""

    name: str
    function: Callable[[Array], Array]
    width: tuple[int, ...]
    degree: int
    length: float
    points: int = 3000
    grids: tuple[int, ...] = GRIDS
    steps: int = 15


def bessel(x: Array) -> Array:
    """Evaluate J0(20 x)."""
    return special.j0(20 * x[:, 0])


def wave(x: Array) -> Array:
    """Evaluate exp(sin(pi x) + y^2)."""
    return np.exp(np.sin(math.pi * x[:, 0]) + x[:, 1] ** 2)


CURVES = (
    *(Curve(f"J0(20x), degree {p}", bessel, (1, 1), p, 1 / 20) for p in range(1, 6)),
    Curve("J0(20x), degree 3, 1000 points", bessel, (1, 1), 3, 1 / 20, points=1000),
    Curve(
        "exp(sin πx + y²), [2,1,1], degree 3", wave, (2, 1, 1), 3, 1 / math.pi,
        grids=GRIDS[:6], steps=25,
    ),
)  # fmt: skip


def measure(curve: Curve) -> dict[str, Any]:
    """Fit over all grids and find the slope."""
    rng = np.random.default_rng(5)
    d = curve.width[0]
    x, x_test = (rng.uniform(-1, 1, (n, d)) for n in (curve.points, TEST_POINTS))
    fit = kanpde.fit(
        x,
        curve.function(x),
        test=(x_test, curve.function(x_test)),
        width=curve.width,
        degree=curve.degree,
        grids=curve.grids,
        optimizer="lm",
        steps=curve.steps,
        threads=1,
    )
    errors = {int(g["grid"]): float(g["test"]) for g in fit.grids}
    used = [
        g
        for g, e in errors.items()
        if 2 / g <= curve.length and curve.points >= PER_INTERVAL * g and e > LEAST
    ]
    slope = float(np.polyfit(np.log(used), np.log([errors[g] for g in used]), 1)[0])
    print(f"{curve.name}: exponent {slope:.2f} over {used}", flush=True)
    for g in fit.grids:
        print(f"   G {g['grid']:5} test {g['test']:.2e} train {g['train']:.2e}", flush=True)
    return {
        "curve": curve.name,
        "degree": curve.degree,
        "points": curve.points,
        "errors": errors,
        "range": used,
        "exponent": slope,
        "seconds": round(fit.history[-1]["seconds"], 1),
    }


def page(found: list[dict[str, Any]]) -> str:
    """Write the table."""
    rows = [
        line(("test RMSE", *(f"G = {g}" for g in GRIDS), "exponent", "fitted over")),
        line(["---"] * (len(GRIDS) + 3)),
    ]
    for r in found:
        errors = [f"{r['errors'][g]:.1e}" if g in r["errors"] else "–" for g in GRIDS]
        over = f"{r['range'][0]} … {r['range'][-1]}"
        rows.append(line((r["curve"], *errors, f"{r['exponent']:.2f}", over)))
    return "# Scaling with the grid\n\n" + SETUP + "\n" + "\n".join(rows) + "\n" + AFTER


SETUP = """Written by `python scripts/scaling.py`; numbers in `scripts/results/scaling.json`.
A KAN of shape [1,1] is fitted to J0(20x) on [-1, 1], and [2,1,1] to exp(sin πx + y²), at 3000
random points without noise by Levenberg-Marquardt through the whole schedule of grids; the root
mean square error is taken at 5000 other random points. A spline of degree p has error
O(G^-(p+1)). The exponent is fitted from the first grid whose interval is no longer than the
length on which the function varies (1/20, 1/π) to the last with five training points per interval
or more, errors above 1e-12.
"""

AFTER = """
![Test error against the grid](scaling.png)

With 1000 points, as in the KAN paper, the fall ends at G = 500, two points per interval: a
spline is then hardly determined between them.
"""


def draw(found: list[dict[str, Any]]) -> None:
    """Draw error against grid, with the lines of slope p + 1."""
    figure = Figure(figsize=(6.4, 4.6), layout="constrained")
    axes = figure.subplots()
    for k, r in enumerate(found):
        grids = sorted(r["errors"])
        style = "--" if r["points"] != CURVES[0].points else "-"
        label = f"{r['curve']}: {r['exponent']:.2f}"
        values = [r["errors"][g] for g in grids]
        axes.loglog(grids, values, style, marker="o", ms=3, color=f"C{k}", label=label)
        first = r["range"][0]
        reference = [r["errors"][first] * (g / first) ** -(r["degree"] + 1) for g in r["range"]]
        axes.loglog(r["range"], reference, ":", lw=0.8, color="0.4")
    axes.set_xlabel("grid G")
    axes.set_ylabel("test RMSE")
    axes.set_ylim(1e-14, 3)
    axes.legend(title="exponent (dotted: degree + 1)", fontsize=7, title_fontsize=7)
    figure.savefig(ROOT / "docs" / "scaling.png", dpi=150)


def main() -> int:
    """Measure, draw, write; tell whether cubic splines converge as asked."""
    found = [measure(curve) for curve in CURVES]
    draw(found)
    (ROOT / "docs" / "scaling.md").write_text(page(found))
    write("scaling", {"machine": machine(), "curves": found})
    cubic = found[2]["exponent"]
    return 0 if LOW <= cubic <= HIGH else 1


if __name__ == "__main__":
    raise SystemExit(main())
