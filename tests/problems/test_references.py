"""References agree with themselves, with a second method and with their equation."""

import dataclasses

import numpy as np
import pytest

from kanpde.errors import InputError, NumericalError, ShapeError
from kanpde.references import (
    Lift,
    PeriodicLines,
    Resolution,
    SplitStep,
    cole_hopf,
    spectral_reference,
)

NU = 0.01 / np.pi


@pytest.fixture
def points(rng):
    uniform = np.c_[rng.uniform(-1, 1, 500), rng.uniform(0, 1, 500)]
    crowded = np.c_[1 - rng.uniform(0, 1, 500) ** 4, rng.uniform(0, 1, 500) ** 4]
    layer = np.c_[rng.normal(0, 3 * NU, 500), rng.uniform(0, 1, 500)]
    return np.r_[uniform, crowded, layer]


def line(reference, x, t):
    return reference(np.c_[x, np.full_like(x, t)])


@pytest.mark.parametrize("nu", [5e-4, NU, 0.01, 0.1, 1.0])
def test_cole_hopf_does_not_depend_on_the_number_of_nodes(nu, points):
    assert np.abs(cole_hopf(nu)(points) - cole_hopf(nu, nodes=1000)(points)).max() < 1e-12


def test_cole_hopf_starts_from_minus_a_sine_exactly(rng):
    x = rng.uniform(-1, 1, 100)
    assert np.array_equal(line(cole_hopf(NU), x, 0.0), -np.sin(np.pi * x))
    assert np.abs(line(cole_hopf(NU), x, 1e-14) + np.sin(np.pi * x)).max() < 1e-12


def test_cole_hopf_is_odd_and_vanishes_at_the_walls(points):
    u = cole_hopf(NU)
    mirrored = points * np.array([-1.0, 1.0])
    assert np.abs(u(mirrored) + u(points)).max() < 1e-13
    walls = np.c_[np.ones(50), np.linspace(0, 1, 50)]
    assert np.abs(u(walls)).max() < 1e-13


def test_cole_hopf_has_the_published_steepest_slope():
    # Basdevant et al. (1986), table 1: |u_x|max = 152.00516 at pi t = 1.6037.
    t = np.linspace(0.45, 0.55, 2001)
    h = 1e-4
    u = cole_hopf(NU)
    near, far = u(np.c_[np.full_like(t, h), t]), u(np.c_[np.full_like(t, 2 * h), t])
    slope = -(8 * near - far) / (6 * h)  # u is odd in x
    assert slope.max() == pytest.approx(152.00516, abs=1e-2)
    assert np.pi * t[slope.argmax()] == pytest.approx(1.6037, abs=5e-4)


def test_cole_hopf_agrees_with_chebyshev_collocation(second_methods):
    times = np.array([0.1, 0.25])
    x, values = second_methods.burgers_collocation(NU, times, n=64, rtol=1e-9)
    for t, expected in zip(times, values, strict=True):
        assert np.abs(line(cole_hopf(NU), x, t) - expected).max() < 1e-8


def test_cole_hopf_solves_burgers_equation(rng):
    nu, h = 0.05, 2e-3
    u = cole_hopf(nu)
    x, t = rng.uniform(-1, 1, 200), rng.uniform(0.1, 0.9, 200)
    first = np.array([-1, 9, -45, 0, 45, -9, 1]) / 60
    second = np.array([2, -27, 270, -490, 270, -27, 2]) / 180
    shifts = np.arange(-3, 4) * h
    in_x = np.array([u(np.c_[x + s, t]) for s in shifts])
    in_t = np.array([u(np.c_[x, t + s]) for s in shifts])
    residual = first @ in_t / h + in_x[3] * (first @ in_x) / h - nu * (second @ in_x) / h**2
    # Sixth-order differences: 1e-16 (h/0.05)^6 of derivatives up to 1e4 and rounding/h^2.
    assert np.abs(residual).max() < 1e-6


@pytest.mark.parametrize("nu", [0.0, -1.0, 1e-4, 2.0, float("nan")])
def test_viscosity_out_of_range_is_refused(nu):
    with pytest.raises(InputError, match="nu: expected a viscosity from 5e-4 to 1"):
        cole_hopf(nu)


def test_wrong_points_are_refused():
    with pytest.raises(ShapeError, match=r"expected shape \(N, 2\)"):
        cole_hopf(NU)(np.zeros(3))
    with pytest.raises(InputError, match="t >= 0"):
        cole_hopf(NU)(np.array([[0.0, -0.1]]))
    reference = kdv(modes=64, steps=100)
    with pytest.raises(InputError, match="expected times in"):
        reference(np.array([[0.0, 1.1]]))


def test_no_points_give_no_values():
    assert cole_hopf(NU)(np.empty((0, 2))).shape == (0,)
    assert kdv(modes=64, steps=100)(np.empty((0, 2))).shape == (0,)


def kdv(final=1.0, interval=(-1.0, 1.0), **resolution):
    return spectral_reference(
        lambda x: np.cos(np.pi * x),
        lambda k: 1j * 0.022**2 * k**3,
        lambda u: 0.5 * u**2,
        outer=lambda k: -1j * k,
        resolution=Resolution(**resolution),
        interval=interval,
        final=final,
    )


def test_spectral_reference_is_exact_for_linear_equations(rng):
    # Advection, diffusion and dispersion of one wave: exp((-d k^2 - i c k + i b k^3) t).
    d, c, b, k = 0.02, 0.7, 0.01, 3 * np.pi
    reference = spectral_reference(
        lambda x: np.cos(k * x),
        lambda k: -d * k**2 - 1j * c * k + 1j * b * k**3,
        np.zeros_like,
        resolution=Resolution(modes=32, steps=200),
    )
    x, t = rng.uniform(-3, 3, 300), rng.uniform(0, 1, 300)
    expected = np.exp(-d * k**2 * t) * np.cos(k * x - c * k * t + b * k**3 * t)
    assert np.abs(reference(np.c_[x, t]) - expected).max() < 1e-9


def coarse_kdv(**changes):
    return kdv(**{"modes": 64, "steps": 100} | changes)


def diffusion(**grid):
    return PeriodicLines(
        [lambda x: np.sin(np.pi * x)], lambda d: 0.1 * d(2), **{"modes": 16} | grid
    )


def soliton(**grid):
    # exp(i t/2) sech x on the line; a period of 60 leaves 2e-13 at the seam.
    grid = {"modes": 512, "steps": 800, "interval": (-30.0, 30.0)} | grid
    return SplitStep(lambda x: 1 / np.cosh(x), **grid)


def test_split_step_agrees_with_the_soliton(rng):
    x, t = rng.uniform(-30, 30, 300), rng.uniform(0, 1, 300)
    exact = np.exp(0.5j * t) / np.cosh(x)
    coarse, fine = (soliton(steps=s, every=5)(np.c_[x, t]) for s in (200, 400))
    # Order four in the steps, and eight between snapshots: measured 3e-10 and 6e-12.
    assert np.abs(fine - exact).max() < 1e-10
    assert np.abs(fine - exact).max() < np.abs(coarse - exact).max() / 16


def test_lines_agree_with_waves_that_travel_and_decay(rng):
    # u_t = v_x + u_xx/10, v_t = u_x + v_xx/10 from (cos, 0): two waves with the speeds -1 and 1.
    k, d = 2 * np.pi, 0.1
    system = PeriodicLines(
        [lambda x: np.cos(k * x), np.zeros_like],
        lambda f: f(1)[::-1] + d * f(2),
        modes=16,
        interval=(0.0, 1.0),
    )
    x, t = rng.uniform(-1, 2, 300), rng.uniform(0, 1, 300)
    right, left = np.cos(k * (x - t)), np.cos(k * (x + t))
    expected = np.exp(-d * k**2 * t) * np.stack([left + right, left - right]) / 2
    values = system(np.c_[x, t])
    assert np.abs(values - expected.T).max() < 1e-9  # rtol 1e-12 and its dense output
    assert np.array_equal(system.component(1)(np.c_[x, t]), values[:, 1])


@pytest.mark.parametrize(
    "make", [lambda **grid: kdv(modes=64, steps=100, **grid), diffusion, soliton]
)
def test_what_a_periodic_reference_cannot_answer_is_refused(make):
    for time in (-0.1, 1.1, float("nan")):
        with pytest.raises(InputError, match=r"points: expected times in \[0, 1"):
            make()(np.array([[0.0, time]]))
    with pytest.raises(ShapeError, match=r"expected shape \(N, 2\)"):
        make()(np.zeros((4, 3)))
    with pytest.raises(InputError, match="final: expected an end time above 0, got 0"):
        make(final=0.0)
    with pytest.raises(InputError, match="interval: expected a lower and a higher end"):
        make(interval=(1.0, -1.0))


@pytest.mark.parametrize("make", [coarse_kdv, diffusion, soliton])
def test_grids_that_are_too_small_or_odd_are_refused(make):
    for modes in (14, 33):
        with pytest.raises(InputError, match="modes: expected an even number of at least 16"):
            make(modes=modes)


def test_too_few_snapshots_of_a_split_step_are_refused():
    for changes in ({"steps": 70}, {"steps": 85}, {"every": 0}):
        with pytest.raises(InputError, match="that leaves 8 snapshots"):
            soliton(**changes)


def test_splines_in_space_are_as_good_as_the_fourier_sum(rng):
    # What lies between the grid points of 64 modes against the sum itself, highest modes included.
    amplitude, phase = 0.7 ** np.arange(32), rng.uniform(0, 6, 32)

    def wave(x):
        return np.cos(np.pi * x[:, None] * np.arange(32) + phase) @ amplitude

    still = spectral_reference(
        wave, np.zeros_like, np.zeros_like, resolution=Resolution(modes=64, steps=10)
    )
    x, t = rng.uniform(-5, 5, 500), rng.uniform(0, 1, 500)
    # Degree 9 on twice the modes leaves 2e-5 of the highest one, which is 2e-5; with all, 2e-9.
    assert np.abs(still(np.c_[x, t]) - wave(x)).max() < 5e-9


def test_time_steps_converge_with_order_four():
    times = np.array([0.1, 0.2, 0.3])
    x = np.linspace(-1, 1, 64)
    grid = np.c_[np.repeat(x, 3), np.tile(times, 64)]
    runs = [kdv(0.3, modes=256, steps=s, every=s // 100)(grid) for s in (300, 600, 1200, 4800)]
    errors = [np.abs(run - runs[-1]).max() for run in runs[:-1]]
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    assert 3.5 < orders.min() <= orders.max() < 5.0


def test_values_between_snapshots_are_as_good_as_on_them(points):
    # Far finer snapshots of the same run: only the interpolation in time differs.
    shorter = points * np.array([1.0, 0.3])
    coarse = kdv(0.3, modes=256, steps=6000, every=20)(shorter)
    fine = kdv(0.3, modes=256, steps=6000, every=5)(shorter)
    assert np.abs(coarse - fine).max() < 1e-10


def test_kdv_reference_agrees_with_an_integrating_factor(second_methods):
    times = np.array([0.1, 0.3])
    x, values = second_methods.kdv_integrating_factor(0.022, times, n=192, rtol=1e-10)
    reference = kdv(0.3, modes=256, steps=6000, every=20)
    for t, expected in zip(times, values, strict=True):
        # rtol = 1e-10 leaves 2e-9 (measured); 192 modes leave less.
        assert np.abs(line(reference, x, t) - expected).max() < 1e-7


def test_kdv_reference_keeps_mean_and_energy():
    reference = kdv(0.5, modes=256, steps=5000, every=50)
    x = -1 + 2 * np.arange(256) / 256
    for t in (0.1, 0.3, 0.5):
        u = line(reference, x, t)
        assert abs(u.mean()) < 1e-12
        assert (u**2).mean() == pytest.approx(0.5, abs=1e-8)


@pytest.fixture(scope="module")
def allen_cahn():
    from .conftest import ROOT, load

    problem = load(ROOT / "problems" / "allen_cahn.py").problem()
    (reference,) = problem.reference.values()
    return dataclasses.replace(reference, resolution=Resolution(1024, 96, 6, 4))


def test_allen_cahn_reference_agrees_with_spectral_elements(allen_cahn, second_methods):
    times = np.array([0.001, 0.02, 0.1])
    x, values = second_methods.allen_cahn_elements(1e-4, times, degree=8, rtol=1e-6)
    for t, expected in zip(times, values, strict=True):
        # 1024 modes leave 1e-8, the elements of degree 8 with rtol 1e-6 leave 1e-6 or so.
        assert np.abs(line(allen_cahn, x, t) - expected).max() < 1e-5


def test_allen_cahn_reference_is_even_periodic_and_starts_right(allen_cahn, rng):
    x, t = rng.uniform(-1, 1, 200), rng.uniform(0, 1, 200)
    u = allen_cahn(np.c_[x, t])
    assert np.abs(allen_cahn(np.c_[-x, t]) - u).max() < 1e-11
    assert np.abs(allen_cahn(np.c_[x + 2, t]) - u).max() < 1e-11
    start = x**2 * np.cos(np.pi * x)
    # What is left is the interpolation of a smooth remainder between 4096 places.
    assert np.abs(line(allen_cahn, x, 0.0) - start).max() < 1e-9


def test_corner_of_allen_cahn_solves_its_own_equation(problem_file, rng):
    corner, d, h = problem_file("allen_cahn").corner, 1e-4, 1e-3
    x, t = rng.uniform(0.9, 1.1, 200), rng.uniform(0.3, 0.9, 200)
    w_t = (corner(x, t + h, d) - corner(x, t - h, d)) / (2 * h)
    w_xx = (corner(x + h, t, d) - 2 * corner(x, t, d) + corner(x - h, t, d)) / h**2
    # Second-order differences of 0.2 exp(-10 t): (10 h)^2/6 of w_t in time.
    residual = w_t - d * w_xx + 10 * corner(x, t, d)
    assert np.abs(residual).max() < 1e-4 * np.abs(w_t).max()


def test_wrong_rate_of_the_lift_is_seen(allen_cahn, points):
    wrong = dataclasses.replace(allen_cahn, lift=Lift(allen_cahn.lift.values, rate=10.0))
    late = points[np.abs(points[:, 1] - 0.1) < 0.05]
    assert np.abs(wrong(late) - allen_cahn(late)).max() > 1e-3


def test_a_lift_does_not_change_the_solution(rng):
    # u_t = -u from cos(pi x), with exp(2 t) cos(pi x) taken out.
    def w(x, t):
        s = np.abs(np.mod(x + 1, 2) - 1)
        return np.exp(2.0 * np.asarray(t)) * np.cos(np.pi * s)

    equation = (lambda x: np.cos(np.pi * x), lambda k: 0.0 * k, lambda u: -u)
    resolution = Resolution(modes=32, steps=64)
    lifted = spectral_reference(*equation, lift=Lift(w, rate=2.0), resolution=resolution)
    grid = np.c_[rng.uniform(-1, 1, 100), rng.uniform(0, 1, 100)]
    expected = np.exp(-grid[:, 1]) * np.cos(np.pi * grid[:, 0])
    assert np.abs(lifted(grid) - expected).max() < 1e-7


def test_blow_up_is_an_error_and_not_a_value():
    explosive = spectral_reference(
        lambda x: 1 + 0 * x,
        lambda k: 0 * k,
        lambda u: 50 * u**3,
        resolution=Resolution(modes=16, steps=100),
    )
    with pytest.raises(NumericalError, match="expected finite values"):
        explosive(np.array([[0.0, 0.5]]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"modes": 15, "steps": 100}, "modes: expected an even number"),
        ({"modes": 64, "steps": 100, "every": 7}, "every: expected a divisor"),
        ({"modes": 64, "steps": 100, "every": 50}, "at least 10 snapshots"),
        ({"modes": 64, "steps": 100, "grading": -1}, "grading: expected a number of halvings"),
    ],
)
def test_unusable_resolution_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        Resolution(**arguments)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["kdv", "allen_cahn"])
def test_reference_of_the_problem_file_is_converged(name, problem_file, second_methods):
    (reference,) = problem_file(name).problem().reference.values()
    grid = second_methods.sample_points(2000)
    resolution = dataclasses.replace(
        reference.resolution,
        modes=reference.resolution.modes * 2,
        steps=reference.resolution.steps * 2,
    )
    finer = dataclasses.replace(reference, resolution=resolution)
    assert np.abs(reference(grid) - finer(grid)).max() < 1e-9


def test_cavity_is_computed_when_it_is_first_asked():
    from _cavity_reference import CavityReference

    flow = CavityReference(10.0, degree=8)
    u, v, p, stream = flow.u, flow.v, flow.p, flow.stream
    assert "solution" not in vars(flow)
    assert p(np.zeros((1, 2)))[0] == 0.0
    walls = np.array([[0.3, 0.0], [0.0, 0.7], [1.0, 0.2], [0.4, 1.0]])
    # Degree 8 between the nodes of a wall: 1e-6, what it leaves of the corners' flow there.
    assert np.abs(np.stack((u(walls)[:3], v(walls)[:3], stream(walls)[:3]))).max() < 1e-5
    assert u(walls)[3] == pytest.approx(4 * 0.4 * 0.6, abs=1e-5)
    assert "solution" in vars(flow)
