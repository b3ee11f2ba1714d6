"""Least squares and other optimizers; they know rows, no equation and no network."""

from ._accumulators import Accumulator as Accumulator
from ._accumulators import Gram as Gram
from ._accumulators import StreamingQR as StreamingQR
from ._accumulators import Whole as Whole
from ._factor import Factor as Factor
from ._factor import triangle as triangle
from ._firstorder import LBFGS as LBFGS
from ._firstorder import Adam as Adam
from ._gauss_newton import GaussNewton as GaussNewton
from ._levenberg import DampingRule as DampingRule
from ._levenberg import LevenbergMarquardt as LevenbergMarquardt
from ._minimize import LeastSquares as LeastSquares
from ._minimize import Outcome as Outcome
from ._minimize import Search as Search
from ._minimize import StepReport as StepReport
from ._minimize import Stop as Stop
from ._minimize import minimize as minimize
from ._quasinewton import SSBroyden as SSBroyden
from ._refined import RefinedLevenberg as RefinedLevenberg
from ._source import FreeCoefficients as FreeCoefficients
from ._source import FreeRows as FreeRows
from ._source import NetworkCoefficients as NetworkCoefficients
from ._source import NetworkRows as NetworkRows
from ._source import RowSource as RowSource
from ._threads import cores as cores
from ._threads import few_threads as few_threads
