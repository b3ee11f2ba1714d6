import os
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from kanpde import Problem

os.environ.setdefault("MPLBACKEND", "Agg")
torch.set_num_threads(1)  # small tensors: a second thread only waits


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator(device="cpu").manual_seed(0)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def load_problem() -> Callable[..., Problem]:
    """The problem of one of the problem files, by the file's name."""

    def load(name: str, **parameters: float) -> Problem:
        path = Path(__file__).resolve().parents[1] / "problems" / f"{name}.py"
        spec = spec_from_file_location(f"problem_{name}", path)
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.problem(**parameters)

    return load


@pytest.fixture(scope="session")
def makers() -> ModuleType:
    """Makers of small meshes."""
    path = Path(__file__).with_name("mesh_makers.py")
    spec = spec_from_file_location("mesh_makers", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
