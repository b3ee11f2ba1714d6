import signal
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
import sympy
import torch

import kanpde
from kanpde import KAN, Fit, FitSettings, Status
from kanpde.errors import InputError, RunDirectoryError, ShapeError
from kanpde.fitting import Scaling
from kanpde.fitting._run import _notes
from kanpde.nets import ModuleNet, activations
from kanpde.regression._sparsity import EdgePenalty, layer_entropy


@pytest.fixture(scope="module")
def fitted():
    """[2, 5, 1] on exp(sin πx + y²), two grids that nest."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (300, 2))
    y = np.exp(np.sin(np.pi * x[:, 0]) + x[:, 1] ** 2)
    return kanpde.fit(x, y, grids=(3, 6), steps=25, name="wave")


@pytest.fixture(scope="module")
def classified():
    rng = np.random.default_rng(1)
    x = rng.uniform(-1, 1, (300, 2))
    labels = np.where((x**2).sum(axis=1) < 0.6, "inside", "outside")
    return kanpde.fit(x, labels, hidden=(2,), grid=3, steps=30)


def test_spline_kan_fits_the_papers_example(fitted):
    """Of 25 steps each; measured 6e-4 on test rows, where the values' deviation is 1.6."""
    assert fitted.errors["test"]["rmse"] < 3e-3
    assert fitted.errors["train"]["rmse"] < 1e-3
    assert fitted.task == "regression"
    assert fitted.network.width == [2, 5, 1]


def test_errors_are_those_of_the_function_on_the_rows(fitted):
    for which, x, y in (
        ("train", fitted.x, fitted.y),
        ("test", fitted.x_test, fitted.y_test),
    ):
        gap = fitted(x) - y
        entry = fitted.errors[which]
        assert entry["rmse"] == pytest.approx(float(np.sqrt(np.mean(gap**2))), rel=1e-9)
        assert entry["max"] == pytest.approx(float(np.abs(gap).max()), rel=1e-9)
        assert entry["relative_l2"] == pytest.approx(
            float(np.linalg.norm(gap) / np.linalg.norm(y)), rel=1e-9
        )
        assert entry["rows"] == len(x)
    assert (len(fitted.x), len(fitted.x_test)) == (240, 60)


def test_every_grid_has_its_errors_and_a_nested_one_its_transfer_is_exact(fitted):
    coarse, fine = fitted.grids
    assert [coarse["grid"], fine["grid"]] == [3, 6]
    assert fine["test"] == pytest.approx(fitted.errors["test"]["rmse"], rel=1e-9)
    assert fine["train"] < coarse["train"]
    assert fine["moved"] < 1e-10
    assert fine["error_after"] == pytest.approx(coarse["train"], rel=1e-6)
    assert fine["coefficients"] == fitted.network.count > coarse["coefficients"]


def test_grids_that_do_not_nest_tell_their_transfer_error(data):
    found = kanpde.fit(*data, hidden=(2,), grids=(3, 5), steps=8)
    fine = found.grids[1]
    assert fine["moved"] > 1e-4
    assert fine["error_after"] != pytest.approx(fine["error_before"], rel=1e-6)
    assert fine["train"] < fine["error_after"]


def test_torch_points_give_differentiable_values(fitted):
    points = torch.tensor([[0.3, -0.2], [-0.7, 0.5]], dtype=torch.float64, requires_grad=True)
    values = fitted(points)
    np.testing.assert_allclose(values.detach().numpy(), fitted(points.detach().numpy()), rtol=1e-12)
    (slope,) = torch.autograd.grad(values.sum(), points)
    h = 1e-5
    for k in range(2):
        step = np.eye(2)[k] * h
        ahead, back = (fitted(points.detach().numpy() + s * step) for s in (1, -1))
        np.testing.assert_allclose(slope[:, k].numpy(), ((ahead - back) / (2 * h))[:, 0], rtol=1e-5)


def test_values_are_the_networks_between_the_normalisations(fitted):
    x = fitted.x[:7]
    inner = fitted.network(torch.as_tensor(fitted.inputs(x))).detach().numpy()
    np.testing.assert_allclose(
        fitted.scaling.offset + fitted.scaling.gain * inner, fitted(x), rtol=1e-12
    )
    assert float(fitted.samples.abs().max()) <= 1


def test_wrong_points_are_refused(fitted):
    with pytest.raises(ShapeError, match=r"x: expected shape \(N, 2\), got \(3, 1\)"):
        fitted(np.zeros((3, 1)))
    with pytest.raises(InputError, match="x: expected an array of numbers, got str"):
        fitted("origin")
    assert fitted(np.zeros((0, 2))).shape == (0, 1)


def test_saved_fit_is_the_same_when_loaded(fitted, tmp_path):
    again = kanpde.load(fitted.save(tmp_path / "run"))
    assert isinstance(again, Fit)
    np.testing.assert_array_equal(again(fitted.x_test), fitted(fitted.x_test))
    np.testing.assert_array_equal(again.y_test, fitted.y_test)
    assert again.errors == fitted.errors
    assert again.grids == fitted.grids
    assert again.settings == fitted.settings
    assert again.status == fitted.status
    assert len(again.history) == len(fitted.history)
    fitted.save(tmp_path / "run")  # the same fit may be saved again
    other = fitted.train(steps=1)
    with pytest.raises(RunDirectoryError, match="holds another run"):
        other.save(tmp_path / "run")


def test_damaged_run_directories_are_refused(fitted, tmp_path):
    path = fitted.save(tmp_path / "run")
    (path / "data.npz").unlink()
    with pytest.raises(RunDirectoryError, match="with the rows, found none"):
        kanpde.load(path)
    (path / "fit.json").write_text("{}")
    with pytest.raises(RunDirectoryError, match="expected a kanpde fit, got a foreign file"):
        kanpde.load(path)


def test_training_goes_on_from_a_fit_and_leaves_it_as_it_is(fitted):
    before = fitted.network.get()
    further = fitted.train(steps=10)
    assert torch.equal(fitted.network.get(), before)
    assert further.errors["train"]["rmse"] < fitted.errors["train"]["rmse"]
    assert further.history[: len(fitted.history)] == fitted.history
    assert further.summary["steps"] == fitted.summary["steps"] + 10
    assert further.grids[-1]["grid"] == 6
    finer = fitted.train(grids=(12,), steps=3)
    assert finer.network.count > fitted.network.count
    assert finer.grids[0]["error_before"] == pytest.approx(fitted.errors["train"]["rmse"], rel=1e-9)


def test_only_the_training_can_be_changed_on_the_way(fitted):
    with pytest.raises(InputError, match="hidden: expected a setting of the training"):
        fitted.train(hidden=(3,))


def test_sparsification_leaves_few_edges(data):
    """One node of five carries the function; without it all do (entropies 2.2 and 1.4)."""
    plain = kanpde.fit(*data, steps=40)
    sparse = kanpde.fit(*data, steps=40, sparsify=1e-2)
    nodes, entropies = [], []
    for found in (plain, sparse):
        norms = EdgePenalty(found.samples, 1.0).norms(found.network)
        entropies.append([layer_entropy(n) for n in norms])
        nodes.append(int(((norms[0].amax(dim=0) > 1e-2) & (norms[1].amax(dim=1) > 1e-2)).sum()))
    assert nodes[0] == 5
    assert nodes[1] <= 2
    assert all(after < 0.6 * before for before, after in zip(*entropies, strict=True))
    assert sparse.summary["penalty"] > 0
    relaxed = sparse.train(sparsify=0.0, steps=20)
    assert relaxed.errors["test"]["rmse"] < 0.7 * sparse.errors["test"]["rmse"]


def test_classes_are_learned_and_named(classified):
    assert classified.classes == ("inside", "outside")
    assert classified.errors["test"]["accuracy"] > 0.9
    probability = classified(classified.x_test)
    np.testing.assert_allclose(probability.sum(axis=1), 1, rtol=1e-12)
    labels = classified.classify(classified.x_test)
    right = np.mean(labels == classified.y_test)
    assert classified.errors["test"]["accuracy"] == pytest.approx(right, abs=1e-12)
    assert classified.classify([[0.0, 0.0]])[0] == "inside"
    chosen = probability[np.arange(len(labels)), (classified.y_test == "outside").astype(int)]
    assert classified.errors["test"]["cross_entropy"] == pytest.approx(-np.log(chosen).mean())


def test_classification_is_saved_and_loaded(classified, tmp_path):
    again = kanpde.load(classified.save(tmp_path / "run"))
    np.testing.assert_array_equal(again(classified.x), classified(classified.x))
    assert again.classes == classified.classes


def test_regressions_have_no_labels_to_give(fitted):
    with pytest.raises(InputError, match="classify: expected a classification"):
        fitted.classify(fitted.x)


@pytest.mark.parametrize(
    ("changes", "share"),
    [
        ({"optimizer": "lbfgs", "steps": 10}, 0.1),
        ({"optimizer": "ssbroyden", "steps": 10}, 0.1),
        ({"batch": 60, "steps": 400}, 0.9),
        ({"optimizer": "lm", "batch": 120, "steps": 10}, 0.1),
        ({"basis": "chebyshev", "steps": 15}, 0.1),
        ({"basis": "sine", "steps": 15}, 0.1),
        ({"net": "mlp", "hidden": (8,), "steps": 15}, 0.3),
        ({"width": (2, (1, 1), 1), "steps": 15}, 0.5),
        ({"dtype": "float32", "optimizer": "lbfgs", "steps": 10}, 0.2),
    ],
)
def test_every_way_of_training_lowers_the_error(data, changes, share):
    found = kanpde.fit(*data, **changes)
    assert found.errors["train"]["rmse"] < share * data[1].std()
    assert found.errors["test"]["rmse"] < 2 * share * data[1].std()


def test_mini_batches_mean_adam_and_follow_the_seed(data):
    first, again, other = (
        kanpde.fit(*data, hidden=(2,), batch=50, steps=30, seed=s) for s in (0, 0, 1)
    )
    assert first.summary["path"] == ["adam"]
    assert torch.equal(first.network.get(), again.network.get())
    assert not torch.equal(first.network.get(), other.network.get())


def test_no_random_state_is_touched(data):
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    kanpde.fit(*data, hidden=(2,), batch=50, steps=3)
    assert torch.equal(torch.get_rng_state(), before[0])
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002


def test_a_network_of_ones_own_is_started_from_and_not_changed(data):
    network = KAN([2, 3, 1], grid=4)
    start = network.get()
    found = kanpde.fit(*data, network=network, steps=3)
    assert torch.equal(network.get(), start)
    assert found.network.width == [2, 3, 1]
    with pytest.raises(InputError, match="width: expected 2 inputs and 1 outputs"):
        kanpde.fit(*data, network=KAN([3, 1]))
    module = ModuleNet(torch.nn.Linear(2, 1), 2, 1)
    with pytest.raises(InputError, match="network: expected a KAN or an MLP, got ModuleNet"):
        kanpde.fit(*data, network=module)


def test_what_new_data_do_not_determine_is_remembered():
    # two peaks, one after the other; the splines of the first are not reached by the second
    net = KAN([1, 1], grid=40, base="none", bias=False).double()
    halves = [np.linspace(*ends, 80)[:, None] for ends in ((-1, 0), (0, 1))]
    left = {}
    for remember in (True, False):
        fit = kanpde.fit(halves[0], np.exp(-20 * (halves[0] + 0.5) ** 2), network=net,
                         normalise=False, test=0.0, steps=20, remember=remember)  # fmt: skip
        then = kanpde.fit(halves[1], np.exp(-20 * (halves[1] - 0.5) ** 2), network=fit.network,
                          normalise=False, test=0.0, steps=20, remember=remember)  # fmt: skip
        left[remember] = float(np.abs(then(halves[0][:60]) - fit(halves[0][:60])).max())
    assert left[True] < 1e-8 < 1e-2 < left[False]


def test_nothing_is_remembered_without_a_network(data):
    with pytest.raises(InputError, match="remember: expected network=NET"):
        kanpde.fit(*data, remember=True)


def test_fewer_rows_than_coefficients_are_fitted_and_told(rng):
    """120 coefficients and 16 values; what they leave free stays bounded."""
    x = rng.uniform(-1, 1, (20, 2))
    found = kanpde.fit(x, x[:, 0] * x[:, 1], steps=15)
    assert any("fewer training values (16) than coefficients" in n for n in found.notes)
    assert found.errors["test"]["max"] < 3


def test_a_constant_target_is_met(rng):
    found = kanpde.fit(rng.uniform(0, 1, (40, 2)), np.full(40, -7.5), hidden=(2,), steps=5)
    assert found.errors["test"]["max"] < 1e-4


def test_units_of_the_data_do_not_matter(data):
    x, y = data
    plain = kanpde.fit(x, y, hidden=(2,), steps=8)
    for size in (1e-9, 1e-140, 1e140):
        scaled = kanpde.fit(1e6 * x - 3e7, size * y, hidden=(2,), steps=8)
        expected = size * plain.errors["test"]["rmse"]
        assert scaled.errors["test"]["rmse"] == pytest.approx(expected, rel=0.05)


def test_without_normalisation_the_network_sees_the_data(data):
    found = kanpde.fit(*data, hidden=(2,), steps=3, normalise=False)
    assert isinstance(found.scaling, Scaling)
    np.testing.assert_array_equal(found.inputs(found.x), found.x)
    np.testing.assert_allclose(
        found(found.x), found.network(torch.as_tensor(found.x)).detach().numpy(), rtol=1e-12
    )


def test_time_limit_ends_a_fit(data):
    found = kanpde.fit(*data, time_limit=0.2)
    assert found.status in {Status.BUDGET, Status.CONVERGED}
    assert found.summary["seconds"] < 5


def test_interrupt_keeps_the_best_state(data, tmp_path):
    def stop(event):
        if event["step"] == 6:
            signal.raise_signal(signal.SIGINT)

    found = kanpde.fit(*data, steps=50, out=tmp_path / "run", progress=stop)
    assert found.status is Status.INTERRUPTED
    assert found.summary["steps"] == 6
    assert found.errors["train"]["rmse"] == pytest.approx(
        min(row["train"] for row in found.history), rel=1e-9
    )
    again = kanpde.load(tmp_path / "run")
    assert again.status is Status.INTERRUPTED
    np.testing.assert_array_equal(again(data[0]), found(data[0]))


def test_resumed_fit_ends_where_a_straight_one_does(data, tmp_path):
    settings = FitSettings(hidden=(3,), grids=(3, 6), steps=8)
    straight = kanpde.fit(*data, settings)

    def stop(event):
        if event["step"] == 11:
            signal.raise_signal(signal.SIGINT)

    kanpde.fit(*data, settings, out=tmp_path / "run", progress=stop)
    resumed = kanpde.fit(*data, settings, out=tmp_path / "run", resume=True)
    assert torch.equal(resumed.network.get(), straight.network.get())
    assert [row["loss"] for row in resumed.history] == [row["loss"] for row in straight.history]
    assert resumed.status is straight.status
    more = kanpde.fit(*data, settings, out=tmp_path / "run", resume=True, steps=10)
    assert more.summary["steps"] == straight.summary["steps"] + 2
    assert len(more.grids) == 2


def test_other_data_or_settings_cannot_be_resumed(data, tmp_path):
    x, y = data
    kanpde.fit(x, y, hidden=(2,), steps=2, out=tmp_path / "run")
    with pytest.raises(InputError, match="resume: data was"):
        kanpde.fit(x, 2 * y, hidden=(2,), steps=2, out=tmp_path / "run", resume=True)
    with pytest.raises(InputError, match="resume: setting hidden was"):
        kanpde.fit(x, y, hidden=(3,), steps=2, out=tmp_path / "run", resume=True)
    with pytest.raises(InputError, match="holds a run already"):
        kanpde.fit(x, y, hidden=(2,), steps=2, out=tmp_path / "run")


def test_losses_of_levenberg_marquardt_never_rise_within_a_grid(fitted):
    losses = [row["loss"] for row in fitted.history if row["grid"] == 3]
    assert all(b <= a * (1 + 1e-2) for a, b in pairwise(losses))


def test_finer_grid_that_is_worse_on_test_rows_is_told(fitted):
    levels = [{"grid": 3, "test": 0.1}, {"grid": 30, "test": 0.4}]
    objective = SimpleNamespace(train=(np.zeros(900),), classes=False)
    session = SimpleNamespace(objective=objective, network=fitted.network, levels=levels)
    (note,) = _notes(session)
    assert note.startswith("the test error was smaller at grid 3 (1.00e-01) than at grid 30")
    levels[1]["test"] = 0.12
    assert _notes(session) == []


def test_hidden_activations_are_those_of_the_network(fitted):
    first, last = activations(fitted.network, fitted.samples)
    assert first.edges.shape == (240, 2, 5)
    np.testing.assert_allclose(
        last.nodes.numpy(), fitted.network(fitted.samples).detach().numpy(), rtol=1e-12
    )


def test_a_polished_fit_in_single_precision_trains_on() -> None:
    """Formulas are polished in float64; the settings said float32 and the rows disagreed."""
    x = np.random.default_rng(3).random((200, 2))
    fit = kanpde.fit(x, 2 * x[:, 0] + x[:, 1], width=[2, 1], grid=3, steps=20, dtype="float32")
    exact = fit.auto_symbolic(library=["x", "x^2"])
    assert (fit.summary["dtype"], exact.summary["dtype"]) == ("float32", "float64")
    assert exact.errors["test"]["rmse"] < 1e-7
    assert exact.settings.dtype == "float64"
    again = exact.train(steps=2)
    assert again.errors["test"]["rmse"] < 1e-7
    assert fit.train(steps=2).network.get().dtype == torch.float32


def test_wrong_functions_thresholds_and_seeds_are_told_by_name(fitted):
    with pytest.raises(InputError, match="expected a name or a SymbolicFunction, got sin"):
        fitted.fix_symbolic(0, 0, 0, sympy.sin(kanpde.ARGUMENT))
    with pytest.raises(InputError, match="node: expected a threshold"):
        fitted.prune(node="a")
    with pytest.raises(InputError, match="seed: expected 0 or more"):
        FitSettings(seed="a")


def test_resumed_classification_looks_at_the_same_rows(tmp_path):
    """Curvature is from some of many rows, other ones in every step."""
    x = np.random.default_rng(5).uniform(-1, 1, (5000, 2))
    labels = (x[:, 0] ** 2 + x[:, 1] > 0.3).astype(int)
    settings = FitSettings(
        width=(2, 2), grid=4, task="classification", optimizer="lm", test=0.0, steps=8
    )
    straight = kanpde.fit(x, labels, settings)

    def stop(event):
        if event["step"] == 4:
            signal.raise_signal(signal.SIGINT)

    kanpde.fit(x, labels, settings, out=tmp_path / "run", progress=stop)
    resumed = kanpde.fit(x, labels, settings, out=tmp_path / "run", resume=True)
    assert torch.equal(resumed.network.get(), straight.network.get())
