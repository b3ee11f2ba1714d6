"""Sine edges: their number of coefficients, no squash, and frequencies that are trained."""

import torch

from kanpde.basis import RBF, BSpline, Chebyshev, Sine
from kanpde.calculus._jets import JetSpace, coordinates_jet
from kanpde.nets import KAN, SineBlock


def test_deep_sine_kan_has_a_line_a_pair_and_one_bias_per_node():
    net = KAN([2, 20, 20, 1], basis=Sine(2), base="identity")
    assert net.count == (2 * 20 + 20 * 20 + 20) * 3 + 41 == 1421
    single = KAN([2, 20, 20, 1], basis=Sine(1), base="identity")
    assert single.count == 460 * 2 + 41
    # besides, one frequency per node and pair
    trained = KAN([2, 20, 20, 1], basis=Sine(3, trainable=True), base="identity")
    assert trained.count == 460 * 4 + 41 + 42 * 2


def test_hidden_inputs_are_squashed_only_where_the_basis_needs_it():
    bases = {BSpline(3, 3): True, RBF(3): True, Sine(2): False}
    bases |= {Chebyshev(3, squash=None): True, Chebyshev(3): False}
    for basis, squash in bases.items():
        net = KAN([1, 2, 1], basis=basis)
        assert [layer.squash for layer in net.layers] == [False, squash]
    assert KAN([1, 2, 1], basis=Sine(2), squash=True).layer(1).squash


def test_trained_frequencies_start_as_the_fixed_ones(generator):
    fixed = KAN([2, 4, 1], basis=Sine(4, 1.5)).double()
    trained = KAN([2, 4, 1], basis=Sine(4, 1.5, trainable=True)).double()
    points = torch.rand(9, 2, generator=generator, dtype=torch.float64)
    # the angle is formed in another order
    assert (fixed(points) - trained(points)).abs().max() < 1e-14 * fixed(points).abs().max()
    assert isinstance(trained.layer(1).blocks[0], SineBlock)


def test_gauss_newton_on_the_rows_finds_a_frequency():
    z = torch.linspace(-1, 1, 60, dtype=torch.float64)[:, None]
    target = 0.8 * torch.sin(3.1 * z + 0.4)
    net = KAN([1, 1], basis=Sine(2, frequency=2.4, trainable=True), base="none").double()
    space = JetSpace.closed(1, [])
    residuals = []
    for _ in range(12):
        tape = []
        values = net.jets(coordinates_jet(z, space), space, tape)
        jacobian = torch.empty(len(z), net.count, dtype=torch.float64)
        net.rows(tape, [torch.ones_like(values)], jacobian)
        residual = (values[0] - target).detach()
        residuals.append(float(residual.abs().max()))
        step = torch.linalg.lstsq(jacobian, residual, driver="gelsd").solution[:, 0]
        net.set(net.get() - step)
    assert residuals[0] > 0.1
    # quadratic convergence to round-off: the rows of the frequency are its slopes
    assert residuals[-1] < 1e-13
    assert abs(float(net.layer(0).blocks[0].frequencies.detach()) - 3.1) < 1e-12
