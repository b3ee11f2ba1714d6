import itertools

import pytest
import torch

from kanpde.calculus._jets import JetSpace
from kanpde.nets import ProductKAN, network_from_record, network_record, product_count
from kanpde.nets.spectral._interaction import limited_indices


def make(interaction: int | None) -> ProductKAN:
    return ProductKAN((1.0, 2.0, 0.5), (), 2, degree=(4, 3, 5), interaction=interaction).double()


def test_count_agrees_with_the_list():
    for few in (1, 2, 3):
        axes, degrees = (False, True, False, False), (3, 2, 4, 3)
        listed = limited_indices(axes, degrees, few)
        assert product_count(axes, degrees, interaction=few) == len(listed) == len(set(listed))


def test_hundred_coordinates_are_counted_without_a_grid():
    axes, degrees = (False,) * 100, (2,) * 100
    assert product_count(axes, degrees, interaction=1) == 200
    assert product_count(axes, degrees, interaction=2) == 200 + 4950


@pytest.mark.parametrize("few", [1, 2])
@pytest.mark.parametrize("collapsed", [None, (1.0, 4.0, 1.0)])
def test_few_products_agree_with_all_of_them(few, collapsed, generator):
    some, full = make(few), make(None)
    values = torch.randn(some.products, 2, generator=generator, dtype=torch.float64)
    place = {index: k for k, index in enumerate(full.index_list())}
    with torch.no_grad():
        some.block.coefficients.copy_(values)
        full.block.coefficients[[place[i] for i in some.index_list()]] = values
    space = JetSpace.closed(3, [(1, 1, 0)], collapsed)
    z = torch.rand(1, 7, 3, generator=generator, dtype=torch.float64) * 2 - 1
    with torch.no_grad():
        assert torch.allclose(some.jets(z, space), full.jets(z, space), rtol=1e-12, atol=1e-10)


@pytest.mark.parametrize("few", [1, 2])
def test_rows_are_the_derivative_of_the_jets(few, generator):
    net = make(few)
    space = JetSpace.closed(3, [(2, 0, 0), (0, 1, 1)])
    z = torch.rand(1, 5, 3, generator=generator, dtype=torch.float64) * 2 - 1
    cotangent = torch.randn(space.size, 5, 2, generator=generator, dtype=torch.float64)
    tape: list = []
    with torch.no_grad():
        net.jets(z, space, tape)
        rows = torch.empty(net.count, 5, dtype=torch.float64).T
        net.rows(tape, [cotangent], rows)
    for point, column in itertools.product(range(5), (0, 3, net.count - 1)):
        step = torch.zeros(net.count, dtype=torch.float64)
        step[column] = 1.0
        net.set(step)  # the jets are linear in the coefficients
        with torch.no_grad():
            moved = (net.jets(z, space)[:, point] * cotangent[:, point]).sum()
        assert torch.allclose(rows[point, column], moved, rtol=1e-10, atol=1e-10)


def test_interaction_survives_its_description():
    again = network_from_record(network_record(make(2)))
    assert isinstance(again, ProductKAN)
    assert again.interaction == 2
    assert again.index_list() == make(2).index_list()
