"""What the figure shows, read back from its axes."""

import numpy as np
import pytest

from kanpde.studies._figure import comparison_figure, curves, extensions, png


@pytest.fixture
def runs(make_run):
    return [
        *(make_run("kan", s, [1.0, 0.3, 0.1 + 0.05 * s], size=4, count=257) for s in range(3)),
        *(make_run("kan", s, [1.0, 0.5, 0.4 + 0.05 * s], size=2, count=81) for s in range(3)),
        *(make_run("mlp", s, [1.0, 0.6, 0.2 + 0.05 * s], size=4, count=261) for s in range(3)),
        *(make_run("mlp", s, [1.0, 0.6, 0.3 + 0.05 * s], size=2, count=79) for s in range(3)),
    ]


def test_medians_and_ranges_are_drawn(runs):
    left, right = comparison_figure(runs).axes
    bold = {line.get_label(): line for line in left.lines if line.get_label()[0] != "_"}
    assert set(bold) == {"KAN, 257 coefficients", "MLP, 261 coefficients"}
    assert bold["KAN, 257 coefficients"].get_ydata()[-1] == pytest.approx(0.15)
    assert len(left.lines) == 4  # a thin line for either other size
    band = left.collections[0].get_paths()[0].get_extents()
    assert (band.ymin, band.ymax) == pytest.approx((0.1, 0.3))
    kan = right.containers[0]
    assert kan[0].get_xdata().tolist() == [81, 257]
    assert kan[0].get_ydata() == pytest.approx([0.45, 0.15])
    (bars,) = kan[2]
    ends = [segment[:, 1].tolist() for segment in bars.get_segments()]
    assert ends == [pytest.approx([0.4, 0.5]), pytest.approx([0.1, 0.2])]


def test_run_that_ended_keeps_its_last_error(make_run):
    short, long = make_run("kan", 0, [1.0, 0.5]), make_run("kan", 1, [1.0, 0.5, 0.25, 0.125])
    seconds, errors = curves([short, long])
    assert (seconds[0], seconds[-1]) == (1.0, 3.0)
    assert errors[:, -1].tolist() == [0.5, 0.125]
    assert np.all(errors[1, seconds < 2.0] == 0.5)


def test_extensions_are_marked_at_the_median_of_their_times(make_run):
    def run(seed, pace):
        return make_run("kan", seed, [1.0, 0.5, 0.4, 0.1], grids=[None, 3, 3, 6], pace=pace)

    runs = [run(seed, pace) for seed, pace in enumerate((1.0, 2.0, 4.0))]
    assert extensions(runs) == [(6, 6.0)]
    left = comparison_figure(runs).axes[0]
    assert [t.get_text() for t in left.texts] == ["6"]
    assert left.get_title(loc="left").endswith("▲ new grid")
    assert [line.get_xdata() for line in left.lines if line.get_marker() == "^"] == [[6.0]]


def test_figures_without_runs_or_with_failed_ones_are_drawn(make_run):
    failed = [make_run("kan", 0, [1.0, float("inf")]), make_run("mlp", 0, [1.0, 0.5])]
    assert [len(comparison_figure(runs).axes) for runs in ([], failed[:1])] == [2, 2]
    assert png(comparison_figure(failed)).startswith(b"\x89PNG")
