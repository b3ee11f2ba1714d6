"""Load a run directory, whatever wrote it."""

from __future__ import annotations

from pathlib import Path

from kanpde.fitting import Fit, load_fit
from kanpde.ground._runs import FIT
from kanpde.solution import Solution
from kanpde.solution import load as load_solution


def load(directory: str | Path) -> Solution | Fit:
    """Load a solution or a fit from its run directory, without its problem file or code.

    Parameters
    ----------
    directory
        What `kanpde solve` or `kanpde fit` wrote, finished or not.

    Returns
    -------
    Solution or Fit
        Callable at points; `status` is interrupted if the run never finished.

    Raises
    ------
    RunDirectoryError
        If the directory is missing, damaged, foreign or holds a pickle with code.

    Examples
    --------
    >>> load("nowhere")
    Traceback (most recent call last):
        ...
    kanpde.errors.RunDirectoryError: nowhere: expected a run directory, found none
    """
    if (Path(directory) / FIT).exists():
        return load_fit(directory)
    return load_solution(directory)
