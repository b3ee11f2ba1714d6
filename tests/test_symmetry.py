"""Mirror images: which problems have them, half domains, even inputs, stored and loaded."""

import math

import numpy as np
import pytest
import sympy
import torch
from sympy import Abs, Eq, Integral, cos, exp, pi, sin

import kanpde
from kanpde import (
    Dirichlet,
    Disk,
    Equation,
    Initial,
    Interval,
    MeanValue,
    Neumann,
    Periodic,
    PointData,
    Problem,
    Rectangle,
    Robin,
    Settings,
    TimeInterval,
    coordinates,
    preflight,
    unknown,
)
from kanpde.basis import Chebyshev
from kanpde.calculus._jets import JetSpace
from kanpde.errors import RunDirectoryError
from kanpde.nets import KAN
from kanpde.problem.passes._symmetry import Mirror, find
from kanpde.residual._measure import Evaluation
from kanpde.solvers._plan import make_plan
from kanpde.solvers._session import Session
from kanpde.solvers.marching._marching import MarchingPhase
from kanpde.trial._state import frame_from_record, frame_record
from kanpde.trial._trial import Frame, Reflection, Trial, autograd_jets
from kanpde.trial.exact._halving import is_halved, reduce

x, t = coordinates("x t")
y = coordinates("y")
u, v = unknown("u", x, t), unknown("v", x, t)
w = unknown("w", x)

FILES = {
    "allen_cahn": {"x": "even"},
    "biharmonic": {"x": "even", "y": "even"},
    "burgers": {"x": "odd"},
    "convection": {},
    "heat": {"x": "even"},
    "heat_inverse": {},
    "helmholtz": {"x": "odd", "y": "odd"},
    "kdv": {},
    "kovasznay": {},
    "poisson_paper": {"x": "odd", "y": "even"},
    "poisson_square": {"x": "odd", "y": "odd"},
    "reaction": {"x": "even"},
    "wave": {"x": "even"},
}


def parities(problem):
    """``{axis: "even" or "odd" or the parities}``."""
    words = {(1,): "even", (-1,): "odd"}
    return {
        str(problem.coordinates[m.axis]): words.get(m.parities, m.parities) for m in find(problem)
    }


@pytest.mark.parametrize("name", list(FILES))
def test_symmetries_of_the_problem_files(name, load_problem):
    assert parities(load_problem(name)) == FILES[name]


def test_wave_of_an_even_mode_is_odd_about_the_middle_only_with_an_odd_start(load_problem):
    # sin πx is even about 1/2 and sin 4πx is odd: together they have no parity
    assert parities(load_problem("wave", mode=4)) == {}


def test_center_of_a_float_interval_is_the_number_that_was_meant(load_problem):
    # 2 math.pi in the domain, sympy's pi in the data: the bell stands at the middle exactly
    (mirror,) = find(load_problem("reaction"))
    assert mirror.center == math.pi


def burgers(
    equation=None, *, low=-1, high=1, start=None, walls=None, more=None, on=None, domain=None
):
    """Burgers' equation, odd about 0, with one ingredient exchanged."""
    left = u.diff(t) + u * u.diff(x) - 0.1 * u.diff(x, 2) if equation is None else equation
    conditions = {"start": Initial(u, -sin(pi * x) if start is None else start)}
    conditions |= {"walls": Dirichlet(u, 0)} if walls is None else walls
    return Problem(
        domain or Interval(x, low, high) * TimeInterval(t, 0, 1),
        {"burgers": Equation(left, on=on)},
        {**conditions, **(more or {})},
    )


BURGERS = u.diff(t) + u * u.diff(x) - 0.1 * u.diff(x, 2)
BROKEN = {
    "source": {"equation": BURGERS - exp(-t)},
    "small source": {"equation": BURGERS - sympy.Rational(1, 10**9) * x**2},
    "coefficient": {"equation": u.diff(t) + u * u.diff(x) - (1 + x / 9) * u.diff(x, 2)},
    "sign": {"equation": u.diff(t) + u.diff(x) ** 2 * x**2 - u.diff(x, 2)},
    "transport": {"equation": BURGERS + u.diff(x)},
    "domain": {"low": -1.5},
    "start": {"start": -sin(pi * x) - sin(pi * x) ** 2},
    "walls": {"walls": {"a": Dirichlet(u, t, on=Eq(x, -1)), "b": Dirichlet(u, t, on=Eq(x, 1))}},
    "one wall": {"walls": {"a": Dirichlet(u, 0, on=Eq(x, -1))}},
    "kinds": {"walls": {"a": Dirichlet(u, 0, on=Eq(x, -1)), "b": Neumann(u, 0, on=Eq(x, 1))}},
    "Robin": {"walls": {"a": Robin(u, 1, 2, 0, on=Eq(x, -1)), "b": Robin(u, 1, 3, 0, on=Eq(x, 1))}},
    "mask": {"walls": {"a": Dirichlet(u, 0, on=t < 0.5)}},
    "measured": {"more": {"data": PointData(u, [[0.0, 0.5]], [0.0])}},
    "mean": {"more": {"mean": MeanValue(u, 1)}},
    "region": {"on": x < 0.25},
    "integral": {"equation": BURGERS - Integral(u, (x, -1, 1), (t, 0, 1))},
    "no start": {"start": None, "walls": {"start": Dirichlet(u, 0)}},
}


@pytest.mark.parametrize("name", list(BROKEN))
def test_one_ingredient_without_the_symmetry_destroys_it(name):
    assert parities(burgers()) == {"x": "odd"}
    assert find(burgers(**BROKEN[name])) == ()


KEPT = {
    "source": {"equation": BURGERS - exp(-t) * sin(3 * x) * cos(x)},
    "coefficient": {"equation": u.diff(t) + u * u.diff(x) - (1 + x**2) * u.diff(x, 2)},
    "third": {"equation": BURGERS + x * u.diff(x, 3)},
    "walls": {"walls": {"a": Dirichlet(u, t, on=Eq(x, -1)), "b": Dirichlet(u, -t, on=Eq(x, 1))}},
    "slopes": {"walls": {"a": Neumann(u, t, on=Eq(x, -1)), "b": Neumann(u, -t, on=Eq(x, 1))}},
    "Robin": {
        "walls": {
            "a": Robin(u, 1, 2 + t, x, on=Eq(x, -1)),
            "b": Robin(u, 1, 2 + t, 1, on=Eq(x, 1)),
        }
    },
    "mean": {"more": {"mean": MeanValue(u, 0)}},
    "seam": {"walls": {"seam": Periodic(u, x)}},
    "identity": {"start": sin(x) * cos(x) - sin(2 * x) / 2 - sin(pi * x)},
}


@pytest.mark.parametrize("name", list(KEPT))
def test_ingredients_with_the_symmetry_keep_it(name):
    assert parities(burgers(**KEPT[name])) == {"x": "odd"}


def test_decimal_floats_count_as_the_numbers_that_were_meant():
    square = Initial(u, exp(-50 * (x - 0.35) ** 2))
    problem = Problem(
        Interval(x, 0.1, 0.6) * TimeInterval(t, 0, 1),
        {"heat": u.diff(t) - 0.3 * u.diff(x, 2)},
        {"start": square, "ends": Neumann(u, 0)},
    )
    assert find(problem) == (Mirror(0, 0.35, (1,)),)


def test_parities_of_a_system_are_found_together():
    # u_t + v_x = 0, v_t + u_x = 0 from an even u: v is odd, the equations swap no places
    problem = Problem(
        Interval(x, -1, 1) * TimeInterval(t, 0, 1),
        {"one": u.diff(t) + v.diff(x), "two": v.diff(t) + u.diff(x)},
        {"u": Initial(u, cos(x)), "v": Initial(v, 0), "wall": Dirichlet(v, 0)},
    )
    (mirror,) = find(problem)
    assert dict(zip(problem.unknowns, mirror.parities, strict=True)) == {u: 1, v: -1}


def test_equations_may_be_images_of_each_other():
    # a = u + v and b = u - v of the system above travel to the right and to the left
    ahead, back = u.diff(t) + u.diff(x) - x * v, v.diff(t) - v.diff(x) - x * u
    conditions = {"u": Initial(u, 0), "v": Initial(v, 0)}
    domain = Interval(x, -1, 1) * TimeInterval(t, 0, 1)
    assert find(Problem(domain, {"a": ahead, "b": back}, conditions)) == ()
    both = {"a": u.diff(t) - u.diff(x, 2) + x, "b": u.diff(t) - u.diff(x, 2) - x + 2 * x}
    assert parities(Problem(domain, both, {"u": Initial(u, 0)})) == {"x": "odd"}


def test_no_parity_is_taken_where_both_fit():
    # homogeneous data: u = 0 is even and odd, and of other solutions nothing is known
    assert find(burgers(u.diff(t) - u.diff(x, 2) - u**3, start=0)) == ()


def test_nonlinear_problems_need_initial_data():
    # w'' + exp(w) = x² - 1 could have solutions less symmetric than itself
    walls = {"walls": Dirichlet(w, 0)}
    assert find(Problem(Interval(x, -1, 1), {"ode": w.diff(x, 2) + exp(w)}, walls)) == ()
    linear = Problem(Interval(x, -1, 1), {"ode": w.diff(x, 2) - Abs(x)}, walls)
    assert parities(linear) == {"x": "even"}


def test_balls_have_no_mirrors():
    disk = unknown("q", x, y)
    problem = Problem(
        Disk((x, y)), {"q": disk.diff(x, 2) + disk.diff(y, 2) + 1}, {"rim": Dirichlet(disk, 0)}
    )
    assert find(problem) == ()


def test_half_problem_keeps_what_is_left_and_vanishes_on_the_mirror():
    walls = {"a": Dirichlet(u, t, on=Eq(x, -1)), "b": Dirichlet(u, -t, on=Eq(x, 1))}
    problem = burgers(walls=walls, more={"mean": MeanValue(u, 0)})
    half, images = reduce(problem, find(problem))
    assert half.domain == Interval(x, 0, 1) * TimeInterval(t, 0, 1)
    assert list(half.conditions) == ["start", "b", "symmetry x u"]
    assert images == {"a": "b", "mean": ""}
    assert make_plan(problem, Settings()).imposed["mean"] == "exact"
    assert half.domain.resolve(half.conditions["symmetry x u"].on).parts == ("x=0",)


def test_quarter_problem_has_a_condition_per_mirror(load_problem):
    problem = load_problem("poisson_square")
    quarter, _ = reduce(problem, find(problem))
    assert quarter.domain == Rectangle((x, 0, 1), (y, 0, 1))
    assert list(quarter.conditions) == ["walls", "symmetry x u", "symmetry y u"]
    assert sorted(quarter.domain.resolve(quarter.conditions["walls"].on).parts) == ["x=1", "y=1"]


def test_third_order_and_periodic_problems_are_not_halved():
    for name in ("third", "seam"):
        problem = burgers(**KEPT[name])
        assert not any(is_halved(problem, m) for m in find(problem))
    assert all(is_halved(burgers(), m) for m in find(burgers()))


def test_mirror_needs_no_condition_without_derivatives_across_it():
    problem = burgers(u.diff(t) + u**3, start=x, walls={})
    half, _ = reduce(problem, find(problem))
    assert list(half.conditions) == ["start"]


def test_name_of_a_condition_is_not_taken_twice():
    problem = burgers(more={"symmetry x u": Dirichlet(u, 0)})
    assert list(reduce(problem, find(problem))[0].conditions)[-1] == "symmetry x u'"


# The trial function -------------------------------------------------------------------------

G, D = sin(x) * exp(t), 1 + x * t


def frame_of(folded=(), even=(), periodic=()):
    return Frame(
        (x, t), (0.5, 0.0), (2.0, 1.0), periodic, (G, G * t), (D, D + x), (3.0, 0.5), folded, even
    )


def trial_of(frame, generator, derivatives="jets"):
    net = KAN([frame.inputs, 4, 2], basis=Chebyshev(4), base="silu", generator=generator).double()
    net.set(0.5 * torch.randn(net.count, generator=generator, dtype=torch.float64))
    return Trial(frame, net, derivatives=derivatives)


SPACES = {
    "fourth": JetSpace.closed(2, [(4, 0), (3, 1), (0, 2)]),
    "collapsed": JetSpace.closed(2, [(1, 1)], [1.0, 2.0]),
}
FRAMES = {
    "folded": {"folded": (Reflection(0, 0.5, (-1, 1)),)},
    "twice": {"folded": (Reflection(0, 0.5, (-1, 1)), Reflection(1, 0.0, (-1, -1)))},
    "even": {"even": (0,)},
    "even wave": {"even": (0,), "periodic": (0,)},
    "both": {"folded": (Reflection(1, 0.0, (-1, -1)),), "even": (0,)},
}


@pytest.mark.parametrize("space", list(SPACES))
@pytest.mark.parametrize("frame", list(FRAMES))
def test_jets_of_mirrored_trials_agree_with_autograd(frame, space, generator):
    trial, space = trial_of(frame_of(**FRAMES[frame]), generator), SPACES[space]
    points = torch.rand(40, 2, generator=generator, dtype=torch.float64)
    points = points * torch.tensor([3.0, 2.0]) + torch.tensor([-1.0, -1.0])  # both sides
    found = trial.jets(trial.site(points, space)).detach()
    expected = autograd_jets(trial, points, space).detach()
    for k in range(space.size):
        assert (found[k] - expected[k]).abs().max() <= 1e-10 * expected[k].abs().max()


def test_folded_trial_has_its_parities_to_the_last_bit(generator):
    trial = trial_of(frame_of(**FRAMES["folded"]), generator)
    points = torch.rand(20, 2, generator=generator, dtype=torch.float64) + 0.5
    image = torch.stack((1.0 - points[:, 0], points[:, 1]), dim=1)
    inner = torch.stack((1.0 - image[:, 0], points[:, 1]), dim=1)
    assert torch.equal(trial(image), trial(inner) * torch.tensor([-1.0, 1.0]))


@pytest.mark.parametrize("periodic", [(), (0,)])
def test_even_inputs_make_an_even_network(periodic, generator):
    frame = Frame(
        (x, t), (-1.0, 0.0), (2.0, 1.0), periodic, (x * 0,) * 2, (x**0,) * 2, (1.0, 1.0), (), (0,)
    )
    assert frame.inputs == 2  # one wave instead of two
    trial = trial_of(frame, generator)
    points = torch.rand(20, 2, generator=generator, dtype=torch.float64)
    image = torch.stack((1.0 - points[:, 0], points[:, 1]), dim=1)
    assert (trial(points) - trial(image)).abs().max() < 1e-13 * trial(points).abs().max()


def test_points_of_the_whole_domain_stay_those_of_the_site(generator):
    # the equation's own coordinates are not folded
    trial = trial_of(frame_of(**FRAMES["folded"]), generator)
    points = torch.tensor([[-0.5, 0.5], [1.0, 0.5]], dtype=torch.float64)
    site = trial.site(points, SPACES["collapsed"])
    assert torch.equal(site.points, points)
    assert torch.equal(trial.jets(site)[:, :1], trial.jets(site.part(slice(0, 1))))


@pytest.mark.parametrize("frame", list(FRAMES))
def test_mirrors_are_stored_with_the_frame(frame):
    made = frame_of(**FRAMES[frame])
    read = frame_from_record(frame_record(made), (x, t))
    assert (read.reflections, read.even) == (made.reflections, made.even)


@pytest.mark.parametrize("bad", [[[2, 0.5, [1, 1]]], [[0, 0.5, [1]]], [[0, 0.5, [1, 2]]]])
def test_damaged_mirrors_are_refused(bad):
    data = {**frame_record(frame_of()), "folds": bad}
    with pytest.raises(RunDirectoryError, match="expected mirrors of 2 unknowns"):
        frame_from_record(data, (x, t))


def test_frames_stored_without_mirrors_are_read():
    data = frame_record(frame_of())
    del data["folds"], data["even"]
    assert frame_from_record(data, (x, t)) == frame_from_record(frame_record(frame_of()), (x, t))


# Solving ------------------------------------------------------------------------------------

SMALL = Settings(steps=4, hidden=(4, 4), interior=200)


@pytest.fixture(scope="module")
def halved(tmp_path_factory):
    path = tmp_path_factory.mktemp("halved") / "run"
    return kanpde.solve(burgers(), SMALL, out=path), path


def test_half_domain_is_solved_and_the_whole_one_answered(halved):
    solution, path = halved
    rng = np.random.default_rng(0)
    points = rng.uniform([0, 0], [1, 1], (200, 2))
    image = points * [-1, 1]
    assert np.array_equal(solution(image), -solution(points))
    slope = solution.evaluate(u.diff(x), points), solution.evaluate(u.diff(x), image)
    assert np.array_equal(*slope)
    assert solution.problem.domain == burgers().domain
    assert np.array_equal(kanpde.load(path)(image), solution(image))
    assert solution.residuals(image)["burgers"] == pytest.approx(
        -solution.residuals(points)["burgers"], abs=1e-12
    )


def test_summary_and_check_name_the_symmetry(halved):
    solution, _ = halved
    text = "u odd about x = 0 (half domain solved)"
    assert solution.summary["symmetry"] == {
        "x": {"center": 0.0, "parities": {"u": "odd"}, "used": "half domain solved", "text": text}
    }
    assert solution.imposed == {"start": "exact", "walls": "exact", "symmetry x u": "exact"}
    assert preflight(burgers())["symmetry"] == [text]


def test_symmetry_can_be_switched_off():
    plan = make_plan(burgers(), Settings(symmetry=False))
    assert plan.problem is plan.asked
    assert (plan.frame.reflections, plan.frame.even, plan.mirrors) == ((), (), ())
    assert preflight(burgers(), Settings(symmetry=False))["symmetry"] == []


def test_conditions_of_the_lower_half_may_have_weights_and_are_reported():
    walls = {"a": Dirichlet(u, 0, on=Eq(x, -1)), "b": Dirichlet(u, 0, on=Eq(x, 1))}
    problem = burgers(walls=walls)
    solution = kanpde.solve(problem, SMALL.replace(steps=1, weights={"a": 3.0}))
    assert solution.imposed["a"] == solution.imposed["b"] == "exact"


def test_halved_run_resumed_is_the_uninterrupted_one(halved, tmp_path):
    whole, _ = halved
    kanpde.solve(burgers(), SMALL.replace(steps=2), out=tmp_path / "run")
    resumed = kanpde.solve(burgers(), SMALL, out=tmp_path / "run", resume=True)
    assert torch.equal(resumed.trial.get(), whole.trial.get())


def test_resuming_with_the_setting_changed_is_refused(halved):
    _, path = halved
    with pytest.raises(kanpde.InputError, match="setting symmetry was True, now False"):
        kanpde.solve(burgers(), SMALL.replace(symmetry=False), out=path, resume=True)


def test_linear_problem_on_a_quarter_is_solved_to_round_off(load_problem):
    solution = kanpde.solve(load_problem("poisson_square"), Settings(steps=3))
    assert solution.errors["u"]["relative_l2"] < 1e-13
    whole = kanpde.solve(load_problem("poisson_square"), Settings(steps=3, symmetry=False))
    assert whole.errors["u"]["relative_l2"] > 1e-10  # of the same degree, 16, on the whole square


def test_even_problem_trains_on_even_inputs():
    problem = burgers(u.diff(t) - 0.1 * u.diff(x, 2) + u**3, start=cos(pi * x / 2))
    settings = SMALL.replace(linear=False)
    solution = kanpde.solve(problem, settings)
    points = np.random.default_rng(0).uniform([-1, 0], [1, 1], (100, 2))
    assert solution(points * [-1, 1]) == pytest.approx(solution(points), abs=1e-14)
    assert solution.summary["symmetry"]["x"]["used"] == "even inputs of the trained network"


def test_slabs_of_a_halved_problem_cover_the_whole_domain():
    exact = exp(-(pi**2) * t / 10) * sin(pi * x)
    problem = Problem(
        Interval(x, -1, 1) * TimeInterval(t, 0, 1),
        {"heat": u.diff(t) - u.diff(x, 2) / 10},
        {"start": Initial(u, sin(pi * x)), "ends": Dirichlet(u, 0)},
        exact={u: exact},
    )
    plan = make_plan(problem, Settings())
    phase = MarchingPhase(plan, Evaluation(problem))
    while not phase.done and len(phase.costs) < 4:
        phase.step()
    assert len(plan.frame.reflections) == 1
    assert (
        Evaluation(problem).worst(phase.trial) < 1e-9
    )  # the fourth march is one of tolerance 1e-10
    assert isinstance(
        Session(plan, Evaluation(problem)).phase.trial.frame.reflections[0], Reflection
    )


def test_ansatz_that_is_not_even_gets_no_even_inputs():
    # the start conflicts with both walls; the first of them wins and breaks the mirror image
    walls = {"a": Dirichlet(u, 1, on=Eq(x, -1)), "b": Dirichlet(u, 1, on=Eq(x, 1))}
    problem = burgers(u.diff(t) - u.diff(x, 2) + u**3, start=cos(pi * x / 2), walls=walls)
    assert parities(problem) == {"x": "even"}
    plan = make_plan(problem, Settings())
    assert bool(plan.frame.even) == (plan.imposed["a"] == plan.imposed["b"])
