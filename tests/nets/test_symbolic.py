import json

import mpmath
import numpy as np
import pytest
import sympy
import torch

from kanpde.errors import InputError, RunDirectoryError
from kanpde.nets import (
    ARGUMENT,
    KAN,
    LIBRARY,
    SymbolicFunction,
    activations,
    copy_network,
    fix_edge,
    network_from_record,
    network_record,
    release_edge,
)

INSIDE = {
    "line": (-1.7, 1.7),
    "positive": (0.2, 2.0),
    "nonnegative": (0.2, 2.0),
    "nonzero": (-2.0, -0.2),
    "unit": (-0.9, 0.9),
    "open unit": (-0.9, 0.9),
}


@pytest.mark.parametrize("name", list(LIBRARY))
def test_values_and_derivatives_agree_with_mpmath(name: str) -> None:
    f = LIBRARY[name]
    z = torch.linspace(*INSIDE[f.domain], 5, dtype=torch.float64) + 0.01
    found = f.values(z, 3)
    for k, point in enumerate(z.tolist()):
        own = sympy.lambdify(ARGUMENT, f.expression, "mpmath")
        for m in range(4):
            expected = float(mpmath.diff(own, point, m))
            assert float(found[m, k]) == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("name", list(LIBRARY))
def test_singular_places_give_finite_values_and_gradients(name: str) -> None:
    z = torch.tensor([-3.0, -1.0, -1e-14, 0.0, 1e-14, 1.0, 3.0], dtype=torch.float64)
    z.requires_grad_(True)
    values = LIBRARY[name].values(z, 1)
    values.sum().backward()
    assert torch.isfinite(values).all()
    assert torch.isfinite(z.grad).all()


def test_square_root_is_exact_at_zero() -> None:
    assert float(LIBRARY["sqrt"].values(torch.zeros(1, dtype=torch.float64))[0, 0]) == 0.0


def test_product_node_multiplies() -> None:
    net = KAN([2, (0, 1), 1], grid=3).double()
    for i in range(2):
        fix_edge(net, 0, i, i, LIBRARY["x"])
    mask = torch.zeros(2, 2)
    net.layer(0).set_mask(mask)
    fix_edge(net, 1, 0, 0, LIBRARY["x"], (2.0, 0.0, 1.0, 0.5))
    x = torch.rand(50, 2, dtype=torch.float64)
    assert float((net(x).detach()[:, 0] - (2 * x[:, 0] * x[:, 1] + 0.5)).abs().max()) < 1e-15


def test_released_edge_is_what_it_was() -> None:
    net = KAN([2, (2, 1), 1], grid=4).double()
    x = 2 * torch.rand(30, 2, dtype=torch.float64) - 1
    before = net(x)
    fix_edge(net, 0, 1, 2, LIBRARY["exp"])
    assert float((net(x) - before).detach().abs().max()) > 1e-3
    release_edge(net, 0, 1, 2)
    assert torch.equal(net(x), before)
    assert net.layer(0).mask is None


def test_fixing_again_replaces() -> None:
    net = KAN([1, 1], grid=4).double()
    fix_edge(net, 0, 0, 0, LIBRARY["exp"])
    fix_edge(net, 0, 0, 0, LIBRARY["x^2"], (1, 0, 3, 0))
    assert len(net.layer(0).symbolic) == 1
    assert net(torch.full((1, 1), 2.0, dtype=torch.float64)).item() == pytest.approx(12.0)


def test_edges_and_bias_add_up() -> None:
    net = KAN([2, (2, (3,)), 2], grid=4).double()
    net.layer(0).mask = None
    fix_edge(net, 0, 1, 3, LIBRARY["sin"], (2, 0.1, 0.5, 0.2))
    x = 2 * torch.rand(20, 2, dtype=torch.float64) - 1
    for k, a in enumerate(activations(net, x)):
        bias = net.layer(k).blocks[2].coefficients
        assert float((a.edges.sum(1) + bias - a.subnodes).detach().abs().max()) < 1e-14
    first = activations(net, x)[0]
    assert torch.allclose(first.nodes[:, 2], first.subnodes[:, 2:].prod(dim=1))


def test_description_survives_json_with_own_functions() -> None:
    own = SymbolicFunction("J0", sympy.besselj(0, ARGUMENT), 4)
    net = KAN([2, (1, 2), 1], grid=4).double()
    fix_edge(net, 0, 0, 1, own, (3, 0.1, 1, 0))
    fix_edge(net, 1, 2, 0, LIBRARY["1/sqrt"], (1, 4, 1, 0))
    back = network_from_record(json.loads(json.dumps(network_record(net)))).double()
    back.set(net.get())
    x = 2 * torch.rand(20, 2, dtype=torch.float64) - 1
    assert torch.equal(back(x), net(x))
    assert torch.equal(copy_network(net)(x), net(x))


def test_older_descriptions_load() -> None:
    data = network_record(KAN([2, 3, 1]))
    del data["arities"], data["symbolic"]
    assert network_from_record(data).width == [2, 3, 1]


def test_damaged_symbolic_edges_are_refused() -> None:
    net = KAN([1, 1])
    fix_edge(net, 0, 0, 0, LIBRARY["exp"])
    data = network_record(net)
    data["symbolic"][0][0]["i"] = 4
    with pytest.raises(RunDirectoryError, match="symbolic edge"):
        network_from_record(data)


@pytest.mark.parametrize("width", [[2, (0, 0), 1], [(1, 1), 1], [2, (1, (1,)), 1], [2, (1, -1), 1]])
def test_bad_product_nodes(width: list) -> None:
    with pytest.raises(InputError, match="pairs"):
        KAN(width)


def test_errors_name_the_edge() -> None:
    net = KAN([2, 1])
    with pytest.raises(InputError, match="got \\(2, 0\\)"):
        fix_edge(net, 0, 2, 0, LIBRARY["x"])
    with pytest.raises(InputError, match="layer: expected 0 to 0, got 3"):
        fix_edge(net, 3, 0, 0, LIBRARY["x"])
    with pytest.raises(InputError, match="got a numerical one"):
        release_edge(net, 0, 0, 0)
    with pytest.raises(InputError, match="got the symbols y"):
        SymbolicFunction("bad", sympy.Symbol("y") + ARGUMENT)
    with pytest.raises(InputError, match="domain"):
        SymbolicFunction("bad", ARGUMENT, 1, "everywhere")
    assert np.isfinite(net.get().numpy()).all()


@pytest.mark.parametrize("affine", [(1, 2), "abcd", (1, 2, 3, float("nan")), 5])
def test_an_affine_map_is_four_finite_numbers(affine):
    with pytest.raises(InputError, match="four finite numbers"):
        fix_edge(KAN([1, 1]), 0, 0, 0, LIBRARY["x"], affine)
