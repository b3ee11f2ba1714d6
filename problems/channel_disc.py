"""Flow in a channel past a disc, and the force on it: a benchmark of computational fluid dynamics.

    u u_x + v u_y = -p_x + Δu/Re,
    u v_x + v v_y = -p_y + Δv/Re,
    u_x + v_y = 0 on [0, 22] × [0, 4.1] less the disc of radius 1/2 about (2, 2),
    u = 6 y (4.1 - y)/4.1², v = 0 at the inlet x = 0,  Re = 20,
    u = v = 0 on walls and disc,  u_x/Re = p, v_x = 0 at the outlet x = 22.

Source: Schäfer and Turek, Benchmark computations of laminar flow around a cylinder, in: Flow
Simulation with High-Performance Computers II, Notes on Numerical Fluid Mechanics 52, Vieweg 1996,
547-566, case 2D-1; here in units of the disc's diameter and the mean speed.

No closed form is known, and the problem has no exact solution to compare with. The coefficients of
drag and lift are known, 5.57953523384 and 0.010618948146, and the drop of pressure from (1.5, 2) to
(2.5, 2), 2.9380042 (Nabh, On high order methods for the stationary incompressible Navier-Stokes
equations, Heidelberg 1998). The disc stands a little below the middle, hence the lift. The
coefficients are twice the force on the disc:

    out, up = normal(x), normal(y)  # out of the fluid, into the disc
    drag = p * out - (u.diff(x) * out + u.diff(y) * up) / Re
    solution.integrate(2 * drag, on="disc")

Good values: a drag within 1 %; finite volumes with 1e5 unknowns give three digits.
"""

from sympy import Eq

from kanpde import (
    Dirichlet,
    Disk,
    Operator,
    Problem,
    Rectangle,
    Settings,
    coordinates,
    laplacian,
    unknown,
)

settings = Settings(time_limit=300)


def problem(Re: float = 20.0) -> Problem:
    """Steady Navier-Stokes equations in velocity and pressure."""
    x, y = coordinates("x y")
    u, v, p = unknown("u", x, y), unknown("v", x, y), unknown("p", x, y)
    resting = ["disc", "y=0", "y=4.1"]
    return Problem(
        domain=Rectangle((x, 0, 22), (y, 0, 4.1)) - Disk((x, y), (2, 2), 0.5, name="disc"),
        equations={
            "momentum x": u * u.diff(x) + v * u.diff(y) + p.diff(x) - laplacian(u, x, y) / Re,
            "momentum y": u * v.diff(x) + v * v.diff(y) + p.diff(y) - laplacian(v, x, y) / Re,
            "continuity": u.diff(x) + v.diff(y),
        },
        conditions={
            "walls u": Dirichlet(u, 0, on=resting),
            "walls v": Dirichlet(v, 0, on=resting),
            "inlet u": Dirichlet(u, 6 * y * (4.1 - y) / 4.1**2, on=Eq(x, 0)),
            "inlet v": Dirichlet(v, 0, on=Eq(x, 0)),
            "outlet x": Operator(u.diff(x) / Re - p, on=Eq(x, 22)),
            "outlet y": Operator(v.diff(x), on=Eq(x, 22)),
        },
        vectors={"velocity": (u, v)},
    )
