"""The truncated Taylor algebra against sympy and nested autograd."""

import itertools

import pytest
import sympy
import torch

from kanpde.calculus._compose import compose
from kanpde.calculus._jets import JetSpace, coordinates_jet, multiply, unit
from kanpde.trial._trial import autograd_jets

# Closed form against closed form: only the rounding of a few hundred operations.
ROUNDING = 1e-10


def all_up_to(dimension, order):
    return [a for a in itertools.product(range(order + 1), repeat=dimension) if sum(a) <= order]


def agree(found, expected, tolerance=ROUNDING):
    return bool((found - expected).abs().max() <= tolerance * expected.abs().max())


def by_sympy(expression, symbols, points, space):
    columns = []
    for alpha in space.indices:
        pairs = [(s, k) for s, k in zip(symbols, alpha, strict=True) if k]
        slope = sympy.diff(expression, *pairs) if pairs else expression
        function = sympy.lambdify(symbols, slope, "numpy")
        values = torch.as_tensor(function(*points.numpy().T), dtype=torch.float64)
        columns.append(values.expand(len(points)))
    return torch.stack(columns)[..., None]


def points_in(dimension, generator, n=20):
    return 2 * torch.rand(n, dimension, generator=generator, dtype=torch.float64) - 1


def exponential(z, order):
    return torch.stack([z.exp()] * (order + 1))


def sine(z, order):
    return torch.stack([torch.sin(z + m * torch.pi / 2) for m in range(order + 1)])


@pytest.mark.parametrize("wanted", [[(2, 1)], [(0, 3), (2, 0)], [(1, 1)], []])
def test_closed_space_holds_every_lower_derivative(wanted):
    space = JetSpace.closed(2, wanted)
    assert space.indices[0] == (0, 0)
    assert set(wanted) <= set(space.indices)
    for alpha in space.indices:
        for axis, k in enumerate(alpha):
            below = tuple(a - (i == axis) for i, a in enumerate(alpha))
            assert k == 0 or below in space.indices


def test_closed_space_is_the_smallest():
    assert JetSpace.closed(2, [(2, 1)]).size == 3 * 2
    assert JetSpace.closed(3, [(1, 0, 0), (0, 0, 2)]).size == 4


def test_collapsed_laplacian_costs_d_plus_two_components():
    assert JetSpace.closed(10, [], [1.0] * 10).size == 12


def test_order_and_positions_are_those_of_the_indices():
    space = JetSpace.closed(2, [(2, 2)])
    assert space.order == 4
    assert [space.position(a) for a in space.indices] == list(range(9))
    assert JetSpace.closed(2, [], [1.0, 1.0]).order == 2


@pytest.mark.parametrize(("dimension", "order"), [(1, 4), (2, 4), (3, 3)])
def test_product_agrees_with_sympy(dimension, order, generator):
    symbols = sympy.symbols(f"x0:{dimension}", real=True)
    space = JetSpace.closed(dimension, all_up_to(dimension, order))
    points = points_in(dimension, generator)
    f = sympy.sin(sum((k + 1) * s for k, s in enumerate(symbols)))
    g = sympy.exp(sum(s / (k + 1) for k, s in enumerate(symbols))) + symbols[0] ** 3
    jets = [by_sympy(e, symbols, points, space) for e in (f, g)]
    expected = by_sympy(f * g, symbols, points, space)
    found = multiply(*jets, space)
    for k in range(space.size):
        assert agree(found[k], expected[k])


@pytest.mark.parametrize(("dimension", "order"), [(1, 4), (2, 4), (3, 3)])
def test_composition_agrees_with_sympy(dimension, order, generator):
    symbols = sympy.symbols(f"x0:{dimension}", real=True)
    space = JetSpace.closed(dimension, all_up_to(dimension, order))
    points = points_in(dimension, generator)
    inner = sympy.Mul(*(s + 2 for s in symbols)) + sympy.cos(symbols[-1])
    jet = by_sympy(inner, symbols, points, space)
    expected = by_sympy(sympy.sin(inner), symbols, points, space)
    found = compose(sine(jet[0], space.order), jet, space)
    for k in range(space.size):
        assert agree(found[k], expected[k])


def test_composition_of_several_functions_is_that_of_each(generator):
    space = JetSpace.closed(2, all_up_to(2, 3))
    jet = coordinates_jet(points_in(2, generator), space) * 1.5
    both = torch.stack((exponential(jet[0], 3), sine(jet[0], 3)), dim=-1)
    found = compose(both, jet, space)
    assert torch.equal(found[..., 0], compose(both[..., 0], jet, space))
    assert torch.equal(found[..., 1], compose(both[..., 1], jet, space))


@pytest.mark.parametrize(("dimension", "order"), [(2, 4), (3, 4)])
def test_chain_of_products_and_compositions_agrees_with_autograd(dimension, order, generator):
    space = JetSpace.closed(dimension, all_up_to(dimension, order))
    points = points_in(dimension, generator)
    mix = torch.randn(dimension, 4, generator=generator, dtype=torch.float64)

    def function(x):
        z = torch.sin(x @ mix)
        return torch.exp(z) * (x @ mix)

    x = coordinates_jet(points, space) @ mix
    z = compose(sine(x[0], order), x, space)
    found = multiply(compose(exponential(z[0], order), z, space), x, space)
    expected = autograd_jets(function, points, space)
    for k in range(space.size):
        assert agree(found[k], expected[k])


@pytest.mark.parametrize("dimension", [2, 3, 10])
def test_collapsed_laplacian_is_the_sum_of_pure_seconds(dimension, generator):
    weights = [1.0 + 0.5 * k for k in range(dimension)]
    weights[1] = 0.0
    seconds = [tuple(2 * k for k in unit(dimension, axis)) for axis in range(dimension)]
    full = JetSpace.closed(dimension, seconds)
    small = JetSpace.closed(dimension, [], weights)
    points = points_in(dimension, generator)
    mix = torch.randn(dimension, 3, generator=generator, dtype=torch.float64)

    def chain(space):
        x = coordinates_jet(points, space) @ mix
        z = compose(sine(x[0], space.order), x, space)
        return multiply(compose(exponential(z[0], space.order), z, space), x, space)

    wide, narrow = chain(full), chain(small)
    expected = sum(w * wide[full.position(a)] for w, a in zip(weights, seconds, strict=True))
    assert agree(narrow[-1], expected, 1e-12)
    assert agree(narrow[0], wide[0], 1e-14)


def test_coordinates_jet_is_the_value_and_ones(generator):
    space = JetSpace.closed(2, [(2, 0), (0, 1)])
    points = points_in(2, generator)
    jet = coordinates_jet(points, space)
    assert torch.equal(jet[0], points)
    assert jet[space.position((1, 0)), 0].tolist() == [1.0, 0.0]
    assert jet[space.position((0, 1)), 0].tolist() == [0.0, 1.0]
    assert jet[space.position((2, 0))].abs().sum() == 0


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtype_is_kept_by_the_algebra(dtype, generator):
    space = JetSpace.closed(2, [(2, 2)])
    x = coordinates_jet(points_in(2, generator).to(dtype), space)
    assert multiply(x, x, space).dtype == dtype
    assert compose(exponential(x[0], 4), x, space).dtype == dtype


def test_component_i_depends_only_on_point_i(generator):
    space = JetSpace.closed(2, all_up_to(2, 3))
    points = points_in(2, generator)
    moved = points.clone()
    moved[3] += 0.1
    one, two = (
        compose(exponential(x[0], 3), multiply(x, x, space), space)
        for x in (coordinates_jet(p, space) for p in (points, moved))
    )
    assert (one - two).abs().amax((0, 2)).nonzero().flatten().tolist() == [3]
