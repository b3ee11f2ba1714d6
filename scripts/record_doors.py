"""Write down what users hold on to: names, calls, options, exit codes, keys and files.

    python scripts/record_doors.py [--check]

The file is tests/doors/doors.json; `tests/test_doors.py` compares the present state with it.
Additions are no change. Record anew only where a removal or another default is meant, and
tell of it in CHANGELOG.md.
"""

from __future__ import annotations

import argparse
import contextlib
import enum
import importlib
import inspect
import io
import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from _small_runs import COMPARISON, RUNS

import kanpde
from kanpde.cli import main as command

RECORD = Path(__file__).resolve().parents[1] / "tests" / "doors" / "doors.json"
HELD = ("kanpde", "kanpde.errors", "kanpde.plot", "kanpde.export")
INNER = ("geometry", "basis", "nets", "pde", "interpret")  # recorded, not compared
# The choices of networks are about to change: neither their names nor what is taken by default.
FREE = {"net", "nets", "--net", "--nets"}
# Classes whose methods and attributes users name; of the others, how they are made.
OPEN = ("Solution", "Fit", "Problem", "Comparison", "Readout", "Settings", "FitSettings")
KEPT_RUNS = ("linear", "newton", "trained_chebyshev", "inverse", "continued")
KEPT_FITS = ("fit_bspline", "fit_symbolic")
PROBLEM = """
import kanpde

def problem(fail: str = "no"):
    if fail == "numbers":
        raise kanpde.NumericalError("no number")
    if fail == "interrupt":
        raise KeyboardInterrupt
    x = kanpde.coordinates("x")
    u = kanpde.unknown("u", x)
    ends = {"ends": kanpde.Dirichlet(u, 0)}
    return kanpde.Problem(kanpde.Interval(x, 0, 1), {"ode": u.diff(x, 2) + 1}, ends)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    checked = parser.parse_args().check
    with tempfile.TemporaryDirectory() as scratch:
        now = {**record_names(), **record_command_line(), **record_runs(Path(scratch))}
    if checked:
        moved = compare(json.loads(RECORD.read_text(encoding="utf-8")), now)
        raise SystemExit("\n".join(moved) or None)
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(now, indent=1, ensure_ascii=False)
    RECORD.write_text(text + "\n", encoding="utf-8")


def record_names() -> dict[str, Any]:
    """Describe the public names of the package and its folders."""
    return {
        "names": {module: _module(module) for module in HELD},
        "inner names": {f"kanpde.{name}": sorted(_module(f"kanpde.{name}")) for name in INNER},
        "settings": {
            "Settings": kanpde.Settings().to_data(),
            "FitSettings": kanpde.FitSettings().to_data(),
        },
    }


def _module(name: str) -> dict[str, Any]:
    module = importlib.import_module(name)
    names = getattr(module, "__all__", None) or [n for n in vars(module) if n[0] != "_"]
    return {n: _described(getattr(module, n)) for n in names if not n.startswith("_")}


def _described(value: Any) -> dict[str, Any]:
    """Describe a class, a function or another object."""
    if isinstance(value, type):
        if issubclass(value, enum.Enum):
            return {"kind": "enumeration", "keys": [f"{m.name}={m.value}" for m in value]}
        bases = [b.__name__ for b in value.__mro__[1:-1] if b.__module__ == "builtins"]
        found: dict[str, Any] = {"kind": "class", "call": _call(value), "bases": bases}
        if value.__name__ in OPEN:
            found["members"] = {n: _member(value, n) for n in dir(value) if n[0] != "_"}
        return found
    if callable(value):
        return {"kind": "function", "call": _call(value)}
    return {"kind": "object", "keys": [str(k) for k in value] if isinstance(value, Mapping) else []}


def _member(cls: type, name: str) -> dict[str, Any]:
    value = inspect.getattr_static(cls, name)
    if isinstance(value, staticmethod | classmethod) or inspect.isfunction(value):
        return {"kind": "method", "call": _call(getattr(cls, name))}
    return {"kind": "attribute"}


def _call(function: Any) -> dict[str, str] | None:
    """Give the parameters of a call in order: kind, and the default where there is one."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    return {
        p.name: p.kind.name.lower() + ("" if p.default is p.empty else f" = {_text(p.default)}")
        for p in signature.parameters.values()
    }


def _text(value: Any) -> str:
    """Say a default in words that do not depend on where its class is defined."""
    if isinstance(value, type) or inspect.isroutine(value):
        return str(value.__qualname__)
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


class _Caught(BaseException):
    """Carries the parser out of the command."""


def record_command_line() -> dict[str, Any]:
    """Describe every subcommand with its arguments."""

    def catch(self: argparse.ArgumentParser, *_: Any, **__: Any) -> Any:
        raise _Caught(self)

    usual = argparse.ArgumentParser.parse_args
    argparse.ArgumentParser.parse_args = catch  # type: ignore[method-assign]
    try:
        command([])
        raise SystemExit("kanpde.cli.main: expected argparse, it was not asked")
    except _Caught as caught:
        parser = caught.args[0]
    finally:
        argparse.ArgumentParser.parse_args = usual  # type: ignore[method-assign]
    found = {"kanpde": _arguments(parser)}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found |= {f"kanpde {n}": _arguments(p) for n, p in action.choices.items()}
    return {"commands": found}


def _arguments(parser: argparse.ArgumentParser) -> dict[str, Any]:
    return {
        max(a.option_strings, key=len, default=str(a.metavar or a.dest)): {
            "flags": sorted(a.option_strings),
            "metavar": a.metavar,
            "choices": None if a.choices is None else sorted(map(str, a.choices)),
            "default": None if a.default in ([], argparse.SUPPRESS) else a.default,
            "required": a.required,
            "values": a.nargs,
        }
        for a in parser._actions
        if not isinstance(a, argparse._SubParsersAction)
    }


def record_runs(scratch: Path) -> dict[str, Any]:
    """Make small runs; list keys of their summaries, columns, files, exit codes, attributes."""
    summaries, files, made = {}, {}, {}
    for name in (*KEPT_RUNS, *KEPT_FITS):
        made[name] = RUNS[name].make(scratch / name)
        summaries[name] = sorted(set(_keys(_json(scratch / name / "summary.json"))))
        files[name] = _files(scratch / name)
    made["compare"] = COMPARISON.make(scratch / "compare")
    summaries["compare"] = sorted(set(_keys(_json(scratch / "compare" / "compare.json"))))
    files["compare"] = _files(scratch / "compare")
    codes = _exit_codes(scratch)
    files["kanpde solve"] = _files(scratch / "missed")
    tables = sorted(scratch.glob("*/*.csv"))
    return {
        "summary keys": summaries,
        "run files": files,
        "columns": {
            f"{p.parent.name}/{p.name}": p.read_text(encoding="utf-8").splitlines()[0].split(",")
            for p in tables
            if p.parent.name in made
        },
        "attributes": {
            "Solution": _public(made["linear"]),
            "Problem": _public(RUNS["linear"].build()),
            "Fit": _public(made["fit_bspline"]),
            "Comparison": _public(made["compare"]),
            "Integrated": _public(made["linear"].integrate(made["linear"].problem.unknowns[0])),
            "Readout": _public(made["linear"].symbolic(seconds=0.01)),
        },
        "exit codes": codes,
    }


def _json(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def _keys(value: Any, path: str = "") -> Iterator[str]:
    """Give every key with those above it; entries of lists stand in ``[]``."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield f"{path}.{key}".removeprefix(".")
            yield from _keys(inner, f"{path}.{key}".removeprefix("."))
    elif isinstance(value, list):
        for inner in value:
            yield from _keys(inner, f"{path}[]")


def _files(directory: Path) -> list[str]:
    return sorted(p.relative_to(directory).as_posix() for p in directory.rglob("*") if p.is_file())


def _public(value: Any) -> list[str]:
    """Names that an instance has, its own attributes included."""
    return [n for n in dir(value) if not n.startswith("_")]


def _exit_codes(scratch: Path) -> dict[str, int]:
    file, quiet = scratch / "small.py", ["--steps", "1", "--quiet"]
    file.write_text(PROBLEM, encoding="utf-8")
    solve = ["solve", str(file), *quiet]
    asked = {
        "finished": [*solve, "--no-plots", "--out", str(scratch / "finished")],
        "tolerance missed": [*solve, "--tolerance", "1e-300", "--out", str(scratch / "missed")],
        "bad input": ["solve", str(scratch / "none.py")],
        "numerical failure": [*solve, "-p", "fail=numbers", "--out", str(scratch / "failed")],
        "interrupted": [*solve, "-p", "fail=interrupt", "--out", str(scratch / "stopped")],
        "version": ["--version"],
    }
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return {name: command(arguments) for name, arguments in asked.items()}


def compare(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Name every door that was closed or moved, as lines; additions are none."""
    moved: list[str] = []
    for module, names in before["names"].items():
        for name, old in names.items():
            moved += _moved(f"{module}.{name}", old, now["names"].get(module, {}).get(name))
    for name, old in before["settings"].items():
        for field, value in old.items():
            moved += _same(f"{name}.{field}", value, now["settings"][name].get(field, "(none)"))
    for name, code in before["exit codes"].items():
        moved += _same(f"exit code, {name}", code, now["exit codes"].get(name, "(none)"))
    for name, old in before["commands"].items():
        moved += _command(name, old, now["commands"].get(name))
    for part in ("summary keys", "run files", "columns", "attributes"):
        for name, old in before[part].items():
            gone = [k for k in old if k not in now[part].get(name, [])]
            moved += [f"{part} of {name}: {k} is gone" for k in gone]
    return moved


def _same(where: str, old: Any, new: Any) -> list[str]:
    free = where.rpartition(".")[2] in FREE
    return [] if old == new or free else [f"{where}: was {old!r}, is {new!r}"]


def _command(where: str, old: Mapping[str, Any], new: Mapping[str, Any] | None) -> list[str]:
    if new is None:
        return [f"{where}: the command is gone"]
    moved = []
    for option, entry in old.items():
        moved += _option(f"{where} {option}", option, entry, new.get(option))
    needed = [k for k, e in new.items() if k not in old and e["required"]]
    return moved + [f"{where} {option}: a new argument that must be given" for option in needed]


def _option(where: str, option: str, old: Mapping[str, Any], new: Any) -> list[str]:
    if new is None:
        return [f"{where}: the option is gone"]
    moved = [f"{where}: the flag {f} is gone" for f in old["flags"] if f not in new["flags"]]
    if option in FREE:
        return moved
    gone = [c for c in old["choices"] or [] if new["choices"] and c not in new["choices"]]
    moved += [f"{where}: the choice {c} is gone" for c in gone]
    for name in ("metavar", "default", "required", "values"):
        if old[name] != new[name]:
            moved.append(f"{where}: {name} was {old[name]!r}, is {new[name]!r}")
    return moved


def _moved(where: str, old: Mapping[str, Any], new: Any) -> list[str]:
    """Compare one public name with its members."""
    if new is None:
        return [f"{where}: the name is gone"]
    moved = _same(f"{where}, kind", old["kind"], new["kind"])
    for part, word in (("keys", "key"), ("bases", "base")):
        gone = [k for k in old.get(part, []) if k not in new.get(part, [])]
        moved += [f"{where}: the {word} {k} is gone" for k in gone]
    if old.get("call") is not None:
        moved += _recalled(where, old["call"], new.get("call") or {})
    for name, member in old.get("members", {}).items():
        moved += _moved(f"{where}.{name}", member, new.get("members", {}).get(name))
    return moved


def _recalled(where: str, old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """Compare two calls: what was written before must mean the same."""
    moved = []
    for name, how in old.items():
        if name not in new:
            moved.append(f"{where}({name}): the parameter is gone")
        elif name not in FREE and how != new[name]:
            moved.append(f"{where}({name}): was {how}, is {new[name]}")
    before, after = ([n for n, how in c.items() if how.startswith("pos")] for c in (old, new))
    if after[: len(before)] != before and set(before) <= set(after):
        moved.append(f"{where}: the order was {before}, is {after}")
    needed = [n for n, how in new.items() if n not in old and " = " not in how and how[:3] != "var"]
    return moved + [f"{where}({n}): a new parameter without a default" for n in needed]


if __name__ == "__main__":
    main()
