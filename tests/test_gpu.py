"""The same numbers on the CPU and on a CUDA device."""

import itertools

import numpy as np
import pytest
import torch

from kanpde import Settings
from kanpde.basis import Chebyshev
from kanpde.calculus._jets import JetSpace, coordinates_jet
from kanpde.nets import KAN, MLP, ProductKAN
from kanpde.optimize._levenberg import LevenbergMarquardt
from kanpde.residual._rows import Rows
from kanpde.solvers._plan import make_plan

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device is present"),
]
NETWORKS = {
    "bspline": lambda: KAN([2, 5, 2], grid=5, degree=3),
    "chebyshev": lambda: KAN([2, 5, 5, 2], basis=Chebyshev(4), base="tanh"),
    "mlp": lambda: MLP([2, 8, 2]),
    "product": lambda: ProductKAN((1.0, 1.0), (), 2, degree=4),
}
# The same formulas in another order of summation, relative to the largest entry.
SAME = 1e-12


def gap(one, two):
    return float((one.detach().cpu() - two.detach().cpu()).abs().max() / one.abs().max())


@pytest.fixture(params=list(NETWORKS))
def both(request):
    """One network on the CPU and its copy on the device."""
    nets = []
    for device in ("cpu", "cuda"):
        net = NETWORKS[request.param]().double()
        generator = torch.Generator().manual_seed(5)
        net.set(0.4 * torch.randn(net.count, generator=generator, dtype=torch.float64))
        nets.append(net.to(device))
    return nets


def test_values_agree(both, generator):
    points = 1.8 * torch.rand(200, 2, generator=generator, dtype=torch.float64) - 0.9
    cpu, cuda = (net(points.to(net.get().device)) for net in both)
    assert cuda.is_cuda
    assert gap(cpu, cuda) <= SAME


def test_jets_and_rows_agree(both, generator):
    points = 1.8 * torch.rand(200, 2, generator=generator, dtype=torch.float64) - 0.9
    indices = [a for a in itertools.product(range(3), repeat=2) if sum(a) <= 2]
    space = JetSpace.closed(2, indices)
    results = []
    for net in both:
        here, tape = points.to(net.get().device), []
        jets = net.jets(coordinates_jet(here, space), space, tape)
        cotangents = torch.autograd.grad(jets.sum(), [record.output for record in tape])
        rows = here.new_empty(200, net.count)
        net.rows(tape, list(cotangents), rows)
        results.append((jets, rows))
    for cpu, cuda in zip(*results, strict=True):
        assert gap(cpu, cuda) <= SAME


def rows_on(device, problem, derivatives="jets"):
    settings = Settings(exact_conditions=False, device=device, derivatives=derivatives)
    plan = make_plan(problem, settings)
    trial = plan.trial(KAN([plan.frame.inputs, 4, plan.outputs], basis=Chebyshev(4)))
    return Rows(trial, plan.draw(100, np.random.default_rng(1)))


@pytest.mark.parametrize("name", ["burgers", "kovasznay", "heat_inverse", "integral_constraint"])
def test_jacobian_and_residual_agree(name, load_problem):
    problem = load_problem(name)
    cpu, cuda = (list(rows_on(d, problem).jacobian()) for d in ("cpu", "cuda"))
    for (j, r), (j_cuda, r_cuda) in zip(cpu, cuda, strict=True):
        assert gap(j, j_cuda) <= SAME
        assert gap(r, r_cuda) <= SAME


def test_autograd_rows_agree(load_problem):
    problem = load_problem("burgers")
    cpu, cuda = (list(rows_on(d, problem, "autograd").jacobian()) for d in ("cpu", "cuda"))
    for (j, _), (j_cuda, _) in zip(cpu, cuda, strict=True):
        assert gap(j, j_cuda) <= SAME


@pytest.mark.parametrize("linear_algebra", ["gram", "qr"])
def test_one_levenberg_marquardt_step_agrees(linear_algebra, load_problem):
    problem = load_problem("burgers")
    steps = []
    for device in ("cpu", "cuda"):
        rows = rows_on(device, problem)
        before = rows.trial.get()
        LevenbergMarquardt(linear_algebra=linear_algebra).step(rows)
        steps.append(rows.trial.get() - before)
    # the damped solve amplifies rounding by the inverse of the damping
    assert gap(*steps) <= 1e-8
