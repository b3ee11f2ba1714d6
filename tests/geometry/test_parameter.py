import numpy as np
import pytest
import sympy

from kanpde import Dirichlet, Interval, Problem, TimeInterval, laplacian, solve, unknown
from kanpde.errors import InputError
from kanpde.geometry import ParameterInterval, Rectangle, domain_from_record

x, y, k, t = sympy.symbols("x y k t", real=True)


def test_parameter_is_neither_space_nor_boundary():
    domain = Interval(x, 0, 1) * ParameterInterval(k, 1, 4) * TimeInterval(t, 0, 2)
    assert domain.space == Interval(x, 0, 1)
    assert domain.parameters == (k,)
    assert domain.resolve(None).parts == ("x=0", "x=1")
    assert domain.parts["x=0"].measure == 1.0  # of space alone


def test_normals_have_no_entry_along_a_parameter():
    domain = Rectangle((x, 0, 1), (y, 0, 1)) * ParameterInterval(k, 1, 4)
    points, normals, *_ = domain.boundary(64, rng=np.random.default_rng(0))
    assert (normals[:, 2] == 0).all()
    assert points[:, 2].min() < 1.5
    assert points[:, 2].max() > 3.5


def test_range_of_zero_width_names_the_fix():
    with pytest.raises(
        InputError, match=r"ParameterInterval\(k\): expected a range .* got 2 alone"
    ):
        ParameterInterval(k, 2, 2.0)


def test_parameter_survives_its_plain_description():
    domain = Interval(x, 0, 1) * ParameterInterval(k, 1, 4)
    assert domain_from_record(domain.to_record()) == domain


def test_condition_on_a_parameter_face_is_refused():
    domain = Interval(x, 0, 1) * ParameterInterval(k, 1, 4)
    with pytest.raises(InputError, match="expected a face of the domain"):
        domain.resolve(sympy.Eq(k, 1))


def test_one_network_solves_a_family():
    u = unknown("u", x, k)
    exact = sympy.sin(k * x) - x * sympy.sin(k)
    problem = Problem(
        Interval(x, 0, 1) * ParameterInterval(k, 1, 4),
        {"ode": laplacian(u, x) + k**2 * sympy.sin(k * x)},
        {"ends": Dirichlet(u, 0)},
        exact={u: exact},
    )
    solution = solve(problem)
    for value in (1.0, 2.5, 4.0):
        points = np.stack([np.linspace(0, 1, 30), np.full(30, value)], axis=1)
        truth = np.sin(value * points[:, 0]) - points[:, 0] * np.sin(value)
        assert abs(solution(points)[:, 0] - truth).max() < 1e-10


def test_family_in_time_is_saved_loaded_and_exported(tmp_path):
    from kanpde import Initial, Settings, load
    from kanpde.export import write_vtu

    u = unknown("u", x, k, t)
    problem = Problem(
        Interval(x, 0, 1) * ParameterInterval(k, 1, 2) * TimeInterval(t, 0, 1),
        {"heat": u.diff(t) - k * u.diff(x, 2) / 10},
        {"start": Initial(u, sympy.sin(sympy.pi * x)), "ends": Dirichlet(u, 0)},
        exact={u: sympy.exp(-k * sympy.pi**2 * t / 10) * sympy.sin(sympy.pi * x)},
    )
    solution = solve(problem, Settings(steps=4))
    assert solution.errors["u"]["relative_l2"] < 1e-3
    loaded = load(solution.save(tmp_path / "run"))
    points = np.array([[0.3, 1.5, 0.7], [0.9, 2.0, 1.0]])
    assert (loaded(points) == solution(points)).all()
    assert loaded.problem.domain.parameters[0].name == "k"
    assert len(write_vtu(loaded, tmp_path / "field.vtu")) > 2
