"""The diagram of a solution's network, with what its inputs and outputs are."""

from __future__ import annotations

import math
import os
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import sympy
import torch

from kanpde.calculus import JetSpace
from kanpde.errors import InputError
from kanpde.fitting import Fit
from kanpde.nets import KAN, MLP, Network, ProductKAN
from kanpde.plot._style import math_name
from kanpde.plot.diagram._diagram import diagram
from kanpde.trial import LazyTrial, first_stage

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from kanpde.solution import Solution
    from kanpde.trial import Trial

POINTS = 1024


def run_diagram(
    solution: Solution | Fit, path: str | os.PathLike[str] | None = None, *, beta: float = 3.0
) -> Figure:
    """Draw the network of a solution, inputs at interior points of its domain; or that of a fit.

    Parameters
    ----------
    solution
        A `Solution` or `Fit` whose network is a trained KAN; a fit's inputs are its training
        rows.
    path
        Where to write it: ``.png``, ``.svg`` or ``.pdf``. ``None`` writes nothing.
    beta
        As for `diagram`.

    Returns
    -------
    matplotlib.figure.Figure
        Inputs are coordinates scaled to [-1, 1], cosine and sine of a periodic one, the squared
        distance from the middle of an even one. The title says what surrounds the network N.

    Raises
    ------
    InputError
        If the network has no learned functions on its edges: a product KAN of least squares,
        an MLP or a module of one's own.

    Examples
    --------
    >>> import kanpde.plot
    >>> callable(kanpde.plot.run_diagram)
    True
    """
    if isinstance(solution, Fit):
        return _fit_diagram(solution, path, beta)
    trial = first_stage(solution.trial)
    network = trial.network
    _check(network)
    rng = np.random.default_rng(0)
    points, _ = solution.problem.domain.interior(POINTS, sampler="sobol", rng=rng)
    space = JetSpace(points.shape[1], ((0,) * points.shape[1],))
    with torch.no_grad():
        z = trial.site(torch.as_tensor(points), space).z[0]
    unknowns = [str(u.func.__name__) for u in solution.problem.unknowns]
    title, plain = _surroundings(trial, unknowns)
    if solution.trial is not trial:
        title = f"{title}, first of several stages" if title else "first of several stages"
    outputs = unknowns if plain else [f"N_{n}" if len(unknowns) > 1 else "N" for n in unknowns]
    return diagram(
        network, z, path, inputs=input_names(trial), outputs=outputs, beta=beta, title=title
    )


def _fit_diagram(fit: Fit, path: str | os.PathLike[str] | None, beta: float) -> Figure:
    _check(fit.network)
    names = [str(c) for c in fit.classes] or list(fit.data.outputs)
    inputs = [math_name(n) for n in fit.data.inputs]
    return diagram(fit.network, fit.samples, path, inputs=inputs, outputs=names, beta=beta)


def _check(network: Network) -> None:
    if isinstance(network, KAN):
        return
    if isinstance(network, ProductKAN):
        raise InputError(
            f"diagram: expected a trained KAN, got a product KAN of {network.products} product "
            "nodes with fixed edges; solve with -s linear=false, or read the formula off with "
            "kanpde solve FILE --symbolic"
        )
    kind = "an MLP" if isinstance(network, MLP) else "a module of your own"
    raise InputError(
        f"diagram: expected a KAN, got {kind}, which has no functions on its edges; "
        "solve with -s net=kan"
    )


def _surroundings(trial: Trial, unknowns: list[str]) -> tuple[str | None, bool]:
    """Say how the unknowns follow from the network, and whether they are its outputs."""
    frame = trial.frame
    lazy = isinstance(trial, LazyTrial)
    inner = "N" if not lazy else r"\gamma\,[N - N_0]"
    adds, multiplies = any(g != 0 for g in frame.g), any(d != 1 for d in frame.d)
    scaled = lazy or any(s != 1.0 for s in frame.scales)
    if not (adds or multiplies or scaled):
        return None, True
    name = math_name(unknowns[0]).strip("$") if len(unknowns) == 1 else "u"
    parts = [r"s\," if any(s != 1.0 for s in frame.scales) else "", inner]
    product = (r"D\," if multiplies else "") + "".join(parts)
    return f"${name} = {'g + ' if adds else ''}{product}$", False


def input_names(trial: Trial) -> list[str]:
    """Name the inputs of a trial's network after the coordinates.

    Examples
    --------
    >>> callable(input_names)
    True
    """
    frame, names = trial.frame, []
    for axis, x in enumerate(frame.coordinates):
        low, high = frame.lower[axis], frame.upper[axis]
        if axis in frame.periodic:
            angle = _number(2 * math.pi / (high - low)) * (x - _number(low))
            names.append(f"${sympy.latex(sympy.cos(angle))}$")
            if axis not in trial.even:
                names.append(f"${sympy.latex(sympy.sin(angle))}$")
        elif axis in trial.even:
            names.append(f"${sympy.latex((x - _number((low + high) / 2)) ** 2)}$")
        else:
            names.append(math_name(x.name))
    return names


def _number(value: float) -> sympy.Expr:
    """Write a number as a fraction, of π where it is one, else with four digits."""
    for unit, size in ((sympy.Integer(1), 1.0), (sympy.pi, math.pi)):
        near = Fraction(value / size).limit_denominator(64)
        if abs(float(near) * size - value) <= 1e-12 * max(abs(value), 1e-300):
            return sympy.Rational(near.numerator, near.denominator) * unit
    return sympy.Float(value, 4)
