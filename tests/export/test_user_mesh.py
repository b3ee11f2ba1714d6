"""Solutions on a mesh of the user's own."""

from xml.etree import ElementTree

import meshio
import numpy as np
import pytest

from kanpde.errors import InputError
from kanpde.export import write_vtu


@pytest.fixture
def flow(domains, solution):
    return solution(
        domains["rectangle"],
        ["u", "v"],
        lambda x, y: [np.sin(x) * np.exp(y), x * y],
        truth=lambda x, y: [np.sin(x), x * y],
        vectors={"flow": ("u", "v")},
    )


@pytest.mark.parametrize("name", ["a.vtu", "a.vtk", "a.msh"])
def test_the_users_mesh_comes_back_with_the_same_numbers(makers, flow, tmp_path, name):
    given = makers.square(5)
    given.point_data["T"] = np.arange(36.0)
    (path,) = write_vtu(flow, tmp_path / name, mesh=given)
    read = meshio.read(path, file_format="gmsh" if name.endswith("msh") else None)
    x, y, _ = read.points.T
    assert np.array_equal(read.points, given.points)
    assert np.array_equal(read.cells_dict["triangle"], given.cells_dict["triangle"])
    assert np.abs(read.point_data["u"].ravel() - np.sin(x) * np.exp(y)).max() <= 1e-15
    assert np.array_equal(read.point_data["T"].ravel(), given.point_data["T"])
    assert np.abs(read.point_data["u_error"].ravel() - np.sin(x) * (np.exp(y) - 1)).max() < 1e-15
    assert np.array_equal(read.point_data["flow"][:, 1], read.point_data["v"].ravel())
    tags = np.concatenate(read.cell_data["gmsh:physical"])
    assert sorted(set(tags.tolist())) == [0, 3, 4]


def test_a_mesh_file_with_groups_keeps_their_names(makers, flow, tmp_path):
    meshio.write(tmp_path / "own.msh", makers.square(5), file_format="gmsh22")
    (path,) = write_vtu(flow, tmp_path / "out.msh", mesh=tmp_path / "own.msh")
    assert set(meshio.read(path, file_format="gmsh").field_data) == {"left", "hot"}


def test_data_of_the_same_name_are_kept_beside(makers, flow, tmp_path):
    given = makers.square(5)
    given.point_data["u"] = np.full(36, 7.0)
    (path,) = write_vtu(flow, tmp_path / "a.vtu", mesh=given)
    read = meshio.read(path)
    assert set(read.point_data["u_given"]) == {7.0}
    assert read.point_data["u"].min() >= 0
    assert set(given.point_data["u"]) == {7.0}


def test_points_outside_are_nan_and_those_on_the_rim_are_not(makers, flow, tmp_path):
    given = makers.square(8, groups=False)
    given.points[:, 0] *= 1.2  # reaches x = 2.4
    given.points[:, 1] += 1e-5  # as rounded files do
    (path,) = write_vtu(flow, tmp_path / "a.vtu", mesh=given)
    u = meshio.read(path).point_data["u"]
    beyond = given.points[:, 0] > 2.01
    assert np.isnan(u[beyond]).all()
    x, y = given.points[~beyond, :2].T
    assert np.abs(u[~beyond] - np.sin(x) * np.exp(y)).max() <= 1e-15
    assert beyond.any()


def test_a_mesh_in_other_units_is_refused(makers, flow, tmp_path):
    given = makers.square(5)
    given.points *= 1000
    with pytest.raises(InputError, match=r"from \(0, 0\) to \(2, 1\), got .* is it in other units"):
        write_vtu(flow, tmp_path / "a.vtu", mesh=given)
    flat = meshio.Mesh([[0.0], [1.0]], {"line": [[0, 1]]})
    with pytest.raises(InputError, match="mesh: expected points of 2 coordinates, got 1 of 2"):
        write_vtu(flow, tmp_path / "a.vtu", mesh=flat)


def test_every_instant_gets_a_file_on_the_mesh(domains, solution, makers, tmp_path):
    fake = solution(domains["disk-time"], ["u"], lambda x, y, t: [x + 10 * t])
    disk = makers.square(6, groups=False)
    disk.points = disk.points * [0.5, 1, 1] + [0.5, -0.5, 0]
    paths = write_vtu(fake, tmp_path / "a.vtu", mesh=disk, resolution=(2, 2, 4))
    assert [p.name for p in paths] == [*(f"a_{k:04d}.vtu" for k in range(4)), "a.pvd"]
    root = ElementTree.parse(tmp_path / "a.pvd").getroot()
    times = [float(e.get("timestep")) for e in root.iter("DataSet")]
    for path, time in zip(paths, times, strict=False):
        u = meshio.read(path).point_data["u"]
        assert np.abs(u - disk.points[:, 0] - 10 * time).max() < 1e-14


def test_a_closed_surface_carries_the_solution(domains, solution, makers, tmp_path):
    fake = solution(domains["ball"], ["u"], lambda x, y, z: [z])
    surface = makers.octahedron(radius=2.0)
    surface.points[:, 2] += 1
    (path,) = write_vtu(fake, tmp_path / "a.vtu", mesh=surface)
    read = meshio.read(path)
    assert np.abs(read.point_data["u"] - surface.points[:, 2]).max() <= 1e-15
    assert read.cells[0].type == "triangle"
