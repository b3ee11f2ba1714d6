"""Weights that follow the training, against numbers worked out by hand."""

import math

import pytest
import torch

import kanpde
from kanpde import (
    Dirichlet,
    Initial,
    Interval,
    Problem,
    Settings,
    TimeInterval,
    coordinates,
    unknown,
)
from kanpde.errors import InputError
from kanpde.solvers._network import make_network
from kanpde.solvers._plan import make_plan
from kanpde.solvers.training._weighting import (
    STRICTNESS,
    Weighting,
    attention,
    by_gradients,
    by_traces,
    causal_weights,
    term_sums,
)

SMALL = {"hidden": (4,), "interior": 64, "boundary": 8, "threads": 1}


def heat():
    from sympy import pi, sin

    x, t = coordinates("x t")
    u = unknown("u", x, t)
    return Problem(
        Interval(x, 0, 1) * TimeInterval(t, 0, 1),
        {"heat": u.diff(t) - u.diff(x, 2)},
        {"start": Initial(u, sin(pi * x)), "ends": Dirichlet(u, 0)},
    )


def plan_of(**options):
    return make_plan(heat(), Settings(exact_conditions=False, **SMALL, **options))


def test_gradients_rule_takes_largest_over_mean():
    sums = {
        "equation": (0.0, torch.tensor([1.0, -8.0])),
        "other equation": (0.0, torch.tensor([1.0, 2.0])),
        "start": (0.0, torch.tensor([0.5, -1.5])),
    }
    # |(1 + 1, -8 + 2)| has the largest entry 6, the mean of (0.5, 1.5) is 1
    assert by_gradients(sums, {"equation", "other equation"}) == {"start": 6.0}


def test_traces_rule_takes_whole_over_part():
    zero = torch.zeros(1)
    found = by_traces({"equation": (6.0, zero), "start": (2.0, zero), "ends": (0.0, zero)})
    assert found == {"equation": 8 / 6, "start": 4.0, "ends": 1.0}


def test_attention_and_causality_by_hand():
    found = attention(
        torch.tensor([1.0, 1.0, 0.0]), torch.tensor([2.0, -4.0, 0.0]), decay=0.9, rate=0.1
    )
    assert found.tolist() == pytest.approx([0.95, 1.0, 0.0])
    found = causal_weights(torch.tensor([0.5, 0.25, 8.0]), 2.0)
    assert found.tolist() == pytest.approx([1.0, math.exp(-1), math.exp(-1.5)])


def test_sums_are_those_of_the_jacobian():
    plan = plan_of()
    trial = plan.trial(make_network(plan))
    drawn = plan.draw(40, plan.rng(2))
    sums = term_sums(trial, drawn)
    from kanpde.residual._rows import Rows

    blocks = list(Rows(trial, drawn).jacobian())
    jacobian, residual = (torch.cat(part) for part in zip(*blocks, strict=True))
    whole = sum(trace for trace, _ in sums.values())
    assert whole == pytest.approx(float(jacobian.square().sum()), rel=1e-12)
    gradient = sum(g for _, g in sums.values())
    assert torch.allclose(gradient, 2 * jacobian.T @ residual, rtol=1e-10, atol=1e-12)


def test_weights_multiply_those_by_hand_and_equations_keep_theirs():
    plan = plan_of(weighting="lra", weights={"start": 3.0})
    trial = plan.trial(make_network(plan))
    drawn = plan.draw(64, plan.rng(2))
    from kanpde.residual._rows import Rows

    rows = Rows(trial, drawn, weights=plan.settings.weights)
    before = {p.terms.names[0]: p.scale[0].clone() for p in rows.parts}
    weighting = Weighting(plan, "lm")
    weighting.attach(rows, drawn, update=True)
    after = {p.terms.names[0]: p.scale[0] for p in rows.parts}
    assert torch.equal(after["heat"], before["heat"])
    factor = (after["start"] / before["start"]).square()
    assert factor.tolist() == pytest.approx([weighting.factors["start"]] * len(factor))
    assert weighting.factors["start"] != 1.0


def test_causal_weights_fall_along_time_and_grow_strict():
    plan = plan_of(weighting="causal")
    trial = plan.trial(make_network(plan))
    drawn = plan.draw(512, plan.rng(2))
    from kanpde.residual._rows import Rows

    weighting = Weighting(plan, "lm")
    weighting.attach(Rows(trial, drawn), drawn, update=True)
    inside = next(k for k, (terms, _) in enumerate(drawn) if terms.names == ("heat",))
    times, weights = drawn[inside][1].points[:, 1], weighting.points[inside][0]
    assert float(weights[times < 1 / 32].min()) == 1.0
    order = weights[torch.as_tensor(times.argsort())]
    assert bool((order[1:] <= order[:-1] + 1e-15).all())
    assert float(order[-1]) < 1.0
    trial.set(0 * trial.get())  # nothing is left of the equation: all weights 1, so stricter
    for k in range(2, len(STRICTNESS)):
        weighting.update()
        assert weighting.strictness <= k
    weighting.update()
    assert STRICTNESS[weighting.strictness] == 100.0


@pytest.mark.parametrize("kind", ["lra", "ntk", "rba", "causal"])
@pytest.mark.parametrize("optimizer", ["auto", "adam"])
def test_every_kind_trains_and_tells_of_itself(kind, optimizer):
    options = {"exact_conditions": False, "weighting": kind, "optimizer": optimizer, **SMALL}
    solution = kanpde.solve(heat(), steps=12, redraw=8, **options)
    assert solution.summary["path"] == ["lm" if optimizer == "auto" else "adam"]
    assert solution.summary["weighting"]["kind"] == kind
    assert any("weights" in event["note"] for event in solution.history)
    if kind == "ntk":
        assert set(solution.summary["weighting"]["terms"]) == {"heat", "start", "ends"}


@pytest.mark.parametrize("kind", ["rba", "causal", "lra"])
def test_resumed_run_is_the_uninterrupted_one(kind, tmp_path):
    options = {"exact_conditions": False, "weighting": kind, "redraw": 6, **SMALL}
    whole = kanpde.solve(heat(), steps=10, **options)
    kanpde.solve(heat(), steps=8, out=tmp_path, **options)
    resumed = kanpde.solve(heat(), steps=10, out=tmp_path, resume=True, **options)
    assert torch.equal(resumed.trial.get(), whole.trial.get())


def test_causal_weights_need_time():
    x = coordinates("x")
    u = unknown("u", x)
    steady = Problem(Interval(x, 0, 1), {"ode": u.diff(x, 2) + 1}, {"ends": Dirichlet(u, 0)})
    with pytest.raises(InputError, match="weighting: causal needs a time coordinate"):
        kanpde.solve(steady, steps=1, weighting="causal")
    with pytest.raises(InputError, match="weighting: expected one of none, lra"):
        Settings(weighting="gradient")
