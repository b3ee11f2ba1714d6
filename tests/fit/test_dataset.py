import numpy as np
import pytest
import torch

from kanpde.errors import InputError, ShapeError
from kanpde.fitting import FitSettings
from kanpde.fitting._dataset import make_dataset
from kanpde.fitting._scaling import Scaling

SETTINGS = FitSettings()


def made(x, y, **settings):
    test = settings.pop("own", None)
    return make_dataset(x, y, FitSettings(**settings), test)


def test_split_holds_a_fifth_out_and_every_row_is_in_one_part(rng):
    x = np.arange(100.0)
    data = made(x, 2 * x)
    rows = np.concatenate((data.train.x, data.test.x))[:, 0]
    assert (len(data.train), len(data.test)) == (80, 20)
    np.testing.assert_array_equal(np.sort(rows), x)
    np.testing.assert_array_equal(data.test.y[:, 0], 2 * data.test.x[:, 0])


def test_split_follows_the_seed():
    x = np.arange(50.0)
    first, again, other = (made(x, x, seed=s).test.x for s in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_every_class_keeps_its_share_and_the_smallest_one_its_only_row():
    labels = ["a"] * 60 + ["b"] * 30 + ["c"]
    data = made(np.arange(91.0), labels)
    assert data.classes == ("a", "b", "c")
    np.testing.assert_array_equal(np.bincount(data.test.y, minlength=3), [12, 6, 0])
    np.testing.assert_array_equal(np.bincount(data.train.y), [48, 24, 1])


def test_no_rows_are_held_out_where_none_are_asked_for():
    assert len(made(np.arange(9.0), np.arange(9.0), test=0).test) == 0


def test_own_test_rows_are_taken_as_they_are():
    x, own = np.arange(10.0), (np.array([0.5]), np.array([7.0]))
    data = made(x, x, own=own)
    assert len(data.train) == 10
    assert data.test.y[0, 0] == 7.0


def test_text_is_classified_and_numbers_are_not():
    assert made([1.0, 2.0], [1.0, 2.0]).task == "regression"
    assert made([1.0, 2.0], ["u", "v"]).task == "classification"
    whole = made([1.0, 2.0, 3.0, 4.0], [3, -1, 3, -1], task="classification", test=0)
    assert whole.classes == (-1, 3)
    np.testing.assert_array_equal(whole.train.y, [1, 0, 1, 0])


def test_torch_tensors_are_taken(generator):
    x = torch.rand(10, 2, generator=generator)
    data = made(x.requires_grad_(True), x[:, :1])
    assert data.inputs == ("x1", "x2")
    assert data.outputs == ("y",)


def test_training_rows_lie_within_a_margin_of_the_unit_cube_and_outputs_have_unit_scale(rng):
    data = made(rng.uniform(5, 9, (200, 3)), rng.normal(1e3, 7, (200, 2)))
    scaling = data.scaling(normalise=True)
    z, y = scaling.inputs(data.train.x), scaling.targets(data.train.y)
    ends = 1 / (1 + 4 / len(data.train))
    np.testing.assert_allclose(z.max(axis=0), ends, rtol=1e-12)
    np.testing.assert_allclose(z.min(axis=0), -ends, rtol=1e-12)
    np.testing.assert_allclose(y.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(y.std(axis=0), 1, rtol=1e-12)
    back = scaling.outputs_tensor(torch.as_tensor(y)).numpy()
    np.testing.assert_allclose(back, data.train.y, rtol=1e-12)
    again = Scaling.from_record(scaling.to_record(), data.sizes)
    np.testing.assert_array_equal(again.factor, scaling.factor)


@pytest.mark.parametrize("level", [0.0, 0.1, -3e9])
def test_constant_columns_become_zero_and_are_told(level):
    x = np.column_stack((np.linspace(0, 1, 20), np.full(20, level)))
    data = made(x, np.full(20, 4.0))
    scaling = data.scaling(normalise=True)
    z = scaling.inputs(np.array([[0.5, level], [0.5, 1e6]]))
    np.testing.assert_array_equal(z[:, 1], 0)
    np.testing.assert_array_equal(scaling.gain, [1.0])
    assert scaling.constant == [1]
    assert any("constant input x2" in note for note in data.notes)


@pytest.mark.parametrize(
    ("x", "y", "settings", "says"),
    [
        ([1.0, 2.0], [1.0], {}, "y: expected 2 rows, as many as x has, got 1"),
        ([[1.0, np.nan]], [1.0], {}, "x2: expected finite numbers, got NaN .* in 1 of 1 rows"),
        ([1e160, 2.0], [1.0, 2.0], {}, "x1: expected finite numbers, got NaN or more than 1e150"),
        ([1.0, 2.0], [1.0, np.inf], {}, "^y: expected finite numbers, .* first in row 2"),
        ([], [], {}, "x: expected at least one row, got none"),
        ([["red"], ["blue"]], [1.0, 2.0], {}, "x: expected an array of numbers, got 'red'"),
        ([1.0, 2.0], ["a", "a"], {}, "at least two classes, got one .'a' in every row"),
        ([1.0, 2.0], [1.0, 2.0], {"inputs": ("a", "b")}, "inputs: expected 1 names, .* got 2"),
        ([1.0, 2.0], [1.0, 2.0], {"inputs": ("y",)}, "'y' is named as input and as target"),
        ([[1.0, 2.0]], [1.0], {"inputs": ("a", "a")}, "'a' is named twice"),
        ([1.0, 2.0], ["a", ""], {}, "^y: expected finite numbers"),
    ],
)
def test_wrong_data_are_refused_by_name(x, y, settings, says):
    with pytest.raises(InputError, match=says):
        made(x, y, **settings)


def test_wrong_shapes_are_refused():
    with pytest.raises(ShapeError, match=r"x: expected shape \(N, d\)"):
        made(np.zeros((2, 2, 2)), [1.0, 2.0])
    with pytest.raises(ShapeError, match="y: expected one label per row"):
        made([1.0, 2.0], np.eye(2), task="classification")
    with pytest.raises(ShapeError, match="x_test: expected 1 columns"):
        made([1.0, 2.0], [1.0, 2.0], own=(np.zeros((2, 2)), [1.0, 2.0]))


def test_numbers_that_never_repeat_are_no_classes():
    x = np.linspace(0, 1, 100)
    with pytest.raises(InputError, match="expected classes that repeat, got 100 different"):
        made(x, x, task="classification")


def test_rows_with_missing_values_are_dropped_where_asked():
    x = np.array([1.0, np.nan, 3.0, 4.0])
    data = made(x, [1.0, 2.0, np.inf, 4.0], missing="drop", test=0)
    np.testing.assert_array_equal(data.train.x[:, 0], [1.0, 4.0])
    assert data.notes == ["2 of 4 rows with missing values dropped"]


def test_classes_that_only_test_rows_have_are_kept_and_told():
    data = made([1.0, 2.0], ["a", "b"], own=([3.0], ["c"]))
    assert data.classes == ("a", "b", "c")
    assert "classes in test rows only, never learned: c" in data.notes


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"test": 1.0}, "test: expected a share of the rows"),
        ({"grids": (10, 5)}, "grids: expected increasing"),
        ({"grids": (5, 10), "grid": 3}, "grids: expected grid or grids"),
        ({"hidden": (3,), "width": (1, 3, 1)}, "width: expected hidden or width"),
        ({"net": "mlp", "degree": 3}, "degree: expected net=kan"),
        ({"net": "mlp", "sparsify": 1e-3}, "sparsify: expected net=kan"),
        ({"basis": "sine", "grid": 3}, "grid: sine edges have no grid"),
        ({"optimizer": "sgd"}, "optimizer: expected one of auto, lm"),
        ({"remember": True, "grids": (5, 10)}, "remember: expected the given network's grid"),
        ({"steps": 0}, "steps: expected a positive integer"),
        ({"sparsify": -1.0}, "sparsify: expected 0 or more"),
        ({"time_limit": -1.0}, "time_limit: expected a positive number"),
        ({"hidden": 5}, "hidden: expected a list"),
        ({"depth": 3}, "depth: no such setting of a fit"),
    ],
)
def test_wrong_settings_are_refused(changes, says):
    with pytest.raises(InputError, match=says):
        SETTINGS.replace(**changes)
