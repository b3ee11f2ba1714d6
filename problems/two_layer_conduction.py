r"""Heat conduction through two layers in contact.

    -(k T′)′ = q on [0, 1],  T(0) = 1, T(1) = 0,  k = k₁ for x < c, k₂ for x > c,
    [T] = R k T′ and [k T′] = 0 at x = c;  [·] is above minus below.

`k1` = 1 and `k2` = 20 are the conductivities, `c` = 0.3 the contact, `q` = 3 a uniform source,
`R` = 0 the contact's resistance: with R > 0 the temperature jumps. T is a parabola on either side,
with a kink at c where the slope changes by the factor k₁/k₂.

Source: Carslaw and Jaeger, Conduction of Heat in Solids, 2nd ed., Oxford 1959, sections 1.9 and
3.2. It is the usual test of interface conditions in the learning literature (Jagtap and
Karniadakis, Extended PINNs, Commun. Comput. Phys. 28 (2020) 2002-2041).

A smooth network has no kink, so it smears it. `Interface` breaks the trial at the plane: product
KANs take polynomials of their own on either side, trained networks get the side as an input.

Good values: linear, and polynomials on either side, so round-off (1e-14) is within reach, the jump
of the flux included. An error of 1e-2 with a small residual means an interface that was forgotten.
"""

from sympy import Eq, Piecewise, nsimplify, solve, symbols

from kanpde import Dirichlet, Interface, Interval, Problem, coordinates, unknown


def problem(
    k1: float = 1.0, k2: float = 20.0, c: float = 0.3, q: float = 3.0, R: float = 0.0
) -> Problem:
    """Two layers of different conductivity, held at both ends."""
    x = coordinates("x")
    T = unknown("T", x)
    k1, k2, q, R, place = (nsimplify(value, rational=True) for value in (k1, k2, q, R, c))
    k = Piecewise((k1, x < place), (k2, True))
    flux = k * T.diff(x)
    return Problem(
        domain=Interval(x, 0, 1),
        equations={"conduction": flux.diff(x) + q},
        conditions={
            "hot": Dirichlet(T, 1, on=Eq(x, 0)),
            "cold": Dirichlet(T, 0, on=Eq(x, 1)),
            "contact": Interface(T, at=Eq(x, place), jump=R * flux, flux=flux),
        },
        exact={T: layers(x, (k1, k2, q, R, place))},
    )


def layers(x, numbers):
    """Parabola on either side, by the four conditions."""
    k1, k2, q, R, place = numbers
    a, b, c, d = symbols("a b c d")
    left, right = a + b * x - q * x**2 / (2 * k1), c + d * x - q * x**2 / (2 * k2)
    conditions = [
        left.subs(x, 0) - 1,
        right.subs(x, 1),
        (k1 * left.diff(x) - k2 * right.diff(x)).subs(x, place),
        (right - left - R * k1 * left.diff(x)).subs(x, place),
    ]
    found = solve(conditions, [a, b, c, d])
    return Piecewise((left.subs(found), x < place), (right.subs(found), True))
