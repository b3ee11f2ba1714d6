"""Meshes as domains: sizes, parts, normals, files read back, and what is refused."""

import json
import sys

import meshio
import numpy as np
import pytest
import sympy

from kanpde.errors import InputError, RunDirectoryError, UnsupportedError
from kanpde.geometry import Disk, Mesh, TimeInterval, domain_from_record

x, y, z, t = sympy.symbols("x y z t", real=True)


def test_a_meshed_rectangle_has_its_area_perimeter_and_groups(makers):
    mesh = Mesh((x, y), makers.square())
    assert mesh.measure == pytest.approx(2.0, rel=1e-14)
    sizes = {name: part.measure for name, part in mesh.parts.items()}
    assert sizes == pytest.approx({"left": 1.0, "hot": 2.0, "boundary": 3.0}, rel=1e-14)
    assert mesh.outline().area == pytest.approx(2.0, rel=1e-14)


def test_every_group_lies_on_its_side_with_the_outward_normal(makers, rng):
    mesh = Mesh((x, y), makers.square())
    points, normals, _, index = mesh.boundary(300, sampler="uniform", rng=rng)
    sides = {"left": (0, 0.0, -1.0), "hot": (1, 1.0, 1.0)}
    for number, name in enumerate(mesh.parts):
        if name in sides:
            axis, value, sign = sides[name]
            assert np.abs(points[index == number, axis] - value).max() == 0
            assert np.abs(normals[index == number, axis] - sign).max() < 1e-15


def test_points_fall_into_cells_in_proportion_to_their_size(makers, rng):
    mesh = Mesh((x, y), makers.square(3))
    points, _ = mesh.interior(20_000, sampler="uniform", rng=rng)
    cell, _, _ = mesh._simplices.locate(points)
    corners = mesh.points[mesh.cells]
    u, v = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    expected = 20_000 * 0.5 * (u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]) / 2
    counts = np.bincount(cell, minlength=len(expected))
    # Chi-squared with 17 degrees of freedom: mean 17, standard deviation 6.
    assert ((counts - expected) ** 2 / expected).sum() < 17 + 4 * 6


def test_gauss_points_integrate_polynomials_on_every_cell_exactly(makers):
    mesh = Mesh((x, y), makers.square(3))
    points, weights = mesh.interior(9 * 18, sampler="gauss")
    found = weights @ (points[:, 0] ** 3 * points[:, 1] ** 2)
    assert found == pytest.approx(4 / 3, rel=1e-13)
    solid = Mesh((x, y, z), makers.tetrahedra())
    points, weights = solid.interior(8 * len(solid.cells), sampler="gauss")
    assert weights @ (points[:, 0] ** 2 * points[:, 2]) == pytest.approx(1 / 6, rel=1e-12)


def test_few_sobol_points_are_spread_over_many_cells(makers, rng):
    mesh = Mesh((x, y), makers.square(30))
    points, _ = mesh.interior(256, sampler="sobol", rng=rng)
    # 1800 cells, 256 points: independent points are off by 2/sqrt(12 * 256) = 3.6e-2 in x.
    assert np.abs(points.mean(axis=0) - [1.0, 0.5]).max() < 1e-2


def test_one_coordinate_runs_along_the_boundary_at_constant_speed():
    ring = [[-2, -2], [2, -2], [2, 2], [-2, 2], [-1, -1], [1, -1], [1, 1], [-1, 1]]
    quads = [[0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]]
    chart = Mesh((x, y), meshio.Mesh(ring, {"quad": quads})).surface("boundary")
    points, _ = chart.from_unit((np.arange(240.0)[:, None] + 0.5) / 240)  # 16 + 8 long
    steps = np.abs(np.diff(points, axis=0)).sum(axis=1)
    assert (np.abs(steps - 0.1) < 1e-12).sum() == 238
    assert steps.max() > 0.9  # from one ring to the other


def test_tetrahedra_have_the_volume_and_normals_of_the_cube(makers, rng):
    mesh = Mesh((x, y, z), makers.tetrahedra())
    assert mesh.measure == pytest.approx(1.0, rel=1e-9)
    points, normals, weights, _ = mesh.boundary(200, sampler="uniform", rng=rng)
    axis = np.abs(normals).argmax(axis=1)
    rows = np.arange(len(points))
    assert np.abs(points[rows, axis] - 0.5 - 0.5 * normals[rows, axis]).max() < 1e-9
    assert weights.sum() == pytest.approx(6.0, rel=1e-9)


def test_hexahedra_are_cut_so_that_they_fit_and_keep_their_groups(makers):
    mesh = Mesh((x, y, z), makers.hexahedra())
    assert (len(mesh.points), len(mesh.cells)) == (12 + 2 + 11, 48)
    assert mesh.measure == pytest.approx(2.0, rel=1e-14)
    sizes = {name: part.measure for name, part in mesh.parts.items()}
    assert sizes == pytest.approx({"tag 5": 1.0, "boundary": 9.0}, rel=1e-14)


def test_wedges_and_pyramids_fit_a_hexahedron():
    corners = [[i, j, k] for k in (0, 1) for j in (0, 1) for i in (0, 1)]
    blocks = [
        ("hexahedron", [[0, 1, 3, 2, 4, 5, 7, 6]]),
        ("wedge", [[4, 6, 8, 5, 7, 9]]),
        ("pyramid", [[0, 2, 3, 1, 10]]),
    ]
    points = [*corners, [0, 0.5, 2], [1, 0.5, 2], [0.5, 0.5, -1]]
    mesh = Mesh((x, y, z), meshio.Mesh(points, blocks))
    assert mesh.measure == pytest.approx(1 + 1 / 2 + 1 / 3, rel=1e-14)
    slope = np.sqrt(1.25)  # of the roof and the sides of the pyramid
    assert mesh.parts["boundary"].measure == pytest.approx(4 + 2 * slope + 1 + 2 * slope, rel=1e-14)


def test_a_quadrilateral_that_is_not_convex_is_cut_inside():
    arrow = meshio.Mesh([[0, 0], [2, 1], [0, 2], [1, 1]], [("quad", [[0, 1, 2, 3]])])
    assert Mesh((x, y), arrow).measure == pytest.approx(1.0, rel=1e-14)


def test_a_closed_surface_knows_its_inside_and_its_distance(makers, rng):
    mesh = Mesh((x, y, z), makers.octahedron(radius=2.0))
    assert len(mesh.points) == 258  # 512 faces brought 1536
    points = rng.uniform(-2.2, 2.2, (3000, 3))
    radius = np.linalg.norm(points, axis=1)
    # The faces lie up to 1.6 % inside the sphere.
    sure = (radius < 1.96) | (radius > 2)
    assert (mesh.contains(points) == (radius < 2))[sure].all()
    distance = mesh.signed_distance(points)
    assert np.abs(distance - (radius - 2)).max() < 0.032
    assert ((distance <= 0) == mesh.contains(points)).all()


def test_points_in_a_closed_surface_fill_its_volume(makers, rng):
    mesh = Mesh((x, y, z), makers.octahedron(radius=2.0))
    points, weights = mesh.interior(4000, rng=rng)
    assert weights.sum() == pytest.approx(4 / 3 * np.pi * 8, rel=0.03)
    assert (points**2).sum(axis=1).mean() == pytest.approx(3 / 5 * 4, rel=0.03)


def test_inside_a_surface_that_its_middle_sees_polynomials_are_exact(makers):
    mesh = Mesh((x, y, z), makers.octahedron(level=0))
    points, weights = mesh.interior(27 * 8, sampler="gauss")
    # On x + y + z <= 1 the integral of x^2 y^2 is 2! 2! 0! / 7!, in each of eight octants.
    assert weights @ (points[:, 0] ** 2 * points[:, 1] ** 2) == pytest.approx(32 / 5040, rel=1e-13)


def test_inside_a_surface_that_its_middle_does_not_see_points_are_kept_from_a_box(makers, rng):
    mesh = Mesh((x, y, z), makers.corner())
    assert mesh.measure == pytest.approx(2.5, rel=1e-14)
    points, weights = mesh.interior(4000, rng=rng)
    assert ((points[:, 0] <= 1) | (points[:, 1] <= 1)).all()
    # Arms of volumes 1.5 and 1 with middles 1.5 and 0.5.
    expected = (3 * 0.5 * 1.5 + 2 * 0.5 * 0.5) / 2.5
    assert points[:, 0].mean() == pytest.approx(expected, abs=0.02)
    lattice, weights = mesh.interior(8000, sampler="gauss")
    assert weights @ lattice[:, 0] / 2.5 == pytest.approx(expected, abs=0.02)
    distance = mesh.signed_distance(np.array([[0.5, 0.5, 0.25], [2, 2, 0.25]]))
    assert distance == pytest.approx([-0.25, 1.0], abs=1e-12)


def test_signed_distance_in_the_plane_is_exact(makers, rng):
    mesh = Mesh((x, y), makers.square())
    points = rng.uniform([-1, -1], [3, 2], (2000, 2))
    gap = np.abs(points - [1, 0.5]) - [1, 0.5]
    expected = np.linalg.norm(np.maximum(gap, 0), axis=1) + np.minimum(gap.max(axis=1), 0)
    assert np.abs(mesh.signed_distance(points) - expected).max() < 1e-14


def test_an_outline_keeps_holes():
    ring = [[-2, -2], [2, -2], [2, 2], [-2, 2], [-1, -1], [1, -1], [1, 1], [-1, 1]]
    quads = [[0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]]
    outline = Mesh((x, y), meshio.Mesh(ring, {"quad": quads})).outline()
    assert outline.area == pytest.approx(12.0, rel=1e-14)
    assert len(outline.interiors) == 1


@pytest.mark.parametrize(
    "parts",
    [
        {"floor": z < 0.01, "top": lambda p: p[:, 2] > 0.99},
        {"top": sympy.And(z > 0.99, x >= 0), "floor": lambda p: p[:, 2] < 0.01},
    ],
)
def test_parts_may_be_relations_and_predicates(makers, parts):
    sizes = {
        n: p.measure for n, p in Mesh((x, y, z), makers.tetrahedra(), parts=parts).parts.items()
    }
    assert sizes == pytest.approx({"floor": 1.0, "top": 1.0, "boundary": 4.0}, rel=1e-9)


def test_parts_may_rename_the_groups_of_the_file(makers):
    mesh = Mesh((x, y), makers.square(), parts={"inlet": "left"})
    assert list(mesh.parts) == ["inlet", "boundary"]
    solid = Mesh((x, y, z), makers.hexahedra(), parts={"inlet": 5})
    assert solid.parts["inlet"].measure == pytest.approx(1.0, rel=1e-14)


def write(path, made):
    if path.suffix == ".xdmf":
        pytest.importorskip("h5py", reason="meshio reads and writes xdmf with h5py")
    meshio.write(path, made, **({"file_format": "gmsh22"} if path.suffix == ".msh" else {}))


@pytest.mark.parametrize("name", ["flat.msh", "flat.vtu", "flat.xdmf", "flat.vtk", "flat.mesh"])
def test_formats_give_the_same_domain(makers, tmp_path, name):
    made = makers.square(groups=name.endswith(("msh", "vtk")))
    write(tmp_path / name, made)
    read = Mesh((x, y), tmp_path / name)
    assert read.measure == pytest.approx(2.0, rel=1e-14)
    if name.endswith("msh"):
        assert list(read.parts) == ["left", "hot", "boundary"]


@pytest.mark.parametrize("name", ["ball.stl", "ball.obj", "ball.ply", "ball.off"])
def test_surface_formats_give_the_same_ball(makers, tmp_path, name):
    meshio.write(tmp_path / name, makers.octahedron())
    mesh = Mesh((x, y, z), tmp_path / name)
    assert (len(mesh.points), len(mesh.cells)) == (258, 512)
    assert 0.97 < mesh.measure / (4 / 3 * np.pi) < 0.98  # of inscribed triangles


@pytest.mark.parametrize("make", ["square", "tetrahedra", "octahedron", "hexahedra"])
def test_a_mesh_written_down_and_read_back_is_the_same(makers, make):
    made = getattr(makers, make)()
    mesh = Mesh((x, y) if make == "square" else (x, y, z), made) * TimeInterval(t, 0, 1)
    again = domain_from_record(json.loads(json.dumps(mesh.to_record())))
    assert again == mesh
    assert again.parts == mesh.parts
    assert again.factors[0].points.tobytes() == mesh.factors[0].points.tobytes()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("points", 3),
        ("points", {"dtype": "<f8", "shape": [2, 2], "zlib": "AAAA"}),
        ("cells", {"dtype": "<i8", "shape": [10**12, 3], "zlib": ""}),
        ("closed", "no"),
        ("names", [1, 2]),
        ("groups", {"dtype": "<i8", "shape": [1], "zlib": "eJxjYIAAAAAIAAE="}),
    ],
)
def test_a_damaged_description_is_refused(makers, key, value):
    data = Mesh((x, y), makers.square()).to_record()
    with pytest.raises(RunDirectoryError, match=r"domain|mesh"):
        domain_from_record({**data, key: value})


SQUARE = [[0, 0], [1, 0], [1, 1], [0, 1]]
CUBE = [[i, j, k] for k in (0, 1) for j in (0, 1) for i in (0, 1)]
TETRA = [[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]]
PEAK = [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 2], [0, -1, 0], [0, 0, -1]]


@pytest.mark.parametrize(
    ("points", "cells", "message"),
    [
        (SQUARE, {"line": [[0, 1]]}, r"expected triangles .*got cells of kind line"),
        (SQUARE, {}, "got cells of kind none"),
        (SQUARE, {"triangle": [[0, 1, 2], [0, 3, 2]]}, "1 of 2 inverted ones, the first is num"),
        (SQUARE, {"triangle": [[0, 1, 2], [0, 1, 3]]}, "1 inverted pairs that overlap"),
        (SQUARE, {"triangle": [[0, 1, 2]] * 3}, "3 that are non-manifold, the first between"),
        ([*SQUARE, [2, 0]], {"triangle": [[0, 1, 2], [0, 1, 4]]}, "1 of 2 that are flat"),
        ([[0, 0], [1, 0], [np.nan, 1]], {"triangle": [[0, 1, 2]]}, "finite coordinates"),
        (PEAK[:4], {"triangle": [[0, 1, 3]]}, "flat mesh for two coordinates, got points from 0 t"),
    ],
)
def test_a_bad_mesh_in_the_plane_is_refused_with_the_reason(points, cells, message):
    with pytest.raises(InputError, match=message) as caught:
        Mesh((x, y), meshio.Mesh(points, cells))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (TETRA[:3], "got an open one: 3 edges bound one face only, the first between the points"),
        ([*TETRA, [0, 1, 4]], "open one"),
        ([*TETRA[:3], [0, 2, 3]], "got inverted faces at 3 edges"),
        ([t[::-1] for t in TETRA], "inverted surface of volume -0.166667; turn all faces over"),
        ([*TETRA, [1, 5, 6], [0, 6, 5], [0, 1, 6], [0, 5, 1]], "1 non-manifold edges, .* 1 and 0"),
        ([*TETRA, [0, 3, 4]], "1 of 5 that are flat"),
    ],
)
def test_a_bad_surface_is_refused_with_the_reason(cells, message):
    with pytest.raises(InputError, match=message) as caught:
        Mesh((x, y, z), meshio.Mesh(PEAK, {"triangle": cells}))
    assert "\n" not in str(caught.value)


def test_an_inverted_tetrahedron_among_others_is_refused(makers):
    made = makers.tetrahedra()
    made.cells[0].data[3] = made.cells[0].data[3][[1, 0, 2, 3]]
    with pytest.raises(InputError, match=r"1 of .* inverted ones, the first is number 3;"):
        Mesh((x, y, z), made)


@pytest.mark.parametrize(
    "name",
    ["a.msh", "a.vtu", "a.xdmf", "a.stl", "a.obj", "a.vtk", "a.mesh", "a.ply", "a.off", "a.dat"],
)
@pytest.mark.parametrize("share", [0.0, 0.001, 0.02, 0.3, 0.6])
def test_a_truncated_file_is_refused_in_one_line(makers, tmp_path, name, share, capsys):
    file = tmp_path / name
    surface = name.endswith(("stl", "obj", "ply", "off"))
    made = makers.octahedron() if surface else makers.square(groups=name.endswith("msh"))
    write(file, made)
    content = file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    with pytest.raises(InputError, match=r"damaged|empty|open|expected") as caught:
        Mesh((x, y, z) if surface else (x, y), file)
    assert "\n" not in str(caught.value)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Mesh((x, y), "nowhere.msh"), "nowhere.msh: expected a mesh file, found none"),
        (lambda: Mesh((x,), "a.msh"), "expected a tuple of two or three coordinates"),
        (lambda: Mesh((x, x), "a.msh"), "got x twice"),
        (lambda: Mesh((x, y), 3), "expected the path of a mesh file or a meshio.Mesh, got 3"),
    ],
)
def test_wrong_arguments_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"a": "right"}, "a: expected facets .* got none where right; the file's groups are left"),
        ({"a": x > 5}, "got none where x > 5"),
        ({"a": t > 5}, "expected coordinates of the mesh in t > 5, got t"),
        ({"a": True}, "expected a group, relation or predicate, got True"),
        ({3: "left"}, "expected a dict from names"),
        ({"a": 1.5}, "expected a group, relation or predicate, got 1.5"),
    ],
)
def test_parts_that_do_not_exist_are_refused(makers, parts, message):
    with pytest.raises(InputError, match=message):
        Mesh((x, y), makers.square(), parts=parts)


def test_a_part_that_does_not_exist_is_refused_with_those_that_do(makers):
    with pytest.raises(InputError, match="got 'lid'; the parts are left, hot, boundary"):
        Mesh((x, y), makers.square()).resolve("lid")


def test_a_flat_mesh_with_three_coordinates_is_told_to_take_two(makers):
    with pytest.raises(InputError, match="got a flat mesh; give two coordinates"):
        Mesh((x, y, z), makers.square())


def test_without_libigl_a_surface_is_read_but_its_inside_is_refused(makers, monkeypatch):
    monkeypatch.setitem(sys.modules, "igl", None)
    mesh = Mesh((x, y, z), makers.octahedron())
    assert mesh.measure > 4
    with pytest.raises(InputError, match=r'libigl .* pip install "kanpde\[geometry\]"'):
        mesh.contains(np.zeros((1, 3)))


def test_a_hole_can_be_cut_into_a_mesh(makers, rng):
    mesh = Mesh((x, y), makers.square())
    cut = mesh - Disk((x, y), center=(1, 0.5), radius=0.25, name="hole")
    assert list(cut.parts) == ["left", "hot", "boundary", "hole"]
    assert cut.outline().area == pytest.approx(2 - np.pi / 16, rel=1e-3)
    points, _ = cut.interior(500, sampler="uniform", rng=rng)
    assert np.linalg.norm(points - [1, 0.5], axis=1).min() > 0.25


def test_outlines_are_for_the_plane_and_surfaces_for_space(makers):
    with pytest.raises(UnsupportedError, match="outline: expected a domain of two"):
        Mesh((x, y, z), makers.octahedron()).outline()
    with pytest.raises(UnsupportedError, match="surface_triangles: expected three"):
        Mesh((x, y), makers.square()).surface_triangles(0.1)
