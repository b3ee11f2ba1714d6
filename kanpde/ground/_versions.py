"""Versions of kanpde and of the packages that it computes with."""

from __future__ import annotations

import platform

import matplotlib as mpl
import numpy as np
import scipy
import sympy
import torch

from kanpde.ground._version import __version__


def versions() -> dict[str, str]:
    """Versions of kanpde and what it computes with.

    Examples
    --------
    >>> sorted(versions())
    ['kanpde', 'matplotlib', 'numpy', 'python', 'scipy', 'sympy', 'torch']
    """
    return {
        "kanpde": __version__,
        "matplotlib": mpl.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "scipy": scipy.__version__,
        "sympy": sympy.__version__,
        "torch": torch.__version__,
    }
