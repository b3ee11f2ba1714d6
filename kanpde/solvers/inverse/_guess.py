"""A first guess of unknown constants: fit the data, then let the equations tell.

Where every unknown is measured, a product KAN fits the data, its high coefficients held down as
much as generalised cross-validation asks for. The equations' residual there is least squares
for the constants alone.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray

from kanpde.nets import ProductKAN
from kanpde.optimize import Factor, FreeRows, GaussNewton, Stop, minimize, stacked
from kanpde.residual import INTERIOR, POINTS, Rows
from kanpde.solvers._plan import Plan
from kanpde.solvers.spectral._degrees import DEGREES
from kanpde.solvers.spectral._products import coefficients, product_network
from kanpde.trial import Trial

Array = NDArray[np.float64]
MOST_COEFFICIENTS = 700
CONDITIONS = 1e4  # weight of conditions beside data
ROUGHNESS = 3  # coefficients of degree n are expected to fall like (1 + n)^-3
STEPS, ACCURACY, DEPENDENT = 8, 1e-12, 1e-10


def guess(plan: Plan) -> dict[str, float] | None:
    """Constants that make the equations hold best for a fit of the data, if it determines any.

    A constant that ends at one of its bounds tells that the fit was too coarse: no guess.
    """
    data = [s for s in plan.sets if s.where == POINTS]
    named = {u for s in data if s.condition is not None for u in s.condition.unknowns}
    if not set(plan.problem.unknowns) <= named:
        return None
    trial = fit_of_data(plan)
    values = _constants(plan, trial)
    for name, c in zip(trial.constants.names, plan.problem.constants.values(), strict=True):
        if values is None or values[name] in c.bounds:
            return None
    return values


def fit_of_data(plan: Plan, trial: Trial | None = None) -> Trial:
    """Fit the data alone, as smooth as cross-validation wants it; `trial` on a product KAN."""
    dimension = plan.problem.dimension
    fitting = [
        n
        for n in DEGREES.get(dimension, (2, 3, 4))
        if coefficients(plan, [n] * dimension) <= MOST_COEFFICIENTS
    ]
    if trial is None:
        trial = plan.trial(product_network(plan, max(fitting, default=2)))
    drawn = [(s, d) for s, d in plan.draw(200, plan.rng(610)) if s.where != INTERIOR]
    weights = {n: CONDITIONS for s, _ in drawn if s.where != POINTS for n in s.names}
    for s, d in drawn:
        if s.where == POINTS:
            weights |= dict.fromkeys(s.names, 1 / max(float(d.extras.var()), 1e-300))
    split = trial.network.count
    jacobian, residual = (part.numpy() for part in stacked(Rows(trial, drawn, weights=weights)))
    move = smoothest(jacobian[:, :split], residual, roughness(trial))
    vector = trial.get()
    vector[:split] += torch.as_tensor(move)
    trial.set(vector)
    return trial


def roughness(trial: Trial) -> Array:
    """Weight of every coefficient of a product KAN in the prior: it grows with the degree."""
    network = trial.network
    assert isinstance(network, ProductKAN)
    total = np.array(network.index_list(), dtype=np.float64).sum(axis=1)
    return np.repeat((1 + np.append(total, 0.0)) ** ROUGHNESS, network.n_out)


def smoothest(jacobian: Array, residual: Array, weight: Array) -> Array:
    """Ridge regression, its strength by generalised cross-validation."""
    factor = Factor(torch.as_tensor(jacobian), scale=torch.as_tensor(weight), cutoff=0.0)
    components = factor.components(torch.as_tensor(residual))
    s, right = factor.values.numpy(), components.numpy()
    outside = max(float(residual @ residual - right @ right), 0.0)
    best, chosen = math.inf, 0.0
    for strength in s.max() * np.logspace(-12, 1, 53):
        left = strength**2 / (s**2 + strength**2)
        loss = outside + float(np.square(left * right).sum())
        freedom = len(residual) - float((1 - left).sum())
        if freedom > 0 and loss / freedom**2 < best:
            best, chosen = loss / freedom**2, strength
    return np.asarray(factor.combine(components, chosen**2))


def _constants(plan: Plan, trial: Trial) -> dict[str, float] | None:
    """Least squares of the equations' residual in the constants alone."""
    drawn = [(s, d) for s, d in plan.draw(1000, plan.rng(620)) if s.where == INTERIOR]
    rows = Rows(trial, drawn, weights=plan.settings.weights)
    constants = FreeRows(rows, torch.arange(trial.network.count, trial.count))
    method = GaussNewton(
        accuracy=ACCURACY, chords=1, slow=1.0, damping=DEPENDENT**2, linear_algebra="whole"
    )
    found = minimize(constants, method, Stop(STEPS, fall=1.0))
    values = trial.constant_values()
    finite = math.isfinite(found.loss) and all(math.isfinite(v) for v in values.values())
    return values if finite else None
