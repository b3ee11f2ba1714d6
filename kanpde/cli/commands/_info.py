"""Show versions and devices, the summary of a run, or how to cite.

Without RUN_DIR: versions of kanpde and what it stands on, devices, threads.
"""

from __future__ import annotations

import argparse
import os
import platform
from importlib import metadata
from pathlib import Path

from kanpde.cli._output import console, pairs, plain
from kanpde.cli._summary import print_summary, read_summary
from kanpde.ground._version import __version__

PACKAGES = ("torch", "numpy", "scipy", "sympy", "meshio", "matplotlib")

CITATION = """\
@software{{kanpde,
  title   = {{kanpde: solving partial differential equations on Kolmogorov-Arnold networks}},
  author  = {{{{The kanpde developers}}}},
  version = {{{version}}}
}}

@inproceedings{{liu2025kan,
  title     = {{{{KAN}}: {{K}}olmogorov-{{A}}rnold Networks}},
  author    = {{Liu, Ziming and Wang, Yixuan and Vaidya, Sachin and Ruehle, Fabian and
               Halverson, James and Solja{{\\v{{c}}}}i{{\\'c}}, Marin and Hou, Thomas Y. and
               Tegmark, Max}},
  booktitle = {{International Conference on Learning Representations}},
  year      = {{2025}},
  eprint    = {{2404.19756}},
  archivePrefix = {{arXiv}}
}}
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``kanpde info``."""
    parser.add_argument("directory", nargs="?", metavar="RUN_DIR", help="a run directory")
    parser.add_argument("--cite", action="store_true", help="print BibTeX of kanpde and of KANs")


def run(args: argparse.Namespace) -> int:
    """Print what was asked.

    Parameters
    ----------
    args
        Parsed arguments of `add_arguments`.

    Returns
    -------
    int
        0.

    Raises
    ------
    RunDirectoryError
        If the run directory is missing, damaged or something else.
    """
    out = console()
    if args.directory is not None:
        summary = read_summary(Path(args.directory))
        print_summary(out, summary)
        versions = summary.get("versions")
        if isinstance(versions, dict):
            out.print()
            out.print(pairs([("versions", ", ".join(f"{k} {v}" for k, v in versions.items()))]))
    if args.cite:
        out.print(CITATION.format(version=__version__), end="", soft_wrap=True)
    elif args.directory is None:
        out.print(pairs(_versions() + _devices()))
    return 0


def _versions() -> list[tuple[str, str]]:
    rows = [("kanpde", __version__), ("python", platform.python_version())]
    for name in PACKAGES:
        try:
            rows.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            rows.append((name, "not installed"))
    return rows


def _devices() -> list[tuple[str, str]]:
    import torch

    rows = [("cpu", f"{platform.machine()}, {os.cpu_count()} cores")]
    for number in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(number)
        memory = properties.total_memory / 2**30
        rows.append((f"cuda:{number}", f"{properties.name}, {memory:.0f} GiB"))
    if not torch.cuda.is_available():
        rows.append(("cuda", "none"))
    rows.append(("threads", plain(torch.get_num_threads())))
    return rows
