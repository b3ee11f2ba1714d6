import matplotlib
import numpy as np
import pytest
from matplotlib.colors import LogNorm

from kanpde.plot import error_figure, residual_figure, solution_figure


def wave(*columns):
    return [np.sin(sum(columns)), np.cos(columns[0])]


def shifted(*columns):
    return [np.sin(sum(columns)) + 1e-3 * columns[0], np.cos(columns[0])]


def maps(figure):
    return [axes.images[0] for axes in figure.axes if axes.images]


def drawn(figure):
    figure.canvas.draw()
    return figure


KINDS = {  # maps with two unknowns and a reference: solution, reference, error
    "rectangle": 6,
    "channel": 6,
    "disk": 6,
    "spacetime": 4,
    "rectangle-time": 16,
    "disk-time": 16,
    "box": 12,
    "ball": 12,
    "cylinder": 12,
    "five": 12,
    "box-time": 16,
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_domain_has_its_number_of_maps(domains, solution, kind):
    figure = solution_figure(solution(domains[kind], ["u", "v"], wave, truth=shifted))
    assert len(maps(drawn(figure))) == KINDS[kind]


@pytest.mark.parametrize("kind", ["rectangle", "disk", "spacetime", "rectangle-time", "box"])
def test_without_a_reference_only_the_solution_is_drawn(domains, solution, kind):
    figure = drawn(solution_figure(solution(domains[kind], ["u", "v"], wave)))
    expected = {"rectangle": 2, "disk": 2, "spacetime": 2, "rectangle-time": 8, "box": 6}
    assert len(maps(figure)) == expected[kind]
    assert not any(isinstance(image.norm, LogNorm) for image in maps(figure))


@pytest.mark.parametrize("kind", KINDS)
def test_the_solution_is_asked_inside_the_domain_only(domains, solution, kind):
    fake = solution(domains[kind], ["u", "v"], wave, truth=wave)
    solution_figure(fake)
    assert all(domains[kind].contains(points).all() for points in fake.asked)


def test_map_pixels_are_the_values_of_the_solution(domains, solution):
    fake = solution(domains["rectangle"], ["u", "v"], wave, truth=shifted)
    image, reference, error = maps(solution_figure(fake))[:3]
    rows, columns = image.get_array().shape
    x, y = np.linspace(-1, 1, columns), np.linspace(0, 3, rows)
    expected = np.sin(x[None, :] + y[:, None])
    assert np.abs(image.get_array() - expected).max() < 1e-15
    assert np.abs(reference.get_array() - expected - 1e-3 * x[None, :]).max() < 1e-15
    floored = np.maximum(np.abs(1e-3 * x), 1e-7)
    assert np.abs(error.get_array() - floored[None, :]).max() < 1e-15
    assert image.axes.get_aspect() == 1.0


def test_spacetime_map_has_time_to_the_right_and_x_upwards(domains, solution):
    fake = solution(domains["spacetime"], ["u", "v"], lambda x, t: [10 * t + x, t])
    axes = maps(solution_figure(fake))[0].axes
    data = axes.images[0].get_array()
    assert (axes.get_xlim(), axes.get_ylim()) == ((0.0, 2.0), (-1.0, 1.0))
    assert (data[0, 0], data[0, -1], data[-1, 0]) == (-1.0, 19.0, 1.0)
    assert axes.get_xlabel() == "$t$"


def test_snapshots_stand_at_four_times_with_the_reference_dashed(domains, solution):
    fake = solution(domains["spacetime"], ["u"], lambda x, t: [x * t], truth=lambda x, t: [x * t])
    snapshots = [a for a in solution_figure(fake).axes if len(a.lines) == 2]
    assert [a.get_title() for a in snapshots] == [f"$t = {v}$" for v in ("0.2", "0.8", "1.4", "2")]
    solid, dashed = snapshots[0].lines
    assert np.abs(solid.get_ydata() - 0.2 * solid.get_xdata()).max() < 1e-15
    assert dashed.get_linestyle() == "--"


def test_solution_and_reference_share_one_scale(domains, solution):
    fake = solution(domains["disk"], ["u"], lambda x, y: [x], truth=lambda x, y: [2 * x])
    image, reference, _ = maps(solution_figure(fake))
    assert image.norm is reference.norm
    limits = (image.norm.vmin, image.norm.vmax)  # x reaches 1 + 2, twice that is 6
    assert limits == pytest.approx((-6.0, 6.0), abs=1e-12)
    assert image.get_cmap().name == "RdBu_r"


def test_points_outside_a_disk_are_masked(domains, solution):
    image = maps(solution_figure(solution(domains["disk"], ["u"], lambda x, y: [x])))[0]
    (ring,) = image.get_clip_path()._path.to_polygons()
    area = 0.5 * np.sum(ring[:-1, 0] * ring[1:, 1] - ring[1:, 0] * ring[:-1, 1])
    assert area == pytest.approx(4 * np.pi, rel=1e-4)  # 360 chords
    kept = ~np.ma.getmaskarray(image.get_array())
    raster = np.hypot(*np.meshgrid(np.linspace(-2, 2, 241), np.linspace(-2, 2, 241)))
    assert kept[raster <= 2].all()
    assert not kept[raster > 2.06].any(), "a few pixels beyond the boundary, under the clip"


def test_error_map_spans_four_decades_below_its_maximum(domains, solution):
    fake = solution(domains["rectangle"], ["u"], lambda x, y: [x], truth=lambda x, y: [0 * x])
    (image,) = maps(error_figure(fake))
    assert (image.norm.vmin, image.norm.vmax) == pytest.approx((1e-4, 1.0))
    assert image.get_array().min() == image.norm.vmin  # x = 0 is lifted to the floor


def test_error_figure_is_none_without_a_reference(domains, solution):
    assert error_figure(solution(domains["disk"], ["u"], lambda x, y: [x])) is None


@pytest.mark.parametrize("kind", ["time", "interval"])
def test_one_coordinate_gives_curves_above_their_errors(domains, solution, kind):
    fake = solution(domains[kind], ["u", "v"], wave, truth=shifted)
    figure = drawn(solution_figure(fake))
    assert len(figure.axes) == 4
    errors = [a for a in figure.axes if a.get_yscale() == "log"]
    assert len(errors) == 1  # the second unknown has no error at all: said in words
    x, y = errors[0].lines[0].get_data()
    assert np.nanmax(np.abs(y - np.abs(1e-3 * x))) < 1e-15
    assert len(solution_figure(solution(domains[kind], ["u", "v"], wave)).axes) == 2


@pytest.mark.parametrize(("count", "panels"), [(1, 1), (4, 4), (8, 6)])
def test_at_most_six_unknowns_are_drawn(domains, solution, count, panels):
    names = [f"u{k}" for k in range(count)]
    fake = solution(domains["rectangle"], names, lambda x, y: [x + k for k in range(count)])
    assert len(maps(drawn(solution_figure(fake)))) == panels


@pytest.mark.parametrize("kind", ["time", "spacetime", "rectangle", "disk-time", "ball", "five"])
def test_residual_figure_has_a_row_or_panel_for_every_equation(domains, solution, kind):
    fake = solution(domains[kind], ["u", "v"], wave, equations=("mass", "momentum_x"))
    figure = drawn(residual_figure(fake))
    cuts = {"spacetime": 1, "rectangle": 1, "disk-time": 4, "ball": 3, "five": 3}
    if kind == "time":
        assert [a.get_yscale() for a in figure.axes] == ["log", "log"]
    else:
        assert len(maps(figure)) == 2 * cuts[kind]
    assert any("momentum_x" in a.get_title() for a in figure.axes)


@pytest.mark.parametrize("kind", ["interval", "spacetime", "rectangle", "disk-time"])
@pytest.mark.parametrize("value", [0.0, 2.0, np.nan])
def test_constant_and_missing_values_can_be_drawn(domains, solution, kind, value):
    fake = solution(domains[kind], ["u"], lambda *c: [value], truth=lambda *c: [value])
    drawn(solution_figure(fake))
    drawn(error_figure(fake))


def test_a_reference_that_is_missing_in_places_leaves_holes(domains, solution):
    fake = solution(
        domains["rectangle"],
        ["u"],
        lambda x, y: [x],
        truth=lambda x, y: [np.where(x > 0, np.nan, x)],
    )
    image, reference, error = maps(drawn(solution_figure(fake)))
    assert not np.ma.getmaskarray(image.get_array()).any()
    holes = np.ma.getmaskarray(reference.get_array())
    assert holes.mean() == pytest.approx(0.5, abs=0.01)
    assert (np.ma.getmaskarray(error.get_array()) == holes).all()


def test_a_pressure_is_compared_up_to_its_free_constant(domains, solution):
    fake = solution(domains["rectangle"], ["p"], lambda x, y: [x + 5], truth=lambda x, y: [x])
    (image,) = maps(error_figure(fake))
    assert image.get_array().min() == pytest.approx(5.0)
    fake.errors = {"p": {"mean_removed": True}}
    (image,) = maps(error_figure(fake))
    assert image.get_array().max() < 1e-13


def test_drawing_leaves_the_global_settings_alone(domains, solution):
    before = dict(matplotlib.rcParams)
    solution_figure(solution(domains["rectangle"], ["u"], lambda x, y: [x]))
    assert dict(matplotlib.rcParams) == before
