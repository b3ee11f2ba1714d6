import io

from rich.console import Console

from kanpde.cli import _progress
from kanpde.cli._progress import BarProgress, LineProgress, describe, time_left

EVENT = {
    "step": 123, "loss": 1.27e-5, "error": 3e-4, "predicted": 2e-4,
    "seconds": 15.0, "fraction": 0.25, "phase": "lm",
}  # fmt: skip


def test_time_left_is_extrapolated_from_the_fraction():
    assert time_left(EVENT) == 45.0
    assert time_left({"step": 1}) is None
    assert time_left({"seconds": 1.0, "fraction": 0.0}) is None


def test_only_what_is_known_is_shown():
    assert describe({"step": 3, "loss": 1.0}) == "loss 1.0e+00  step 3"


def test_bar_fits_80_columns_and_shows_every_figure(monkeypatch):
    stream = io.StringIO()
    screen = Console(file=stream, width=80, force_terminal=True, color_system=None)
    monkeypatch.setattr(_progress, "console", lambda _: screen)
    with BarProgress() as bar:
        bar(EVENT)
    shown = [line for line in stream.getvalue().splitlines() if "loss" in line][-1]
    for text in (
        "lm",
        "25%",
        "loss 1.3e-05",
        "error 3.0e-04",
        "pred. 2.0e-04",
        "step 123",
        "0:45 left",
    ):
        assert text in shown


def test_bar_is_redrawn_at_most_ten_times_a_second(monkeypatch):
    times = iter([0.0, 0.05, 0.09, 0.11, 0.15, 0.3])
    monkeypatch.setattr(_progress.time, "monotonic", lambda: next(times))
    bar = BarProgress()
    drawn = []
    monkeypatch.setattr(bar._progress, "refresh", lambda: drawn.append(1))
    for _ in range(6):
        bar(EVENT)
    assert len(drawn) == 3


def test_lines_come_every_ten_seconds(capsys):
    now = iter([0.0, 0.0, 5.0, 9.9, 10.0, 19.0, 21.0])
    lines = LineProgress(clock=lambda: next(now))
    for _ in range(6):
        lines(EVENT)
    assert len(capsys.readouterr().err.splitlines()) == 3
