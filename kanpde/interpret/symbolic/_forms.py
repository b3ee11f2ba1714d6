"""Which affine parameters of c f(a z + b) + d a function needs, and where to look for them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import sympy
import torch
from torch import Tensor

from kanpde.nets import ARGUMENT, SymbolicFunction
from kanpde.optimize import Factor

RANK = 1e-9  # relative singular value below which columns count as dependent
FAR = 30.0  # how many spreads of the data away, or how many times narrower, is looked for
SLOW = 0.02
RATIO = 1.3
PHASES = 6
_PLACES = {"line": (-1.7, 2.1), "unit": (-0.85, 0.93), "open unit": (-0.85, 0.93)}
OSCILLATING = 4  # sign changes of f' on [-20, 20] from which on frequencies are scanned finely


@dataclass(frozen=True)
class Form:
    r"""Canonical form of :math:`c\,f(a z + b) + d`: what is free, and what is redundant.

    Parameters
    ----------
    scale
        Whether a is free; otherwise c and d take its part and it stays 1 (or -1).
    shift
        Whether b is free; otherwise it stays 0.
    flips
        Signs of a that give different functions.
    period
        Period of f, or 0.
    oscillates
        Whether f' changes its sign often.
    steps
        Whether f is piecewise constant: b is scanned but has no derivative.
    """

    scale: bool
    shift: bool
    flips: tuple[float, ...] = (1.0,)
    period: float = 0.0
    oscillates: bool = False
    steps: bool = False

    @property
    def shapes(self) -> int:
        """Number of free parameters inside f."""
        return int(self.scale) + int(self.shift)

    @property
    def free(self) -> tuple[bool, bool]:
        """Which of a and b an optimizer may move."""
        return self.scale, self.shift and not self.steps


@lru_cache(maxsize=512)
def canonical_form(function: SymbolicFunction) -> Form:
    """Find which of a and b are redundant beside c and d, from the function itself.

    The columns u f'(u), f'(u), f(u), 1 are the derivatives of c f(a z + b) + d by a, b, c, d;
    where they are linearly dependent, a or b goes: a for powers and logarithms, b for the
    exponential, both for the straight line.

    Examples
    --------
    >>> from kanpde.nets import LIBRARY
    >>> canonical_form(LIBRARY["exp"]).free, canonical_form(LIBRARY["x^3"]).free
    ((True, False), (False, True))
    """
    u = _places(function.domain)
    f, slope = function.plain_values(u, 1).unbind(0)
    one = torch.ones_like(u)
    if not bool(slope.any()):
        if float(f.max() - f.min()) == 0:
            return Form(False, False)
        return Form(False, True, steps=True)
    columns = [u * slope, slope, f, one]
    rank = _rank(columns)
    kept = list(range(4))
    for k in (0, 1):
        rest = [columns[m] for m in kept if m != k]
        if _rank(rest) == rank and len(kept) > rank:
            kept.remove(k)
    period = _period(function)
    wide = torch.linspace(-20, 20, 2001, dtype=torch.float64)
    changes = function.plain_values(wide, 1)[1].sign().diff().ne(0).sum()
    oscillates = function.domain == "line" and int(changes) >= OSCILLATING
    return Form(0 in kept, 1 in kept, _flips(function, u), period, oscillates)


@lru_cache(maxsize=512)
def natural_scale(function: SymbolicFunction) -> float:
    """Spread of the function's values at arguments of order one."""
    return float(function.plain_values(_places(function.domain))[0].std())


def _places(domain: str) -> Tensor:
    low, high = _PLACES.get(domain, (0.31, 2.7))
    s = torch.linspace(0, 1, 41, dtype=torch.float64)
    return low + (high - low) * (s + 0.03 * torch.sin(17 * s))


def _rank(columns: list[Tensor]) -> int:
    return Factor(torch.stack(columns, dim=1), cutoff=RANK).rank


def _flips(function: SymbolicFunction, u: Tensor) -> tuple[float, ...]:
    if function.domain in {"positive", "nonnegative"}:
        return (1.0, -1.0)
    columns = torch.stack((function.plain_values(u)[0], torch.ones_like(u)), dim=1)
    mirrored = function.plain_values(-u)[0]
    fitted = columns @ torch.linalg.lstsq(columns, mirrored[:, None]).solution
    near = (fitted[:, 0] - mirrored).norm() <= RANK * mirrored.norm()
    return (1.0,) if bool(near) else (1.0, -1.0)


def _period(function: SymbolicFunction) -> float:
    if not function.expression.has(sympy.sin, sympy.cos, sympy.tan):
        return 0.0
    try:
        period = sympy.periodicity(function.expression, ARGUMENT)
    except (NotImplementedError, TypeError, ValueError):
        return 0.0
    return 0.0 if period is None else float(period)


def _geometric(low: float, high: float, ratio: float = RATIO) -> Tensor:
    count = int(torch.ceil(torch.log(torch.tensor(high / low)) / torch.log(torch.tensor(ratio))))
    steps = torch.arange(count + 1, dtype=torch.float64)
    return low * (high / low) ** (steps / count)


def starts(function: SymbolicFunction, low: Tensor, high: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Pairs (a, b) to begin from, for standardised arguments between `low` and `high`.

    Parameters
    ----------
    function
        A library function.
    low, high
        Smallest and largest standardised argument of every edge, ``(E,)``.

    Returns
    -------
    tuple of Tensor
        a and b, each ``(S, E)``, and the group of each start, ``(S,)``: of a group only the
        best start is followed.
    """
    form = canonical_form(function)
    if form.shapes == 0:
        a = torch.ones(1, len(low), dtype=torch.float64)
        return a, torch.zeros_like(a), torch.zeros(1, dtype=torch.long)
    if function.domain in {"unit", "open unit"}:
        a, b = _in_unit(form, low, high)
    elif function.domain == "line":
        pairs = torch.tensor(_on_line(form), dtype=torch.float64)
        a, b = (column[:, None].expand(-1, len(low)) for column in pairs.unbind(1))
    else:
        a, b = _beside_pole(function.domain, form, low, high)
    groups = _groups(form, a, b)
    return a, b, groups


def _groups(form: Form, a: Tensor, b: Tensor) -> Tensor:
    """Group the starts: by a where it is free, else by neighbours in b."""
    if form.scale:
        return torch.unique(a[:, 0], return_inverse=True)[1]
    return torch.arange(len(a)) // 3


def _on_line(form: Form) -> list[tuple[float, float]]:
    """List starts for functions that are defined everywhere."""
    if not form.scale:
        near = torch.linspace(-4, 4, 65, dtype=torch.float64)
        far = _geometric(4.5, FAR)
        centers = torch.cat((near, far, -far)).tolist()
        return [(sign, -sign * t) for sign in form.flips for t in centers]
    slopes = _geometric(SLOW, FAR)
    if form.period:
        unit = form.period / (2 * torch.pi)
        slow = _geometric(SLOW, 0.5)
        slopes = torch.cat((slow, torch.arange(0.7, 3 * FAR, 0.35, dtype=torch.float64))) * unit
    elif form.oscillates:
        slow = _geometric(SLOW, 0.5)
        slopes = torch.cat((slow, torch.arange(0.7, 1.5 * FAR, 0.5, dtype=torch.float64)))
    made = []
    for slope in slopes.tolist():
        for sign in form.flips:
            made += [(sign * slope, b) for b in _shifts(form, sign * slope)]
    return made


def _shifts(form: Form, slope: float) -> list[float]:
    if not form.shift:
        return [0.0]
    if form.period:
        return [form.period * k / PHASES for k in range(PHASES)]
    reach = 3.0 * min(abs(slope), 3.0) + 3.0
    own = torch.linspace(-reach, reach, 13, dtype=torch.float64).tolist()
    if abs(slope) <= 3.0:
        return own
    centers = torch.linspace(-2.2, 2.2, 1 + 2 * int(2 * min(abs(slope), 12.0)))
    return [-slope * float(t) for t in centers]


def _in_unit(form: Form, low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """List starts that map the data into [-1, 1]: their share of it and where it lies."""
    made = []
    for share in (0.02, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.96, 0.99, 0.999, 1 - 1e-9):
        for place in (-1.0, -0.9, -0.5, 0.0, 0.5, 0.9, 1.0):
            for sign in form.flips:
                a = sign * 2 * share / (high - low)
                b = (1 - share) * place - a * (low + high) / 2
                made.append((a, b))
    return torch.stack([a for a, _ in made]), torch.stack([b for _, b in made])


def _beside_pole(domain: str, form: Form, low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """List starts whose singular point lies outside the data, near or far."""
    gaps = torch.cat((torch.zeros(1), _geometric(1e-5, 0.1, 4.0), _geometric(0.15, FAR, 1.5)))
    slopes = _geometric(SLOW, FAR) if form.scale else torch.ones(1, dtype=torch.float64)
    signs = (1.0, -1.0) if domain == "nonzero" else form.flips
    made = []
    for slope in slopes.tolist():
        for sign in signs:
            for gap in gaps.tolist():
                edge = low - gap if sign > 0 else high + gap
                turn = 1.0 if domain == "nonzero" and len(form.flips) == 1 else sign
                made.append((torch.full_like(low, turn * slope), -turn * slope * edge))
    return torch.stack([a for a, _ in made]), torch.stack([b for _, b in made])
