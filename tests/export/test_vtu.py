from xml.etree import ElementTree

import meshio
import numpy as np
import pytest
import sympy

import kanpde.geometry as geometry
from kanpde.errors import InputError
from kanpde.export import write_vtu


def simplex_volume(corners):
    edges = corners[:, 1:] - corners[:, :1]
    return np.linalg.det(edges) / np.prod(range(1, edges.shape[1] + 1))


def hexahedron_volume(corners):  # (C, 8, 3): six tetrahedra around the diagonal 0-6
    ring = (1, 2, 3, 7, 4, 5)
    parts = [(0, a, b, 6) for a, b in zip(ring, (*ring[1:], ring[0]), strict=True)]
    return sum(simplex_volume(corners[:, p]) for p in parts)


def test_a_file_read_again_holds_the_same_numbers(domains, solution, tmp_path):
    fake = solution(
        domains["rectangle"],
        ["u", "p"],
        lambda x, y: [np.sin(x) * np.exp(y), x / 3],
        truth=lambda x, y: [np.sin(x), x / 3 + 1e-9],
    )
    paths = write_vtu(fake, tmp_path / "flow.vtu", resolution=(21, 11))
    assert paths == [tmp_path / "flow.vtu"]
    mesh = meshio.read(paths[0])
    assert mesh.points.shape == (231, 3)
    assert [(b.type, b.data.shape) for b in mesh.cells] == [("quad", (200, 4))]
    x, y, z = mesh.points.T
    expected = {
        "u": np.sin(x) * np.exp(y),
        "p": x / 3,
        "u_reference": np.sin(x),
        "p_reference": x / 3 + 1e-9,
        "u_error": np.sin(x) * np.exp(y) - np.sin(x),
        "p_error": x / 3 - (x / 3 + 1e-9),
        "residual_mass": x + y,
    }
    assert sorted(mesh.point_data) == sorted(expected)
    for name, values in expected.items():
        assert np.abs(mesh.point_data[name] - values).max() <= 1e-15, name
    assert np.abs(z).max() == 0


def test_without_a_reference_there_is_no_error(domains, solution, tmp_path):
    fake = solution(domains["interval"], ["u"], lambda x: [x])
    mesh = meshio.read(write_vtu(fake, tmp_path / "a.vtu")[0])
    assert sorted(mesh.point_data) == ["residual_mass", "u"]
    assert (mesh.points.shape, mesh.cells[0].type) == ((201, 3), "line")
    assert (mesh.point_data["u"] == mesh.points[:, 0]).all()


def test_a_pressure_is_compared_up_to_its_free_constant(domains, solution, tmp_path):
    fake = solution(domains["rectangle"], ["p"], lambda x, y: [x + 5], truth=lambda x, y: [x])
    fake.errors = {"p": {"mean_removed": True}}
    mesh = meshio.read(write_vtu(fake, tmp_path / "a.vtu", resolution=5)[0])
    assert np.abs(mesh.point_data["p_error"]).max() < 1e-13
    assert (mesh.point_data["p"] == mesh.points[:, 0] + 5).all()


def test_vectors_have_three_components(domains, solution, tmp_path):
    fake = solution(
        domains["rectangle"],
        ["u", "p", "v"],
        lambda x, y: [x, 0 * x, y * y],
        vectors={"velocity": ("u", "v"), "p": ("u", "v")},
    )
    mesh = meshio.read(write_vtu(fake, tmp_path / "a.vtu", resolution=5)[0])
    x, y, _ = mesh.points.T
    expected = np.stack([x, y * y, 0 * x], axis=1)
    assert (mesh.point_data["velocity"] == expected).all()
    assert (mesh.point_data["p_vector"] == expected).all()  # the unknown p keeps its name
    assert mesh.point_data["p"].shape == (len(x),)


@pytest.mark.parametrize("kind", ["interval-time", "time-interval"])
def test_a_series_lists_its_instants(domains, solution, tmp_path, kind):
    values = (lambda x, t: [x + t]) if kind == "interval-time" else (lambda t, x: [x + t])
    fake = solution(domains[kind], ["u"], values)
    resolution = (5, 4) if kind == "interval-time" else (4, 5)
    paths = write_vtu(fake, tmp_path / "run.vtu", resolution=resolution)
    assert [p.name for p in paths] == [*(f"run_{k:04d}.vtu" for k in range(4)), "run.pvd"]
    entries = ElementTree.parse(paths[-1]).getroot().findall("Collection/DataSet")
    times = [float(e.get("timestep")) for e in entries]
    assert times == np.linspace(0, 0.3, 4).tolist()
    assert [e.get("file") for e in entries] == [p.name for p in paths[:-1]]
    for time, path in zip(times, paths[:-1], strict=True):
        mesh = meshio.read(path)
        assert np.abs(mesh.point_data["u"] - mesh.points[:, 0] - time).max() <= 1e-15


def test_one_number_counts_points_along_the_longest_length(domains, solution, tmp_path):
    fake = solution(domains["rectangle"], ["u"], lambda x, y: [x])
    mesh = meshio.read(write_vtu(fake, tmp_path / "a.vtu", resolution=20)[0])
    assert len(mesh.points) == 20 * 10
    fake = solution(domains["disk-time"], ["u"], lambda x, y, t: [x])
    assert len(write_vtu(fake, tmp_path / "b.vtu", resolution=4)) == 22  # 21 instants and the list


def test_triangles_fill_a_disk(domains, solution, tmp_path):
    fake = solution(domains["disk"], ["u"], lambda x, y: [x])
    mesh = meshio.read(write_vtu(fake, tmp_path / "a.vtu")[0])
    assert mesh.cells[0].type == "triangle"
    assert domains["disk"].contains(mesh.points[:, :2]).all()
    areas = simplex_volume(mesh.points[mesh.cells[0].data][:, :, :2])
    assert areas.min() > 0
    polygon = 300 / 2 * 4 * np.sin(2 * np.pi / 300)  # 50 rings: 300 corners, radius 2
    assert areas.sum() == pytest.approx(polygon, rel=1e-12)


@pytest.mark.parametrize(("kind", "volume", "accuracy"), [("box", 1, 1e-12), ("ball", 32, 0.02)])
def test_hexahedra_fill_a_box_and_a_ball(domains, solution, tmp_path, kind, volume, accuracy):
    fake = solution(domains[kind], ["u"], lambda x, y, z: [x])
    mesh = meshio.read(write_vtu(fake, tmp_path / "a.vtu", resolution=17)[0])
    assert [(b.type, len(b.data)) for b in mesh.cells] == [("hexahedron", 16**3)]
    assert domains[kind].contains(mesh.points).all()
    volumes = hexahedron_volume(mesh.points[mesh.cells[0].data])
    assert volumes.min() > 0
    exact = volume if kind == "box" else volume * np.pi / 3
    assert volumes.sum() == pytest.approx(exact, rel=accuracy)


def test_wedges_fill_a_cylinder(domains, solution, tmp_path):
    fake = solution(domains["cylinder"], ["u"], lambda x, y, z: [z])
    mesh = meshio.read(write_vtu(fake, tmp_path / "a.vtu", resolution=(41, 41, 3))[0])
    assert mesh.cells[0].type == "wedge"
    assert domains["cylinder"].contains(mesh.points).all()
    cells = mesh.cells[0].data
    assert np.unique(cells).tolist() == list(range(len(mesh.points)))
    floors = simplex_volume(mesh.points[cells[:, :3]][:, :, :2])
    polygon = 120 / 2 * np.sin(2 * np.pi / 120)  # 20 rings: 120 corners
    assert floors.sum() / 2 == pytest.approx(polygon, rel=1e-12)
    np.testing.assert_allclose(
        mesh.points[cells[:, 3:]], mesh.points[cells[:, :3]] + [0, 0, 0.5], atol=1e-15
    )


def test_a_plate_with_a_hole_is_filled_up_to_its_boundary(plate, solution, tmp_path):
    fake = solution(plate, ["u"], lambda x, y: [x * y], truth=lambda x, y: [x * y])
    mesh = meshio.read(write_vtu(fake, tmp_path / "a.vtu", resolution=41)[0])
    assert mesh.cells[0].type == "triangle"
    x, y, _ = mesh.points.T
    assert (mesh.point_data["u"] == x * y).all()
    assert np.abs(mesh.point_data["u_error"]).max() == 0
    assert plate.signed_distance(mesh.points[:, :2]).max() < 1e-12
    areas = simplex_volume(mesh.points[mesh.cells[0].data][:, :, :2])
    assert areas.min() > 0
    assert areas.sum() == pytest.approx(plate.measure, rel=1e-3)
    on_hole = np.abs(np.hypot(x - 0.5, y - 0.5) - 0.1) < 1e-12
    assert on_hole.sum() >= 60, "a hole that is smaller than a few cells is round all the same"


def test_series_on_a_plate_has_one_mesh_for_all_instants(plate, solution, tmp_path):
    t = sympy.Symbol("t", real=True)
    fake = solution(plate * geometry.TimeInterval(t, 1, 3), ["u"], lambda x, y, t: [x + t])
    paths = write_vtu(fake, tmp_path / "a.vtu", resolution=(11, 11, 3))
    assert [p.name for p in paths] == ["a_0000.vtu", "a_0001.vtu", "a_0002.vtu", "a.pvd"]
    meshes = [meshio.read(p) for p in paths[:-1]]
    for time, mesh in zip((1, 2, 3), meshes, strict=True):
        assert (mesh.points == meshes[0].points).all()
        assert (mesh.point_data["u"] == mesh.points[:, 0] + time).all()


def test_resolution_that_puts_no_cell_inside_is_refused(domains, solution, tmp_path):
    ball = domains["ball"]
    shell = ball - geometry.Ball(ball.coordinates, center=(0, 0, 1), radius=1.98)
    fake = solution(shell, ["u"], lambda x, y, z: [z])
    with pytest.raises(InputError, match="enough points to put a cell inside"):
        write_vtu(fake, tmp_path / "b.vtu", resolution=(2, 2, 2))


def test_a_problem_in_time_alone_is_sent_to_csv(domains, solution, tmp_path):
    with pytest.raises(InputError, match="time alone; write a CSV file"):
        write_vtu(solution(domains["time"], ["u"], lambda t: [t]), tmp_path / "a.vtu")
    with pytest.raises(InputError, match="at most three lengths, got 5"):
        write_vtu(solution(domains["five"], ["u"], lambda *x: [x[0]]), tmp_path / "a.vtu")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("resolution", "message"),
    [
        (1, "at least 2 points along each of x, y, got 1"),
        ((5,), r"one number or 2 \(x, y\), got 1"),
        ((10**5, 10**5), "at most 20000000 points"),
    ],
)
def test_a_resolution_that_does_not_fit_is_refused(
    domains, solution, tmp_path, resolution, message
):
    fake = solution(domains["rectangle"], ["u"], lambda x, y: [x])
    with pytest.raises(InputError, match=message):
        write_vtu(fake, tmp_path / "a.vtu", resolution=resolution)


def test_a_failed_write_leaves_the_old_file(domains, solution, tmp_path, monkeypatch):
    def fail(path, *_, **__):
        path.write_text("half")
        raise OSError("disk full")

    fake = solution(domains["interval"], ["u"], lambda x: [x])
    (path,) = write_vtu(fake, tmp_path / "a")
    before = path.read_bytes()
    monkeypatch.setattr(meshio, "write", fail)
    with pytest.raises(OSError, match="disk full"):
        write_vtu(fake, path, resolution=3)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.vtu"]


def test_gmsh_meshes_the_domain_on_request(plate, domains, solution, tmp_path):
    pytest.importorskip("gmsh", reason="the extra geometry is not installed")
    fake = solution(plate, ["u"], lambda x, y: [x * y])
    mesh = meshio.read(write_vtu(fake, tmp_path / "a.vtu", resolution=21, mesher="gmsh")[0])
    areas = simplex_volume(mesh.points[mesh.cells[0].data][:, :, :2])
    assert areas.sum() == pytest.approx(plate.measure, rel=1e-3)
    assert (mesh.point_data["u"] == mesh.points[:, 0] * mesh.points[:, 1]).all()
    solid = solution(domains["box"], ["u"], lambda x, y, z: [x])
    mesh = meshio.read(write_vtu(solid, tmp_path / "b.vtu", resolution=5, mesher="gmsh")[0])
    assert mesh.cells[0].type == "tetra"
    assert simplex_volume(mesh.points[mesh.cells[0].data]).sum() == pytest.approx(1)


def test_another_mesher_is_refused(plate, solution, tmp_path):
    fake = solution(plate, ["u"], lambda x, y: [x])
    with pytest.raises(InputError, match="mesher: expected gmsh, got 'netgen'"):
        write_vtu(fake, tmp_path / "a.vtu", mesher="netgen")
    assert not list(tmp_path.iterdir())
