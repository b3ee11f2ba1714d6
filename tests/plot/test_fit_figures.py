import numpy as np
import pytest

import kanpde
from kanpde.plot import fit_figure, function_figure, save_figures, training_figure


@pytest.fixture(scope="module")
def points():
    return np.random.default_rng(0).uniform(-1, 1, (60, 2))


@pytest.fixture(scope="module")
def plane(points):
    y = np.column_stack((points[:, 0] * points[:, 1], points.sum(axis=1)))
    return kanpde.fit(points, y, hidden=(2,), grids=(2, 4), steps=3, outputs=("p", "q_1"))


def test_predictions_lie_where_data_and_fit_say(plane):
    figure = fit_figure(plane)
    first, second = figure.axes
    assert second.get_xlabel() == "$q_{1}$, data"
    drawn = first.collections[0].get_offsets()
    np.testing.assert_allclose(drawn[:, 0], plane.y[:, 0])
    np.testing.assert_allclose(drawn[:, 1], plane(plane.x)[:, 0])
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["train (48)", "test (12)"]


def test_maps_show_the_function_over_both_inputs(plane):
    figure = function_figure(plane)
    image = figure.axes[0].images[0]
    left, right, bottom, top = image.get_extent()
    corner = plane(np.array([[left, bottom], [right, top]]))[:, 0]
    field = image.get_array()
    np.testing.assert_allclose([field[0, 0], field[-1, -1]], corner, rtol=1e-12)


def test_training_shows_errors_and_the_change_of_the_grid(plane):
    axes = training_figure(plane).axes[0]
    labels = {line.get_label() for line in axes.lines}
    assert {"loss", "train RMSE"} <= labels
    assert [t.get_text() for t in axes.texts] == ["grid 4"]


def test_confusion_counts_the_test_rows(points, tmp_path):
    labels = np.where(points[:, 0] > 0, "right", "left")
    fit = kanpde.fit(points, labels, hidden=(), grid=2, steps=3)
    figure = fit_figure(fit)
    counts = {t.get_position(): int(t.get_text()) for t in figure.axes[0].texts}
    assert sum(counts.values()) == len(fit.x_test)
    wrong = sum(v for (x, y), v in counts.items() if x != y)
    accuracy = 1 - wrong / len(fit.x_test)
    assert fit.errors["test"]["accuracy"] == pytest.approx(accuracy)
    paths = save_figures(fit, tmp_path)
    assert [p.name for p in paths] == ["fit.png", "function.png", "training.png"]


def test_one_input_is_drawn_as_a_curve_with_its_data(points):
    fit = kanpde.fit(points[:, 0], points[:, 0] ** 2, hidden=(), steps=3, test=0)
    axes = function_figure(fit).axes[0]
    line = axes.lines[0]
    np.testing.assert_allclose(line.get_ydata(), fit(line.get_xdata())[:, 0], rtol=1e-12)
    assert len(axes.collections) == 1
    labels = np.where(points[:, 0] > 0, "right", "left")
    classified = kanpde.fit(points[:, 0], labels, hidden=(), grid=2, steps=3)
    curves = function_figure(classified).axes[0].lines
    total = sum(line.get_ydata() for line in curves)
    np.testing.assert_allclose(total, 1, rtol=1e-12)


def test_three_inputs_have_no_picture_of_the_function(points, tmp_path):
    x = np.column_stack((points, points[:, 0] ** 2))
    fit = kanpde.fit(x, x[:, 2], hidden=(), steps=2)
    assert function_figure(fit) is None
    names = [p.name for p in save_figures(fit, tmp_path, formats=("pdf",))]
    assert names == ["fit.pdf", "training.pdf"]
