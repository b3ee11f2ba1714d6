"""The public door: fit a network to data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kanpde.errors import InputError
from kanpde.fitting._dataset import make_dataset
from kanpde.fitting._fitted import Fit
from kanpde.fitting._network import fits, make_network
from kanpde.fitting._run import Progress, train
from kanpde.fitting._settings import FitSettings
from kanpde.nets import Network


def fit(
    x: Any,
    y: Any,
    settings: FitSettings | None = None,
    *,
    network: Network | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    **overrides: Any,
) -> Fit:
    """Fit a network to data: regression or classification.

    Inputs are mapped into [-1, 1] and outputs to mean 0 and deviation 1 by the training rows;
    the result undoes it. Training is Levenberg-Marquardt for regression by networks of moderate
    size, L-BFGS for classification and larger networks, Adam for mini-batches. Constant inputs
    are kept and become 0; fewer rows than coefficients are fitted by damped steps, and
    `Fit.notes` says so. Columns of text are refused as inputs; a target of text is a class.

    Parameters
    ----------
    x
        Inputs, shape ``(N, d)`` or ``(N,)``; numpy, torch or lists.
    y
        Targets, shape ``(N, m)`` or ``(N,)``; for classification labels, shape ``(N,)``, text
        or numbers.
    settings
        How; the defaults must do.
    network
        Start from this network instead of a new one; it stays as it is.
    out
        Run directory, written while training, so that a kill loses seconds only.
    resume
        Go on with the run in `out`: the same data and settings, other `steps` or `time_limit`.
    progress
        Called with a dict now and then: step, seconds, fraction, loss, train, test, grid.
    overrides
        Settings by name, see `FitSettings`; ``test=(x_test, y_test)`` gives test rows instead
        of a share.

    Returns
    -------
    Fit
        Callable at inputs, with errors on training and test rows for every grid.

    Raises
    ------
    InputError
        If data or settings are wrong: rows of unequal number, values that are not finite,
        one class only, names that repeat.

    References
    ----------
    Liu et al., *KAN: Kolmogorov-Arnold Networks*, arXiv 2404.19756, sections 2.4 and 2.5.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.linspace(-1, 1, 60)
    >>> found = fit(x, np.exp(x), hidden=(), grids=(4, 8))
    >>> found.errors["test"]["rmse"] < 1e-4, [level["grid"] for level in found.grids]
    (True, [4, 8])
    """
    given = overrides.pop("test", None)
    own = given if isinstance(given, tuple | list) else None
    if own is not None and len(own) != 2:
        raise InputError(f"test: expected a share or (x_test, y_test), got {len(own)} things")
    if given is not None and own is None:
        overrides["test"] = given
    settings = (settings or FitSettings()).replace(**overrides)
    if settings.remember and network is None:
        raise InputError("remember: expected network=NET with it, whose coefficients to keep")
    if resume and out is None:
        raise InputError("resume: expected out=DIR with it, got none")
    data = make_dataset(x, y, settings, None if own is None else (own[0], own[1]))
    start = make_network(data, settings) if network is None else fits(network, data)
    trained = train(
        start,
        data,
        data.scaling(normalise=settings.normalise),
        settings,
        out=None if out is None else Path(out),
        resume=resume,
        progress=progress,
    )
    return Fit(**vars(trained))
