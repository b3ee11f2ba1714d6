"""Reference solutions that are computed, not looked up.

Each is a callable from points ``(N, 2)``, columns x and t, to values ``(N,)``, as
`kanpde.Problem` takes them in ``reference``; nothing is integrated before the first call.

- `cole_hopf`: Burgers' equation from minus a sine, by quadrature of a closed form.
- `spectral_reference`: one periodic equation ``u_t = L u + M n(u)``, by Fourier modes and ETDRK4;
  `Resolution` says how finely, `Lift` takes a known singular part out.
- `SplitStep`: the nonlinear Schroedinger equation, by Fourier modes and splitting.
- `PeriodicLines`: a periodic system ``u_t = F(u, u_x, ...)``, by Fourier collocation and an
  integrator of scipy; `PeriodicLines.component` gives one unknown.

How accurate they are on the problem files stands in ``docs/problems.md``, measured by
``scripts/make_references.py``.
"""

from kanpde.references._cole_hopf import cole_hopf
from kanpde.references._lines import Component, PeriodicLines
from kanpde.references._spectral import (
    Lift,
    Resolution,
    SpectralReference,
    spectral_reference,
)
from kanpde.references._split_step import SplitStep

__all__ = [
    "Component",
    "Lift",
    "PeriodicLines",
    "Resolution",
    "SpectralReference",
    "SplitStep",
    "cole_hopf",
    "spectral_reference",
]
