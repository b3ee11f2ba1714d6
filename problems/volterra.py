"""Volterra's integro-differential equation: a rate that remembers the past.

    u′ + u = ∫₀ˣ e^{a(s - x)} u(s) ds on [0, L],  u(0) = 1.

`a` = 1 is the rate at which the memory fades, `L` = 5 the length. With w = ∫₀ˣ e^{a(s-x)} u ds the
equation is the pair u′ = -u + w, w′ = u - a w with eigenvalues
λ = -(1 + a)/2 ± √((1 - a)²/4 + 1), so that

    u = ((λ₁ + a) e^{λ₁x} - (λ₂ + a) e^{λ₂x})/(λ₁ - λ₂),  for a = 1: e^{-x} cosh x.

Source: Brunner, Collocation Methods for Volterra Integral and Related Functional Differential
Equations, Cambridge University Press 2004, chapter 3. The case a = 1 is a demo of DeepXDE (Lu,
Meng, Mao, Karniadakis, SIAM Review 63 (2021) 208-228).

The integral runs to the equation's own point, so every row takes Gauss nodes of its own. The
equation stays linear and is solved as such, by one least squares per degree.

Good values: 1e-3 to 1e-4 are published for networks; linear and smooth, so 1e-12 is within reach.
An error that is small at 0 and grows with x means that the integral is not resolved.
"""

from sympy import Eq, Integral, Symbol, exp, nsimplify, sqrt

from kanpde import Dirichlet, Interval, Problem, coordinates, unknown


def problem(a: float = 1.0, L: float = 5.0) -> Problem:
    """Rate equation with a fading memory."""
    x, s = coordinates("x"), Symbol("s", real=True)
    u = unknown("u", x)
    fading = nsimplify(a, rational=True)
    middle, half = -(1 + fading) / 2, sqrt((1 - fading) ** 2 / 4 + 1)
    first, second = middle + half, middle - half
    grown = (first + fading) * exp(first * x) - (second + fading) * exp(second * x)
    return Problem(
        domain=Interval(x, 0, L),
        equations={
            "rate": u.diff(x) + u - Integral(exp(fading * (s - x)) * u.subs(x, s), (s, 0, x))
        },
        conditions={"start": Dirichlet(u, 1, on=Eq(x, 0))},
        exact={u: grown / (first - second)},
    )
