import numpy as np
import pytest

from kanpde.errors import ShapeError
from kanpde.export import write_csv


def read(path):
    header, *rows = path.read_text().splitlines()
    return header.split(","), np.array([[float(v) for v in row.split(",")] for row in rows])


def test_a_table_read_again_is_bitwise_the_same(domains, solution, tmp_path, rng):
    fake = solution(domains["interval-time"], ["u", "v"], lambda x, t: [np.sin(x), t / 3])
    points = rng.uniform(0, 0.3, (50, 2))
    (path,) = write_csv(fake, tmp_path / "new" / "a.csv", points)
    header, table = read(path)
    assert header == ["x", "t", "u", "v"]
    assert (table == np.concatenate([points, fake(points)], axis=1)).all()


@pytest.mark.parametrize(
    ("kind", "rows"), [("time", 10_000), ("rectangle", 10_000), ("box", 22**3), ("five", 10_000)]
)
def test_about_ten_thousand_points_are_the_default(domains, solution, tmp_path, kind, rows):
    fake = solution(domains[kind], ["u"], lambda *c: [c[0]])
    _, table = read(write_csv(fake, tmp_path / "a.csv")[0])
    assert table.shape == (rows, domains[kind].dimension + 1)
    assert domains[kind].contains(table[:, :-1]).all()


def test_the_resolution_sets_the_lattice(domains, solution, tmp_path):
    fake = solution(domains["interval-time"], ["u"], lambda x, t: [x])
    _, table = read(write_csv(fake, tmp_path / "a.csv", resolution=7)[0])
    assert table[:, :2].tolist() == domains["interval-time"].grid((7, 7)).tolist()
    _, table = read(write_csv(fake, tmp_path / "a.csv", resolution=(3, 2))[0])
    assert len(table) == 6


def test_points_of_a_disk_lie_inside(domains, solution, tmp_path):
    _, table = read(
        write_csv(solution(domains["disk"], ["u"], lambda x, y: [x]), tmp_path / "a")[0]
    )
    assert len(table) == pytest.approx(99**2 * np.pi / 4, rel=0.01)  # 99 x 99 lattice cells
    assert domains["disk"].contains(table[:, :2]).all()


def test_points_of_the_wrong_width_are_refused(domains, solution, tmp_path):
    fake = solution(domains["disk"], ["u"], lambda x, y: [x])
    with pytest.raises(ShapeError, match=r"expected shape \(N, 2\), got \(4,\)"):
        write_csv(fake, tmp_path / "a.csv", np.zeros(4))
    assert not list(tmp_path.iterdir())
