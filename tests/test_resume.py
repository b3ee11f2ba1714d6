"""Stopping and going on: the result is that of a run that was never stopped."""

import json
import signal

import numpy as np
import pytest
import torch
from sympy import Eq, cos, log, pi, sin, sqrt

import kanpde
from kanpde import Dirichlet, InputError, Interval, Problem, coordinates, solve, unknown
from kanpde.solvers._solver import Stage
from kanpde.solvers.marching._marching import SLABS

POINTS = np.linspace(-1, 1, 500)[:, None]
# One hundred thousandth of what is asked, since nothing but reading back may differ.
SAME = 1e-13
SMALL = {"hidden": (4, 4), "interior": 96, "redraw": 4, "threads": 1}
METHODS = {
    "lm chebyshev": {**SMALL, "steps": 12},
    # points enough that they are not fitted, which delays the extension
    "lm bspline": {
        **SMALL,
        "hidden": (2,),
        "interior": 256,
        "basis": "bspline",
        "grids": (3, 6),
        "steps": 45,
    },
    "lm sine": {**SMALL, "basis": "sine", "train_frequencies": True, "steps": 8},
    "lbfgs": {**SMALL, "optimizer": "lbfgs", "steps": 12},
    "adam": {**SMALL, "optimizer": "adam", "steps": 24},
    "ssbroyden": {**SMALL, "optimizer": "ssbroyden", "steps": 12},
    "mlp": {**SMALL, "net": "mlp", "steps": 8},
    # on the whole interval: its half is solved in three steps, too few to be stopped between
    "linear": {"steps": 6, "threads": 1, "symmetry": False},
}


def ode(linear=False, amplitude=1.0):
    x = coordinates("x")
    u = unknown("u", x)
    exact = sin(pi * x) + cos(3 * x) * x / 10
    force = u if linear else u**3
    source = exact.diff(x, 2) - amplitude * force.subs(u, exact)
    problem = Problem(
        Interval(x, -1, 1),
        {"ode": u.diff(x, 2) - amplitude * force - source},
        {"ends": Dirichlet(u, exact)},
        exact={u: exact},
    )
    problem.parameters = {"amplitude": amplitude}
    return problem


class StopAt:
    """Raise KeyboardInterrupt after so many steps, as Ctrl-C does."""

    def __init__(self, steps):
        self.steps = steps

    def __call__(self, event):
        if event["step"] == self.steps:
            raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def every_step(monkeypatch):
    """Write a checkpoint after every step."""
    monkeypatch.setattr("kanpde.solution._solve.CHECKPOINT_EVERY", 0.0)


@pytest.fixture(scope="module")
def whole():
    """Uninterrupted runs by method, made when first asked for."""
    known = {}

    def find(method):
        if method not in known:
            known[method] = solve(ode(linear=method == "linear"), **METHODS[method])
        return known[method]

    return find


def gap(solution, other):
    truth = other(POINTS)
    return np.abs(solution(POINTS) - truth).max() / np.abs(truth).max()


@pytest.mark.parametrize("method", METHODS)
def test_interrupted_run_goes_on_as_if_never_stopped(method, whole, tmp_path):
    settings, out = METHODS[method], tmp_path / "run"
    problem = ode(linear=method == "linear")
    stops = [2, 3] if method == "linear" else [1, 5, settings["steps"] - 2]
    for steps in stops:
        stopped = solve(problem, **settings, out=out, resume=True, progress=StopAt(steps))
        assert stopped.status.value == "interrupted"
        assert stopped.summary["steps"] == steps - 1, "the step under way is undone"
        assert gap(kanpde.load(out), stopped) == 0.0
    resumed = solve(problem, **settings, out=out, resume=True)
    assert resumed.summary["steps"] == whole(method).summary["steps"]
    assert gap(resumed, whole(method)) <= SAME
    assert [e["loss"] for e in resumed.history] == [e["loss"] for e in whole(method).history]


def test_bspline_run_extends_its_grid_on_the_way(whole):
    grids = [e["grid"] for e in whole("lm bspline").history]
    assert grids[0] == 3
    assert grids[-1] == 6, "else the test above shows nothing about extension"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("written", [0, 3])
def test_run_that_was_killed_goes_on_from_its_last_checkpoint(method, written, whole, tmp_path):
    class Killed(BaseException):
        """Stands for SIGKILL: nothing is caught, nothing is cleaned up."""

    def kill(event):
        if event["step"] > written:
            raise Killed

    settings, out = METHODS[method], tmp_path / "run"
    problem = ode(linear=method == "linear")
    with pytest.raises(Killed):
        solve(problem, **settings, out=out, progress=kill)
    assert not (out / "summary.json").exists()
    loaded = kanpde.load(out)
    assert loaded.status is kanpde.Status.INTERRUPTED
    assert len(loaded.history) == written
    assert np.isfinite(loaded(POINTS)).all()
    assert gap(solve(problem, **settings, out=out, resume=True), whole(method)) <= SAME


def test_finished_run_continues_with_more_steps(whole, tmp_path):
    settings = METHODS["lm chebyshev"]
    solve(ode(), **{**settings, "steps": 5}, out=tmp_path / "run")
    first = json.loads((tmp_path / "run" / "summary.json").read_text())
    more = solve(ode(), **settings, out=tmp_path / "run", resume=True)
    assert (first["steps"], more.summary["steps"]) == (5, 12)
    assert gap(more, whole("lm chebyshev")) <= SAME


def test_converged_run_has_nothing_left_to_do(tmp_path):
    settings = {"threads": 1, "steps": 50}
    done = solve(ode(linear=True), **settings, out=tmp_path / "run")
    again = solve(ode(linear=True), **settings, out=tmp_path / "run", resume=True)
    assert done.status is again.status is kanpde.Status.CONVERGED
    assert again.summary["steps"] == done.summary["steps"]
    assert gap(again, done) == 0.0


def test_summary_of_an_earlier_state_does_not_outlive_it(tmp_path):
    out, settings = tmp_path / "run", METHODS["lm chebyshev"]
    solve(ode(), **{**settings, "steps": 3}, out=out)

    class Killed(BaseException):
        pass

    def kill(event):
        if event["step"] == 6:
            raise Killed

    with pytest.raises(Killed):
        solve(ode(), **settings, out=out, resume=True, progress=kill)
    loaded = kanpde.load(out)
    assert loaded.status is kanpde.Status.INTERRUPTED
    assert len(loaded.history) == 5


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"seed": 1}, "setting seed was 0, now 1"),
        ({"hidden": (5, 5)}, r"setting hidden was \[4, 4\], now \[5, 5\]"),
        ({"weights": {"ode": 2.0}}, "setting weights"),
        ({"optimizer": "adam"}, "setting optimizer was 'auto', now 'adam'"),
    ],
)
def test_other_settings_are_refused_by_name(change, named, tmp_path):
    settings = {**METHODS["lm chebyshev"], "steps": 1}
    solve(ode(), **settings, out=tmp_path / "run")
    with pytest.raises(InputError, match=named) as refusal:
        solve(ode(), **{**settings, **change}, out=tmp_path / "run", resume=True)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "change", [{"steps": 2}, {"time_limit": 60.0}, {"tolerance": 1e-30}, {"threads": 2}]
)
def test_when_to_stop_may_change(change, tmp_path):
    settings = {**METHODS["lm chebyshev"], "steps": 1}
    solve(ode(), **settings, out=tmp_path / "run")
    solve(ode(), **{**settings, **change}, out=tmp_path / "run", resume=True)


def test_other_parameters_are_refused_by_name(tmp_path):
    settings = {**METHODS["lm chebyshev"], "steps": 1}
    solve(ode(), **settings, out=tmp_path / "run")
    with pytest.raises(InputError, match=r"parameter amplitude was 1\.0, now 2\.0"):
        solve(ode(amplitude=2.0), **settings, out=tmp_path / "run", resume=True)


@pytest.mark.parametrize("part", ["domain", "condition", "data", "constant"])
def test_other_problem_is_refused_by_the_part_that_differs(part, tmp_path):
    x = coordinates("x")
    u = unknown("u", x)
    k = kanpde.pde.coordinates("k")

    def made(changed):
        values = [0.1, 0.3 if changed == "data" else 0.2]
        return Problem(
            Interval(x, 0, 2 if changed == "domain" else 1),
            {"ode": u.diff(x) - k * u},
            {
                "start": Dirichlet(u, 2 if changed == "condition" else 1, on=Eq(x, 0)),
                "data": kanpde.PointData(u, [[0.2], [0.4]], values),
            },
            constants={k: kanpde.Constant(2.0 if changed == "constant" else 1.0)},
        )

    settings = {"hidden": (2,), "interior": 16, "steps": 1, "threads": 1}
    solve(made(None), **settings, out=tmp_path / "run")
    with pytest.raises(InputError, match=f"resume: .*{part}"):
        solve(made(part), **settings, out=tmp_path / "run", resume=True)


def test_run_is_not_overwritten(tmp_path):
    settings = {**METHODS["lm chebyshev"], "steps": 1}
    solve(ode(), **settings, out=tmp_path / "run")
    with pytest.raises(InputError, match="holds a run already"):
        solve(ode(), **settings, out=tmp_path / "run")


def test_resume_needs_a_directory():
    with pytest.raises(InputError, match="expected out=DIR"):
        solve(ode(), resume=True, steps=1)


def test_directory_of_a_kill_at_the_first_write_is_resumed(tmp_path):
    out = tmp_path / "run"
    settings = {**METHODS["lm chebyshev"], "steps": 2}
    first = solve(ode(), **settings, out=out)
    (out / "problem.json").unlink()
    (out / ".checkpoint.pt-abc").write_text("half")
    again = solve(ode(), **settings, out=out, resume=True)
    assert gap(again, first) == 0.0
    assert not (out / ".checkpoint.pt-abc").exists()


def test_ctrl_c_within_a_step_restores_the_state_before_it(tmp_path, monkeypatch):
    settings = {**METHODS["lm chebyshev"], "steps": 6}
    three = solve(ode(), **{**settings, "steps": 3})
    events = []
    original = kanpde.optimize._levenberg.LevenbergMarquardt._attempt

    def interrupted(self, search, *rest):
        if len(events) == 3:
            search.rows.trial.set(torch.zeros_like(search.start))
            raise KeyboardInterrupt
        return original(self, search, *rest)

    monkeypatch.setattr(kanpde.optimize._levenberg.LevenbergMarquardt, "_attempt", interrupted)
    stopped = solve(ode(), **settings, progress=events.append)
    assert stopped.status is kanpde.Status.INTERRUPTED
    assert stopped.summary["steps"] == 3
    assert gap(stopped, three) == 0.0


@pytest.mark.parametrize("optimizer", ["lm", "lbfgs", "adam"])
@pytest.mark.parametrize("function", [log, sqrt])
def test_equation_that_turns_nan_ends_as_nonfinite_at_the_last_good_state(
    optimizer, function, tmp_path
):
    x = coordinates("x")
    u = unknown("u", x)
    # u = 1 at the left end; the solution of u' = -3 - f(u) leaves u > 0 before the right end.
    problem = Problem(
        Interval(x, 0, 1),
        {"ode": u.diff(x) + 3 + function(u)},
        {"start": Dirichlet(u, 1, on=Eq(x, 0))},
    )
    settings = {"hidden": (3,), "interior": 64, "threads": 1, "redraw": 3}
    solution = solve(problem, optimizer=optimizer, steps=40, out=tmp_path / "run", **settings)
    assert np.isfinite(solution(np.linspace(0, 1, 50)[:, None])).all()
    if solution.status is kanpde.Status.NONFINITE:
        assert np.isfinite(kanpde.load(tmp_path / "run").trial.get().numpy()).all()
    json.loads((tmp_path / "run" / "summary.json").read_text(), parse_constant=pytest.fail)


class Cliff:
    """Make every row NaN from a given evaluation on, as a logarithm of a negative number does."""

    def __init__(self, monkeypatch, steps):
        self.left = steps
        original = kanpde.solvers.training._descent.DescentPhase.step

        def step(phase):
            self.left -= 1
            return original(phase)

        pieces = kanpde.residual._rows.Rows._pieces

        def nan(*arguments, **options):
            found = pieces(*arguments, **options)
            return [p * np.nan for p in found] if self.left < 0 else found

        rows = kanpde.residual._rows.Rows._part_rows

        def nan_rows(*arguments):
            for jacobian, residual in rows(*arguments):
                yield jacobian, residual * np.nan if self.left < 0 else residual

        monkeypatch.setattr(kanpde.solvers.training._descent.DescentPhase, "step", step)
        monkeypatch.setattr(kanpde.residual._rows.Rows, "_pieces", nan)
        monkeypatch.setattr(kanpde.residual._rows.Rows, "_part_rows", nan_rows)


@pytest.mark.parametrize("optimizer", ["lm", "lbfgs", "adam"])
def test_nan_in_training_keeps_the_last_good_state(optimizer, tmp_path, monkeypatch):
    settings = {**SMALL, "redraw": 0, "optimizer": optimizer}
    good = solve(ode(), **settings, steps=4 if optimizer == "lm" else 3)
    Cliff(monkeypatch, 4)
    bad = solve(ode(), **settings, steps=50, out=tmp_path / "run")
    assert bad.status is kanpde.Status.NONFINITE
    assert bad.summary["status"] == "nonfinite"
    assert bad.summary["steps"] < 50
    assert gap(bad, good) == 0.0
    assert gap(kanpde.load(tmp_path / "run"), good) == 0.0
    text = (tmp_path / "run" / "summary.json").read_text()
    json.loads(text, parse_constant=pytest.fail)


def test_numerical_failure_is_raised_when_asked(monkeypatch):
    Cliff(monkeypatch, 2)
    with pytest.raises(kanpde.NumericalError, match="nonfinite"):
        solve(ode(), **SMALL, steps=50, throw=True)


@pytest.mark.parametrize("killed", [3, 6])
def test_run_in_slabs_of_time_goes_on_as_if_never_stopped(killed, tmp_path, monkeypatch):
    class Killed(BaseException):
        pass

    def kill(event):
        if event["step"] == killed:
            raise Killed

    only = [Stage("slabs", SLABS)]
    monkeypatch.setattr("kanpde.solvers._session.stages", lambda plan, *, closed: only)
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    problem = Problem(
        Interval(x, 0, 1) * kanpde.TimeInterval(t, 0, 1),
        {"heat": u.diff(t) - u.diff(x, 2) / 20},
        {"start": kanpde.Initial(u, sin(pi * x)), "ends": Dirichlet(u, 0)},
    )
    points = np.random.default_rng(0).uniform(size=(500, 2))
    truth = solve(problem, threads=1, steps=12)(points)
    with pytest.raises(Killed):
        solve(problem, threads=1, steps=12, out=tmp_path / "run", progress=kill)
    assert len(kanpde.load(tmp_path / "run").history) == killed - 1
    resumed = solve(problem, threads=1, steps=12, out=tmp_path / "run", resume=True)
    np.testing.assert_allclose(resumed(points), truth, rtol=0, atol=SAME)
    np.testing.assert_array_equal(kanpde.load(tmp_path / "run")(points), resumed(points))


@pytest.mark.parametrize("number", [signal.SIGINT])
def test_signal_within_a_step_waits_for_its_end(number, monkeypatch):
    settings = {**METHODS["lm chebyshev"], "steps": 6}
    three = solve(ode(), **{**settings, "steps": 3})
    events = []
    original = kanpde.optimize._levenberg.LevenbergMarquardt._attempt

    def interrupted(self, search, *rest):
        if len(events) == 2:
            events.append(signal.raise_signal(number))
        return original(self, search, *rest)

    monkeypatch.setattr(kanpde.optimize._levenberg.LevenbergMarquardt, "_attempt", interrupted)
    stopped = solve(ode(), **settings, progress=events.append)
    assert stopped.status is kanpde.Status.INTERRUPTED
    assert stopped.summary["steps"] == 3, "the step under way is finished"
    assert gap(stopped, three) == 0.0
    assert signal.getsignal(number) is signal.default_int_handler


def test_second_signal_acts_at_once(monkeypatch):
    def impatient(self, rows):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("the second signal was lost")

    monkeypatch.setattr(kanpde.optimize._levenberg.LevenbergMarquardt, "step", impatient)
    stopped = solve(ode(), **METHODS["lm chebyshev"])
    assert stopped.status is kanpde.Status.INTERRUPTED
    assert stopped.summary["steps"] == 0


@pytest.mark.parametrize(("name", "value"), [("setting lift", None), ("setting net", "kan")])
def test_run_from_before_a_setting_was_there_goes_on_with_its_default(name, value, tmp_path):
    solve(ode(), **SMALL, steps=3, out=tmp_path / "run")
    file = tmp_path / "run" / "checkpoint.pt"
    state = torch.load(file, weights_only=True)
    state["format"] = 1  # in which the net "kan" was what "auto" is now
    if value is None:
        del state["fingerprint"][name]
    else:
        state["fingerprint"][name] = value
    torch.save(state, file)
    assert solve(ode(), **SMALL, steps=4, out=tmp_path / "run", resume=True).summary["steps"] == 4
    other = {**SMALL, **({"lift": False} if value is None else {"net": "mlp"})}
    with pytest.raises(InputError, match="resume: setting"):
        solve(ode(), **other, steps=5, out=tmp_path / "run", resume=True)
