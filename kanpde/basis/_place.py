"""Put the few functions that live at a point among all of them, to any depth of autograd."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def _memory_order(x: Tensor) -> tuple[list[int], list[int]]:
    """Axes from the longest stride to the shortest, and the way back."""
    order = sorted(range(x.dim()), key=lambda k: -x.stride()[k])
    return order, [order.index(k) for k in range(x.dim())]


class _Place(torch.autograd.Function):
    """Put the few functions that live at a point among all of them."""

    @staticmethod
    def forward(local: Tensor, columns: Tensor, count: int) -> Tensor:
        order, back = _memory_order(local)
        shape = (*local.shape[:-1], count)
        dense = local.new_zeros([shape[k] for k in order]).permute(back)
        return dense.scatter_(-1, columns.expand(local.shape), local)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.save_for_backward(inputs[1])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (columns,) = ctx.saved_tensors
        wanted = columns.expand(*gradients[0].shape[:-1], -1)
        order, back = _memory_order(gradients[0])
        last = order.index(wanted.dim() - 1)
        found = gradients[0].permute(order).gather(last, wanted.permute(order))
        return found.permute(back), None, None

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[int | None, ...], local: Tensor, columns: Tensor, count: int
    ) -> tuple[Tensor, int]:
        # the batch of a gradient is one more axis in front, columns may have none
        size = info.batch_size
        if in_dims[0] is None:
            local = local.expand(size, *local.shape)
        else:
            local = local.movedim(in_dims[0], 0)
        if in_dims[1] is not None:
            columns = columns.movedim(in_dims[1], 0)[:, None]
        return placed(local, columns, count), 0


placed: Callable[..., Tensor] = _Place.apply
