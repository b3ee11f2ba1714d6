"""Kirsch's plate: a plate with a hole, pulled along x.

    ∂σxx/∂x + ∂σxy/∂y = 0,   ∂σxy/∂x + ∂σyy/∂y = 0 on [-2, 2]² less the disc r < 1/2,
    σxx = (λ + 2μ) εxx + λ εyy,  σyy = (λ + 2μ) εyy + λ εxx,  σxy = 2μ εxy,
    E = 1, Poisson's ratio `nu` = 0.3, plane stress; σ = 1 far away, the hole free.

Source: Kirsch, Die Theorie der Elastizität und die Bedürfnisse der Festigkeitslehre, Z. Vereins
deutscher Ingenieure 42 (1898) 797-807; Timoshenko and Goodier, Theory of Elasticity, 3rd ed.,
McGraw-Hill 1970, section 35.

The displacement of the infinite plate is given on the outer square, and no traction on the
hole. Along the hole the stress is σ (1 - 2 cos 2θ), three times what is pulled with at its top
and bottom: `solution.evaluate` reads it off. Solutions beside a hole are series in powers of 1/r,
which product KANs get as functions of log r and the angle.

Good values: networks reach relative L2 errors of 1e-2 to 1e-3 in the displacements, and several
percent in the greatest stress; round-off is within reach of a spectral method.
"""

from sympy import Expr, Rational

from kanpde import (
    Dirichlet,
    Disk,
    Operator,
    Problem,
    Rectangle,
    coordinates,
    normal,
    unknown,
)


def kirsch(x: Expr, y: Expr, *, a: Expr, mu: float, kappa: float) -> tuple[Expr, Expr]:
    """Displacement of an infinite plate with a hole of radius a, pulled by 1 along x."""
    r2 = x**2 + y**2
    cos3, sin3 = (x**3 - 3 * x * y**2) / r2**2, (3 * x**2 * y - y**3) / r2**2  # over r
    near = 1 - a**2 / r2
    ux = (kappa + 1) * x / a + 2 * a * ((1 + kappa) * x / r2 + near * cos3)
    uy = (kappa - 3) * y / a + 2 * a * ((1 - kappa) * y / r2 + near * sin3)
    return a / (8 * mu) * ux, a / (8 * mu) * uy


def problem(nu: float = 0.3) -> Problem:
    """Equilibrium in displacements, with Poisson's ratio nu."""
    x, y = coordinates("x y")
    ux, uy = unknown("ux", x, y), unknown("uy", x, y)
    mu, lam = 1 / (2 * (1 + nu)), nu / (1 - nu**2)  # plane stress, E = 1
    exx, eyy, exy = ux.diff(x), uy.diff(y), (ux.diff(y) + uy.diff(x)) / 2
    sxx = (lam + 2 * mu) * exx + lam * eyy
    syy = (lam + 2 * mu) * eyy + lam * exx
    sxy = 2 * mu * exy
    radius = Rational(1, 2)
    exact_x, exact_y = kirsch(x, y, a=radius, mu=mu, kappa=(3 - nu) / (1 + nu))
    plate = Rectangle((x, -2, 2), (y, -2, 2))
    outside = list(plate.parts)
    return Problem(
        domain=plate - Disk((x, y), (0, 0), radius, name="hole"),
        equations={
            "equilibrium x": sxx.diff(x) + sxy.diff(y),
            "equilibrium y": sxy.diff(x) + syy.diff(y),
        },
        conditions={
            "outside x": Dirichlet(ux, exact_x, on=outside),
            "outside y": Dirichlet(uy, exact_y, on=outside),
            "hole x": Operator(sxx * normal(x) + sxy * normal(y), on="hole"),
            "hole y": Operator(sxy * normal(x) + syy * normal(y), on="hole"),
        },
        vectors={"displacement": (ux, uy)},
        exact={ux: exact_x, uy: exact_y},
    )
