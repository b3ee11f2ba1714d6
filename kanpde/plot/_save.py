"""All figures of a solution, written to a directory."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kanpde.errors import InputError
from kanpde.fitting import Fit
from kanpde.ground._files import replacing
from kanpde.plot._convergence import convergence_figure
from kanpde.plot._fit import fit_figures
from kanpde.plot._style import style
from kanpde.plot.fields._lattice import samples
from kanpde.plot.fields._solution import draw_error, draw_solution, residual_figure
from kanpde.plot.fields._vectors import vector_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from kanpde.solution import Solution

_FORMATS = ("eps", "jpg", "pdf", "png", "svg")
_VECTOR = ("eps", "pdf", "svg")


def save_figures(
    solution: Solution | Fit,
    directory: str | os.PathLike[str],
    *,
    formats: Sequence[str] = ("png",),
    dpi: float = 150,
) -> list[Path]:
    """Write the figures of a solution: solution, error, residual and convergence; or of a fit.

    Parameters
    ----------
    solution
        A `Solution` or a `Fit`.
    directory
        Where the files go; made where it is missing. Files of the same name are
        replaced, each at once.
    formats
        File name endings: ``png``, ``pdf``, ``svg``, ``eps``, ``jpg``.
    dpi
        Dots per inch, positive; in vector formats that of the maps inside.

    Returns
    -------
    list of Path
        ``solution.png, error.png, residual.png, convergence.png``; ``error`` is
        left out where no reference is known, ``convergence`` without a history;
        ``vectors.png`` beside them where the problem names vectors. Of a fit
        ``fit.png, function.png, training.png``; ``function`` for one or two inputs only.

    Raises
    ------
    InputError
        If a format is not known, none is given, or `dpi` is not positive.

    Examples
    --------
    >>> save_figures(None, ".", formats=("gif",))
    Traceback (most recent call last):
        ...
    kanpde.errors.InputError: formats: expected some of eps, jpg, pdf, png, svg, got 'gif'
    """
    endings = _checked_formats(formats)
    if not dpi > 0:
        raise InputError(f"dpi: expected a positive number, got {dpi}; 150 suits a screen")
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    makers = fit_figures(solution) if isinstance(solution, Fit) else _solution_figures(solution)
    written = []
    for name, make in makers.items():
        with style():
            figure = make()
        if figure is None:
            continue
        for ending in endings:
            path = folder / f"{name}.{ending}"
            _write(figure, path, ending, dpi)
            written.append(path)
    return written


def _solution_figures(solution: Solution) -> dict[str, Callable[[], Figure | None]]:
    asked = samples(solution)
    return {
        "solution": lambda: draw_solution(solution, asked),
        "error": lambda: draw_error(solution, asked),
        "vectors": lambda: vector_figure(solution, asked),
        "residual": lambda: residual_figure(solution),
        "convergence": lambda: convergence_figure(solution.history) if solution.history else None,
    }


def _checked_formats(formats: Sequence[str]) -> list[str]:
    if isinstance(formats, str):
        formats = (formats,)
    endings = [str(f).lower().lstrip(".") for f in formats]
    if not endings:
        raise InputError('formats: expected at least one, got none; pass formats=("png",)')
    for ending in endings:
        if ending not in _FORMATS:
            raise InputError(f"formats: expected some of {', '.join(_FORMATS)}, got {ending!r}")
    return list(dict.fromkeys(endings))


def _write(figure: Figure, path: Path, ending: str, dpi: float) -> None:
    resolution = max(dpi, 300) if ending in _VECTOR else dpi
    with replacing(path) as partial, style():
        figure.savefig(partial, format=ending, dpi=resolution)
