"""From a problem file to a `Problem`: everything that can be wrong is one line."""

from __future__ import annotations

import inspect
import itertools
import sys
import tokenize
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from kanpde.cli._convert import (
    did_you_mean,
    split_pair,
    to_bool,
    to_float,
    to_floats,
    to_int,
    to_ints,
)
from kanpde.errors import InputError, KanpdeError
from kanpde.ground._files import problem_directory
from kanpde.problem import Settings

if TYPE_CHECKING:
    from kanpde import Problem

TEMPLATE = "def problem(nu: float = 0.1) -> kanpde.Problem"

_count = itertools.count()


def load_problem(path: str | Path, parameters: Sequence[str] = ()) -> tuple[Problem, Settings]:
    """Import a problem file and call its ``problem`` function.

    The file's directory is importable while it is loaded; neither the import
    path nor the imported modules nor a bytecode cache beside it are left behind.

    Parameters
    ----------
    path
        The problem file.
    parameters
        Overrides of the keyword defaults, each ``"NAME=VALUE"``; converted by
        the default's type (bool, int, float, str, tuple of numbers), never
        evaluated.

    Returns
    -------
    tuple[Problem, Settings]
        The problem, with ``parameters`` and ``name`` set, and the settings
        that stand beside it (the defaults if there are none).

    Raises
    ------
    InputError
        If anything about the file or the parameters is wrong; the message
        names the file and the line where there is one.
    """
    file = _existing_file(Path(path))
    with _importable(file.parent), problem_directory(file.parent):
        module = _import(file, path)
        function = _problem_function(module, path)
        settings = _settings_beside(module, path)
        call = _bind(function, parameters, path)
        with user_code(file, path, "problem() to return a kanpde.Problem"):
            problem = function(*call.args, **call.kwargs)
    _must_be_problem(problem, path)
    problem.parameters = {name: _plain(value) for name, value in call.arguments.items()}
    if not problem.name:
        problem.name = file.stem
    return problem, settings


@contextmanager
def user_code(file: Path, shown: str | Path, expected: str) -> Iterator[None]:
    """Turn what the user's file raises into one line with its place.

    An exception without a frame in `file` is not the user's and passes.

    Parameters
    ----------
    file
        The problem file, resolved.
    shown
        The problem file as the user wrote it.
    expected
        What should have happened, for the message.

    Raises
    ------
    InputError
        If an exception was raised in, or through, `file`.
    """
    try:
        yield
    except (Exception, SystemExit) as error:
        place = _place(error, file, shown)
        foreign = isinstance(error, KanpdeError) and not isinstance(error, InputError)
        if place is None or foreign:
            raise
        if isinstance(error, InputError):
            raise InputError(f"{error} ({place})") from error
        raise InputError(
            f"{place}: expected {expected}, it raised {_what(error, file)}; mend the file there"
        ) from error


def resolve(path: str | Path) -> Path:
    """Resolve `path` as `load_problem` does, for `user_code` around later calls."""
    return Path(path).resolve()


def _existing_file(path: Path) -> Path:
    if path.is_dir():
        raise InputError(
            f"{path}: expected a problem file, got a directory; name a file in it "
            f"(`kanpde list {path}` shows them)"
        )
    if not path.is_file():
        raise InputError(
            f"{path}: expected a problem file, got nothing there; "
            "check the path (`kanpde list` shows the files in ./problems)"
        )
    try:
        with tokenize.open(path) as source:
            readable = "\0" not in source.read()
    except (SyntaxError, UnicodeDecodeError):
        readable = False
    except OSError as error:
        raise InputError(
            f"{path}: expected a readable file, got {type(error).__name__}; check its permissions"
        ) from error
    if not readable:
        raise InputError(
            f"{path}: expected Python source text, got a binary file or another encoding; "
            "save it as UTF-8"
        )
    return path.resolve()


@contextmanager
def _importable(directory: Path) -> Iterator[None]:
    """Put `directory` on the import path and write no bytecode while inside.

    Modules that were imported from there are forgotten at the end: another problem file of
    this process may have another neighbour of the same name, or one that was mended since.
    """
    before, known = sys.dont_write_bytecode, set(sys.modules)
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(directory))
    try:
        yield
    finally:
        sys.dont_write_bytecode = before
        if str(directory) in sys.path:
            sys.path.remove(str(directory))
        new = set(sys.modules) - known
        neighbours = {name for name in new if _lies_in(directory, sys.modules[name])}
        for name in new:
            if name.partition(".")[0] in neighbours:
                del sys.modules[name]


def _lies_in(directory: Path, module: ModuleType) -> bool:
    """Tell whether a module is a file, or a package a folder, of `directory` itself."""
    spec = getattr(module, "__spec__", None)
    if spec is None:
        return False
    places = [spec.origin] if spec.has_location else []
    places += spec.submodule_search_locations or []
    return any(Path(place).parent == directory for place in places)


def _import(file: Path, shown: str | Path) -> ModuleType:
    name = f"kanpde_problem_{file.stem}_{next(_count)}"
    loader = SourceFileLoader(name, str(file))
    spec = spec_from_loader(name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and type hints of the file look themselves up here
    try:
        with user_code(file, shown, "a file that can be imported"):
            loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _problem_function(module: ModuleType, shown: str | Path) -> Callable[..., Any]:
    if not hasattr(module, "problem"):
        raise InputError(f"{shown}: expected a function `problem`, got none; add `{TEMPLATE}: ...`")
    function = module.problem
    if not callable(function):
        raise InputError(
            f"{shown}: expected `problem` to be a function, got {type(function).__name__}; "
            f"write `{TEMPLATE}: ...`"
        )
    return function


def _settings_beside(module: ModuleType, shown: str | Path) -> Settings:
    settings = getattr(module, "settings", None)
    if settings is None:
        return Settings()
    if not isinstance(settings, Settings):
        raise InputError(
            f"{shown}: expected `settings` to be kanpde.Settings, got "
            f"{type(settings).__name__}; write `settings = kanpde.Settings(...)`"
        )
    return settings


def _bind(
    function: Callable[..., Any], parameters: Sequence[str], shown: str | Path
) -> inspect.BoundArguments:
    """Bind the defaults with the overrides of the command line."""
    signature = inspect.signature(function)
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    known = {n: p for n, p in signature.parameters.items() if p.kind not in variadic}
    for name, parameter in known.items():
        if parameter.default is inspect.Parameter.empty:
            raise InputError(
                f"{shown}: expected a default for every parameter of problem(), got none for "
                f"{name!r}; write `{name}=VALUE` in its signature"
            )
    call = signature.bind_partial()
    call.apply_defaults()
    for text in parameters:
        name, value = split_pair(text, "-p")
        if name not in known:
            raise InputError(_unknown_parameter(name, text, known))
        call.arguments[name] = _convert(value, known[name], f"-p {text}")
    for name, parameter in signature.parameters.items():
        if parameter.kind in variadic:
            del call.arguments[name]
    return call


def _unknown_parameter(name: str, text: str, known: dict[str, inspect.Parameter]) -> str:
    listing = ", ".join(f"{n}={p.default!r}" for n, p in known.items())
    fix = f"the parameters are {listing}" if known else "problem() has no parameters; drop -p"
    return f"-p {text}: expected a parameter of problem(), got {name!r}" + (
        f"{did_you_mean(name, known)}; {fix}"
    )


def _convert(text: str, parameter: inspect.Parameter, where: str) -> Any:
    """Convert by the type of the default; ``nu: float = 1`` counts as a float."""
    default = parameter.default
    whole = isinstance(default, int) and parameter.annotation not in (float, "float")
    if isinstance(default, bool):
        return to_bool(text, where)
    if isinstance(default, int | float):
        return to_int(text, where) if whole else to_float(text, where)
    if isinstance(default, str):
        return text
    if isinstance(default, list | tuple) and all(isinstance(v, int | float) for v in default):
        integers = bool(default) and all(type(v) is int for v in default)
        convert = to_ints if integers else to_floats
        return type(default)(convert(text, where))
    raise InputError(
        f"{where}: expected a default that is a number, bool, text or tuple of numbers, got "
        f"{type(default).__name__}; give {parameter.name!r} such a default in the file"
    )


def _must_be_problem(problem: object, shown: str | Path) -> None:
    import kanpde

    if not isinstance(problem, kanpde.Problem):
        got = "None" if problem is None else type(problem).__name__
        fix = "end it with `return Problem(...)`" if problem is None else "return kanpde.Problem"
        raise InputError(
            f"{shown}: expected problem() to return a kanpde.Problem, got {got}; {fix}"
        )


def _place(error: BaseException, file: Path, shown: str | Path) -> str | None:
    """Say where in `file` the error is: ``burgers.py:12``; None if it is elsewhere."""
    if isinstance(error, SyntaxError) and error.filename == str(file):
        return f"{shown}:{error.lineno or 1}"
    lines = [
        line
        for frame, line in traceback.walk_tb(error.__traceback__)
        if Path(frame.f_code.co_filename) == file
    ]
    return f"{shown}:{lines[-1]}" if lines else None


def _what(error: BaseException, file: Path) -> str:
    """Name the exception, and where it came from if that is outside `file`."""
    name = type(error).__name__
    if isinstance(error, SyntaxError):  # its own text would repeat file and line
        origin = None if error.filename in (None, str(file)) else f"{error.filename}:{error.lineno}"
        text = error.msg
    else:
        frames = list(traceback.walk_tb(error.__traceback__))
        last = Path(frames[-1][0].f_code.co_filename)
        origin = None if last == file else f"{last.name}:{frames[-1][1]}"
        text = str(error)
    return (f"{name}: {text}" if text else name) + (f" (from {origin})" if origin else "")


def _plain(value: Any) -> Any:
    """Keep what JSON can say; write the rest as text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return str(value)
