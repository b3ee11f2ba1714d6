"""Starting a solve from the solution of a neighbouring problem."""

from __future__ import annotations

from enum import Enum

from kanpde.nets import Network, ProductKAN, network_from_record, network_record
from kanpde.solvers._network import make_network
from kanpde.solvers._plan import Plan
from kanpde.trial import LazyTrial, Slabs


class WarmStart(Enum):
    """What a start is good for, or why it is not."""

    PRODUCT = "product KAN"
    NETWORK = "network"
    SLABS = "slabs: every march begins at the initial state, the whole interval is not tried"
    STAGES = "not used: it is a sum of several networks"
    LAZY = "not used: it belongs to the tangent of its own network"
    OTHER = "not used: symmetry or periodicity is imposed in another way here"


def warm_start(plan: Plan) -> WarmStart | None:
    """Tell what the start of a plan is good for; ``None`` where there is none."""
    start = plan.start
    if start is None:
        return None
    if isinstance(start, Slabs):
        return WarmStart.SLABS
    if isinstance(start, LazyTrial):
        return WarmStart.LAZY
    if start.frozen_trial:
        return WarmStart.STAGES
    here, there = plan.frame, start.frame
    alike = (
        here.periodic == there.periodic
        and [(f.axis, f.parities) for f in here.reflections]
        == [(f.axis, f.parities) for f in there.reflections]
        and here.even == there.even
        and here.pieces == there.pieces
    )
    if not alike:
        return WarmStart.OTHER
    return WarmStart.PRODUCT if isinstance(start.network, ProductKAN) else WarmStart.NETWORK


def started_network(plan: Plan) -> Network:
    """Make the network that is trained: the start's where that fits what is asked for.

    Without settings about the network the start's own is taken over, kind and size; with them
    only its coefficients, where both are of one kind and size.
    """
    settings = plan.settings
    if plan.start is None or warm_start(plan) is not WarmStart.NETWORK:
        return make_network(plan)
    given, known = network_record(plan.start.network), plan.start.network.get()
    asked = (settings.hidden, settings.basis, settings.grid, settings.grids, settings.degree)
    free = settings.net == "auto" and settings.base is None and all(a is None for a in asked)
    made = network_from_record(given) if free else make_network(plan)
    if free or network_record(made) == given:
        made = made.to(dtype=plan.dtype)
        made.set(known.to(next(iter(made.parameters()))))
    return made
