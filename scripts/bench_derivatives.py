"""Time derivatives by jets against nested autograd and torch.func.

    python scripts/bench_derivatives.py [--device cpu|cuda] [--repeat 7] [--threads N]

(a) mean square of the Laplacian of KAN [2, 10, 10, 1], grid 10, degree 3, at 4096 points with
its gradient in all coefficients; (b) all derivatives up to order 1 .. 4 of a spline KAN, a
Chebyshev KAN and an MLP of equally many coefficients; (c) the Jacobian of the Laplacian at
every point. Values and gradients are compared before anything is timed; the ways take turns.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

import torch
from _bench import interleaved, machine, write
from rich.console import Console
from rich.table import Table
from torch import Tensor

from kanpde.basis import BSpline, Chebyshev
from kanpde.calculus._jets import JetSpace, coordinates_jet
from kanpde.nets import KAN, MLP, Network
from kanpde.trial._trial import autograd_jets

POINTS = 4096
AGREE = 1e-10
Result = tuple[Tensor, Sequence[Tensor]]


def gradient(loss: Tensor, net: Network) -> Result:
    """Loss and its gradient in all coefficients."""
    found = torch.autograd.grad(
        loss, list(net.parameters()), allow_unused=True, materialize_grads=True
    )
    return loss.detach(), found


def disagreement(left: Result, right: Result) -> float:
    """Largest difference of losses and gradients, relative to the largest entry."""
    a = torch.cat([left[0].reshape(1), *(g.flatten() for g in left[1])])
    b = torch.cat([right[0].reshape(1), *(g.flatten() for g in right[1])])
    return float(((a - b).abs().max() / b.abs().max()).detach())


def by_jets(net: Network, points: Tensor, space: JetSpace, *, last: bool) -> Result:
    """Loss of the last component, or of all, by one pass of jets."""
    jets = net.jets(coordinates_jet(points, space), space)
    return gradient((jets[-1] if last else jets).square().mean(), net)


def laplacian_nested(net: Network, points: Tensor) -> Result:
    """Laplacian by torch.autograd.grad of torch.autograd.grad."""
    x = points.clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(net(x).sum(), x, create_graph=True)
    total = torch.zeros_like(x[:, 0])
    for axis in range(x.shape[1]):
        (second,) = torch.autograd.grad(slope[:, axis].sum(), x, create_graph=True)
        total = total + second[:, axis]
    return gradient(total.square().mean(), net)


def laplacian_func(net: Network, points: Tensor, *, pointwise: bool) -> Result:
    """Laplacian by torch.func: vmap of a Hessian, or gradients of summed gradients."""
    func = torch.func
    parameters = dict(net.named_parameters())

    def value(p: dict[str, Tensor], x: Tensor) -> Tensor:
        return func.functional_call(net, p, (x,)).sum()

    def at_point(p: dict[str, Tensor], x: Tensor) -> Tensor:
        return func.jacrev(func.grad(lambda y: value(p, y[None])))(x).trace()

    def summed(p: dict[str, Tensor], x: Tensor) -> Tensor:
        slope = func.grad(lambda y: value(p, y))
        parts = [
            func.grad(lambda y, axis=axis: slope(y)[:, axis].sum())(x)[:, axis]
            for axis in range(x.shape[1])
        ]
        return torch.stack(parts).sum(0)

    def loss(p: dict[str, Tensor]) -> Tensor:
        found = func.vmap(at_point, (None, 0))(p, points) if pointwise else summed(p, points)
        return found.square().mean()

    gradients, found = func.grad_and_value(loss)(parameters)
    return found.detach(), [gradients[name] for name in parameters]


def rows(net: Network, points: Tensor, space: JetSpace) -> Tensor:
    """Jacobian ``(N, P)`` of the last component at every point."""
    tape: list = []
    jets = net.jets(coordinates_jet(points, space), space, tape)
    cotangents = torch.autograd.grad(jets[-1].sum(), [record.output for record in tape])
    out = points.new_empty((net.count, len(points))).T
    with torch.no_grad():
        net.rows(tape, list(cotangents), out)
    return out


def all_derivatives(order: int) -> JetSpace:
    """Space of all derivatives up to `order` in two coordinates."""
    return JetSpace.closed(2, [(k, order - k) for k in range(order + 1)])


def laplacian(points: Tensor, repeat: int, device: str) -> dict:
    """Measure parts (a) and (c)."""
    net = KAN([2, 10, 10, 1], grid=10, degree=3).to(device)
    space = JetSpace.closed(2, [], (1.0, 1.0))
    calls: dict[str, Callable[[], Result]] = {
        "jets": lambda: by_jets(net, points, space, last=True),
        "nested autograd": lambda: laplacian_nested(net, points),
        "torch.func, summed": lambda: laplacian_func(net, points, pointwise=False),
        "torch.func, vmap": lambda: laplacian_func(net, points, pointwise=True),
    }
    reference = calls["nested autograd"]()
    worst = max(disagreement(call(), reference) for call in calls.values())
    mean = 2 / POINTS * rows(net, points, space).T @ values(net, points, space)
    flat = torch.cat([g.flatten() for g in reference[1]])
    worst = max(worst, float((mean - flat).abs().max() / flat.abs().max()))
    assert worst < AGREE, worst
    times = interleaved(
        {**calls, "rows": lambda: rows(net, points, space)}, repeat=repeat, device=device
    )
    own = times["jets"]["median_ms"]
    others = [times[name]["median_ms"] for name in calls if name != "jets"]
    return {
        "net": "KAN [2, 10, 10, 1], BSpline grid 10 degree 3, silu",
        "coefficients": net.count,
        "disagreement": worst,
        "times": times,
        "speedup": round(min(others) / own, 2),
        "rows_over_jets": round(times["rows"]["median_ms"] / own, 2),
    }


def values(net: Network, points: Tensor, space: JetSpace) -> Tensor:
    """Last component at every point."""
    with torch.no_grad():
        return net.jets(coordinates_jet(points, space), space)[-1, :, 0]


def table(points: Tensor, repeat: int, device: str) -> list[dict]:
    """Measure part (b)."""
    spline = KAN([2, 10, 10, 1], basis=BSpline(grid=10, degree=5))
    chebyshev = KAN([2, 16, 16, 1], basis=Chebyshev(degree=5, squash=None), base="identity")
    nets = {"KAN spline": spline, "KAN Chebyshev": chebyshev}
    for name, kan in list(nets.items()):
        nearest = min(range(2, 200), key=lambda h: abs(h * h + 5 * h + 1 - kan.count))
        nets[f"MLP as {name}"] = MLP([2, nearest, nearest, 1])
    found = []
    for name, net in nets.items():
        net.to(device)
        for order in range(1, 5):
            space = all_derivatives(order)

            def jets(net: Network = net, space: JetSpace = space) -> Result:
                return by_jets(net, points, space, last=False)

            def nested(net: Network = net, space: JetSpace = space) -> Result:
                return gradient(autograd_jets(net, points, space).square().mean(), net)

            worst = disagreement(jets(), nested())
            assert worst < AGREE, (name, order, worst)
            times = interleaved({"jets": jets, "nested": nested}, repeat=repeat, device=device)
            ratio = times["nested"]["median_ms"] / times["jets"]["median_ms"]
            found.append(
                {
                    "net": name,
                    "width": net.width,
                    "coefficients": net.count,
                    "order": order,
                    "disagreement": worst,
                    "times": times,
                    "speedup": round(ratio, 2),
                }
            )
    return found


def show(first: dict, second: list[dict]) -> None:
    """Print both tables."""
    console = Console()
    one = Table(title=f"Laplacian, loss and gradient: {first['net']}, {POINTS} points")
    for column in ("way", "median ms", "quartiles ms", "over jets"):
        one.add_column(column, justify="left" if column == "way" else "right")
    own = first["times"]["jets"]["median_ms"]
    for name, t in first["times"].items():
        low, high = t["quartiles_ms"]
        ratio = t["median_ms"] / own
        one.add_row(name, f"{t['median_ms']:.1f}", f"{low:.1f} - {high:.1f}", f"{ratio:.2f}")
    console.print(one)
    two = Table(title="All derivatives up to an order, loss and gradient")
    for column in ("net", "coefficients", "order", "jets ms", "nested ms", "nested / jets"):
        two.add_column(column, justify="left" if column == "net" else "right")
    for line in second:
        jets, nested = (line["times"][k]["median_ms"] for k in ("jets", "nested"))
        cells = (line["coefficients"], line["order"], f"{jets:.1f}", f"{nested:.1f}")
        two.add_row(line["net"], *map(str, cells), f"{line['speedup']:.2f}")
    console.print(two)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--threads", type=int, default=None)
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.set_default_dtype(torch.float64)
    generator = torch.Generator().manual_seed(1)
    points = (2 * torch.rand(POINTS, 2, generator=generator) - 1).to(options.device)
    first = laplacian(points, options.repeat, options.device)
    second = table(points, options.repeat, options.device)
    show(first, second)
    data = {
        "machine": machine(options.device),
        "points": POINTS,
        "dtype": "float64",
        "repeat": options.repeat,
        "laplacian": first,
        "orders": second,
    }
    print(write(f"bench_derivatives_{options.device}", data))


if __name__ == "__main__":
    main()
