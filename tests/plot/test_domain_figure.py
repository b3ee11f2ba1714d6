"""The drawing of a domain: parts where they are, arrows outwards, faults in red."""

import numpy as np
import pytest
import sympy
from matplotlib.collections import LineCollection

import kanpde
from kanpde.errors import UnsupportedError
from kanpde.geometry import Box, Disk, Interval, Rectangle, TimeInterval
from kanpde.plot import domain_figure
from kanpde.plot.fields._boundary import outline_path, part_lines

x, y, z, t = kanpde.coordinates("x y z t")
PLATE = Rectangle((x, 0, 2), (y, 0, 1)) - Disk((x, y), (1, 0.5), 0.25, name="hole")
U = kanpde.unknown("u", x, y)


def legend(figure):
    box = figure.legends[0] if figure.legends else figure.axes[0].get_legend()
    return [text.get_text() for text in box.get_texts()]


def test_lines_of_the_parts_lie_on_them():
    figure = domain_figure(PLATE)
    lines = [c for c in figure.axes[0].collections if isinstance(c, LineCollection)]
    paths = [[s for s in c.get_segments() if len(s)] for c in lines]
    assert [len(p) for p in paths] == [1] * 5
    left, hole = paths[0][0], paths[4][0]
    np.testing.assert_allclose(left[:, 0], 0, atol=1e-15)
    np.testing.assert_allclose(np.hypot(*(hole - [1, 0.5]).T), 0.25, atol=1e-12)
    assert legend(figure) == ["x=0", "x=2", "y=0", "y=1", "hole"]


def test_arrows_point_out_of_the_domain():
    arrows = domain_figure(PLATE).axes[0].texts
    assert len(arrows) > 20
    for arrow in arrows:
        tip, tail = np.array(arrow.xyann), np.array(arrow.xy)
        start, end = (tail, tip) if PLATE.signed_distance([tail])[0] < 1e-9 else (tip, tail)
        assert abs(PLATE.signed_distance([start])[0]) < 1e-9
        assert PLATE.signed_distance([end])[0] > 0.01


def test_fill_leaves_the_hole_out():
    """The hole runs the other way round, so its area counts negative."""
    rings = outline_path(PLATE).to_polygons()
    turned = [0.5 * np.sum(r[:-1, 0] * r[1:, 1] - r[1:, 0] * r[:-1, 1]) for r in rings]
    np.testing.assert_allclose(turned, [2, -np.pi / 16], rtol=1e-4)


def test_part_in_two_pieces_is_drawn_as_two_lines():
    cut = Rectangle((x, 0, 3), (y, 0, 1)) - Rectangle((x, 1, 2), (y, -1, 0.5))
    pieces = [points for points, _ in part_lines(cut, "y=0")]
    spans = sorted((float(p[:, 0].min()), float(p[:, 0].max())) for p in pieces)
    np.testing.assert_allclose(spans, [[0, 1], [2, 3]], atol=0.01)


def test_faults_of_a_problem_are_named_and_marked():
    conditions = {
        "hot": kanpde.Dirichlet(U, 1, on="x=0"),
        "cold": kanpde.Dirichlet(U, 0, on=["y=0", "y=1", "hole"]),
    }
    report = kanpde.preflight(
        kanpde.Problem(PLATE, {"heat": kanpde.laplacian(U, x, y)}, conditions)
    )
    figure = domain_figure(
        PLATE, conditions=report["parts"], bare=report["bare"], conflicts=report["conflicts"]
    )
    names = legend(figure)
    assert names[:2] == ["x=0: hot", "x=2"]
    assert names[-2:] == ["nothing prescribed for u", "data disagree"]
    bare, rings = (c.get_offsets() for c in figure.axes[0].collections[-2:])
    np.testing.assert_allclose(bare[:, 0], 2)
    np.testing.assert_allclose(sorted(map(tuple, rings)), [[0, 0], [0, 1]], atol=1e-12)


def test_solid_and_time_are_drawn_too():
    solid = Disk((x, y)) * Interval(z, 0, 2) * TimeInterval(t, 0, 1)
    figure = domain_figure(solid, points=np.zeros((1, 4)))
    assert legend(figure) == ["boundary", "z=0", "z=2"]
    assert figure.axes[0].name == "3d"
    figure.canvas.draw()


@pytest.mark.parametrize(
    "domain",
    [Interval(x, 0, 1), TimeInterval(t, 0, 1), Box(*((c, 0, 1) for c in sympy.symbols("a:d")))],
)
def test_other_numbers_of_lengths_are_refused(domain):
    with pytest.raises(UnsupportedError, match="expected two or three lengths"):
        domain_figure(domain)
