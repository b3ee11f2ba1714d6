"""Burgers' equation from minus a sine: the closed form of Cole and Hopf."""

from __future__ import annotations

import numpy as np
from scipy.special import roots_hermite, softmax

from kanpde.errors import InputError
from kanpde.references._points import Array, Reference, columns, in_chunks


def cole_hopf(nu: float, *, nodes: int | None = None) -> Reference:
    r"""Solution of Burgers' equation that starts from minus a sine.

    ``u_t + u u_x = nu u_xx`` on the line with ``u(x, 0) = -sin(pi x)``, hence
    ``u(-1, t) = u(1, t) = 0``. The Cole-Hopf transformation gives a quotient
    of two Gaussian integrals, done here by Gauss-Hermite quadrature.

    Parameters
    ----------
    nu
        Viscosity, 5e-4 to 1; the values are accurate to 1e-12 where ``nu t <= 1``.
    nodes
        Number of quadrature nodes; chosen from `nu` unless given.

    Returns
    -------
    callable
        Maps points ``(N, 2)`` with columns x and ``t >= 0`` to ``u``, ``(N,)``.

    Raises
    ------
    InputError
        If `nu` is outside [5e-4, 1]; in a call, if a time is negative.
    ShapeError
        In a call, if the points are not ``(N, 2)``.

    References
    ----------
    Basdevant et al., Spectral and finite difference solutions of the Burgers
    equation, Computers & Fluids 14 (1986) 23-41.

    Examples
    --------
    >>> import numpy as np
    >>> u = cole_hopf(0.01 / np.pi)
    >>> u(np.array([[0.5, 0.0], [0.0, 0.3]])).tolist()
    [-1.0, 0.0]
    """
    if not 5e-4 <= nu <= 1.0:
        raise InputError(f"nu: expected a viscosity from 5e-4 to 1, got {nu}")
    # Small nu moves the saddle points to 1/(2 sqrt(nu t)) Gaussian widths off centre, large nu
    # makes the sine oscillate; measured: 256 nodes leave 1e-13 up to nu = 0.1, 1e-10 at nu = 1.
    count = (256 if 2e-3 <= nu <= 0.1 else 512) if nodes is None else nodes
    z, weights = roots_hermite(count)
    keep = weights > 0.0
    # Symmetric to the last bit, so that u is odd in x up to the order of the sum.
    z = 0.5 * (z - z[::-1])[keep]
    log_weights = np.log(0.5 * (weights + weights[::-1])[keep])

    def chunk(x: Array, t: Array) -> Array:
        y = x[:, None] - 2.0 * np.sqrt(nu * t)[:, None] * z
        exponent = log_weights - np.cos(np.pi * y) / (2.0 * np.pi * nu)
        u = -(np.sin(np.pi * y) * softmax(exponent, axis=1)).sum(axis=1)
        return np.where(t == 0.0, -np.sin(np.pi * x), u)

    def reference(points: Array) -> Array:
        x, t = columns(points)
        if t.size and not t.min() >= 0.0:
            raise InputError(f"points: expected times t >= 0, got {t.min()}")
        return in_chunks(chunk, x, t)

    return reference
