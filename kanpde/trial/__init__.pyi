"""The trial function u = g + D · N: frame, network, exact conditions, pieces in time."""

from ._frame import Frame as Frame
from ._frame import Reflection as Reflection
from ._lazy import LazyTrial as LazyTrial
from ._piecewise import Slabs as Slabs
from ._piecewise import SlabStart as SlabStart
from ._piecewise import SlabTrial as SlabTrial
from ._state import as_stored as as_stored
from ._state import constants_from_record as constants_from_record
from ._state import constants_record as constants_record
from ._state import first_stage as first_stage
from ._state import frame_from_record as frame_from_record
from ._state import frame_record as frame_record
from ._state import slab_start_from_state as slab_start_from_state
from ._state import slab_start_state as slab_start_state
from ._state import trial_from_state as trial_from_state
from ._state import trial_state as trial_state
from ._trial import Constants as Constants
from ._trial import Programs as Programs
from ._trial import Site as Site
from ._trial import Trial as Trial
from .exact._ansatz import Ansatzes as Ansatzes
from .exact._ansatz import build as build
from .exact._halving import described as described
from .exact._halving import is_halved as is_halved
from .exact._halving import keeps_ansatz as keeps_ansatz
from .exact._halving import reduce as reduce
