"""What the benchmark scripts share: interleaved timing, the machine's description, JSON."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

RESULTS = Path(__file__).resolve().parent / "results"


def machine(device: str = "cpu") -> dict[str, Any]:
    """Processor or accelerator, threads, versions and commit."""
    info = {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "load": [round(x, 2) for x in os.getloadavg()],
        "python": platform.python_version(),
        "torch": torch.__version__,
        "commit": _commit(),
    }
    if device == "cuda":
        info["accelerator"] = torch.cuda.get_device_name()
    return info


def _processor() -> str:
    source = Path("/proc/cpuinfo")
    lines = source.read_text().splitlines() if source.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    found = subprocess.run(command, cwd=RESULTS.parent, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


def interleaved(
    calls: Mapping[str, Callable[[], Any]], *, repeat: int, device: str = "cpu"
) -> dict[str, dict[str, float]]:
    """Median, quartiles and minimum of each call's milliseconds; calls take turns."""

    def once(call: Callable[[], Any]) -> float:
        start = time.perf_counter()
        call()
        if device == "cuda":
            torch.cuda.synchronize()
        return 1e3 * (time.perf_counter() - start)

    for call in calls.values():  # warm-up
        once(call)
        once(call)
    seen: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeat):
        for name, call in calls.items():
            seen[name].append(once(call))
    found = {}
    for name, times in seen.items():
        low, middle, high = np.quantile(times, [0.25, 0.5, 0.75])
        found[name] = {
            "median_ms": round(float(middle), 3),
            "quartiles_ms": [round(float(low), 3), round(float(high), 3)],
            "least_ms": round(min(times), 3),
        }
    return found


def write(name: str, data: dict[str, Any]) -> Path:
    """Write a result beside the scripts."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(data, indent=1) + "\n")
    return path


# What phases were called in summaries of format 1, which some stored results still hold.
TITLES = {
    "linear": "spectral least squares",
    "newton": "spectral least squares, Gauss-Newton",
    "linear slabs": "spectral least squares in time slabs",
    "newton slabs": "spectral least squares, Gauss-Newton in time slabs",
    "eigen": "spectral least squares, eigenvalue",
    "identify": "spectral least squares, unknown constants",
    "fields": "spectral least squares, unknown fields",
}


def path_words(path: list[str], arrow: str = " → ") -> str:
    """Give the path of a solve in today's words."""
    words = []
    for part in path:
        name, *rest = part.split(", ", 1)
        kept = name.removesuffix(" kept")
        title = TITLES.get(kept, kept) + (" kept" if kept != name else "")
        words.append(", ".join((title, *rest)))
    return arrow.join(words)
