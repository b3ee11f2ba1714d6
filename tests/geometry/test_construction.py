"""Making domains, writing them down and reading them back."""

import json
from fractions import Fraction

import numpy as np
import pytest
import sympy
from sympy import Rational, pi

from kanpde.errors import InputError, RunDirectoryError
from kanpde.geometry import (
    Ball,
    Box,
    Disk,
    Interval,
    Product,
    Rectangle,
    TimeInterval,
    domain_from_record,
)

x, y, z, t, s = sympy.symbols("x y z t s", real=True)


@pytest.mark.parametrize(
    ("bound", "value"),
    [
        (2 * pi, 2 * np.pi),
        (Rational(1, 4), 0.25),
        (Fraction(1, 4), 0.25),
        (sympy.sqrt(2), 2**0.5),
        (sympy.Float("0.1"), 0.1),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3.0),
    ],
    ids=str,
)
def test_bounds_may_be_numbers_or_sympy_constants(bound, value):
    assert Interval(x, -1, bound).upper.tolist() == [value]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Interval(x, 1, -1), r"Interval\(x\): expected lower < upper.*swap the bounds"),
        (lambda: Interval(x, 1, 1), "the interval is empty"),
        (lambda: Interval(x, 0, sympy.oo), "finite real number, got oo"),
        (lambda: Interval(x, float("nan"), 1), "finite real number, got nan"),
        (lambda: Interval(x, -1e308, 1e308), "length that a float can hold"),
        (lambda: Interval(x, 0, sympy.I), "expected a real number"),
        (lambda: Interval(x, 0, y), "expected a real number, got Symbol y"),
        (lambda: Interval(x, 0, "1"), "expected a real number, got str '1'"),
        (lambda: Interval(x, False, 1), "expected a real number, got bool False"),
        (lambda: Interval("x", 0, 1), "Interval: expected a coordinate .* got str 'x'"),
        (lambda: Interval(x + 1, 0, 1), "Interval: expected a coordinate"),
        (lambda: TimeInterval(t, 1, 0), r"TimeInterval\(t\): expected lower < upper"),
        (lambda: TimeInterval(0, 0, 1), "TimeInterval: expected a coordinate"),
        (lambda: Box(), "Box: expected at least one side"),
        (lambda: Rectangle((x, 0, 1), (y, 0)), r"expected sides \(x, lower, upper\)"),
        (lambda: Rectangle((x, 0, 1), (x, 0, 1)), "got x twice"),
        (lambda: Disk((x, y, z)), "Disk: expected a tuple of two coordinates"),
        (lambda: Disk(x), "Disk: expected a tuple of two coordinates"),
        (lambda: Ball((x,)), "two or more coordinates"),
        (lambda: Ball((x, x)), "got x twice"),
        (lambda: Ball((x, y), (0, 0, 0)), "Ball center: expected 2 numbers, got 3"),
        (lambda: Disk((x, y), radius=0), "Disk radius: expected a positive number, got 0"),
        (lambda: Disk((x, y), center=(0, "a")), "Disk center: expected a real number"),
        (lambda: Interval(x, 0, 1) * Interval(x, 0, 1), "got x twice"),
        (lambda: Interval(x, 0, 1) * Interval(sympy.Symbol("x"), 0, 1), "got x twice"),
        (lambda: TimeInterval(t, 0, 1) * TimeInterval(s, 0, 1), "at most one TimeInterval"),
        (lambda: Interval(x, 0, 1) * sympy.Interval(0, 1), "hides kanpde's Interval"),
        (lambda: Interval(x, 0, 1) * 3, r"expected a kanpde domain after \*, got builtins.int"),
        (lambda: Product(Interval(x, 0, 1), 3), "expected kanpde domains, got int 3"),
        (lambda: Product(), "expected at least one domain"),
    ],
)
def test_wrong_arguments_are_refused_with_what_came(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_reading_what_was_written_gives_an_equal_domain(built_in):
    data = json.loads(json.dumps(built_in.to_record()))
    again = domain_from_record(data)
    assert again == built_in
    assert hash(again) == hash(built_in)
    assert again.coordinates == built_in.coordinates
    assert again.parts == built_in.parts
    assert str(again) == str(built_in)


def test_different_domains_are_not_equal():
    assert Interval(x, 0, 1) != Interval(x, 0, 2)
    assert Interval(x, 0, 1) != Interval(y, 0, 1)
    assert Interval(t, 0, 1) != TimeInterval(t, 0, 1)
    assert Interval(x, 0, 1) != "interval"


def test_minus_zero_names_the_face_zero():
    assert list(Interval(x, -1, -0.0).parts) == ["x=-1", "x=0"]


INTERVAL = Interval(x, -1, 1).to_record()
DISK = Disk((x, y)).to_record()


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "box",
        {},
        {"kind": "klein bottle"},
        {"kind": ["box"]},
        {"kind": "box"},
        INTERVAL | {"extra": 1},
        {k: v for k, v in INTERVAL.items() if k != "upper"},
        INTERVAL | {"coordinates": []},
        INTERVAL | {"coordinates": "x"},
        INTERVAL | {"coordinates": [1]},
        INTERVAL | {"coordinates": [""]},
        INTERVAL | {"coordinates": ["x y"]},
        INTERVAL | {"coordinates": ["x" * 65]},
        INTERVAL | {"coordinates": ["x", "y"]},
        INTERVAL | {"lower": -1.0},
        INTERVAL | {"lower": ["-1"]},
        INTERVAL | {"lower": [True]},
        INTERVAL | {"lower": [10**400]},
        INTERVAL | {"lower": [float("nan")]},
        INTERVAL | {"lower": [float("-inf")]},
        INTERVAL | {"lower": [2.0]},
        INTERVAL | {"lower": [0.0, 0.0]},
        DISK | {"radius": -1.0},
        DISK | {"radius": "1"},
        DISK | {"center": [0.0]},
        DISK | {"coordinates": ["x", "x"]},
        DISK | {"coordinates": ["x"], "center": [0.0]},
        {"kind": "time", "coordinates": ["t", "s"], "lower": [0.0, 0.0], "upper": [1.0, 1.0]},
        {"kind": "product"},
        {"kind": "product", "factors": []},
        {"kind": "product", "factors": {"kind": "box"}},
        {"kind": "product", "factors": [INTERVAL, INTERVAL]},
        {"kind": "product", "factors": [INTERVAL, {"kind": "product", "factors": [DISK]}]},
        {"kind": "product", "factors": [INTERVAL, None]},
    ],
    ids=lambda data: repr(data)[:60],
)
def test_damaged_descriptions_are_refused(data):
    with pytest.raises(RunDirectoryError, match="domain"):
        domain_from_record(data)


def test_a_hostile_coordinate_name_is_refused():
    data = INTERVAL | {"coordinates": ["__import__('os').abort()"]}
    with pytest.raises(RunDirectoryError, match=r"coordinates: expected a name \(an identifier"):
        domain_from_record(data)
