"""Ways of solving a problem and the session that runs them one after the other."""

from ._network import make_network as make_network
from ._network import suggested_degree as suggested_degree
from ._phase import Findings as Findings
from ._phase import Phase as Phase
from ._phase import fresh_loss as fresh_loss
from ._plan import Plan as Plan
from ._plan import interior_points as interior_points
from ._plan import make_plan as make_plan
from ._registry import register as register
from ._registry import unregister as unregister
from ._session import Session as Session
from ._solver import Solver as Solver
from ._solver import Start as Start
from ._starting import warm_start as warm_start
from .inverse._forward import forward_problem as forward_problem
from .inverse._intervals import identify as identify
from .inverse._intervals import noise_levels as noise_levels
