"""The doors: solve, continue, look before; the solution, its integrals and its run directory."""

from ._continue import solve_continued as solve_continued
from ._continue import stage_values as stage_values
from ._fingerprint import fingerprint as fingerprint
from ._preflight import missing_conditions as missing_conditions
from ._preflight import preflight as preflight
from ._preflight import smoothness_warnings as smoothness_warnings
from ._solution import Solution as Solution
from ._solution import load as load
from ._solution import reference_shifts as reference_shifts
from ._solve import describe as describe
from ._solve import solve as solve
from .closed_form._readout import Readout as Readout
from .closed_form._record import readout_from_record as readout_from_record
from .closed_form._record import readout_record as readout_record
