"""The files of geometry: which imports which."""

from __future__ import annotations

from graphlib import TopologicalSorter
from pathlib import Path

import grimp

import kanpde.geometry

ROOT = Path(kanpde.geometry.__file__).parent


def test_no_file_imports_itself_by_way_of_others() -> None:
    graph = grimp.build_graph("kanpde")
    inside = {m for m in graph.modules if m.startswith("kanpde.geometry")}
    order = TopologicalSorter({m: graph.find_modules_directly_imported_by(m) for m in inside})
    assert inside <= set(order.static_order())  # it raises CycleError with the circle


def test_a_folder_holds_at_most_twelve_files() -> None:
    folders = [ROOT, *(p for p in ROOT.iterdir() if (p / "__init__.py").exists())]
    counts = {p.name: len([f for f in p.glob("*.py") if f.name != "__init__.py"]) for p in folders}
    assert max(counts.values()) <= 12, counts
