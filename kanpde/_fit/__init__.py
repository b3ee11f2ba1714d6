"""Fit data: regression and classification by the networks and optimizers of the solver."""

from kanpde._fit._dataset import Dataset as Dataset
from kanpde._fit._dataset import Part as Part
from kanpde._fit._door import fit as fit
from kanpde._fit._fitted import Fit as Fit
from kanpde._fit._fitted import load_fit as load_fit
from kanpde._fit._scaling import Scaling as Scaling
from kanpde._fit._settings import FitSettings as FitSettings
from kanpde._fit._table import Table as Table
from kanpde._fit._table import read_table as read_table

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
