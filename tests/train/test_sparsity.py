import math

import pytest
import sympy
import torch

from kanpde import Dirichlet, Problem, Rectangle, Settings, coordinates, solve, unknown
from kanpde.basis import Chebyshev, Sine
from kanpde.calculus._jets import JetSpace
from kanpde.errors import InputError
from kanpde.nets import KAN, LIBRARY, MLP, activations, fix_edge
from kanpde.optimize._source import transposed_product
from kanpde.regression._regress import regress
from kanpde.regression._sparsity import EdgePenalty, SparseRows, layer_entropy
from kanpde.residual._rows import Rows
from kanpde.residual._terms import INTERIOR
from kanpde.solvers._network import make_network
from kanpde.solvers._plan import make_plan

NETS = {
    "splines": lambda: KAN([2, 4, 3, 1], grid=4),
    "products": lambda: KAN([3, (2, 2), 1], grid=3),
    "chebyshev without bias": lambda: KAN([2, 3, 2], basis=Chebyshev(4), base="none", bias=False),
    "trained frequencies": lambda: KAN([2, 3, 1], basis=Sine(4, trainable=True), base="identity"),
}


@pytest.fixture(params=NETS)
def network(request, generator):
    net = NETS[request.param]().double()
    net.set(torch.randn(net.count, generator=generator, dtype=torch.float64))
    return net


@pytest.fixture
def points(network, generator):
    x = torch.rand(200, network.n_in, generator=generator, dtype=torch.float64)
    return 2 * x - 1


def paper_penalty(network, x, strength, entropy):
    """Formulas 2.17 to 2.20 by autograd, every layer's inputs held."""
    total = torch.zeros((), dtype=torch.float64)
    for k, layer in enumerate(activations(network, x)):
        own = network.layer(k)
        z = layer.inputs.detach()[None]
        tape = []
        own.jets(z, JetSpace(1, ((0,),)), tape)
        edges = torch.zeros_like(layer.edges)
        for block, made in zip(own.blocks, tape[0].features, strict=True):
            if made is not None:
                f = len(block.coefficients)
                weights = block.coefficients.unflatten(0, (own.n_in, -1))
                shaped = made[0, :, :f].detach().unflatten(1, (own.n_in, -1))
                edges = edges + torch.einsum("nif,ifo->nio", shaped, weights)
        if own.mask is not None:
            edges = edges * own.mask
        norms = edges.abs().mean(dim=0)
        share = norms / norms.sum()
        part = -torch.xlogy(share, share).sum()
        total = total + norms.sum() + entropy * part
    return strength * total


def gradient_of(value, network):
    found = torch.autograd.grad(
        value, list(network.parameters()), allow_unused=True, materialize_grads=True
    )
    return torch.cat([g.flatten() for g in found])


@pytest.mark.parametrize("entropy", [0.0, 1.0, 7.0])
def test_rows_have_the_gradient_of_the_papers_penalty(network, points, entropy):
    penalty = EdgePenalty(points, 0.03, entropy=entropy)
    penalty.refresh(network)
    value, gradient = penalty.gradient(network)
    truth = paper_penalty(network, points, 0.03, entropy)
    torch.testing.assert_close(gradient, gradient_of(truth, network), rtol=1e-6, atol=1e-9)
    assert penalty.value(network) == pytest.approx(float(truth.detach()), rel=1e-12)
    total, right = 0.0, torch.zeros_like(gradient)
    for jacobian, residual in penalty.jacobian(network):
        total += float(residual.square().sum())
        right += 2 * jacobian.T @ residual
    torch.testing.assert_close(right, gradient, rtol=1e-10, atol=1e-12)
    assert total == pytest.approx(value, rel=1e-12)
    assert float(penalty.vector(network).square().sum()) == pytest.approx(value, rel=1e-12)


def test_rows_lie_above_the_l1_norm_and_touch_it(network, points, generator):
    """Without entropy the squares sum to half the norm at the start, and bound it elsewhere."""
    penalty = EdgePenalty(points, 1.0, entropy=0.0)
    penalty.refresh(network)
    start, value = network.get(), penalty.value(network)
    level = float(penalty.vector(network).square().sum())
    assert level == pytest.approx(value / 2, rel=1e-4)  # the floor of |φ₀| takes a little
    first = network.layer(0).blocks[0].coefficients
    for size in (1e-3, 0.1, 3.0):
        with torch.no_grad():  # the last layer's inputs must stay: move the first one's edges
            network.set(start.clone())
            first += size * torch.randn(first.shape, generator=generator, dtype=torch.float64)
        frozen = EdgePenalty(points, 1.0, entropy=0.0)
        moved = float(frozen.norms(network)[0].sum()) - float(norms_at(network, start, points))
        rise = float(penalty.vector(network).square().sum()) - level
        assert rise >= moved - 1e-9 * abs(moved)


def norms_at(network, vector, points):
    now = network.get()
    network.set(vector.clone())
    found = EdgePenalty(points, 1.0).norms(network)[0].sum()
    network.set(now)
    return found


def test_dead_and_symbolic_edges_are_left_alone(generator):
    net = KAN([2, 3, 1], grid=3).double()
    mask = torch.ones(2, 3)
    mask[0, 1] = 0
    net.layer(0).set_mask(mask)
    fix_edge(net, 0, 1, 2, LIBRARY["sin"])
    points = torch.rand(50, 2, generator=generator, dtype=torch.float64)
    penalty = EdgePenalty(points, 1.0)
    penalty.refresh(net)
    norms = penalty.norms(net)[0]
    assert norms[0, 1] == 0
    assert norms[1, 2] == 0
    functions = 3 + 3 + 1  # of an edge, with its base
    assert len(penalty.vector(net)) == functions * (4 + 3)


def test_entropy_of_equal_shares_is_the_logarithm_of_their_number():
    assert layer_entropy(torch.full((3, 5), 0.2)) == pytest.approx(math.log(15), rel=1e-6)
    assert layer_entropy(torch.zeros(3, 5)) == 0.0
    assert layer_entropy(torch.eye(4)[:1]) == 0.0


def test_only_kans_have_edges_to_make_sparse():
    points = torch.zeros(4, 2)
    with pytest.raises(InputError, match="expected a KAN, got MLP"):
        EdgePenalty(points, 1e-2).refresh(MLP([2, 3, 1]))
    with pytest.raises(InputError, match="factors of 0 or more"):
        EdgePenalty(points, -1.0)


def test_regress_takes_the_rows(generator):
    x = 2 * torch.rand(100, 2, generator=generator, dtype=torch.float64) - 1
    net = KAN([2, 1], grid=3).double()
    penalty = EdgePenalty(x, 1.0, entropy=0.0)
    penalty.refresh(net)
    before = penalty.value(net)
    regress(net, x, torch.zeros(100, 1, dtype=torch.float64), steps=3, penalty=penalty)
    assert penalty.value(net) < 0.1 * before


@pytest.fixture(scope="module")
def heat():
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    exact = sympy.exp(-t) * sympy.sin(x)
    return Problem(
        Rectangle((x, 0, 3), (t, 0, 1)),
        {"heat": u.diff(t) - u.diff(x, 2)},
        {"walls": Dirichlet(u, exact)},
        exact={u: exact},
    )


@pytest.mark.slow
def test_sparsified_solution_has_fewer_edges(heat):
    """Measured: entropies 1.1 and 0.4 against 1.9 and 1.5, relative errors 1e-3 and 1e-7."""
    entropies, errors = [], []
    for strength in (0.0, 1e-2):
        found = solve(heat, hidden=(5,), linear=False, steps=60, sparsify=strength)
        assert found.summary["path"] == ["lm"] or not strength
        network = found.trial.network
        errors.append(found.errors["u"]["relative_l2"])
        inside = torch.rand(300, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        norms = EdgePenalty(2 * inside - 1, 1.0).norms(network)
        entropies.append(sum(layer_entropy(n) for n in norms))
    assert entropies[1] < 0.8 * entropies[0]
    assert errors[1] < 0.05


def test_rows_of_a_pde_have_the_gradient_of_both_parts(heat):
    plan = make_plan(heat, Settings(hidden=(3,), grid=3, linear=False))
    trial = plan.trial(make_network(plan))
    rows = Rows(trial, plan.draw(40, plan.rng(2)))
    inside = next(p for p in rows.parts if p.terms.where == INTERIOR)
    sparse = SparseRows(rows, EdgePenalty(inside.site.z[0].detach(), 0.1))
    sparse.refresh()
    loss, gradient = sparse.loss_and_gradient()
    residual = sparse.vector()
    assert float(residual.square().sum()) == pytest.approx(loss, rel=1e-10)
    torch.testing.assert_close(
        2 * transposed_product(sparse, residual), gradient, rtol=1e-8, atol=1e-10
    )
    assert sparse.level() == pytest.approx(loss - rows.loss_and_gradient()[0], rel=1e-8)


def test_mlps_of_solves_have_no_edges_to_make_sparse():
    with pytest.raises(InputError, match="sparsify: expected net=kan beside it"):
        Settings(net="mlp", sparsify=1e-3)
    with pytest.raises(InputError, match="entropy: expected 0 or more"):
        Settings(entropy=-1.0)


def test_l_bfgs_and_restarts_take_the_rows_too(heat):
    found = solve(
        heat, hidden=(3,), grid=3, linear=False, steps=3, sparsify=1e-3, optimizer="lbfgs"
    )
    assert found.summary["steps"] == 3
    assert math.isfinite(found.summary["loss"])
