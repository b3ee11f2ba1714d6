"""Reference solutions that are computed, not looked up."""

from kanpde.references._lines import Component, PeriodicLines
from kanpde.references._spectral import (
    Lift,
    Resolution,
    SpectralReference,
    cole_hopf,
    spectral_reference,
)
from kanpde.references._split_step import SplitStep

__all__ = [
    "Component",
    "Lift",
    "PeriodicLines",
    "Resolution",
    "SpectralReference",
    "SplitStep",
    "cole_hopf",
    "spectral_reference",
]
