"""The registries of geometry: makers of operators, readers of stored domains."""

from __future__ import annotations

import pytest
import sympy

from kanpde.errors import RunDirectoryError
from kanpde.geometry import (
    Combination,
    Disk,
    Product,
    TimeInterval,
    _records,
    domain_from_record,
)
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


def test_the_names_of_kinds_are_those_that_run_directories_hold() -> None:
    kinds = """annulus ball box combination cone cylinder ellipse mesh moved parameter polygon
    polyhedron product sector time torus triangle"""
    with pytest.raises(RunDirectoryError) as raised:
        domain_from_record({"kind": "klein bottle"})
    listed = str(raised.value).split("with kind ")[1].split(", got")[0]
    assert sorted(listed.split(", ")) == kinds.split()


def test_a_kind_is_read_by_one_function() -> None:
    with pytest.raises(RuntimeError, match="domain kind ball: expected one reader, got two"):
        _records.reads("ball")(lambda _: Disk((x, y)))
