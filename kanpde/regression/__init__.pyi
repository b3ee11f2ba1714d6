"""Rows of data, priors and sparsity, and the loop that fits a network to them."""

from ._classes import ClassLevenberg as ClassLevenberg
from ._classes import ClassRows as ClassRows
from ._data_rows import DataRows as DataRows
from ._data_rows import Penalty as Penalty
from ._prior import Prior as Prior
from ._regress import descend as descend
from ._regress import regress as regress
from ._sparsity import EdgePenalty as EdgePenalty
from ._sparsity import SparseRows as SparseRows
