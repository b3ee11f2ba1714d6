"""Product KANs with charts about holes and corners: derivatives, rows, what they represent."""

import math

import numpy as np
import pytest
import torch

from kanpde.calculus._jets import JetSpace
from kanpde.errors import RunDirectoryError
from kanpde.nets import Chart, ChartedKAN, chart_count, network_from_record, network_record
from kanpde.trial._trial import autograd_jets

HOLE = Chart("hole", (0, 1), (0.2, -0.1), 0.3, 2.0)
CORNER = Chart("corner", (0, 1), (0.0, 0.0), 0.0, 1.5, direction=2.0, opening=1.5 * math.pi)
WINDOW = Chart("corner", (0, 1), (0.1, 0.0), 0.0, 0.8, 2.0, 1.7 * math.pi, windowed=True)
SPACES = {
    "order 2": JetSpace.closed(2, [(1, 1), (2, 0), (0, 2)]),
    "order 4": JetSpace.closed(2, [(4, 0), (2, 2), (0, 3)]),
    "laplacian": JetSpace.closed(2, [], collapsed=(1.0, 3.0)),
}


def made(*charts, n_out=2, degree=4):
    blocks = [(c, (2, 3)) for c in charts]
    net = ChartedKAN(
        (0.5, 1.0), (), n_out, degree=degree, lower=(-2.0, -1.0), blocks=blocks
    ).double()
    generator = torch.Generator().manual_seed(0)
    net.set(torch.randn(net.count, generator=generator, dtype=torch.float64))
    return net


def inputs(points):
    return (points - points.new_tensor((-2.0, -1.0))) * points.new_tensor((0.5, 1.0)) - 1.0


def places(many=7):
    angle = torch.linspace(0.8, 3.0, many, dtype=torch.float64)
    radius = torch.linspace(0.45, 0.75, many, dtype=torch.float64)
    return torch.stack((0.1 + radius * angle.cos(), radius * angle.sin()), dim=1)


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
@pytest.mark.parametrize("charts", [(HOLE,), (CORNER,), (WINDOW,), (HOLE, CORNER)])
def test_jets_agree_with_autograd(charts, space):
    net, points = made(*charts), places()
    found = net.jets(inputs(points)[None], space).detach()
    value = JetSpace(2, ((0, 0),))
    expected = autograd_jets(lambda x: net.jets(inputs(x)[None], value)[0], points, space).detach()
    scale = expected.abs().amax(dim=(1, 2), keepdim=True) + 1.0
    assert float(((found - expected) / scale).abs().max()) < 1e-11


def test_rows_are_the_derivatives_by_the_coefficients():
    net, space = made(HOLE, CORNER), SPACES["order 2"]
    z, tape = inputs(places())[None], []
    net.jets(z, space, tape)
    generator = torch.Generator().manual_seed(1)
    cotangent = torch.randn(space.size, 7, 2, generator=generator, dtype=torch.float64)
    rows = torch.empty(net.count, 7, dtype=torch.float64).T
    net.rows(tape, [cotangent], rows)
    start, way = net.get(), torch.randn(net.count, generator=generator, dtype=torch.float64)
    net.set(start + way)  # it is linear in them
    change = net.jets(z, space) - tape[0].output
    assert torch.allclose((change * cotangent).sum(dim=(0, 2)), rows @ way, rtol=1e-11)


def test_a_logarithm_and_a_corner_function_are_represented_exactly():
    points = places(60)
    net = made(HOLE, CORNER, n_out=1, degree=1)
    tape, space = [], JetSpace(2, ((0, 0),))
    net.jets(inputs(points)[None], space, tape)
    rows = torch.empty(net.count, 60, dtype=torch.float64).T
    net.rows(tape, [torch.ones(1, 60, 1, dtype=torch.float64)], rows)
    x, y = points.T
    logarithm = torch.log(torch.hypot(x - 0.2, y + 0.1))
    angle = torch.atan2(y, x) - 2.0
    corner = torch.hypot(x, y) ** (2 / 3) * torch.sin(2 / 3 * angle)
    for target in (logarithm, corner):
        fitted = torch.linalg.lstsq(rows, target[:, None], driver="gelsd").solution
        assert float((rows @ fitted - target[:, None]).abs().max()) < 1e-12


def test_a_window_ends_smoothly():
    net = made(WINDOW, n_out=1)
    net.set(torch.cat((torch.zeros(15), torch.ones(net.count - 15))).double())
    beyond = torch.tensor([[0.1, 0.8], [0.1, 0.9], [0.7, 0.6]], dtype=torch.float64)
    near = torch.tensor([[0.1, 0.8 - 1e-3]], dtype=torch.float64)
    assert not net.jets(inputs(beyond)[None], SPACES["order 4"]).detach().any()
    edge = net.jets(inputs(near)[None], SPACES["order 2"]).detach()
    assert 0 < float(edge.abs().max()) < 1e-4


def test_another_coordinate_multiplies_a_chart():
    net = ChartedKAN(
        (0.5, 1.0, 2.0), (), 1, degree=2, lower=(-2.0, -1.0, 0.0), blocks=[(HOLE, (2, 2, 3))]
    ).double()
    net.set(torch.linspace(-1, 1, net.count, dtype=torch.float64))
    points = torch.cat((places(), torch.linspace(0.1, 0.9, 7, dtype=torch.float64)[:, None]), 1)
    space = JetSpace.closed(3, [(2, 0, 0), (0, 1, 1), (0, 0, 2)])
    value = JetSpace(3, ((0, 0, 0),))

    def scaled(x):
        return (x - x.new_tensor((-2.0, -1.0, 0.0))) * x.new_tensor((0.5, 1.0, 2.0)) - 1.0

    expected = autograd_jets(lambda x: net.jets(scaled(x)[None], value)[0], points, space)
    assert torch.allclose(net.jets(scaled(points)[None], space), expected, rtol=1e-9, atol=1e-11)


def test_a_description_builds_the_same_network():
    net = made(HOLE, WINDOW)
    again = network_from_record(network_record(net)).double()
    again.set(net.get())
    z, space = inputs(places())[None], SPACES["order 2"]
    assert isinstance(again, ChartedKAN)
    assert torch.equal(net.jets(z, space), again.jets(z, space))
    assert net.keys() == again.keys()
    assert len(net.keys()) == 14 + 1 + 2 * chart_count((2, 3))


@pytest.mark.parametrize(
    ("key", "value"),
    [("axes", [0, 7]), ("kind", "mole"), ("outer", 0.0), ("opening", math.nan), ("center", [1])],
)
def test_a_damaged_description_is_refused(key, value):
    data = network_record(made(HOLE))
    data["blocks"][0]["chart"][key] = value
    with pytest.raises(RunDirectoryError, match="damaged"):
        network_from_record(data)


def test_keys_are_different():
    keys = made(HOLE, CORNER, WINDOW).keys()
    assert len(set(keys)) == len(keys) == made(HOLE, CORNER, WINDOW).count // 2
    assert np.prod([len(k) in {0, 3} for k in keys])
