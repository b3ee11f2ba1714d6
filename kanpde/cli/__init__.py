"""The command line: the only place that prints or exits."""

from kanpde.cli._main import main

__all__ = ["main"]
