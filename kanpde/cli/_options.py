"""The options that are settings: flags and ``-s``, converted by the settings' types."""

from __future__ import annotations

import argparse
import re
import types
from collections.abc import Collection, Mapping
from typing import Any, get_args

from kanpde.cli._convert import (
    did_you_mean,
    split_pair,
    to_bool,
    to_float,
    to_int,
    to_ints,
)
from kanpde.errors import InputError
from kanpde.problem import Settings

DEVICE = re.compile(r"auto|cpu|cuda(:\d+)?")

FLAGS = {
    "net": (
        "auto|spectral|kan|mlp",
        "product KAN by least squares (spectral), trained KAN or MLP; auto (default) chooses",
    ),
    "hidden": ("N,N", "widths of the hidden layers, as 6,6"),
    "grid": ("G", "number of spline intervals"),
    "degree": ("P", "polynomial degree of the edges; functions per edge for sine and rbf"),
    "basis": ("NAME", "basis of the edges: chebyshev, bspline, sine or rbf"),
    "weighting": ("NAME", "weights that follow the training: none, lra, ntk, rba or causal"),
    "device": ("auto|cpu|cuda", "where to compute"),
    "dtype": ("NAME", "float64 or float32"),
    "seed": ("N", "seed of every random generator"),
    "steps": ("N", "stop after so many optimizer steps (makes a run reproducible)"),
    "time_limit": ("SECONDS", "stop after so much optimisation (default 60)"),
    "tolerance": ("X", "stop when the estimated relative error is below X"),
}


def add_problem_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``FILE`` and ``-p``."""
    parser.add_argument("file", metavar="FILE", help="problem file: Python with problem()")
    parser.add_argument(
        "-p",
        "--parameter",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="parameter of problem(), converted by its default's type",
    )


def add_settings_arguments(
    parser: argparse.ArgumentParser, *, without: Collection[str] = ()
) -> None:
    """Add ``-s`` and a flag for each of the common settings, except those `without`."""
    group = parser.add_argument_group("settings (command line beats file beats defaults)")
    group.add_argument(
        "-s",
        "--setting",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="any setting, as -s interior=2000 or -s weights.start=10; none resets an optional "
        f"one. All: {', '.join(n for n in Settings.types() if n not in without)}",
    )
    for name, (metavar, help_text) in FLAGS.items():
        if name in without:
            continue
        group.add_argument(
            f"--{name.replace('_', '-')}", dest=name, metavar=metavar, help=help_text
        )


def settings_from(args: argparse.Namespace, base: Settings) -> Settings:
    """Apply ``-s`` and the flags of `args` to the settings of the file.

    Parameters
    ----------
    args
        Parsed arguments with ``setting`` and every name of `FLAGS`.
    base
        Settings of the problem file, or the defaults.

    Returns
    -------
    Settings
        `base` with what the command line says; where ``-s`` and a flag name
        the same setting, the flag counts.

    Raises
    ------
    InputError
        If a setting is unknown, has the wrong type or is out of range.
    """
    changes: dict[str, Any] = {}
    weights = dict(base.weights)
    for text in args.setting:
        name, value = split_pair(text, "-s")
        if name == "weights" or name.startswith("weights."):
            weights[_weight_name(name, text)] = to_float(value, f"-s {text}")
            changes["weights"] = weights
        else:
            changes[name] = convert_setting(name, value, f"-s {text}")
    for name in FLAGS:
        given = getattr(args, name, None)
        if given is not None:
            changes[name] = convert_setting(name, given, f"--{name.replace('_', '-')} {given}")
    return base.replace(**changes) if changes else base


def convert_setting(name: str, text: str, where: str) -> Any:
    """Convert `text` by the annotated type of the setting `name`.

    Raises
    ------
    InputError
        If there is no such setting or `text` is not of its type.
    """
    known: Mapping[str, Any] = Settings.types()
    if name not in known:
        raise InputError(
            f"{where}: expected a setting, got {name!r}{did_you_mean(name, known)}; "
            f"the settings are {', '.join(known)}"
        )
    kind, optional = _unwrap(known[name])
    if text.lower() == "none" and optional:
        return None
    if name == "device":
        return _device(text, where)
    if kind is str:
        return text
    converters = {int: to_int, float: to_float, bool: to_bool, tuple[int, ...]: to_ints}
    return converters[kind](text, where)


def _unwrap(kind: Any) -> tuple[Any, bool]:
    """Split ``X | None`` into X and True."""
    if isinstance(kind, types.UnionType):
        inner = [part for part in get_args(kind) if part is not types.NoneType]
        return inner[0], len(inner) < len(get_args(kind))
    return kind, False


def _device(text: str, where: str) -> str:
    if not DEVICE.fullmatch(text):
        raise InputError(f"{where}: expected auto, cpu or cuda, got {text!r}; use one of these")
    return text


def _weight_name(name: str, text: str) -> str:
    term = name.removeprefix("weights").removeprefix(".")
    if not term:
        raise InputError(
            f"-s {text}: expected weights.NAME=VALUE, got {text!r}; "
            "name the equation or condition, as -s weights.start=10"
        )
    return term
