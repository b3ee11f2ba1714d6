"""Streamlines and arrows: where the field points, inside the domain, where there is a field."""

import numpy as np
import pytest
import sympy
from matplotlib.collections import LineCollection
from matplotlib.quiver import Quiver

import kanpde.geometry as geometry
from kanpde.plot import save_figures, vector_figure

x, y, z, t = sympy.symbols("x y z t", real=True)
PLATE = geometry.Rectangle((x, -2, 2), (y, -1, 1)) - geometry.Disk((x, y), radius=0.5)


def turning(x, y, *_):
    return [-y, x]


@pytest.fixture
def turned(solution):
    def make(domain, values=turning, names=("u", "v")):
        fake = solution(domain, list(names), values)
        fake.problem.vectors = {"velocity": fake.problem.unknowns}
        return fake

    return make


def found(figure, kind):
    return [c for a in figure.axes for c in a.collections if isinstance(c, kind)]


def test_streamlines_of_a_rotation_are_circles_inside_the_domain(turned):
    (lines,) = found(vector_figure(turned(PLATE)), LineCollection)
    segments = np.array([s for s in lines.get_segments() if len(s) == 2])
    assert len(segments) > 200
    radii = np.linalg.norm(segments, axis=2)
    # one step of the raster, 4 / 240, is what a line may reach into the hole
    assert radii.min() > 0.5 - 0.017
    np.testing.assert_allclose(radii[:, 1], radii[:, 0], atol=2e-3)
    assert lines.get_clip_path() is not None


def test_arrows_are_the_field_and_stand_inside(turned):
    (arrows,) = found(vector_figure(turned(PLATE)), Quiver)
    places = np.stack([arrows.X, arrows.Y], axis=1)
    assert PLATE.contains(places).all()
    np.testing.assert_allclose(arrows.U, -arrows.Y, atol=1e-15)
    np.testing.assert_allclose(arrows.V, arrows.X, atol=1e-15)
    np.testing.assert_allclose(arrows.get_array(), np.hypot(arrows.U, arrows.V))
    assert 100 < len(places) < 500


@pytest.mark.parametrize(
    ("domain", "values", "panels"),
    [
        (PLATE * geometry.TimeInterval(t, 0, 1), turning, 4),
        (
            geometry.Ball((x, y, z)),
            lambda x, y, z: [-y, x, 0 * z + 0.1],
            3,
        ),
    ],
)
def test_instants_and_cuts_get_streamlines_each(turned, domain, values, panels):
    names = ("u", "v", "w")[: len(values(*np.zeros((3, 1))))]
    figure = vector_figure(turned(domain, values, names))
    assert len(found(figure, LineCollection)) == panels
    assert not found(figure, Quiver)
    norms = [a.images[0].norm.vmax for a in figure.axes if a.images and a.get_title()]
    assert len(set(norms)) == 1, "one scale for all of them"


def test_size_is_the_length_of_the_whole_vector(turned):
    ball = geometry.Ball((x, y, z))
    figure = vector_figure(turned(ball, lambda x, y, z: [3 + 0 * x, 4 + 0 * y, 12 + 0 * z], "uvw"))
    middle = figure.axes[1].images[0].get_array()
    assert np.ma.median(middle) == pytest.approx(13)


def test_still_field_has_a_picture_without_lines(turned):
    figure = vector_figure(turned(PLATE, lambda x, y: [0 * x, 0 * y]))
    assert not found(figure, LineCollection)
    figure.canvas.draw()


@pytest.mark.parametrize(
    ("domain", "names"),
    [
        (geometry.Interval(x, 0, 1) * geometry.TimeInterval(t, 0, 1), ("u",)),
        (PLATE, ("u", "v", "w")),
        (geometry.Rectangle((x, 0, 1), (y, 0, 1)), ()),
    ],
)
def test_nothing_is_drawn_where_no_vector_fits_the_lengths(turned, domain, names):
    fake = turned(domain, lambda *c: [c[0] for _ in names or "u"], names or ("u",))
    assert vector_figure(fake) is None


def test_vectors_are_among_the_saved_figures(turned, tmp_path):
    square = geometry.Rectangle((x, 0, 1), (y, 0, 1))
    written = save_figures(turned(square, lambda x, y: [0 * x, 0 * y]), tmp_path)
    assert "vectors.png" in {p.name for p in written}
