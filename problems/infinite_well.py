"""A quantum particle between two walls: an eigenvalue problem.

    -u''/2 = E u on [0, 1],  u(0) = u(1) = 0,  ∫ u² = 1,
    E = n² π²/2,  u = √2 sin(nπx),  n = `level`.

Source: Griffiths, Introduction to Quantum Mechanics, section 2.2; as a test of networks: Jin,
Mattheakis, Protopapas, Physics-informed neural networks for quantum eigenvalue problems, IJCNN
2022.

u = 0 solves equation and walls at every E, so the normalisation is part of the problem. The
energy is an unknown constant whose start says which level is meant: the eigenvalue nearest
to it is found, here from a start 10 % above. The sign of u is free; it is chosen so that the
first lobe is positive, and errors are measured up to the sign.

Good values: networks find E to 1e-3 to 1e-5 in minutes. With the smallest singular vector as a
start and Newton's method from there, E to 1e-14 in a second.
"""

from sympy import Integral, Rational, Symbol, pi, sin, sqrt

from kanpde import Constant, Constraint, Dirichlet, Interval, Problem, coordinates, unknown


def problem(level: int = 1) -> Problem:
    """Level n = 1, 2, 3, ... of the infinite well."""
    if level < 1:
        raise ValueError(f"level: expected 1, 2, 3, ..., got {level}")
    x = coordinates("x")
    u, E = unknown("u", x), Symbol("E", real=True)
    energy = level**2 * pi**2 / 2
    return Problem(
        domain=Interval(x, 0, 1),
        equations={"schroedinger": -u.diff(x, 2) / 2 - E * u},
        conditions={
            "walls": Dirichlet(u, 0),
            "normalisation": Constraint(Integral(u**2, (x, 0, 1)) - 1),
        },
        constants={E: Constant(float(Rational(11, 10) * energy), exact=energy)},
        exact={u: sqrt(2) * sin(level * pi * x)},
    )
