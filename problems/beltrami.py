"""Beltrami flow: an exact unsteady flow in three dimensions.

    v_t + (v·∇)v + ∇p = Δv/Re,   ∇·v = 0 on [-1, 1]³,  0 ≤ t ≤ 1,  Re = 1,
    u = -[eˣ sin(y + z) + eᶻ cos(x + y)] exp(-t/Re),
    v = -[eʸ sin(z + x) + eˣ cos(y + z)] exp(-t/Re),
    w = -[eᶻ sin(x + y) + eʸ cos(z + x)] exp(-t/Re),

velocity at the start and on all faces from this solution (a = d = 1 in the source).

Source: Ethier and Steinman, Exact fully 3D Navier-Stokes solutions for benchmarking, Int. J.
Numer. Methods Fluids 19 (1994) 369-375; for networks: Jin, Cai, Li, Karniadakis, NSFnets, J.
Comput. Phys. 426 (2021) 109951, section 3.3.

Vorticity and velocity are parallel everywhere, and the convective term is balanced by the pressure
alone. Nothing holds the pressure but its gradient: it is free up to a function of time, and its
error is measured after the mean at every time is taken away.

Four coordinates and four unknowns: a product KAN of total degree 7 has 1320 coefficients.

Good values: networks reach relative L2 errors of 1e-3 to 1e-4 in the velocity, larger ones in the
pressure.
"""

from sympy import cos, exp, sin

from kanpde import (
    Box,
    Dirichlet,
    Initial,
    Problem,
    Settings,
    TimeInterval,
    coordinates,
    laplacian,
    unknown,
)

settings = Settings(time_limit=300)


def problem(Re: float = 1.0) -> Problem:
    """Navier-Stokes equations with the flow of Ethier and Steinman."""
    x, y, z, t = coordinates("x y z t")
    u, v, w, p = (unknown(name, x, y, z, t) for name in "uvwp")
    fade = exp(-t / Re)
    exact = {
        u: -(exp(x) * sin(y + z) + exp(z) * cos(x + y)) * fade,
        v: -(exp(y) * sin(z + x) + exp(x) * cos(y + z)) * fade,
        w: -(exp(z) * sin(x + y) + exp(y) * cos(z + x)) * fade,
    }
    squares = exp(2 * x) + exp(2 * y) + exp(2 * z)
    mixed = (
        sin(x + y) * cos(z + x) * exp(y + z)
        + sin(y + z) * cos(x + y) * exp(z + x)
        + sin(z + x) * cos(y + z) * exp(x + y)
    )
    velocity = {"x": u, "y": v, "z": w}

    def momentum(name: str) -> object:
        q, along = velocity[name], {"x": x, "y": y, "z": z}[name]
        carried = u * q.diff(x) + v * q.diff(y) + w * q.diff(z)
        return q.diff(t) + carried + p.diff(along) - laplacian(q, x, y, z) / Re

    return Problem(
        domain=Box((x, -1, 1), (y, -1, 1), (z, -1, 1)) * TimeInterval(t, 0, 1),
        equations={
            **{f"momentum {name}": momentum(name) for name in velocity},
            "continuity": u.diff(x) + v.diff(y) + w.diff(z),
        },
        conditions={
            **{f"start {q.func}": Initial(q, value.subs(t, 0)) for q, value in exact.items()},
            **{f"walls {q.func}": Dirichlet(q, value) for q, value in exact.items()},
        },
        vectors={"velocity": (u, v, w)},
        exact={**exact, p: -(squares + 2 * mixed) * fade**2 / 2},
    )
