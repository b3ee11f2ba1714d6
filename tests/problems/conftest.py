from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def load(path: Path) -> ModuleType:
    spec = spec_from_file_location(f"{path.parent.name}_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def problem_file() -> Callable[[str], ModuleType]:
    return lambda name: load(ROOT / "problems" / f"{name}.py")


@pytest.fixture(scope="session")
def second_methods() -> ModuleType:
    return load(ROOT / "scripts" / "make_references.py")
