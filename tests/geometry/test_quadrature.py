"""The gauss sampler integrates polynomials exactly, in shapes and on faces."""

import numpy as np
import pytest
import sympy

from kanpde.geometry import Ball, Box, Disk, Interval, Rectangle, TimeInterval

x, y, z, t, w = sympy.symbols("x y z t w", real=True)


def test_polynomials_over_a_box_are_exact():
    points, weights = Box((x, -1, 2), (y, 0, 1), (z, 1, 3)).interior(4**3, sampler="gauss")
    value = weights @ (points[:, 0] ** 7 * points[:, 1] ** 6 * points[:, 2] ** 2)
    assert value == pytest.approx((2**8 - 1) / 8 / 7 * 26 / 3, rel=1e-14)


def test_polynomials_over_a_disk_are_exact():
    points, weights = Disk((x, y), radius=2).interior(9**2, sampler="gauss")
    # ∫ x⁴ y² = R⁸/8 ∫ cos⁴ sin² = 32 π/8.
    assert weights @ (points[:, 0] ** 4 * points[:, 1] ** 2) == pytest.approx(4 * np.pi, rel=1e-13)
    assert weights @ points[:, 0] ** 8 == pytest.approx(
        2**10 / 10 * 2 * np.pi * 35 / 128, rel=1e-13
    )


@pytest.mark.parametrize("d", [2, 3, 4, 5])
def test_fourth_moments_over_balls_of_any_dimension_are_exact(d):
    ball = Ball(sympy.symbols(f"x0:{d}", real=True), center=0, radius=1.5)
    points, weights = ball.interior(5**d, sampler="gauss")
    scale = ball.measure * 1.5**4 / ((d + 2) * (d + 4))
    for i in range(d):
        assert weights @ points[:, i] ** 4 == pytest.approx(3 * scale, rel=1e-12)
        mixed = points[:, i] ** 2 * points[:, i - 1] ** 2
        assert weights @ mixed == pytest.approx(scale, rel=1e-12)
        assert weights @ points[:, i] ** 3 == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("d", [2, 3, 4, 5])
def test_second_moments_over_spheres_are_exact(d):
    ball = Ball(sympy.symbols(f"x0:{d}", real=True), radius=1.5)
    points, normals, weights, _ = ball.boundary(4 ** (d - 1), sampler="gauss")
    second = np.einsum("n,ni,nj->ij", weights, points, points)
    area = ball.parts["boundary"].measure
    assert second == pytest.approx(np.eye(d) * area * 1.5**2 / d, abs=1e-12)
    assert points == pytest.approx(1.5 * normals, abs=1e-15)


@pytest.mark.parametrize("sampler", ["grid", "chebyshev"])
def test_the_other_tensor_rules_converge_to_the_second_moment_of_a_ball(sampler):
    ball = Ball((x, y, z), radius=2)
    points, weights = ball.interior(24**3, sampler=sampler)
    second = np.einsum("n,ni,nj->ij", weights, points, points)
    assert second == pytest.approx(np.eye(3) * ball.measure * 4 / 5, abs=0.05)


@pytest.mark.parametrize(
    "domain",
    [
        Disk((x, y), (0.3, -0.2), 1.3),
        Rectangle((x, -1, 2), (y, 0.5, 1)),
        Box((x, -1, 1), (y, 0, 2), (z, 0, 0.5)),
        Ball((x, y, z), (0.1, 0.2, -0.3), 0.8),
        Disk((x, y), radius=1.5) * Interval(z, -1, 2),
        Disk((x, y)) * Disk((z, w), radius=2),
    ],
    ids=str,
)
def test_divergence_theorem_holds_by_quadrature(domain):
    # F_i = x_i³ x_{i+1}² + x_i x_{i+1}: degree 5 needs 7 nodes on a circle.
    d = domain.dimension
    points, weights = domain.interior(8**d, sampler="gauss")
    after = np.roll(points, -1, axis=1)
    volume = weights @ (3 * points**2 * after**2 + after).sum(axis=1)
    n = 8 ** (d - 1) * 40  # the least of the parts still gets its 8 nodes an axis
    points, normals, weights, _ = domain.boundary(n, sampler="gauss")
    after = np.roll(points, -1, axis=1)
    flux = weights @ ((points**3 * after**2 + points * after) * normals).sum(axis=1)
    assert flux == pytest.approx(volume, abs=1e-10)
    assert abs(volume) > 1e-3


def test_boundary_quadrature_includes_the_time():
    domain = Interval(x, 0, 1) * TimeInterval(t, 0, 2)
    points, _, weights, index = domain.boundary(8, sampler="gauss")
    for number in (0, 1):
        on = index == number
        assert weights[on] @ points[on, 1] ** 7 == pytest.approx(2**8 / 8, rel=1e-13)


def test_pairs_carry_quadrature_weights():
    low, _, weights = Rectangle((x, 0, 1), (y, 0, 3)).pair(x, 3, sampler="gauss")
    assert weights @ low[:, 1] ** 5 == pytest.approx(3**6 / 6, rel=1e-13)


def test_initial_points_carry_quadrature_weights():
    points, weights = (Disk((x, y)) * TimeInterval(t, 0, 2)).initial(25, sampler="gauss")
    assert weights @ points[:, 0] ** 2 == pytest.approx(np.pi / 4, rel=1e-13)
