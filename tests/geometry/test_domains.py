"""What every domain does with every sampler (the conformance suite)."""

import numpy as np
import pytest
import sympy

from kanpde.errors import InputError, ShapeError
from kanpde.geometry import SAMPLERS, Ball, Box, Disk, Domain, Interval, Rectangle, TimeInterval

x, y, z, t, w = sympy.symbols("x y z t w", real=True)
every_sampler = pytest.mark.parametrize("sampler", SAMPLERS)


def time_length(domain: Domain) -> float:
    bounds = domain.time_bounds
    return 1.0 if bounds is None else bounds[1] - bounds[0]


@every_sampler
def test_interior_points_are_inside_and_their_weights_sum_to_the_measure(domain, sampler, rng):
    points, weights = domain.interior(50, sampler=sampler, rng=rng)
    assert points.shape == (len(weights), domain.dimension)
    assert domain.contains(points).all()
    assert (weights > 0).all()
    assert weights.sum() == pytest.approx(domain.measure, rel=1e-13)


@every_sampler
def test_boundary_weights_sum_to_each_parts_measure_times_time(domain, sampler, rng):
    if not domain.parts:
        pytest.skip("no spatial boundary")
    points, normals, weights, index = domain.boundary(40, sampler=sampler, rng=rng)
    assert points.shape == normals.shape == (len(weights), domain.dimension)
    assert domain.contains(points).all()
    for number, part in enumerate(domain.parts.values()):
        total = weights[index == number].sum()
        assert total == pytest.approx(part.measure * time_length(domain), rel=1e-13)


@every_sampler
def test_normals_are_unit_and_point_out_of_the_space_only(built_in, sampler, rng):
    if not built_in.parts:
        pytest.skip("no spatial boundary")
    points, normals, _, _ = built_in.boundary(40, sampler=sampler, rng=rng)
    assert np.linalg.norm(normals, axis=1) == pytest.approx(1.0, abs=1e-14)
    # A piece may reach the rim of a face: move its points inwards a little.
    center = 0.5 * (built_in.lower + built_in.upper)
    rim = np.where(normals == 0, center + 0.999 * (points - center), points)
    step = 1e-6 * normals
    assert built_in.contains(rim - step).all()
    assert not built_in.contains(points + step).any()
    if built_in.time is not None:
        assert (normals[:, built_in.coordinates.index(built_in.time)] == 0).all()


@every_sampler
def test_initial_points_lie_at_the_first_time_and_weigh_the_space(domain, sampler, rng):
    if domain.time is None:
        with pytest.raises(InputError, match=r"initial: .*multiply it by TimeInterval"):
            domain.initial(5, sampler=sampler, rng=rng)
        return
    points, weights = domain.initial(30, sampler=sampler, rng=rng)
    column = domain.coordinates.index(domain.time)
    assert (points[:, column] == domain.time_bounds[0]).all()
    assert domain.contains(points).all()
    assert weights.sum() == pytest.approx(domain.measure / time_length(domain), rel=1e-13)


@pytest.mark.parametrize("sampler", ["uniform", "lhs", "sobol", "halton"])
@pytest.mark.parametrize("n", [1, 5, 37])
def test_scattered_samplers_deliver_exactly_n_points_of_equal_weight(domain, sampler, n, rng):
    points, weights = domain.interior(n, sampler=sampler, rng=rng)
    assert len(points) == n
    assert weights == pytest.approx(domain.measure / n, rel=1e-13)
    if domain.parts and domain.dimension > 1:
        assert len(domain.boundary(n, sampler=sampler, rng=rng)[0]) == max(n, len(domain.parts))


@every_sampler
def test_the_same_seed_gives_the_same_points_and_no_global_state_moves(domain, sampler):
    before = np.random.get_state()[1].copy()  # noqa: NPY002  # the state that must not move
    draws = [
        domain.interior(20, sampler=sampler, rng=np.random.default_rng(seed))[0]
        for seed in (1, 1, 2)
    ]
    assert np.array_equal(draws[0], draws[1])
    if sampler in ("uniform", "lhs", "sobol", "halton"):
        assert not np.array_equal(draws[0], draws[2])
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize("sampler", ["uniform", "lhs", "sobol", "halton"])
def test_points_follow_the_uniform_distribution(domain, sampler, rng):
    n = 4000
    points, _ = domain.interior(n, sampler=sampler, rng=rng)
    rule, weights = domain.interior(8**domain.dimension, sampler="gauss")
    for power in (1, 2):
        mean = weights @ rule**power / domain.measure
        spread = np.sqrt(weights @ rule ** (2 * power) / domain.measure - mean**2)
        # Three standard errors of independent points would fail one run in 370;
        # the seed is fixed and the other samplers are closer.
        assert (abs((points**power).mean(axis=0) - mean) <= 3.5 * spread / np.sqrt(n)).all()


@pytest.mark.parametrize("sampler", ["uniform", "sobol"])
def test_mean_square_over_the_disk_is_a_quarter_of_the_radius_squared(sampler, rng):
    n = 10_000
    points, _ = Disk((x, y), radius=2).interior(n, sampler=sampler, rng=rng)
    # Variance of x²: E x⁴ - (E x²)² = R⁴ (1/8 - 1/16).
    assert (points[:, 0] ** 2).mean() == pytest.approx(1.0, abs=3 * np.sqrt(16 / 16 / n))


def test_mean_square_over_a_high_dimensional_ball_is_radius_squared_over_d_plus_two(rng):
    ball = Ball(sympy.symbols("x0:50", real=True), radius=3)
    points, weights = ball.interior(4096, rng=rng)
    assert ball.contains(points).all()
    # One coordinate has variance R²/(d+2); the average of 50 of them is sharp.
    assert (points**2).mean() == pytest.approx(9 / 52, rel=0.01)
    assert weights.sum() == pytest.approx(ball.measure, rel=1e-12)


@pytest.mark.parametrize("d", [2, 3, 4, 6])
def test_ball_and_sphere_measures_agree_with_the_closed_forms(d):
    ball = Ball(sympy.symbols(f"x0:{d}", real=True), radius=2)
    volume = {2: np.pi, 3: 4 * np.pi / 3, 4: np.pi**2 / 2, 6: np.pi**3 / 6}[d] * 2**d
    assert ball.measure == pytest.approx(volume, rel=1e-14)
    assert ball.parts["boundary"].measure == pytest.approx(volume * d / 2, rel=1e-14)


def test_points_outside_are_not_contained_and_the_closed_boundary_is(domain):
    corner = np.vstack([domain.upper + 1e-6, domain.lower - 1e-6])
    assert not domain.contains(corner).any()
    assert not domain.contains(np.full((1, domain.dimension), np.nan)).any()
    if domain.parts:
        points = domain.boundary(20, sampler="grid")[0]
        assert domain.contains(points).all()


def test_containment_is_tolerant_to_twelve_digits_only():
    interval = Interval(x, -1, 2)
    assert interval.contains(np.array([[2 + 1e-12], [2 + 1e-11]])).tolist() == [True, False]
    disk = Disk((x, y))
    assert disk.contains(np.array([[1 + 5e-13, 0], [1 + 1e-11, 0]])).tolist() == [True, False]


def test_points_of_another_dimension_are_refused(built_in):
    with pytest.raises(ShapeError, match=r"points: expected shape \(N, "):
        built_in.contains(np.zeros((3, built_in.dimension + 1)))


def test_interval_without_time_has_one_boundary_point_per_face(rng):
    points, normals, weights, index = Interval(x, -1, 2).boundary(100, rng=rng)
    assert points.tolist() == [[-1.0], [2.0]]
    assert normals.tolist() == [[-1.0], [1.0]]
    assert weights.tolist() == [1.0, 1.0]
    assert index.tolist() == [0, 1]


def test_boundary_points_are_shared_out_by_measure():
    rectangle = Rectangle((x, 0, 3), (y, 0, 1))
    index = rectangle.boundary(80, sampler="grid")[3]
    assert np.bincount(index).tolist() == [10, 10, 30, 30]


def test_chosen_parts_are_numbered_in_the_order_given(rng):
    rectangle = Rectangle((x, 0, 3), (y, 0, 1))
    points, _, _, index = rectangle.boundary(8, part=("y=1", "x=0"), rng=rng)
    assert (points[index == 0, 1] == 1).all()
    assert (points[index == 1, 0] == 0).all()


def test_a_time_interval_alone_has_a_single_initial_point_and_no_boundary(rng):
    time = TimeInterval(t, 2, 3)
    assert time.space is None
    assert time.time == t
    assert time.initial(10, rng=rng)[0].tolist() == [[2.0]]
    with pytest.raises(InputError, match="expected a domain with a spatial boundary"):
        time.boundary(3, rng=rng)


def test_products_keep_the_order_of_their_factors():
    time = TimeInterval(t, 0, 1)
    assert (Interval(x, 0, 1) * time).coordinates == (x, t)
    assert (time * Interval(x, 0, 1)).coordinates == (t, x)
    mixed = Interval(x, 0, 1) * time * Interval(y, 0, 2)
    assert mixed.coordinates == (x, t, y)
    assert mixed.space == Rectangle((x, 0, 1), (y, 0, 2))
    assert [(f.name, f.axis) for f in mixed.faces] == [
        ("x=0", 0),
        ("x=1", 0),
        ("y=0", 2),
        ("y=2", 2),
    ]


def test_product_of_boxes_is_a_box():
    product = Interval(x, 0, 1) * Rectangle((y, 0, 2), (z, 0, 3))
    assert isinstance(product, Box)
    assert product == Box((x, 0, 1), (y, 0, 2), (z, 0, 3))
    assert product.space is product


def test_equal_part_names_of_two_factors_are_told_apart():
    assert list((Disk((x, y)) * Disk((z, w))).parts) == ["boundary(x,y)", "boundary(z,w)"]


def test_pairs_lie_on_opposite_faces_and_agree_elsewhere(rng):
    domain = Rectangle((x, -1, 1), (y, 0, 2)) * TimeInterval(t, 0, 3)
    low, high, weights = domain.pair(y, 25, rng=rng)
    assert (low[:, 1] == 0).all()
    assert (high[:, 1] == 2).all()
    assert np.array_equal(low[:, [0, 2]], high[:, [0, 2]])
    assert weights.sum() == pytest.approx(2 * 3, rel=1e-14)


@pytest.mark.parametrize(("domain", "symbol"), [(Disk((x, y)), x), (TimeInterval(t, 0, 1), t)])
def test_pair_without_opposite_faces_is_refused(domain, symbol, rng):
    with pytest.raises(InputError, match="pair: expected a coordinate with two opposite faces"):
        domain.pair(symbol, 5, rng=rng)


def test_pair_on_a_cylinder_works_along_its_axis_only(rng):
    cylinder = Disk((x, y)) * Interval(z, 0, 1)
    low, high, _ = cylinder.pair(z, 5, rng=rng)
    assert np.array_equal(low + np.array([0.0, 0.0, 1.0]), high)
    with pytest.raises(InputError, match="has z"):
        cylinder.pair(x, 5, rng=rng)


def test_lattice_of_a_box_runs_in_c_order_and_includes_the_ends():
    points = (Interval(x, -1, 1) * TimeInterval(t, 0, 3)).grid((3, 2))
    assert points.tolist() == [[-1, 0], [-1, 3], [0, 0], [0, 3], [1, 0], [1, 3]]


def test_lattice_of_a_disk_keeps_the_points_inside_only():
    points = (Disk((x, y)) * TimeInterval(t, 0, 3)).grid((3, 3, 2))
    inside = [[-1, 0], [0, -1], [0, 0], [0, 1], [1, 0]]
    assert points.tolist() == [[*p, s] for p in inside for s in (0, 3)]


@pytest.mark.parametrize("shape", [(3,), (3, 0), (2.5, 2), "ab", True, 10**6])
def test_a_lattice_shape_that_does_not_fit_is_refused(shape):
    with pytest.raises(InputError, match="shape: expected"):
        Rectangle((x, 0, 1), (y, 0, 1)).grid(shape)


def test_masked_points_all_satisfy_the_mask_and_are_as_many_as_asked(domain, rng):
    middle = 0.5 * (domain.lower[0] + domain.upper[0])
    points, weights = domain.interior(60, rng=rng, mask=lambda p: p[:, 0] < middle)
    assert len(points) == 60
    assert (points[:, 0] < middle).all()
    assert domain.contains(points).all()
    assert 0 < weights.sum() < domain.measure


def test_masked_weights_sum_to_the_measure_of_the_region(rng):
    square = Rectangle((x, -1, 1), (y, -1, 1))
    weights = square.interior(5000, rng=rng, mask=lambda p: (p**2).sum(axis=1) < 1)[1]
    # Sobol points: well below the random error 4 sqrt(p(1-p)/n) = 2e-2.
    assert weights.sum() == pytest.approx(np.pi, abs=1e-2)
    _, _, weights, index = square.boundary(100, rng=rng, mask=lambda p: p[:, 1] > 0.5)
    assert weights.sum() == pytest.approx(2 * 0.5 + 2, rel=1e-2)
    assert len(weights) == 100
    assert np.bincount(index, minlength=4).tolist() == pytest.approx([17, 17, 0, 66], abs=1)


@every_sampler
def test_a_mask_that_holds_nowhere_is_refused(sampler, rng):
    square = Rectangle((x, 0, 1), (y, 0, 1))
    with pytest.raises(InputError, match="on: expected a region that meets"):
        square.boundary(10, sampler=sampler, rng=rng, mask=lambda p: p[:, 0] > 2)


@every_sampler
def test_a_small_region_still_gets_its_points(sampler, rng):
    square = Rectangle((x, 0, 1), (y, 0, 1))
    points, weights = square.interior(20, sampler=sampler, rng=rng, mask=lambda p: p[:, 0] < 0.01)
    assert len(points) >= 20
    assert (points[:, 0] < 0.01).all()
    assert weights.sum() == pytest.approx(0.01, rel=0.7)


@pytest.mark.parametrize("domain", ["L*time"], indirect=True)
def test_a_shape_known_by_rejection_only_is_drawn_independently_of_time(domain, rng):
    # Two Sobol sequences side by side, each in its own order, would be correlated.
    points, _ = domain.interior(4096, sampler="sobol", rng=rng)
    cells = np.histogram2d(points[:, 0], points[:, 2], bins=(16, 16))[0]
    expected = cells.sum(axis=1, keepdims=True) / 16
    # Chi-squared with 16 x 15 degrees of freedom: mean 240, deviation 22.
    assert ((cells - expected) ** 2 / expected).sum() < 240 + 4 * 22
