"""Fit data: regression and classification by the networks and optimizers of the solver."""

from kanpde.fitting._dataset import Dataset as Dataset
from kanpde.fitting._dataset import Part as Part
from kanpde.fitting._door import fit as fit
from kanpde.fitting._fitted import Fit as Fit
from kanpde.fitting._fitted import load_fit as load_fit
from kanpde.fitting._scaling import Scaling as Scaling
from kanpde.fitting._settings import FitSettings as FitSettings
from kanpde.fitting._table import Table as Table
from kanpde.fitting._table import read_table as read_table

__all__ = [
    "Dataset",
    "Fit",
    "FitSettings",
    "Part",
    "Scaling",
    "Table",
    "fit",
    "load_fit",
    "read_table",
]
