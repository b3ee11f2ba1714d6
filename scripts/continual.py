"""Continual learning: five Gaussian peaks in sequence, a KAN with local splines and an MLP.

The KAN paper's experiment (section 3.5): the sum of exp(-300 (x - c)^2), c = -0.8, -0.4, 0, 0.4,
0.8, on [-1, 1] is learned in five phases; phase k has 100 points of the k-th fifth of the interval
and nothing of the others. The net is a [1, 1] KAN with 200 cubic intervals, no base function and no
bias, which every point would reach, and no grid update; every phase goes on from the network
of the last one with `remember`. Asked is a root mean square error of 1e-2 at most over 500 points
of the whole interval after the last phase. The tanh MLP has two hidden layers, as many
coefficients or more, the same optimizer, steps and `remember`.

The KAN forgets nothing because a phase's points reach only the splines that live there: that is
a property of local functions of one variable, not of deep KANs.

The figure goes to docs/continual.png, the numbers to scripts/results/continual.json.

    OMP_NUM_THREADS=1 python scripts/continual.py
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _bench import machine, write
from _fitting import mlp_width, spread
from matplotlib.figure import Figure

import kanpde
from kanpde.nets import KAN, MLP, Network

ROOT = Path(__file__).resolve().parent.parent
COEFFICIENTS = 203
CENTRES = (-0.8, -0.4, 0.0, 0.4, 0.8)
POINTS, LOOKED_AT, MUST = 100, 500, 1e-2
Array = np.ndarray
EVERYWHERE = np.linspace(-1, 1, LOOKED_AT)[:, None]


def peaks(x: Array) -> Array:
    """Evaluate the sum of the five peaks, ``(N, 1) -> (N, 1)``."""
    return np.exp(-300 * (x - np.array(CENTRES)) ** 2).sum(axis=1, keepdims=True)


def phases() -> list[Array]:
    """Points of every phase."""
    ends = np.linspace(-1, 1, len(CENTRES) + 1)
    return [np.linspace(a, b, POINTS)[:, None] for a, b in pairwise(ends)]


def start(net: str, seed: int) -> Network:
    """Make the network that the first phase starts from."""
    generator = torch.Generator().manual_seed(seed)
    if net == "kan":
        return KAN([1, 1], grid=200, base="none", bias=False, generator=generator).double()
    return MLP(mlp_width(1, 1, COEFFICIENTS), generator=generator).double()


def learn(net: str, seed: int, steps: int) -> dict[str, Any]:
    """Learn phase after phase; errors over what was seen and over all."""
    network, curves, lines = start(net, seed), [], []
    for k, x in enumerate(phases()):
        fit = kanpde.fit(
            x, peaks(x), network=network, remember=True, normalise=False, test=0.0, steps=steps,
            optimizer="lm", threads=1,
        )  # fmt: skip
        network = fit.network
        gap = fit(EVERYWHERE) - peaks(EVERYWHERE)
        seen = EVERYWHERE[:, 0] <= x.max() + 1e-12
        lines.append(
            {
                "phase": k + 1,
                "train": fit.errors["train"]["rmse"],
                "seen": float(np.sqrt(np.mean(gap[seen] ** 2))),
                "all": float(np.sqrt(np.mean(gap**2))),
            }
        )
        curves.append(fit(EVERYWHERE)[:, 0].tolist())
    final = lines[-1]["all"]
    print(f"{net} seed {seed}: {network.count} coefficients, final rmse over all peaks {final:.2e}")
    for entry in lines:
        print(f"   phase {entry['phase']}: train {entry['train']:.1e}, seen {entry['seen']:.1e}")
    return {
        "net": net, "seed": seed, "coefficients": network.count, "phases": lines,
        "rmse": final, "curves": curves,
    }  # fmt: skip


def draw(runs: list[dict[str, Any]]) -> None:
    """One panel per phase; data, KAN and MLP."""
    figure = Figure(figsize=(10, 3.4), layout="constrained")
    panels = figure.subplots(2, len(CENTRES), sharex=True, sharey=True)
    for row, net in enumerate(("kan", "mlp")):
        run = next(r for r in runs if r["net"] == net)
        for k, x in enumerate(phases()):
            axes = panels[row][k]
            axes.axvspan(x.min(), x.max(), color="0.9")
            axes.plot(EVERYWHERE[:, 0], peaks(EVERYWHERE)[:, 0], color="0.6", lw=0.8)
            axes.plot(EVERYWHERE[:, 0], run["curves"][k], color=f"C{row}", lw=1)
            axes.set_ylim(-0.5, 1.5)
            if row == 0:
                axes.set_title(f"phase {k + 1}", fontsize=9)
        panels[row][0].set_ylabel(net.upper())
    figure.savefig(ROOT / "docs" / "continual.png", dpi=150)


def main() -> int:
    """Run both nets, draw, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--steps", type=int, default=100)
    args = parser.parse_args()
    seeds = [int(s) for s in args.seeds.split(",")]
    runs = [learn(net, seed, args.steps) for net in ("kan", "mlp") for seed in seeds]
    draw(runs)
    finals = {net: [r["rmse"] for r in runs if r["net"] == net] for net in ("kan", "mlp")}
    for net, found in finals.items():
        print(f"{net}: final rmse {spread(found)}")
    kept = [{k: v for k, v in r.items() if k != "curves"} for r in runs]
    write("continual", {"machine": machine(), "runs": kept})
    return 0 if max(finals["kan"]) <= MUST else 1


if __name__ == "__main__":
    raise SystemExit(main())
