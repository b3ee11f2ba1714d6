"""Parsing, dispatch, and the one place where exceptions become exit codes."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from kanpde.cli._output import detach, error_line, flush, warning_line
from kanpde.cli.commands import _check, _compare, _export, _fit, _info, _list, _plot, _solve
from kanpde.errors import InputError, KanpdeError, NumericalError
from kanpde.ground._version import __version__

FINISHED, MISSED, BAD_INPUT, FAILED, INTERRUPTED = 0, 1, 2, 3, 130

COMMANDS = {
    "solve": (_solve, "solve the problem in a file"),
    "fit": (_fit, "fit a network to the columns of a table"),
    "check": (_check, "look at a problem before training: equations, conditions, coverage"),
    "compare": (_compare, "KAN against MLP: equal coefficients, equal seconds, same seeds"),
    "plot": (_plot, "draw the figures of a finished run"),
    "export": (_export, "write a finished run as VTU (ParaView) or CSV"),
    "list": (_list, "list problem files and runs"),
    "info": (_info, "versions and devices, the summary of a run, how to cite"),
}

EPILOG = """\
exit codes: 0 finished (or tolerance met), 1 tolerance asked and missed, 2 bad input,
3 numerical failure (last good state saved), 130 interrupted (best state saved)

`kanpde COMMAND --help` tells the options of a command.
"""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are `InputError` instead of usage text and an exit."""

    def error(self, message: str) -> NoReturn:
        """Raise `message` with the help to look at as the fix."""
        raise InputError(f"{message.removeprefix('argument ')}; see `{self.prog} --help`")


class _Version(argparse.Action):
    """Print the version."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        """Print `kanpde VERSION` and stop."""
        print(f"kanpde {__version__}")
        parser.exit()


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of the command `kanpde` with every subcommand.

    Returns
    -------
    argparse.ArgumentParser
        Parsed arguments carry ``run``, the function of the subcommand.

    Examples
    --------
    >>> build_parser().parse_args(["solve", "heat.py"]).file
    'heat.py'
    """
    parser = _Parser(
        prog="kanpde",
        description="Solve partial differential equations on Kolmogorov-Arnold networks.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, (module, summary) in COMMANDS.items():
        command = commands.add_parser(
            name,
            help=summary,
            description=(module.__doc__ or summary).strip(),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    argv
        Arguments without the program's name; ``None`` takes ``sys.argv``.

    Returns
    -------
    int
        0 finished (or tolerance met), 1 tolerance asked and missed, 2 bad
        input, 3 numerical failure, 130 interrupted.

    Raises
    ------
    Exception
        What nobody expected is a bug and is not hidden.

    Examples
    --------
    >>> main(["--version"]) == 0
    kanpde ...
    True
    """
    try:
        with _termination_interrupts(), _warnings_as_lines():
            return _dispatch(argv)
    except SystemExit as stop:  # --help and --version
        return stop.code if isinstance(stop.code, int) else 0
    except NumericalError as error:
        error_line(error)
        return FAILED
    except KanpdeError as error:
        error_line(error)
        return BAD_INPUT
    except KeyboardInterrupt:
        warning_line("interrupted", kind=None)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone, as in `kanpde list | head -1`
        detach(sys.stdout)
        return FINISHED
    finally:
        flush()


def _dispatch(argv: Sequence[str] | None) -> int:
    args = build_parser().parse_args(argv)
    code: int = args.run(args)
    return code


@contextmanager
def _termination_interrupts() -> Iterator[None]:
    """Make SIGTERM act as Ctrl-C does, so that the best state is saved."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _warnings_as_lines() -> Iterator[None]:
    """Show a warning as one line; what torch warns itself about is not the user's to mend."""

    def show(message: Warning | str, category: object, filename: str, *_: Any, **__: Any) -> None:
        if "torch" not in Path(filename).parts:
            warning_line(str(message))

    before = warnings.showwarning
    warnings.showwarning = show
    try:
        yield
    finally:
        warnings.showwarning = before
