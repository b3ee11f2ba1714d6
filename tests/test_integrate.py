"""Integrals over domains and boundary parts: values, estimated errors, refusals."""

import meshio
import numpy as np
import pytest
import sympy
from sympy import Eq, exp, pi, sin

import kanpde
from kanpde import (
    Ball,
    Box,
    Dirichlet,
    Disk,
    Ellipse,
    InputError,
    Interval,
    Mesh,
    ParameterInterval,
    Polygon,
    Problem,
    Rectangle,
    TimeInterval,
    Torus,
    coordinates,
    normal,
    solve,
    unknown,
)
from kanpde.solution._integrate import integrate

x, y, z, t, k = coordinates("x y z t k")
U = unknown("u", x, y)
SQUARE = Rectangle((x, 0, 1), (y, 0, 2))
HOLE = Disk((x, y), (0.5, 1), 0.25, name="hole")


def one(points, normals):
    return np.ones(len(points))


@pytest.mark.parametrize(
    ("domain", "on", "exact"),
    [
        (SQUARE, None, 2.0),
        (SQUARE, list(SQUARE.parts), 6.0),
        (Disk((x, y), (1, 2), 3), None, 9 * np.pi),
        (Disk((x, y), (1, 2), 3), "boundary", 6 * np.pi),
        (Ball((x, y, z), radius=2), "boundary", 16 * np.pi),
        (Disk((x, y)) * Interval(z, 0, 2), "boundary", 4 * np.pi),
        (Disk((x, y)) * Interval(z, 0, 2) * TimeInterval(t, 0, 3), "z=2", 3 * np.pi),
        (TimeInterval(t, 1, 4), None, 3.0),
        (SQUARE - HOLE, None, 2 - np.pi / 16),
        (SQUARE - HOLE, "hole", np.pi / 2),
        ((SQUARE - HOLE).rotate(0.3) * TimeInterval(t, 0, 2), None, 4 - np.pi / 8),
        (SQUARE | Disk((x, y), (1, 1), 1), "boundary", np.pi),
    ],
)
def test_one_integrates_to_the_measure(domain, on, exact):
    found = integrate(one, domain, on=on)
    assert float(found) == pytest.approx(exact, rel=1e-12)
    assert found.error < 1e-8 * exact


def test_divergence_theorem_holds_in_a_ball():
    ball = Ball((x, y, z), center=(0.3, 0, -0.2), radius=1.5)
    field = lambda p: np.stack([p[:, 0] ** 3, np.exp(p[:, 1]), p[:, 0] * p[:, 2]], axis=1)  # noqa: E731
    flux = integrate(lambda p, n: (field(p) * n).sum(axis=1), ball, on="boundary")
    source = integrate(lambda p, _: 3 * p[:, 0] ** 2 + np.exp(p[:, 1]) + p[:, 0], ball)
    assert float(flux) == pytest.approx(float(source), rel=1e-10)


def test_divergence_theorem_holds_on_a_plate_with_a_hole():
    """The normal points out of the domain, so into the hole."""
    plate = (SQUARE - HOLE) | Disk((x, y), (0, 0), 0.3)
    flux = integrate(
        lambda p, n: p[:, 0] ** 2 * p[:, 1] * n[:, 0] + np.exp(p[:, 1]) * n[:, 1],
        plate,
        on=list(plate.parts),
    )
    source = integrate(lambda p, _: 2 * p[:, 0] * p[:, 1] + np.exp(p[:, 1]), plate)
    assert float(flux) == pytest.approx(float(source), rel=1e-8)
    inwards = integrate(lambda p, n: p[:, 0] * n[:, 0], plate, on="hole")
    assert float(inwards) == pytest.approx(-np.pi / 16, rel=1e-10)


def test_measure_of_a_solid_with_a_hole_has_an_error_that_covers_it():
    ball = Ball((x, y, z), (0.7, 0.5, 0.5), 0.45, name="bite")
    cap = np.pi * 0.15**2 * (3 * 0.45 - 0.15) / 3  # of the ball, outside the box
    volume = 1 - 4 / 3 * np.pi * 0.45**3 + cap
    solid = Box((x, 0, 1), (y, 0, 1), (z, 0, 1)) - ball
    area = 4 * np.pi * 0.45**2 - 2 * np.pi * 0.45 * 0.15
    for on, exact in ((None, volume), ("bite", area)):
        found = integrate(one, solid, on=on)
        assert abs(float(found) - exact) < found.error < 2e-3 * exact


def test_error_estimate_covers_a_kink():
    found = integrate(lambda p, _: np.abs(p[:, 0] - 1 / 3), Interval(x, 0, 1))
    assert abs(float(found) - 5 / 18) <= found.error < 1e-8
    square = integrate(lambda p, _: np.abs(p[:, 0] - 1 / 3), SQUARE)
    assert abs(float(square) - 5 / 9) <= square.error < 1e-5


def test_singular_ends_of_a_side_are_resolved():
    found = integrate(lambda p, _: p[:, 1] ** (-1 / 3), SQUARE, on="x=0")
    assert float(found) == pytest.approx(1.5 * 2 ** (2 / 3), rel=1e-8)
    assert found.points < 5000


def test_infinite_values_at_a_corner_are_resolved():
    """The square of the gradient of r^(2/3) sin(2a/3) in an L-shaped room."""
    workspace = Rectangle((x, -1, 1), (y, -1, 1)) - Rectangle((x, 0, 1), (y, -1, 0))
    found = integrate(lambda p, _: 4 / 9 * np.hypot(*p.T) ** (-2 / 3), workspace)
    assert float(found) == pytest.approx(1.83622666187, rel=1e-8)  # of u u_n along the walls
    assert found.error < 1e-7


@pytest.mark.parametrize(
    "domain",
    [
        Polygon((x, y), [(0, 0), (2, 0), (2, 1), (1, 0.4), (0, 1)]),
        Ellipse((x, y), radii=(2, 1), angle=0.3),
        Torus((x, y, z), radius=2, tube=0.5),
        Mesh((x, y), meshio.Mesh([(0, 0), (2, 0), (2, 1), (0, 3)], [("quad", [(0, 1, 2, 3)])])),
    ],
    ids=["polygon", "ellipse", "torus", "mesh"],
)
def test_divergence_theorem_holds_on_every_kind_of_shape(domain):
    flux = integrate(lambda p, n: p[:, 0] ** 3 * n[:, 0], domain, on=list(domain.parts))
    source = integrate(lambda p, _: 3 * p[:, 0] ** 2, domain)
    assert float(flux) == pytest.approx(float(source), rel=1e-8)


def test_noise_is_given_up_early():
    """A traction that vanishes but for round-off."""
    rng = np.random.default_rng(0)
    found = integrate(lambda p, _: 1e-12 * rng.standard_normal(len(p)), Disk((x, y)), on="boundary")
    assert abs(float(found)) < 1e-12
    assert found.points < 5000
    assert 1e-15 < found.error < 1e-11


@pytest.mark.parametrize("place", [1e-3, 2e-4, 1 - 2e-4])
def test_jump_beside_an_end_is_seen(place):
    """Before the first Kronrod node: 4e-3 of the whole interval, 5e-4 of it in eighths."""
    found = integrate(lambda p, _: np.where(p[:, 0] < place, 1.0, 2.0), Interval(x, 0, 1))
    assert abs(float(found) - (2 - place)) <= found.error < 1e-8


def test_all_cells_of_a_size_are_asked_at_once():
    asked = []

    def waves(points, normals):
        asked.append(len(points))
        return np.sin(300 * points[:, 0]) ** 2

    integrate(waves, Interval(x, 0, 1))
    assert len(asked) < 8 < 100 < sum(asked) / len(asked)


def test_many_waves_are_resolved():
    found = integrate(lambda p, _: np.sin(300 * p[:, 0]) ** 2, Interval(x, 0, 1))
    assert float(found) == pytest.approx(0.5 - np.sin(600) / 1200, rel=1e-9)


def test_predicate_cuts_a_curve_where_it_changes():
    """The quarter of a circle between two angles."""
    found = integrate(lambda p, _: p[:, 0] ** 2, Disk((x, y)), on=(x > 0) & (y > 0))
    assert abs(float(found) - np.pi / 4) <= found.error < 1e-8


def test_error_estimate_of_scattered_points_covers_the_error():
    """A cap of a sphere, which a predicate selects."""
    found = integrate(one, Ball((x, y, z)), on=0.6 * x + 0.8 * y > 0.7)
    assert abs(float(found) - 0.6 * np.pi) <= found.error
    assert found.error < 5e-3


def test_held_coordinates_are_not_integrated_over():
    domain = SQUARE * TimeInterval(t, 0, 4) * ParameterInterval(k, 1, 2)
    function = lambda p, _: p[:, 2] * p[:, 3]  # noqa: E731
    both = integrate(function, domain, at={t: 0.5, "k": 1.5})
    assert float(both) == pytest.approx(0.5 * 1.5 * 2, rel=1e-12)
    time = integrate(function, domain, at={k: 1.5}, on="x=0")
    assert float(time) == pytest.approx(1.5 * 8 * 2, rel=1e-12)
    line = integrate(one, Box((x, 0, 1), (y, 0, 2), (z, 0, 3)), at={y: 1}, on="z=3")
    assert float(line) == pytest.approx(1.0, rel=1e-12)


def test_value_at_a_point_of_an_interval_is_exact():
    found = integrate(lambda p, n: p[:, 0] * n[:, 0], Interval(x, 2, 3), on=["x=2", "x=3"])
    assert (found.value, found.error) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("domain", "options", "message"),
    [
        (SQUARE, {"on": "left"}, "the parts are x=0, x=1, y=0, y=2"),
        (SQUARE, {"at": {z: 1}}, "at: expected coordinates among x, y, got z"),
        (SQUARE, {"at": {x: 2}}, "at: expected 0 <= x <= 1, got 2"),
        (SQUARE, {"at": {x: "a"}}, "at: expected a number for x, got 'a'"),
        (SQUARE, {"at": {x: 0, y: 0}}, "call the solution at that point"),
        (Disk((x, y)), {"at": {x: 0}}, "got a coordinate of Disk"),
        (SQUARE, {"tolerance": 0}, "tolerance: expected a number between 0 and 1, got 0"),
        (TimeInterval(t, 0, 1), {"on": Eq(t, 0)}, "Initial condition"),
        (TimeInterval(t, 0, 1), {"on": list(())}, "expected at least one part, got none"),
    ],
)
def test_wrong_places_are_refused(domain, options, message):
    with pytest.raises(InputError, match=message) as caught:
        integrate(one, domain, **options)
    assert "\n" not in str(caught.value)


# Of a solution -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def solution():
    exact = exp(x) * sin(pi * y)
    source = exact.diff(x, 2) + exact.diff(y, 2)
    equations = {"poisson": U.diff(x, 2) + U.diff(y, 2) - source}
    return solve(Problem(SQUARE, equations, {"walls": Dirichlet(U, exact)}, exact={U: exact}))


def test_flux_through_the_boundary_is_the_integral_of_the_laplacian(solution):
    outward = U.diff(x) * normal(x) + U.diff(y) * normal(y)
    parts = [solution.integrate(outward, on=name) for name in SQUARE.parts]
    whole = solution.integrate(outward, on=list(SQUARE.parts))
    inside = solution.integrate(U.diff(x, 2) + U.diff(y, 2))
    # u_n = -u on y = 0 and u on y = 2 times pi; on x = 0 and 1 the sine has mean 0
    assert [float(p) for p in parts] == pytest.approx(
        [0, 0, -np.pi * (np.e - 1), np.pi * (np.e - 1)], abs=1e-7
    )
    assert float(whole) == pytest.approx(float(inside), abs=1e-7)


def test_integral_agrees_with_the_closed_form_and_tells_its_error(solution):
    exact = float(sympy.integrate(exp(2 * x) * sin(pi * y) ** 2, (x, 0, 1), (y, 0, 2)))
    found = solution.integrate(U**2)
    assert float(found) == pytest.approx(exact, rel=1e-7)
    assert found.error < 1e-7
    assert complex(solution.integrate(sympy.I * U**2)).imag == pytest.approx(exact, rel=1e-7)


def test_integral_survives_saving(solution, tmp_path):
    loaded = kanpde.load(solution.save(tmp_path / "run"))
    ask = {"expression": U.diff(x) * normal(x), "on": "x=1", "at": {y: 0.5}}
    assert loaded.integrate(**ask).value == solution.integrate(**ask).value


def test_normal_inside_the_domain_is_refused(solution):
    with pytest.raises(InputError, match="expected no normal inside the domain, got n_x"):
        solution.integrate(U * normal(x))
