"""The quantum harmonic oscillator: an eigenvalue problem on the line, cut off.

    -u''/2 + x² u/2 = E u on [-8, 8],  u(±8) = 0,  ∫ u² = 1,
    E = n + 1/2,  u = H_n(x) exp(-x²/2)/√(2ⁿ n! √π) (up to the sign),  n = `level`.

Source: Griffiths, Introduction to Quantum Mechanics, section 2.3; as a test of networks: Jin,
Mattheakis, Protopapas, Physics-informed neural networks for quantum eigenvalue problems, IJCNN
2022.

The eigenfunctions of the line are exp(-32) = 1e-14 times a polynomial at x = ±8, so the walls
move the first levels by less than double precision tells. The start says which
level is meant: the eigenvalue nearest to it is found, here from a start 0.2 below. The sign of u is
chosen so that its first lobe is positive, and errors are measured up to the sign.

Good values: networks find E to 1e-3 to 1e-5 in minutes. As polynomials need a degree near 64 on
this long interval, the low degrees say nothing; from there on E to 1e-12.
"""

from sympy import Integral, Rational, Symbol, exp, factorial, hermite, pi, sqrt

from kanpde import Constant, Constraint, Dirichlet, Interval, Problem, coordinates, unknown


def problem(level: int = 0) -> Problem:
    """Level n = 0, 1, 2, ... of the oscillator."""
    if level < 0:
        raise ValueError(f"level: expected 0, 1, 2, ..., got {level}")
    x = coordinates("x")
    u, E = unknown("u", x), Symbol("E", real=True)
    size = sqrt(2**level * factorial(level) * sqrt(pi))
    return Problem(
        domain=Interval(x, -8, 8),
        equations={"schroedinger": -u.diff(x, 2) / 2 + x**2 * u / 2 - E * u},
        conditions={
            "walls": Dirichlet(u, 0),
            "normalisation": Constraint(Integral(u**2, (x, -8, 8)) - 1),
        },
        constants={E: Constant(level + 0.3, exact=level + Rational(1, 2))},
        exact={u: (-1) ** level * hermite(level, x) * exp(-(x**2) / 2) / size},
    )
