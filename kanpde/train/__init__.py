"""Accumulators, optimizers, phases and the session that runs them."""

from kanpde._status import Status as Status
from kanpde.train._accumulators import Accumulator as Accumulator
from kanpde.train._accumulators import Gram as Gram
from kanpde.train._accumulators import StreamingQR as StreamingQR
from kanpde.train._data import DataRows as DataRows
from kanpde.train._data import Penalty as Penalty
from kanpde.train._default import make_network as make_network
from kanpde.train._default import suggested_degree as suggested_degree
from kanpde.train._descent import DescentPhase as DescentPhase
from kanpde.train._eigen import EigenPhase as EigenPhase
from kanpde.train._fields import FieldsPhase as FieldsPhase
from kanpde.train._firstorder import LBFGS as LBFGS
from kanpde.train._firstorder import Adam as Adam
from kanpde.train._forward import forward_problem as forward_problem
from kanpde.train._identifying import IdentifyPhase as IdentifyPhase
from kanpde.train._levenberg import LevenbergMarquardt as LevenbergMarquardt
from kanpde.train._levenberg import StepReport as StepReport
from kanpde.train._linear import LinearPhase as LinearPhase
from kanpde.train._phase import Phase as Phase
from kanpde.train._phase import fresh_loss as fresh_loss
from kanpde.train._plan import Plan as Plan
from kanpde.train._plan import has_data as has_data
from kanpde.train._plan import interior_points as interior_points
from kanpde.train._plan import is_linear_problem as is_linear_problem
from kanpde.train._plan import make_plan as make_plan
from kanpde.train._quasinewton import SSBroyden as SSBroyden
from kanpde.train._regress import Regression as Regression
from kanpde.train._regress import descend as descend
from kanpde.train._regress import make_optimizer as make_optimizer
from kanpde.train._regress import regress as regress
from kanpde.train._session import Session as Session
from kanpde.train._source import RowSource as RowSource
from kanpde.train._starting import Warm as Warm
from kanpde.train._starting import warmth as warmth
from kanpde.train._threads import cores as cores
from kanpde.train._threads import few_threads as few_threads

__all__ = [
    "LBFGS",
    "Accumulator",
    "Adam",
    "DataRows",
    "DescentPhase",
    "EigenPhase",
    "FieldsPhase",
    "Gram",
    "IdentifyPhase",
    "LevenbergMarquardt",
    "LinearPhase",
    "Penalty",
    "Phase",
    "Plan",
    "Regression",
    "RowSource",
    "SSBroyden",
    "Session",
    "Status",
    "StepReport",
    "StreamingQR",
    "Warm",
    "cores",
    "descend",
    "few_threads",
    "forward_problem",
    "fresh_loss",
    "has_data",
    "interior_points",
    "is_linear_problem",
    "make_network",
    "make_optimizer",
    "make_plan",
    "regress",
    "suggested_degree",
    "warmth",
]
