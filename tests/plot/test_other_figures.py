import numpy as np
import pytest

from kanpde.errors import InputError, ShapeError
from kanpde.plot import convergence_figure, points_figure, save_figures
from kanpde.plot._style import error_scale, in_math, math_name, value_scale


def rows(count, **more):
    return [
        {"step": k + 1, "seconds": 0.5 * (k + 1), "loss": 10.0**-k, "phase": "fit", "grid": 5}
        | more
        for k in range(count)
    ]


def labels(axes):
    return [line.get_label() for line in axes.lines]


def test_convergence_lines_are_the_columns_of_the_history():
    history = rows(5, error=0.5, **{"term:walls": 0.25})
    steps, seconds = convergence_figure(history).axes
    assert labels(steps)[:3] == ["walls", "loss", "relative $L^2$ error"]
    assert steps.lines[1].get_xydata().tolist() == [[k + 1, 10.0**-k] for k in range(5)]
    assert seconds.lines[1].get_xdata().tolist() == [0.5, 1.0, 1.5, 2.0, 2.5]
    assert steps.get_yscale() == "log"
    assert steps.lines[0].get_linewidth() < 1 < steps.lines[1].get_linewidth()


def test_grid_extension_and_phase_change_are_marked():
    history = rows(6)
    for row in history[2:]:
        row["grid"] = 10
    for row in history[4:]:
        row["phase"] = "polish"
    axes = convergence_figure(history).axes[0]
    assert [text.get_text() for text in axes.texts] == ["grid 10", "polish"]
    assert [line.get_xdata()[0] for line in axes.lines[1:]] == [3, 5]


def test_many_marks_stand_without_words():
    history = rows(12)
    for k, row in enumerate(history):
        row["phase"] = f"slab {k}"
    axes = convergence_figure(history).axes[0]
    assert (len(axes.texts), len(axes.lines)) == (0, 12)


@pytest.mark.parametrize("count", [0, 1, 100])
def test_histories_of_any_length_can_be_drawn(count):
    figure = convergence_figure(rows(count))
    figure.canvas.draw()
    words = [text.get_text() for text in figure.axes[0].texts]
    assert words == (["no history"] if count == 0 else [])
    assert figure.axes[0].get_xscale() == ("log" if count == 100 else "linear")


def test_missing_and_nonpositive_values_are_left_out():
    history = rows(4, error=None)
    history[1]["loss"] = float("nan")
    history[2]["loss"] = 0.0
    history[3]["error"] = 0.5
    axes = convergence_figure(history).axes[0]
    assert axes.lines[0].get_xdata().tolist() == [1, 4]
    assert axes.lines[1].get_xydata().tolist() == [[4, 0.5]]


def test_the_predicted_error_is_dashed_in_the_color_of_the_true_one():
    axes = convergence_figure(rows(3, error=0.5, predicted=0.25)).axes[0]
    true, predicted = axes.lines[1:]
    assert predicted.get_ydata().tolist() == [0.25] * 3
    assert (true.get_linestyle(), predicted.get_linestyle()) == ("-", "--")
    assert true.get_color() == predicted.get_color()


@pytest.mark.parametrize("kind", ["time", "interval", "spacetime", "disk", "box", "five"])
def test_points_figure_names_every_set_and_its_size(domains, rng, kind):
    domain = domains[kind]
    inner, _ = domain.interior(40, sampler="uniform", rng=rng)
    figure = points_figure(domain, {"interior": inner, "pin": inner[:1]})
    figure.canvas.draw()
    (axes,) = figure.axes
    legends = [axes.get_legend(), *figure.legends]
    words = [text for legend in legends if legend for text in legend.get_texts()]
    words = words or axes.get_yticklabels()
    assert [w.get_text() for w in words] == ["interior (40)", "pin (1)"]
    assert sum(len(c.get_offsets()) for c in axes.collections) == 41


def test_points_of_one_length_and_time_have_time_to_the_right(domains):
    (axes,) = points_figure(domains["spacetime"], {"a": np.array([[-0.5, 1.5]])}).axes
    assert axes.collections[0].get_offsets().tolist() == [[1.5, -0.5]]


def test_points_of_the_wrong_width_are_refused(domains):
    with pytest.raises(ShapeError, match=r"points\['a'\]: expected shape \(N, 2\), got \(3, 1\)"):
        points_figure(domains["disk"], {"a": np.zeros((3, 1))})
    with pytest.raises(InputError, match="at least one set"):
        points_figure(domains["disk"], {})


def test_saved_files_are_the_figures_that_can_be_drawn(domains, solution, tmp_path):
    fake = solution(domains["interval"], ["u"], lambda x: [x], truth=lambda x: [x**3])
    bare = solution(domains["interval"], ["u"], lambda x: [x], history=rows(3))
    full = save_figures(fake, tmp_path / "new" / "full", formats=("png", "svg"), dpi=50)
    assert [p.name for p in full] == [
        f"{name}.{ending}"
        for name in ("solution", "error", "residual")
        for ending in ("png", "svg")
    ]
    paths = save_figures(bare, tmp_path / "bare", dpi=50)
    assert [p.name for p in paths] == ["solution.png", "residual.png", "convergence.png"]
    assert sorted(p.name for p in (tmp_path / "bare").iterdir()) == sorted(p.name for p in paths)
    assert all(p.read_bytes().startswith(b"\x89PNG") for p in paths)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"formats": ("gif",)}, "got 'gif'"),
        ({"formats": ()}, "at least one"),
        ({"dpi": 0}, "dpi: expected a positive number"),
    ],
)
def test_wrong_formats_are_refused_before_anything_is_written(tmp_path, options, message):
    with pytest.raises(InputError, match=message):
        save_figures(None, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "shown", "formula"),
    [
        ("u", "$u$", "u"),
        ("omega_1", r"$\omega_{1}$", r"\omega_{1}"),
        ("u_max", r"$u_\mathrm{max}$", r"u_\mathrm{max}"),
        ("pressure", "pressure", r"\mathrm{pressure}"),
        ("cost$", r"cost\$", r"\mathrm{cost\ }"),
    ],
)
def test_names_become_mathtext_where_they_are_symbols(name, shown, formula):
    assert (math_name(name), in_math(name)) == (shown, formula)


def test_a_single_value_far_above_all_others_does_not_set_the_scale():
    values = np.append(np.linspace(0, 1, 10_001), 1e28)
    assert error_scale(values)[1].vmax == pytest.approx(1, abs=2e-3)
    assert error_scale(np.append(values[:-1], 50.0))[1].vmax == 50.0


def test_a_positive_field_has_a_sequential_map_over_its_range():
    name, norm = value_scale(np.array([1.0, 3.0, np.nan, np.inf]))
    assert (name, norm.vmin, norm.vmax) == ("viridis", 1.0, 3.0)


def test_a_small_undershoot_does_not_make_a_field_diverging():
    assert value_scale(np.array([-0.01, 1.0]))[0] == "viridis"
    assert value_scale(np.array([-0.2, 1.0]))[0] == "RdBu_r"


def test_the_error_scale_of_an_exact_field_ends_at_the_rounding_unit():
    assert error_scale(np.zeros(3))[1].vmax == np.finfo(float).eps
