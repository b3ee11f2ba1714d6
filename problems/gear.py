"""Torsion of a bar whose section is a gear wheel, on a mesh from gmsh.

    -Δu = 1 in the wheel,  u = 0 on its boundary.

The domain is read from `gear.msh` beside this file: triangles, and the sides of a polygon of 24
corners in the physical groups "tips", "flanks" and "roots", which are its boundary parts. Twelve of
the corners, where the teeth stand on the wheel, open to 229°; there the gradient of u is infinite
(u behaves like r^0.785). Prandtl's stress function of the twisted bar is u: its gradient, turned by
a right angle, is the shear stress, twice its integral the stiffness.

Source: Timoshenko, Goodier, Theory of Elasticity, 3rd ed., McGraw-Hill 1970, chapter 10, for the
equation; corners: Grisvard, Elliptic Problems in Nonsmooth Domains, Pitman 1985.

The reference are quadratic finite elements on a mesh that is much finer at all corners
(`gear_fem.vtu`, made with the other file by `scripts/make_meshes.py`); read as a field of that
mesh it is within 5e-5 of the solution.

Good values: a relative L2 error of 1e-3. Functions that know nothing of the corners need thousands
of coefficients for 2e-2; products in polar coordinates about every corner, which the solver adds
by itself, reach 5e-4 with 165 coefficients.
"""

from pathlib import Path

from kanpde import Dirichlet, Mesh, Problem, coordinates, laplacian, unknown

FILES = Path(__file__).resolve().parent


def problem() -> Problem:
    """Prandtl's stress function on the mesh of a gear wheel."""
    x, y = coordinates("x y")
    u = unknown("u", x, y)
    wheel = Mesh((x, y), FILES / "gear.msh")
    return Problem(
        domain=wheel,
        equations={"torsion": laplacian(u, x, y) + 1},
        conditions={"rim": Dirichlet(u, 0, on=["tips", "flanks", "roots"])},
        reference={u: Mesh((x, y), FILES / "gear_fem.vtu").interpolant("u")},
    )
