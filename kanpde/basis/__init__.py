"""Bases and activation functions with derivatives of every order in closed form."""

from kanpde.basis._base import Basis, Transfer
from kanpde.basis._bspline import BSpline
from kanpde.basis._chebyshev import Chebyshev, chebyshev_values
from kanpde.basis._differentiable import with_derivatives
from kanpde.basis._functions import BASE_NAMES, UNIVARIATE_NAMES, base_values, univariate_values
from kanpde.basis._piecewise import bspline_values
from kanpde.basis._rbf import RBF
from kanpde.basis._registry import (
    BASES,
    basis_from_record,
    register_basis,
    unregister_basis,
)
from kanpde.basis._sine import FREQUENCY, Sine
from kanpde.basis._taylor import EdgeRule, Row, Series, TaylorWriter, Term

__all__ = [
    "BASES",
    "BASE_NAMES",
    "FREQUENCY",
    "RBF",
    "UNIVARIATE_NAMES",
    "BSpline",
    "Basis",
    "Chebyshev",
    "EdgeRule",
    "Row",
    "Series",
    "Sine",
    "TaylorWriter",
    "Term",
    "Transfer",
    "base_values",
    "basis_from_record",
    "bspline_values",
    "chebyshev_values",
    "register_basis",
    "univariate_values",
    "unregister_basis",
    "with_derivatives",
]
