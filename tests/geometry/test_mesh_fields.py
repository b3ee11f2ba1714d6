"""Data of a mesh file as functions: values, derivatives, storing, and what is refused."""

import json

import meshio
import numpy as np
import pytest
import sympy
import torch

from kanpde.errors import InputError, RunDirectoryError
from kanpde.geometry import Mesh
from kanpde.pde import Program, lower, raise_program

x, y, z = sympy.symbols("x y z", real=True)


def with_data(made, formula, symbols):
    """A mesh with the values of a formula at its points, called k."""
    values = sympy.lambdify(symbols, formula, "numpy")(*made.points.T[: len(symbols)])
    made.point_data["k"] = np.broadcast_to(values, len(made.points)).copy()
    return Mesh(symbols, made)


def relative_errors(mesh, expressions, truths, count=2000):
    points, _ = mesh.interior(count, sampler="uniform", rng=np.random.default_rng(0))
    columns = torch.as_tensor(points.T)
    found = lower(expressions, mesh.coordinates)(*columns)
    wanted = lower(truths, mesh.coordinates)(*columns)
    return [float((f - w).norm() / w.norm()) for f, w in zip(found, wanted, strict=True)]


@pytest.mark.parametrize("make", ["square", "tetrahedra"])
def test_a_quadratic_field_and_its_derivatives_are_exact(makers, make):
    made = makers.square(8) if make == "square" else makers.tetrahedra(inner=100)
    symbols = (x, y) if make == "square" else (x, y, z)
    exact = 3 + x - 2 * y + x**2 - 3 * x * y + sum(s**2 for s in symbols)
    k = with_data(made, exact, symbols).field("k")(*symbols)
    expressions = [k, k.diff(x), k.diff(y), k.diff(x, y), k.diff(y, 2)]
    truths = [exact, *(exact.diff(*s) for s in ((x,), (y,), (x, y), (y, 2)))]
    mesh = with_data(made, exact, symbols)
    assert max(relative_errors(mesh, expressions, truths)) < 1e-9


def test_errors_of_a_smooth_field_fall_with_the_third_and_second_power(makers):
    exact = 2 + sympy.sin(3 * x) * sympy.cos(2 * y)
    errors = []
    for count in (12, 24):
        mesh = with_data(makers.square(count), exact, (x, y))
        k = mesh.field("k")(x, y)
        errors.append(relative_errors(mesh, [k, k.diff(x)], [exact, exact.diff(x)]))
    value, slope = np.log2(np.array(errors[0]) / np.array(errors[1]))
    # Orders 3 and 2; the second needs finer meshes than these to show in full.
    assert value > 2.7
    assert slope > 1.5


def test_a_linear_field_is_exact_on_a_single_cell():
    corners = {"triangle": [[0, 1, 2]]}
    made = meshio.Mesh([[0, 0], [1, 0], [0, 1]], corners, point_data={"k": [1.0, 3.0, 0.0]})
    mesh = Mesh((x, y), made)
    k = mesh.field("k")(x, y)
    assert max(relative_errors(mesh, [k, k.diff(y)], [1 + 2 * x - y, sympy.Integer(-1)])) < 1e-12


def test_cell_data_are_constant_on_every_cell(makers):
    made = makers.square(groups=False)
    number = np.arange(len(made.cells[0].data), dtype=float)
    made.cell_data["material"] = [number]
    mesh = Mesh((x, y), made)
    k = mesh.field("material")(x, y)
    middles = torch.as_tensor(mesh.points[mesh.cells].mean(axis=1).T)
    assert lower([k], (x, y))(*middles)[0].tolist() == number.tolist()
    assert k.diff(x) == 0
    assert mesh.fields == {"material": "cell"}


def test_beyond_the_mesh_a_value_of_the_rim_nearby_holds(makers):
    mesh = with_data(makers.square(), 1 + 2 * x, (x, y))
    program = lower([mesh.field("k")(x, y)], (x, y))
    columns = torch.tensor([[-1e-9, -0.2, 9.0], [0.5, 0.5, 0.7]], dtype=torch.float64)
    found = program(*columns)[0].tolist()
    assert found[:2] == pytest.approx([1.0, 1.0], abs=1e-8)
    assert 4.5 < found[2] <= 5.0


def test_torch_sees_the_derivative_of_a_field(makers):
    exact = 1 + x * y + x**2
    mesh = with_data(makers.square(8), exact, (x, y))
    columns = torch.tensor([[0.3, 1.1], [0.2, 0.7]], dtype=torch.float64, requires_grad=True)
    (value,) = lower([mesh.field("k")(x, y)], (x, y))(*columns)
    (slope,) = torch.autograd.grad(value.sum(), columns)
    wanted = torch.stack([columns[1] + 2 * columns[0], columns[0]])
    assert (slope - wanted).abs().max() < 1e-9


def test_a_stored_field_is_the_same_function_and_holds_numbers_only(makers):
    mesh = with_data(makers.square(), sympy.sin(x) + y, (x, y))
    k = mesh.field("k")(x, y)
    program = lower([k + k.diff(x)], (x, y))
    assert len(program.tables) == 1
    again = Program.from_record(json.loads(json.dumps(program.to_record())))
    assert again == program
    columns = torch.rand((2, 20), dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    (raised,) = raise_program(again, (x, y))
    assert torch.equal(lower([raised], (x, y))(*columns)[0], program(*columns)[0])


@pytest.mark.parametrize(
    ("key", "value"),
    [("on", "edge"), ("points", 3), ("values", {"dtype": "<f8", "shape": [1], "zlib": "eA=="})],
)
def test_a_damaged_field_is_refused(makers, key, value):
    data = lower([with_data(makers.square(), x, (x, y)).field("k")(x, y)], (x, y)).to_record()
    data["tables"][0][key] = value
    with pytest.raises(RunDirectoryError, match="program"):
        Program.from_record(data)


def test_a_field_of_several_columns_asks_for_one(makers):
    made = makers.square()
    made.point_data["flow"] = np.stack([made.points[:, 0], 3 * made.points[:, 1]], axis=1)
    mesh = Mesh((x, y), made)
    assert mesh.data("flow", component=1).max() == 3.0
    assert str(mesh.field("flow", component=1)(x, y)) == "flow_1(x, y)"
    with pytest.raises(InputError, match="flow: expected component= from 0 to 1, got None"):
        mesh.field("flow")


def test_a_field_that_is_not_there_is_refused_with_those_that_are(makers):
    mesh = with_data(makers.square(), x, (x, y))
    with pytest.raises(InputError, match="got 'kappa'; it holds gmsh:physical, k"):
        mesh.field("kappa")
    with pytest.raises(InputError, match="expected volume cells for a field, got a closed"):
        Mesh((x, y, z), makers.octahedron()).field("k")


def test_quadratic_cells_count_with_all_their_nodes():
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]])
    sides = [(0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3)]
    points = np.concatenate([corners, [corners[list(s)].mean(axis=0) for s in sides]])
    blocks = [("tetra10", [range(10)]), ("triangle6", [[0, 2, 1, 6, 5, 4]])]
    made = meshio.Mesh(points, blocks, cell_data={"gmsh:physical": [np.array([1]), np.array([7])]})
    mesh = Mesh((x, y, z), made)
    assert (len(mesh.cells), len(mesh.points)) == (8, 10)
    assert mesh.measure == pytest.approx(1 / 6, rel=1e-14)
    assert mesh.parts["tag 7"].measure == pytest.approx(0.5, rel=1e-14)
    assert mesh.parts["boundary"].measure == pytest.approx(1 + 3**0.5 / 2, rel=1e-14)
