"""A training as a film: diagrams of the network at some of its steps."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from kanpde.errors import InputError
from kanpde.ground._files import replacing
from kanpde.nets import KAN, Network, network_from_record, network_record
from kanpde.plot._style import style
from kanpde.plot.diagram._diagram import checked_names, diagram_strengths, drawn
from kanpde.plot.diagram._graph import graph

Pixels = NDArray[np.uint8]
MOVIES = ("gif", "mp4")
MOST_PIXELS = 1600  # width of a film


@dataclass(frozen=True)
class Frame:
    """One moment: the structure, shared while it stays the same, and the coefficients."""

    data: dict[str, Any]
    vector: Tensor
    caption: str


class Recorder:
    """Keep a network's coefficients while it is trained; draw them afterwards.

    Parameters
    ----------
    network
        The KAN that is trained in place.
    every
        Of so many calls one is kept, the first included.

    Attributes
    ----------
    frames : list of Frame
        What was kept: one vector each.

    Raises
    ------
    InputError
        If the network is no KAN or `every` is less than 1.

    Examples
    --------
    >>> network = KAN([2, 3, 1])
    >>> recorder = Recorder(network, every=10)
    >>> for step in range(25):
    ...     recorder(step)
    >>> [frame.caption for frame in recorder.frames]
    ['step 0', 'step 10', 'step 20']
    """

    def __init__(self, network: Network, *, every: int = 1) -> None:
        if not isinstance(network, KAN):
            raise InputError(f"network: expected a KAN, got {type(network).__name__}")
        if every < 1:
            raise InputError(f"every: expected at least 1, got {every}")
        self.network, self.every = network, every
        self.frames: list[Frame] = []
        self._calls = 0

    def __call__(self, step: int, report: object = None, *, caption: str | None = None) -> None:
        """Keep the present coefficients, every so often.

        Parameters
        ----------
        step
            Number of the optimizer step.
        report
            What an optimizer says of it; not used, so that a recorder fits where one is told.
        caption
            Line above the picture; ``step N`` if not given.
        """
        if self._calls % self.every == 0:
            self.keep(f"step {step}" if caption is None else caption)
        self._calls += 1

    def keep(self, caption: str, network: Network | None = None) -> None:
        """Keep the present coefficients, or those of a network that took its place (pruned)."""
        if network is not None:
            if not isinstance(network, KAN):
                raise InputError(f"network: expected a KAN, got {type(network).__name__}")
            self.network = network
        data = network_record(self.network)
        if self.frames and self.frames[-1].data == data:
            data = self.frames[-1].data
        self.frames.append(Frame(data, self.network.get().cpu(), caption))


def animation(
    frames: Recorder | Sequence[Frame],
    x: Tensor,
    path: str | os.PathLike[str],
    *,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    beta: float = 3.0,
    rate: float = 8.0,
    dpi: float = 110.0,
) -> Path:
    """Write the film of a training.

    Parameters
    ----------
    frames
        A `Recorder`, or what one kept.
    x, inputs, outputs, beta
        As for `diagram`.
    path
        Where to write: ``.gif``, or ``.mp4`` where the program ffmpeg is there.
    rate
        Pictures per second; the last one stays for two seconds.
    dpi
        Dots per inch.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        If there is no picture, the suffix is not known, ffmpeg is missing or a number is not
        positive.

    Examples
    --------
    >>> import tempfile, torch
    >>> recorder = Recorder(KAN([2, 1, 1]))
    >>> recorder(0)
    >>> folder = tempfile.mkdtemp()
    >>> x = torch.linspace(-1, 1, 40).reshape(20, 2)
    >>> animation(recorder, x, f"{folder}/film.gif", dpi=30).name
    'film.gif'
    """
    ending = _ending(path)
    kept = list(frames.frames if isinstance(frames, Recorder) else frames)
    if not kept:
        raise InputError("frames: expected at least one picture, got none; train with a Recorder")
    for name, value in (("rate", rate), ("dpi", dpi)):
        if not value > 0:
            raise InputError(f"{name}: expected a positive number, got {value}")
    pictures = [_picture(f, x, (inputs, outputs), beta, dpi) for f in kept]
    pictures = _same_size(pictures, even=ending == "mp4")
    pictures += [pictures[-1]] * (round(2 * rate) if ending == "mp4" else 0)
    goal = Path(path)
    with replacing(goal) as partial:
        (_write_gif if ending == "gif" else _write_mp4)(pictures, partial, rate)
    return goal


def _ending(path: str | os.PathLike[str]) -> str:
    ending = Path(path).suffix.lower().lstrip(".")
    if ending not in MOVIES:
        raise InputError(
            f"path: expected a name that ends in .gif or .mp4, got {Path(path).name!r}"
        )
    if ending == "mp4" and shutil.which("ffmpeg") is None:
        raise InputError("path: .mp4 needs the program ffmpeg, which is not there; use .gif")
    return ending


def _picture(
    frame: Frame,
    x: Tensor,
    names: tuple[Sequence[str] | None, Sequence[str] | None],
    beta: float,
    dpi: float,
) -> Pixels:
    network = network_from_record(frame.data).to(frame.vector.dtype)
    network.set(frame.vector)
    assert isinstance(network, KAN)
    x = x.detach().to(frame.vector)
    words = checked_names(network, *names)
    strengths = diagram_strengths(network, x, beta)
    with style():
        figure = drawn(graph(network, x, strengths), *words, frame.caption)
        figure.set_dpi(min(dpi, MOST_PIXELS / figure.get_figwidth()))
        figure.canvas.draw()
        return np.asarray(figure.canvas.buffer_rgba())[..., :3].copy()


def _same_size(pictures: list[Pixels], *, even: bool) -> list[Pixels]:
    """Pad with white: the film is as large as its largest picture."""
    height, width = (max(p.shape[k] for p in pictures) for k in (0, 1))
    if even:
        height, width = height + height % 2, width + width % 2
    padded = []
    for p in pictures:
        page = np.full((height, width, 3), 255, dtype=np.uint8)
        top, left = (height - p.shape[0]) // 2, (width - p.shape[1]) // 2
        page[top : top + p.shape[0], left : left + p.shape[1]] = p
        padded.append(page)
    return padded


def _write_gif(pictures: list[Pixels], path: Path, rate: float) -> None:
    images = [Image.fromarray(p).quantize(64) for p in pictures]
    durations = [max(20, round(1000 / rate))] * (len(images) - 1) + [2000]
    images[0].save(
        path, format="GIF", save_all=True, append_images=images[1:], duration=durations, loop=0
    )


def _write_mp4(pictures: list[Pixels], path: Path, rate: float) -> None:
    height, width = pictures[0].shape[:2]
    command = [
        "ffmpeg", "-y", "-loglevel", "error",
        "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", f"{rate}",
        "-i", "-", "-pix_fmt", "yuv420p", "-f", "mp4", str(path),
    ]  # fmt: skip
    done = subprocess.run(
        command, input=b"".join(p.tobytes() for p in pictures), capture_output=True, check=False
    )
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise InputError(f"path: ffmpeg could not write {path.name} ({' '.join(last)}); use .gif")
