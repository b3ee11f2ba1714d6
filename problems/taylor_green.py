"""Taylor-Green vortices: an array of eddies that decays, an exact unsteady flow.

    u_t + u u_x + v u_y = -p_x + ν Δu,
    v_t + u v_x + v v_y = -p_y + ν Δv,
    u_x + v_y = 0 on [0, 2π]² with periods 2π,  0 ≤ t ≤ 1,  ν = 0.1,
    u = -cos x sin y exp(-2νt),  v = sin x cos y exp(-2νt),
    p = -(cos 2x + cos 2y)/4 exp(-4νt).

Source: Taylor and Green, Mechanism of the production of small eddies from large ones, Proc. R. Soc.
A 158 (1937) 499-521; Chorin, Numerical solution of the Navier-Stokes equations, Math. Comput. 22
(1968) 745-762. For networks: Jin, Cai, Li, Karniadakis, NSFnets, J. Comput. Phys. 426 (2021)
109951.

The pressure balances the convective terms exactly, so that the velocity decays as by diffusion
alone. No condition holds the pressure but its period: it is free up to a function of time, and its
error is measured after the mean at every time is taken away.

Good values: networks reach relative L2 errors of 1e-3 to 1e-4. With sines and cosines along the
periodic axes round-off is possible.
"""

from sympy import cos, exp, pi, sin

from kanpde import (
    Initial,
    Periodic,
    Problem,
    Rectangle,
    TimeInterval,
    coordinates,
    laplacian,
    unknown,
)


def problem(nu: float = 0.1) -> Problem:
    """Navier-Stokes equations with decaying vortices."""
    x, y, t = coordinates("x y t")
    u, v, p = (unknown(name, x, y, t) for name in "uvp")
    exact = {
        u: -cos(x) * sin(y) * exp(-2 * nu * t),
        v: sin(x) * cos(y) * exp(-2 * nu * t),
        p: -(cos(2 * x) + cos(2 * y)) / 4 * exp(-4 * nu * t),
    }

    def carried(q: object) -> object:
        return q.diff(t) + u * q.diff(x) + v * q.diff(y) - nu * laplacian(q, x, y)

    return Problem(
        domain=Rectangle((x, 0, 2 * pi), (y, 0, 2 * pi)) * TimeInterval(t, 0, 1),
        equations={
            "momentum x": carried(u) + p.diff(x),
            "momentum y": carried(v) + p.diff(y),
            "continuity": u.diff(x) + v.diff(y),
        },
        conditions={
            "start u": Initial(u, exact[u].subs(t, 0)),
            "start v": Initial(v, exact[v].subs(t, 0)),
            **{f"seam x {q.func}": Periodic(q, x) for q in (u, v, p)},
            **{f"seam y {q.func}": Periodic(q, y) for q in (u, v, p)},
        },
        vectors={"velocity": (u, v)},
        exact=exact,
    )
