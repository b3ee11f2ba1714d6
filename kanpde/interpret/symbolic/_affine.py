"""Fit c f(a z + b) + d to the values of many edges at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from kanpde.interpret.symbolic._forms import FAR, SLOW, Form, canonical_form, natural_scale, starts
from kanpde.nets import SymbolicFunction

SCANNED = 64  # points of the scan, per edge
REFINED = 200  # points of the first refinement
FOLLOWED = 5  # starts that are refined
BLOCK = 2_000_000  # numbers in one block of the scan
MOST_REJECTED = 6
HOPELESS = 0.25  # 1 - R² on few points, above which a function is not refined on all
AMPLITUDE = 1e3  # c beyond this, or below its inverse, is a limit of the family, not a member


@dataclass(frozen=True)
class AffineFit:
    r"""Best :math:`c\,f(a z + b) + d` for E edges.

    Parameters
    ----------
    function
        f.
    affine
        a, b, c, d in the units of the data, ``(E, 4)``.
    error
        Root mean square residual over the standard deviation of the edge, ``(E,)``:
        :math:`\sqrt{1 - R^2}`, without the cancellation; infinite where f cannot be placed.
    """

    function: SymbolicFunction
    affine: Tensor
    error: Tensor

    @property
    def r2(self) -> Tensor:
        """Squared correlation, ``(E,)``; minus infinity where f cannot be placed."""
        return 1 - self.error.square()


@dataclass
class _Edges:
    """Standardised data of E edges: arguments `t`, centred unit values `p`, ``(N, E)``."""

    t: Tensor
    p: Tensor
    mean: Tensor
    std: Tensor


def fit_affine(
    z: Tensor,  # (N, E)
    phi: Tensor,  # (N, E)
    function: SymbolicFunction,
) -> AffineFit:
    r"""Fit :math:`c\,f(a z + b) + d` to every column, by a scan and Gauss-Newton.

    a and b are scanned relative to mean and spread of `z`, then refined together with the
    regression on c and d (variable projection). Arguments outside the domain of f are refused.
    Redundant parameters stay at their canonical values, see `canonical_form`. Nothing depends
    on the units of `z` and `phi`.

    Parameters
    ----------
    z
        Inputs of the edges.
    phi
        Their values.
    function
        f.

    Returns
    -------
    AffineFit
        Parameters and relative errors.

    References
    ----------
    Golub and Pereyra, *Separable nonlinear least squares*, Inverse Problems 19, 2003.

    Examples
    --------
    >>> from kanpde.nets import LIBRARY
    >>> z = torch.linspace(-1, 1, 50, dtype=torch.float64)[:, None]
    >>> fit = fit_affine(z, 1e-5 * torch.sin(3 * z + 0.5), LIBRARY["sin"])
    >>> bool(fit.error < 1e-12)
    True
    """
    z, phi = z.detach().double(), phi.detach().double()
    edges = _standardised(z, phi)
    form = canonical_form(function)
    if form.shapes == 0:
        theta = edges.t.new_tensor([1.0, 0.0]).expand(z.shape[1], 2)
        return _finished(z, phi, function, form, edges, theta)
    if form.steps:
        return _finished(z, phi, function, form, edges, _jumps(edges, function, form))
    few = _Edges(*_sampled(edges, SCANNED), edges.mean, edges.std)
    theta = _scan(few, function, form)
    some = _Edges(*_sampled(edges, REFINED), edges.mean, edges.std)
    theta, misfit = _refine(some, function, form, theta, steps=15, least=1e-2)
    best = misfit.sort(dim=0).indices[:2]
    theta = theta.gather(0, best[..., None].expand(-1, -1, 2))
    hopeful = (misfit.amin(0) <= HOPELESS).nonzero().flatten()
    chosen = theta[0]
    if len(hopeful):
        part = _Edges(edges.t[:, hopeful], edges.p[:, hopeful], edges.mean, edges.std)
        found, misfit = _refine(part, function, form, theta[:, hopeful], steps=40, least=1e-4)
        chosen[hopeful] = found[misfit.argmin(dim=0), torch.arange(len(hopeful))]
    return _finished(z, phi, function, form, edges, chosen)


def _standardised(z: Tensor, phi: Tensor) -> _Edges:
    mean, std = z.mean(0), z.std(0, correction=0)
    std = torch.where(std > 0, std, 1.0)
    centred = phi - phi.mean(0)
    norm = centred.norm(dim=0)
    return _Edges((z - mean) / std, centred / torch.where(norm > 0, norm, 1.0), mean, std)


def _sampled(edges: _Edges, count: int) -> tuple[Tensor, Tensor]:
    """Keep `count` points of every edge, evenly spread over the ranks of its argument."""
    n = len(edges.t)
    if n <= count:
        return edges.t, edges.p
    order = edges.t.argsort(dim=0)
    ranks = torch.linspace(0, n - 1, count).round().long()
    chosen = order[ranks]
    p = edges.p.gather(0, chosen)
    p = p - p.mean(0)
    norm = p.norm(dim=0)
    return edges.t.gather(0, chosen), p / torch.where(norm > 0, norm, 1.0)


def _scan(edges: _Edges, function: SymbolicFunction, form: Form) -> Tensor:
    """Return the best starts (a, b) of different groups, ``(K, E, 2)``."""
    a, b, groups = starts(function, edges.t.amin(0), edges.t.amax(0))
    count = int(groups.max()) + 1
    found = edges.t.new_full((count, a.shape[1]), -1.0)
    which = torch.zeros(count, a.shape[1], dtype=torch.long)
    size = max(1, BLOCK // edges.t.numel())
    for begin in range(0, len(a), size):
        part = slice(begin, begin + size)
        r2 = _correlations(edges, function, a[part], b[part])
        for k, g in enumerate(groups[part].tolist()):
            better = r2[k] > found[g]
            found[g] = torch.where(better, r2[k], found[g])
            which[g] = torch.where(better, begin + k, which[g])
    top = found.topk(min(FOLLOWED, count), dim=0).indices
    chosen = which.gather(0, top)
    return torch.stack((a.gather(0, chosen), b.gather(0, chosen)), dim=-1)


def _jumps(edges: _Edges, function: SymbolicFunction, form: Form) -> Tensor:
    """Zoom in on the shift of a piecewise constant function, which has no slope."""
    theta = _scan(edges, function, form)[0]
    reach = 0.125
    for _ in range(6):
        shifts = theta[:, 1] + reach * torch.linspace(-1, 1, 17).to(theta)[:, None]
        a = theta[:, 0].expand_as(shifts)
        best = _correlations(edges, function, a, shifts).argmax(dim=0)
        theta = torch.stack((theta[:, 0], shifts.gather(0, best[None])[0]), dim=-1)
        reach /= 8
    return theta


def _correlations(edges: _Edges, function: SymbolicFunction, a: Tensor, b: Tensor) -> Tensor:
    """Squared correlations ``(S, E)``; -1 where an argument leaves the domain."""
    u = a[:, None] * edges.t + b[:, None]
    allowed = function.inside(u).all(dim=1)
    f = function.plain_values(u)[0]
    f = f - f.mean(dim=1, keepdim=True)
    power = f.square().sum(1)
    r2 = (f * edges.p).sum(1).square() / power
    return torch.where(allowed & torch.isfinite(r2), r2, -1.0)


@dataclass
class _State:
    """One point of the search for all starts and edges: misfit, gradient and Gauss matrix."""

    theta: Tensor
    misfit: Tensor
    gradient: Tensor
    gauss: Tensor


def _refine(
    edges: _Edges,
    function: SymbolicFunction,
    form: Form,
    theta: Tensor,
    *,
    steps: int,
    least: float,
) -> tuple[Tensor, Tensor]:
    """Levenberg-Marquardt on (a, b) of every start and edge; c and d are projected out."""
    state = _state(edges, function, form, theta)
    damping = torch.full_like(state.misfit, 1e-3)
    rejected = torch.zeros_like(damping)
    finished = ~torch.isfinite(state.misfit)
    for _ in range(steps):
        trial = _state(edges, function, form, state.theta + _step(state, damping))
        better = (trial.misfit < state.misfit) & ~finished
        damping = torch.where(better, (damping / 8).clamp_min(1e-14), damping * 10)
        rejected = torch.where(better, 0.0, rejected + 1)
        gained = torch.where(better, state.misfit - trial.misfit, 0.0)
        finished |= (better & (gained <= least * state.misfit)) | (rejected >= MOST_REJECTED)
        for name in ("theta", "misfit", "gradient", "gauss"):
            old, new = getattr(state, name), getattr(trial, name)
            wide = better.reshape(better.shape + (1,) * (old.ndim - 2))
            setattr(state, name, torch.where(wide, new, old))
        if bool(finished.all()):
            break
    return state.theta, state.misfit


def _step(state: _State, damping: Tensor) -> Tensor:
    scale = state.gauss.diagonal(dim1=-2, dim2=-1).clamp_min(1e-300).sqrt()
    matrix = state.gauss / (scale[..., :, None] * scale[..., None, :])
    matrix = matrix + torch.diag_embed(damping[..., None].expand(*damping.shape, 2))
    return torch.linalg.solve(matrix, state.gradient / scale) / scale


def _state(edges: _Edges, function: SymbolicFunction, form: Form, theta: Tensor) -> _State:
    t, p = edges.t, edges.p
    u = theta[..., 0] * t[:, None] + theta[..., 1]
    f, slope = function.plain_values(u, 1).unbind(0)
    f, power, c, residual = _regressed(f, p[:, None])
    misfit = residual.square().sum(0)
    allowed = function.inside(u).all(dim=0) & torch.isfinite(misfit) & (power > 0)
    allowed &= _member(form, function, theta, c * len(t) ** 0.5)
    columns = []
    for free, column in zip(form.free, (slope * t[:, None], slope), strict=True):
        moved = c * (column - column.mean(0))
        moved = moved - f * ((f * moved).sum(0) / power)
        columns.append(moved if free else torch.zeros_like(moved))
    jacobian = torch.stack(columns, dim=-1)
    gradient = (jacobian * residual[..., None]).sum(0)
    gauss = (jacobian[..., :, None] * jacobian[..., None, :]).sum(0)
    infinite = torch.where(allowed, misfit, torch.inf)
    return _State(
        theta, infinite, gradient.nan_to_num(0.0, 0.0, 0.0), gauss.nan_to_num(0.0, 0.0, 0.0)
    )


def _member(form: Form, function: SymbolicFunction, theta: Tensor, c: Tensor) -> Tensor:
    """Tell whether parameters are moderate: limits such as sin(a z) for a -> 0 are refused."""
    if not form.scale:
        return theta[..., 1].abs() <= 4 * FAR
    rate = theta[..., 0].abs()
    allowed = rate >= SLOW / 2
    if not form.shift:
        return allowed
    size = c.abs() * natural_scale(function)
    return (
        allowed
        & (form.oscillates | (rate <= 4 * FAR))
        & ((size <= AMPLITUDE) & (size >= 1 / AMPLITUDE))
    )


def _regressed(f: Tensor, p: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Centre f and regress p on it: f, its power, the slope c and the residual."""
    f = f - f.mean(0)
    power = f.square().sum(0)
    c = (f * p).sum(0) / power.clamp_min(1e-300)
    return f, power, c, p - c * f


def _finished(
    z: Tensor,
    phi: Tensor,
    function: SymbolicFunction,
    form: Form,
    edges: _Edges,
    theta: Tensor,
) -> AffineFit:
    """Go back to the units of the data, in canonical form, and regress c and d there."""
    a, b = theta[:, 0] / edges.std, theta[:, 1] - theta[:, 0] * edges.mean / edges.std
    if not form.shift:
        b = torch.zeros_like(b)
    if not form.scale:
        a, b = a.sign(), b / a.abs()
    if form.period:
        b = b - form.period * torch.round(b / form.period)
    u = a * z + b
    f = function.plain_values(u)[0]
    _, power, slope, residual = _regressed(f, edges.p)
    misfit = residual.norm(dim=0)
    allowed = function.inside(u).all(dim=0) & (power > 0) & torch.isfinite(misfit)
    norm = (phi - phi.mean(0)).norm(dim=0)
    c = slope * norm
    d = phi.mean(0) - c * f.mean(0)
    affine = torch.stack((a, b, c, d), dim=1)
    return AffineFit(function, affine, torch.where(allowed, misfit, torch.inf))
