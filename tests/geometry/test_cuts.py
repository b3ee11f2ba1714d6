"""Random trees of unions, intersections and differences against independent answers."""

import json

import numpy as np
import pytest
import shapely
import sympy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kanpde.errors import InputError
from kanpde.geometry import (
    Annulus,
    Ball,
    Box,
    Combination,
    Cone,
    Cylinder,
    Disk,
    Domain,
    Ellipse,
    Polygon,
    Rectangle,
    Sector,
    Torus,
    Triangle,
    domain_from_record,
)

x, y, z = sympy.symbols("x y z", real=True)
# Quarters, so that sides lie on each other, circles touch and corners meet.
places = st.integers(-4, 4).map(lambda k: k / 4)
sizes = st.integers(1, 5).map(lambda k: k / 4)
turns = st.sampled_from([0.0, np.pi / 2, np.pi / 6, 0.3])
few = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


def flat_leaves() -> st.SearchStrategy[Domain]:
    center = st.tuples(places, places)
    star = [(0, 0), (1, 0), (1, 1), (0.5, 0.25), (0, 1)]
    return st.one_of(
        st.builds(
            lambda c, a, b: Rectangle((x, c[0], c[0] + a), (y, c[1], c[1] + b)),
            center,
            sizes,
            sizes,
        ),
        st.builds(lambda c, r: Disk((x, y), c, r), center, sizes),
        st.builds(lambda c, a, b, t: Ellipse((x, y), c, (a, b), t), center, sizes, sizes, turns),
        st.builds(lambda c, a, t: Triangle((x, y), c, (c[0] + a, c[1]), (c[0], t)), center, sizes,
                  st.sampled_from([1.5, 2.0, -1.5])),
        st.builds(lambda c, t: Polygon((x, y), star).translate(c).rotate(t), center, turns),
        st.builds(lambda c, r, t: Sector((x, y), c, radius=r, start=t, stop=t + 4), center, sizes,
                  turns),
        st.builds(lambda c, r: Annulus((x, y), c, inner=r, outer=r + 0.5), center, sizes),
    )  # fmt: skip


def solid_leaves() -> st.SearchStrategy[Domain]:
    center = st.tuples(places, places, places)
    axes = st.sampled_from([x, z, (1, 1, 0)])
    return st.one_of(
        st.builds(
            lambda c, r: Box(*((s, a, a + r) for s, a in zip((x, y, z), c, strict=True))),
            center,
            sizes,
        ),
        st.builds(lambda c, r: Ball((x, y, z), c, r), center, sizes),
        st.builds(
            lambda c, r, h, a: Cylinder((x, y, z), c, radius=r, height=h, axis=a),
            center,
            sizes,
            sizes,
            axes,
        ),
        st.builds(lambda c, r, a: Cone((x, y, z), c, radius=r, height=1, axis=a), center, sizes,
                  axes),
        st.builds(lambda c, r: Torus((x, y, z), c, radius=r + 0.25, tube=r / 2), center, sizes),
    )  # fmt: skip


Tree = tuple[str, "Tree", "Tree"] | Domain
operations = st.sampled_from(["union", "intersection", "difference"])


def trees(leaves: st.SearchStrategy[Domain], most: int) -> st.SearchStrategy[Tree]:
    return st.tuples(
        operations,
        st.recursive(leaves, lambda inner: st.tuples(operations, inner, inner), max_leaves=most),
        leaves,
    )


def build(tree: Tree) -> Domain | None:
    """Combine the leaves, None standing for the empty set."""
    if isinstance(tree, Domain):
        return tree
    operation, first, second = tree[0], build(tree[1]), build(tree[2])
    if first is None or second is None:
        return {"union": first or second, "intersection": None, "difference": first}[operation]
    try:
        return Combination(operation, first, second)
    except InputError as error:
        if "got an empty" not in str(error):
            raise
        return None


def contains(tree: Tree, points: np.ndarray) -> np.ndarray:
    """Tell what lies inside from the leaves alone."""
    if isinstance(tree, Domain):
        return tree.contains(points)
    operation, first, second = tree
    a, b = contains(first, points), contains(second, points)
    return {"union": a | b, "intersection": a & b, "difference": a & ~b}[operation]


def polygon(tree: Tree, resolution: int = 720) -> shapely.Geometry:
    """Combine the leaves' outlines by shapely."""
    if isinstance(tree, Domain):
        return tree.outline(resolution)
    operation, first, second = tree
    return getattr(polygon(first), operation)(polygon(second))


@few
@given(trees(flat_leaves(), 3))
def test_a_plane_combination_agrees_with_shapely_and_its_leaves(tree):
    expected = polygon(tree)
    domain = build(tree)
    if domain is None:
        assert expected.area < 1e-3
        return
    # 720 chords leave 1.3e-5 of a disk's area out and 3.2e-6 of its rim.
    assert abs(domain.measure - expected.area) < 2e-3
    assert domain.measure > 0
    points = domain.lower + (domain.upper - domain.lower) * np.random.default_rng(0).random(
        (400, 2)
    )
    distance = domain.signed_distance(points)
    far = abs(distance) > 1e-9
    assert ((distance < 0) == contains(tree, points))[far].all()
    assert (domain.contains(points) == contains(tree, points))[far].all()
    rim = shapely.distance(shapely.points(points), domain.outline(1440).boundary)
    error = abs(abs(distance) - rim)
    assert error.max() < 5e-3  # the chords of two nearly parallel arcs cut off their tip
    assert np.quantile(error, 0.9) < 2e-5
    check_boundary(domain, 1e-6)
    again = domain_from_record(json.loads(json.dumps(domain.to_record())))
    assert again == domain
    assert again.parts == domain.parts


def check_boundary(domain: Domain, flux_error: float) -> None:
    """Check normals by a step to both sides, and weights by Gauss's theorem."""
    points, normals, weights, index = domain.boundary(300, sampler="gauss")
    assert abs(domain.signed_distance(points)).max() < 1e-12
    assert abs(np.linalg.norm(normals, axis=1) - 1).max() < 1e-12
    assert set(index) == set(range(len(domain.parts)))
    assert domain.contains(points).all()
    step = 1e-7 * normals
    # Beside a corner or in a cusp a step may leave the domain on both sides.
    assert (domain.contains(points - step) & ~domain.contains(points + step)).mean() > 0.95
    flux = weights @ (points * normals).sum(axis=1) / domain.dimension
    assert abs(flux - domain.measure) < flux_error * max(1.0, domain.measure)


@few
@given(trees(flat_leaves(), 2), st.sampled_from(["sobol", "uniform", "chebyshev", "gauss"]))
def test_points_of_a_plane_combination_lie_inside_and_weigh_its_area(tree, sampler):
    domain, rng = build(tree), np.random.default_rng(0)
    if domain is None:
        return
    points, weights = domain.interior(300, sampler=sampler, rng=rng)
    assert contains(tree, points).all()
    assert abs(weights.sum() - domain.measure) < 1e-12
    if sampler == "gauss":  # integral of x², by Gauss's theorem from the boundary
        places, normals, rim, _ = domain.boundary(4000, sampler="gauss")
        expected = rim @ (places[:, 0] ** 3 * normals[:, 0]) / 3
        assert abs(weights @ points[:, 0] ** 2 - expected) < 1e-3 * max(1.0, domain.measure)


@pytest.fixture
def quick_survey(monkeypatch: pytest.MonkeyPatch) -> None:
    # 3 standard errors: 1.7e-2 of the box
    monkeypatch.setattr("kanpde.geometry.piece._kept.SURVEY", 2**13)


@pytest.mark.usefixtures("quick_survey")
@settings(few, max_examples=4)
@given(trees(solid_leaves(), 2))
def test_a_combination_of_solids_agrees_with_its_leaves(tree):
    domain, rng = build(tree), np.random.default_rng(0)
    if domain is None:
        assert contains(tree, rng.uniform(-3, 3, (20000, 3))).mean() < 1e-3
        return
    points = domain.lower + (domain.upper - domain.lower) * rng.random((4000, 3))
    inside = contains(tree, points)
    assert ((domain.signed_distance(points) < 0) == inside).all()
    box = float(np.prod(domain.upper - domain.lower))
    # Five standard deviations of the hit rate of 4000 random points.
    assert abs(domain.measure / box - inside.mean()) < 5 * np.sqrt(0.25 / 4000)
    drawn, _ = domain.interior(200, rng=rng)
    assert contains(tree, drawn).all()
    places, normals, _, _ = domain.boundary(200, rng=rng)
    assert domain.contains(places).all()
    step = 1e-6 * normals
    right = domain.contains(places - step) & ~domain.contains(places + step)
    assert right.mean() > 0.95
