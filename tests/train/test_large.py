"""The kernel form and conjugate gradients give the step of the normal equations."""

import pytest
import torch

from kanpde import Settings
from kanpde.errors import NumericalError
from kanpde.optimize._accumulators import Gram, StreamingQR
from kanpde.optimize._large import ConjugateGradients, Dual, choose, make, repeated
from kanpde.optimize._levenberg import LevenbergMarquardt
from kanpde.residual._rows import Rows
from kanpde.solvers._network import make_network
from kanpde.solvers._plan import make_plan


def rows_of(n, p, generator):
    """J with columns of very different size and two that are zero, and r."""
    jacobian = torch.randn(n, p, generator=generator, dtype=torch.float64)
    jacobian *= torch.logspace(0, 3, p, dtype=torch.float64)
    jacobian[:, [3, p - 1]] = 0.0
    return jacobian, torch.randn(n, generator=generator, dtype=torch.float64)


def filled(sums, jacobian, residual, pieces=3):
    for j, r in zip(jacobian.chunk(pieces), residual.chunk(pieces), strict=True):
        sums.add(j, r)
    sums.reduce()
    return sums


def relative(found, expected):
    return float((found - expected).abs().max() / expected.abs().max())


def cg(p, like, **options):
    return ConjugateGradients(p, like, keep=10**9, tolerance=1e-13, most=1000, **options)


@pytest.mark.parametrize("sizes", [(30, 80), (80, 30)])
@pytest.mark.parametrize("damping", [1e-5, 1e-2, 10.0])
def test_dual_takes_the_step_of_gram_and_qr(sizes, damping, generator):
    jacobian, residual = rows_of(*sizes, generator)
    p = sizes[1]
    dual = filled(Dual(p, jacobian), jacobian, residual)
    for kind in (Gram, StreamingQR):
        other = filled(kind(p, jacobian), jacobian, residual)
        expected = other.step(damping)
        assert relative(dual.step(damping), expected) <= 1e-10
        assert dual.decrease(expected) == pytest.approx(other.decrease(expected), rel=1e-10)


@pytest.mark.parametrize("damping", [1e-6, 1e-2])
def test_dual_solves_the_damped_normal_equations(damping, generator):
    jacobian, residual = rows_of(30, 80, generator)
    right = jacobian.T @ torch.randn(30, generator=generator, dtype=torch.float64)
    dual = filled(Dual(80, jacobian), jacobian, residual)
    qr = filled(StreamingQR(80, jacobian), jacobian, residual)
    # Woodbury cancels like round-off over damping before it is refined
    assert relative(dual.solve(right, damping), qr.solve(right, damping)) <= 1e-9


def test_dual_says_where_it_is_singular(generator):
    jacobian, residual = rows_of(30, 20, generator)
    with pytest.raises(NumericalError, match="kernel is singular at damping"):
        filled(Dual(20, jacobian), jacobian, residual).step(0.0)


@pytest.mark.parametrize("rank", [0, 12])
@pytest.mark.parametrize("sizes", [(40, 80), (200, 60)])
@pytest.mark.parametrize("damping", [1e-4, 1e-2, 10.0])
def test_conjugate_gradients_take_the_step_of_gram(rank, sizes, damping, generator):
    jacobian, residual = rows_of(*sizes, generator)
    sums = filled(cg(sizes[1], jacobian, rank=rank), jacobian, residual)
    gram = filled(Gram(sizes[1], jacobian), jacobian, residual)
    expected = gram.step(damping)
    assert relative(sums.step(damping), expected) <= 1e-10
    assert sums.decrease(expected) == pytest.approx(gram.decrease(expected), rel=1e-10)


def decaying(n, p, generator):
    """J whose scaled singular values fall over six orders of magnitude, as networks' do."""
    u = torch.linalg.qr(torch.randn(n, p, generator=generator, dtype=torch.float64))[0]
    v = torch.linalg.qr(torch.randn(p, p, generator=generator, dtype=torch.float64))[0]
    return u * torch.logspace(0, -6, p, dtype=torch.float64) @ v


def test_deflation_saves_iterations(generator):
    jacobian = decaying(400, 200, generator)
    residual = torch.randn(400, generator=generator, dtype=torch.float64)
    counts = []
    for rank in (0, 50):
        sums = filled(cg(200, jacobian, rank=rank), jacobian, residual)
        sums.step(1e-3)
        counts.append(sums.iterations)
    # the fifty largest of two hundred eigenvalues reach down to the damping
    assert counts[1] < counts[0] / 3


@pytest.mark.parametrize("kind", [Dual, ConjugateGradients])
def test_zero_columns_stay_at_zero(kind, generator):
    jacobian, residual = rows_of(30, 40, generator)
    step = filled(kind(40, jacobian, keep=10**9), jacobian, residual).step(1e-2)
    assert torch.equal(step[[3, 39]], torch.zeros(2, dtype=torch.float64))


def real_rows(problem, hidden=(4, 4)):
    plan = make_plan(problem, Settings(hidden=hidden))
    trial = plan.trial(make_network(plan))
    return Rows(trial, plan.draw(60, plan.rng(2)), chunk=25)


def test_rows_made_again_give_the_step_of_kept_ones(load_problem):
    rows = real_rows(load_problem("burgers"))
    again, p, like = repeated(rows), rows.trial.count, rows.trial.eta
    steps = []
    for keep in (10**9, 0):
        sums = ConjugateGradients(p, like, keep=keep, again=again, tolerance=1e-12)
        for jacobian, residual in rows.jacobian():
            sums.add(jacobian, residual)
        sums.reduce()
        assert sums.kept == bool(keep)
        start = rows.trial.get()
        rows.trial.set(start + 0.1)  # a step that was tried: the rows belong to the start
        steps.append(sums.step(1e-3))
        assert torch.equal(rows.trial.get(), start + 0.1)
        rows.trial.set(start)
    assert relative(steps[1], steps[0]) <= 1e-9


@pytest.mark.parametrize("linear_algebra", ["dual", "cg"])
def test_levenberg_marquardt_goes_the_same_way(linear_algebra, load_problem):
    ends = []
    for name in ("qr", linear_algebra):
        rows = real_rows(load_problem("burgers"))
        optimizer = LevenbergMarquardt(damping=1e-2, linear_algebra=name)
        for _ in range(3):
            assert optimizer.step(rows).accepted
        ends.append((optimizer.damping, float(rows.vector().square().sum())))
    assert ends[0][0] == ends[1][0]
    assert ends[1][1] == pytest.approx(ends[0][1], rel=1e-5)


@pytest.mark.parametrize("geodesic", [True, False])
@pytest.mark.parametrize("linear_algebra", ["dual", "cg"])
def test_a_small_fit_is_solved(fit, geodesic, linear_algebra):
    optimizer = LevenbergMarquardt(geodesic=geodesic, linear_algebra=linear_algebra)
    for _ in range(60):
        if not optimizer.step(fit).accepted:
            break
    assert float(fit.vector().square().sum()) < 1e-20


def test_conjugate_gradients_hold_no_square_matrix(generator):
    p = 4000
    like = torch.zeros(1, dtype=torch.float64)
    jacobian = torch.randn(50, p, generator=generator, dtype=torch.float64)
    residual = torch.ones(50, dtype=torch.float64)
    again = lambda: [(jacobian, residual)]  # noqa: E731
    sums = filled(make("cg", p, like, keep=0, again=again), jacobian, residual)
    held = [v for v in vars(sums).values() if isinstance(v, torch.Tensor)]
    held += [t for v in vars(sums).values() if isinstance(v, tuple) for t in v]
    # a few vectors and the 200 columns of the preconditioner, 210 P numbers, not P² = 4000 P
    assert sum(t.numel() for t in held) <= 210 * p


@pytest.mark.parametrize(
    ("sizes", "damping", "expected"),
    [
        ((681, 7000), 1e-3, "gram"),
        ((681, 7000), 1e-14, "qr"),
        ((3000, 800), 1e-3, "dual"),
        ((3000, 800), 1e-14, "qr"),
        ((20000, 4000), 1e-14, "dual"),
        ((20000, 140000), 1e-14, "cg"),
        ((60000, 20000), 1e-3, "cg"),
    ],
)
def test_choice_follows_sizes_and_damping(sizes, damping, expected):
    assert choose("auto", *sizes, damping) == expected
    for name in ("gram", "qr", "dual", "cg"):
        assert choose(name, *sizes, damping) == name
