"""Medians, ranges and winners of runs that are made up."""

import math

import pytest

from kanpde.studies import Spread
from kanpde.studies._verdict import best_size, common_limit, rows, verdicts


def halving(factor, steps, *, start=1.0):
    return [start * factor * 0.5**k for k in range(steps + 1)]


def test_equal_steps_and_equal_seconds_can_have_different_winners(make_run):
    # the same error after every step, but the mlp makes two steps where the kan makes one
    runs = [
        *(make_run("kan", s, halving(0.1 + 0.001 * s, 4), pace=2.0) for s in range(3)),
        *(make_run("mlp", s, halving(0.2 + 0.001 * s, 8), pace=1.0) for s in range(3)),
    ]
    steps, seconds = verdicts(runs)
    assert (steps.axis, steps.limit, steps.winner, steps.tie) == ("step", 4, "kan", False)
    assert steps.factor == pytest.approx(0.201 / 0.101)
    assert (seconds.axis, seconds.limit, seconds.winner) == ("seconds", 8.0, "mlp")
    assert seconds.factor == pytest.approx(0.101 * 2**-4 / (0.201 * 2**-8))


def test_overlapping_ranges_are_a_tie(make_run):
    runs = [
        *(make_run("kan", s, [1.0, e]) for s, e in enumerate((0.1, 0.2, 0.9))),
        *(make_run("mlp", s, [1.0, e]) for s, e in enumerate((0.3, 0.4, 0.5))),
    ]
    steps = verdicts(runs)[0]
    assert (steps.winner, steps.tie) == ("kan", True)
    assert steps.factor == pytest.approx(2.0)
    assert steps.spreads == {"kan": Spread(0.2, 0.1, 0.9), "mlp": Spread(0.4, 0.3, 0.5)}


def test_each_net_takes_its_best_size_at_equal_seconds(make_run):
    runs = [
        make_run("kan", 0, [1.0, 0.3], size=2),
        make_run("kan", 0, [1.0, 0.1], size=4),
        make_run("mlp", 0, [1.0, 0.2], size=2),
        make_run("mlp", 0, [1.0, 0.4], size=4),
    ]
    overall = verdicts(runs)[-1]
    assert overall.size is None
    assert overall.sizes == {"kan": 4, "mlp": 2}
    assert (overall.winner, overall.tie) == ("kan", False)
    assert best_size([r for r in runs if r.net == "mlp"], 0.5) == 2


def test_run_that_stopped_of_itself_does_not_shorten_the_others(make_run):
    early = make_run("kan", 0, [1.0, 0.5], status="converged")
    long = make_run("mlp", 0, halving(1.0, 6))
    assert common_limit([early, long], "step") == 6
    assert common_limit([early], "seconds") == 1.0
    steps = verdicts([early, long])[0]
    assert steps.spreads["kan"].median == 0.5


def test_seeds_that_one_net_alone_has_finished_do_not_count(make_run):
    runs = [
        make_run("kan", 0, [1.0, 0.5]),
        make_run("mlp", 0, [1.0, 0.6]),
        make_run("kan", 1, [1.0, 1e-6]),
    ]
    assert verdicts(runs)[0].spreads["kan"] == Spread(0.5, 0.5, 0.5)
    assert [row.seeds for row in rows(runs)] == [2, 1]
    assert verdicts(runs[:1]) == []
    assert rows(runs[:1])[0].same_steps is None


def test_failed_run_loses_and_two_of_them_tie(make_run):
    good, bad = make_run("kan", 0, [1.0, 0.5]), make_run("mlp", 0, [1.0, math.inf])
    assert (verdicts([good, bad])[0].winner, verdicts([good, bad])[0].factor) == ("kan", math.inf)
    both = verdicts([make_run("kan", 0, [1.0, math.inf]), bad])[0]
    assert (both.factor, both.tie) == (1.0, True)


def test_coefficients_are_the_median_where_grids_were_not_always_extended(make_run):
    counts = (43, 67, 67)
    runs = [make_run("kan", s, [1.0, 0.5], count=n) for s, n in enumerate(counts)]
    runs += [make_run("mlp", s, [1.0, 0.6], count=69) for s in range(3)]
    assert [row.coefficients for row in rows(runs)] == [67, 69]
    assert verdicts(runs)[0].coefficients == {"kan": 67, "mlp": 69}
