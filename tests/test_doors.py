"""Doors stay where they are: names, calls, options, exit codes, keys and files.

doors/doors.json is the record; scripts/record_doors.py writes it and says what counts as moved.
"""

import copy
import json
import sys
from importlib import import_module
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def doors():
    """The script that records and compares."""
    scripts = str(HERE.parent / "scripts")
    sys.path.insert(0, scripts)
    yield import_module("record_doors")
    sys.path.remove(scripts)


@pytest.fixture(scope="module")
def record():
    return json.loads((HERE / "doors" / "doors.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def now(doors, tmp_path_factory):
    runs = doors.record_runs(tmp_path_factory.mktemp("runs"))
    found = {**doors.record_names(), **doors.record_command_line(), **runs}
    return json.loads(json.dumps(found))


def test_no_door_has_moved(doors, record, now):
    moved = doors.compare(record, now)
    assert not moved, "\n" + "\n".join(moved)


def test_record_holds_what_users_reach(record):
    assert len(record["names"]["kanpde"]) >= 66
    assert len(record["commands"]) == 9
    assert set(record["exit codes"].values()) == {0, 1, 2, 3, 130}
    assert len(record["summary keys"]) == 8


def remove(*path):
    def change(data):
        *above, last = path
        for key in above:
            data = data[key]
        data.remove(last) if isinstance(data, list) else data.pop(last)

    return change


def put(value, *path):
    def change(data):
        *above, last = path
        for key in above:
            data = data[key]
        data[last] = value

    return change


SOLVE = ("names", "kanpde", "solve", "call")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (remove("names", "kanpde", "Disk"), "kanpde.Disk: the name is gone"),
        (remove(*SOLVE, "out"), "kanpde.solve(out): the parameter is gone"),
        (
            put("keyword_only = True", *SOLVE, "resume"),
            "kanpde.solve(resume): was keyword_only = False, is keyword_only = True",
        ),
        (
            put("keyword_only", *SOLVE, "further"),
            "kanpde.solve(further): a new parameter without a default",
        ),
        (
            remove("names", "kanpde", "Fit", "members", "prune"),
            "kanpde.Fit.prune: the name is gone",
        ),
        (
            remove("names", "kanpde", "InputError", "bases", "ValueError"),
            "kanpde.InputError: the base ValueError is gone",
        ),
        (put("halton", "settings", "Settings", "sampler"), "Settings.sampler: was 'sobol', is"),
        (remove("commands", "kanpde list"), "kanpde list: the command is gone"),
        (
            remove("commands", "kanpde solve", "--resume"),
            "kanpde solve --resume: the option is gone",
        ),
        (
            put("N", "commands", "kanpde solve", "--hidden", "metavar"),
            "kanpde solve --hidden: metavar was 'N,N', is 'N'",
        ),
        (put(2, "exit codes", "numerical failure"), "exit code, numerical failure: was 3, is 2"),
        (
            remove("summary keys", "inverse", "identified.rate.low"),
            "summary keys of inverse: identified.rate.low is gone",
        ),
        (
            remove("run files", "linear", "history.csv"),
            "run files of linear: history.csv is gone",
        ),
        (remove("attributes", "Solution", "history"), "attributes of Solution: history is gone"),
    ],
)
def test_moved_door_is_named(doors, record, change, told):
    other = copy.deepcopy(record)
    change(other)
    (line,) = doors.compare(record, other)
    assert line.startswith(told)


@pytest.mark.parametrize(
    "change",
    [
        put({"kind": "object", "keys": []}, "names", "kanpde", "Sphere"),
        put("keyword_only = None", *SOLVE, "further"),
        put(1, "settings", "Settings", "further"),
        put("spectral", "settings", "Settings", "net"),
        put("auto|spectral|kan|mlp", "commands", "kanpde solve", "--net", "metavar"),
        put("auto,mlp", "commands", "kanpde compare", "--nets", "default"),
    ],
)
def test_addition_and_another_choice_of_nets_move_no_door(doors, record, change):
    other = copy.deepcopy(record)
    change(other)
    assert doors.compare(record, other) == []
