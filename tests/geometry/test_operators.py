"""The slots through which the operators of a domain reach their makers."""

from __future__ import annotations

import pytest
import sympy

from kanpde.geometry import Combination, Disk, Product, TimeInterval
from kanpde.geometry._domain import COMBINE, MOVE, MULTIPLY
from kanpde.geometry._operators import Slot

x, y, t = sympy.symbols("x y t", real=True)


def test_an_empty_slot_names_what_it_cannot_make() -> None:
    empty: Slot[[], int] = Slot("the union")
    with pytest.raises(RuntimeError, match="the union: expected a module that makes it"):
        empty()


def test_a_slot_refuses_a_second_maker() -> None:
    for slot in (COMBINE, MOVE, MULTIPLY):
        with pytest.raises(RuntimeError, match="expected one function"):
            slot.fill(lambda *_: Disk((x, y)))


def test_operators_make_what_stands_in_their_slots() -> None:
    first, second = Disk((x, y)), Disk((x, y), (1, 0))
    for operation, made in (
        ("union", first | second),
        ("intersection", first & second),
        ("difference", first - second),
    ):
        assert isinstance(made, Combination)
        assert made == Combination(operation, first, second)
    time = TimeInterval(t, 0, 1)
    assert isinstance(first * time, Product)
    assert first * time == Product(first, time)
