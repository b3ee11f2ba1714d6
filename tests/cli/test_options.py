import argparse

import pytest

from kanpde.cli._options import FLAGS, convert_setting, settings_from
from kanpde.errors import InputError
from kanpde.problem._settings import Settings


def arguments(*settings, **flags):
    return argparse.Namespace(setting=list(settings), **(dict.fromkeys(FLAGS) | flags))


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("interior", "2000", 2000),
        ("grid", "none", None),
        ("time_limit", "1e1", 10.0),
        ("hidden", "6,6", (6, 6)),
        ("hidden", "(8,)", (8,)),
        ("hidden", "none", None),
        ("exact_conditions", "no", False),
        ("base", "none", None),
        ("sampler", "lhs", "lhs"),
        ("device", "cuda:1", "cuda:1"),
    ],
)
def test_setting_is_converted_by_its_annotated_type(name, text, value):
    converted = convert_setting(name, text, "-s")
    assert converted == value
    assert type(converted) is type(value)


@pytest.mark.parametrize("name", sorted(set(Settings.types()) - {"weights"}))
def test_every_setting_can_be_converted(name):
    texts = {str: "auto", int: "3", float: "3", bool: "true"}
    default = getattr(Settings(), name)
    text = texts.get(type(default), "3")
    assert convert_setting(name, text, "-s") is not None


def test_command_line_beats_file_and_keeps_its_other_settings():
    merged = settings_from(
        arguments("interior=50", hidden="4,4"), Settings(hidden=(9,), interior=7, seed=5)
    )
    assert (merged.hidden, merged.interior, merged.seed) == ((4, 4), 50, 5)


def test_flag_beats_dash_s():
    assert settings_from(arguments("seed=1", seed="2"), Settings()).seed == 2


def test_one_weight_keeps_the_weights_of_the_file():
    merged = settings_from(arguments("weights.start=10"), Settings(weights={"walls": 2.0}))
    assert dict(merged.weights) == {"walls": 2.0, "start": 10.0}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("hiden=6,6", "did you mean hidden?"),
        ("nonsense=1", "the settings are net, hidden"),
        ("seed", "expected NAME=VALUE"),
        ("=3", "expected NAME=VALUE"),
        ("seed=1.5", "expected a whole number, got '1.5'"),
        ("time_limit=1/3", "expected a plain number, got '1/3'"),
        ("time_limit=nan", "expected a plain number"),
        ("tolerance=inf", "expected a plain number"),
        ("hidden=6;6", "write for example 6,6"),
        ("exact_conditions=maybe", "write true or false"),
        ("weights=3", "weights.NAME=VALUE"),
        ("weights.start=big", "expected a plain number"),
        ("grid=0", "grid: expected a positive integer, got 0"),
        ("hidden=", "expected positive integers"),
        ("time_limit=-1", "time_limit: expected a positive number"),
        ("steps=-1", "steps: expected 0 or more"),
        ("device=tpu", "expected auto, cpu or cuda, got 'tpu'"),
        ("dtype=float16", "expected one of float64, float32"),
        ("net=cnn", "expected one of auto, spectral, kan, mlp"),
        ("basis=fourier", "expected one of chebyshev, bspline"),
    ],
)
def test_wrong_setting_names_what_was_expected(text, says):
    with pytest.raises(InputError) as caught:
        settings_from(arguments(text), Settings())
    assert says in str(caught.value)
