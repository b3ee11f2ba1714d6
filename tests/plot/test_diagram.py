"""The diagram shows what the network is, inside the page."""

import math
import shutil
from itertools import pairwise

import numpy as np
import pytest
import sympy
import torch
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba
from PIL import Image

from kanpde.errors import InputError, ShapeError
from kanpde.interpret import edge_scores, remove_edges
from kanpde.nets import KAN, LIBRARY, MLP, fix_edge
from kanpde.plot import Recorder, animation, diagram, formula_title
from kanpde.plot.diagram._diagram import RED, diagram_strengths, emptiest_corner, function_name
from kanpde.plot.diagram._graph import MOST_EDGES, graph
from kanpde.regression._regress import regress

KNOTS = [
    "chern_simons", "cusp_volume", "hyperbolic_adjoint_torsion_degree",
    "hyperbolic_torsion_degree", "injectivity_radius", "longitudinal_translation",
    "meridinal_translation_imag", "meridinal_translation_real", "short_geodesic_imag_part",
    "short_geodesic_real_part", "Symmetry_0", "Symmetry_D3", "Symmetry_D4", "Symmetry_D6",
    "Symmetry_D8", "Symmetry_Z/2 + Z/2", "volume",
]  # fmt: skip
SHAPES = {
    "small": [2, 1, 1],
    "hello": [2, 5, 1],
    "deep": [5, 5, 5, 1],
    "knots": [17, 1, 14],
    "products": [2, (2, (2, 3)), 1],
    "many": [2, 20, 20, 1],
}


def samples(count, n=60):
    generator = torch.Generator().manual_seed(0)
    return 2 * torch.rand(n, count, generator=generator, dtype=torch.float64) - 1


@pytest.fixture(params=list(SHAPES))
def network(request):
    return KAN(SHAPES[request.param], grid=3).double()


def placed(network, x):
    return graph(network, x, diagram_strengths(network, x, 3.0))


def test_every_edge_has_a_panel_and_no_two_overlap(network):
    picture = placed(network, samples(network.n_in))
    for k, row in enumerate(picture.panels):
        alive = network.layer(k).alive()
        assert len(row) == min(int(alive.sum()), MOST_EDGES)
        assert len({(p.source, p.target) for p in row}) == len(row)
        x = np.array([p.x for p in row])
        assert (np.diff(x) > picture.sides[k]).all()
        assert x.min() >= picture.sides[k] / 2 - 1e-9
        assert x.max() <= picture.width - picture.sides[k] / 2 + 1e-9
        heights = {p.y for p in row}
        below = max(m.y for m in picture.levels[k])
        above = min(m.y for m in picture.subnodes[k])
        assert len(heights) == 1
        assert below + picture.sides[k] < heights.pop() < above - picture.sides[k] / 2


def test_everything_that_is_written_is_on_the_page(network):
    names = KNOTS[: network.n_in]
    figure = diagram(
        network, samples(network.n_in), inputs=names, title="a title that is rather long, " * 3
    )
    figure.canvas.draw()
    page = figure.bbox
    for text in figure.axes[0].texts:
        box = text.get_window_extent()
        assert box.x0 >= page.x0 - 1
        assert box.x1 <= page.x1 + 1
        assert box.y0 >= page.y0 - 1
        assert box.y1 <= page.y1 + 1
    assert set(names) <= {t.get_text() for t in figure.axes[0].texts}


def test_names_of_neighbours_do_not_overlap():
    net = KAN([17, 1, 14], grid=3).double()
    outputs = [str(2 * k - 13) for k in range(14)]
    figure = diagram(net, samples(17), inputs=KNOTS, outputs=outputs)
    figure.canvas.draw()
    texts = {t.get_text(): t for t in figure.axes[0].texts}
    boxes = sorted(
        (t.get_window_extent() for n, t in texts.items() if n.strip("$-\N{MINUS SIGN}").isdigit()),
        key=lambda box: box.x0,
    )
    assert len(boxes) == 14
    assert all(a.x1 < b.x0 for a, b in pairwise(boxes))
    slanted = [texts[n] for n in KNOTS]
    anchors = [t.get_position()[0] for t in slanted]
    line = slanted[0].get_fontsize() / 72 * math.sqrt(2)  # across lines that lean by 45 degrees
    assert all(t.get_rotation() == 45 for t in slanted)
    assert min(np.diff(anchors)) > line


def test_opacity_is_tanh_of_beta_times_score(linear_network):
    net, x = linear_network
    scores = edge_scores(net, x)
    (first, last) = diagram_strengths(net, x, 2.0)
    assert torch.allclose(last, torch.tanh(2.0 * scores[1]))
    # relative to the most important node of the level, so that many outputs do not saturate it
    peak = scores[1].sum(dim=1).max()
    assert torch.allclose(first, torch.tanh(2.0 * scores[0] / peak))
    own = [torch.full_like(s, 0.25) for s in scores]
    assert float(diagram_strengths(net, x, 3.0, own)[0].max()) == pytest.approx(math.tanh(0.75))
    figure = diagram(net, x, beta=2.0)
    drawn = {tuple(c) for lines in _lines(figure) for c in lines.get_colors()}
    alphas = sorted(c[3] for c in drawn)
    expected = sorted({max(float(v), 0.08) for v in torch.cat((first.flatten(), last.flatten()))})
    assert alphas == pytest.approx(expected, abs=1e-12)


@pytest.fixture
def linear_network():
    net = KAN([2, 2, 1], grid=3).double()
    for i in range(2):
        for j in range(2):
            fix_edge(net, 0, i, j, LIBRARY["x"], (1.0 + i + 3 * j, 0.0, 1.0, 0.0))
        fix_edge(net, 1, i, 0, LIBRARY["x"], (1.0, 0.0, 0.3 + 5 * i, 0.0))
    return net, samples(2)


def _lines(figure):
    return [c for c in figure.axes[0].collections if isinstance(c, LineCollection)]


def test_symbolic_edges_are_red_and_named_and_masked_ones_absent():
    net = KAN([2, 2, 1], grid=3).double()
    fix_edge(net, 0, 1, 0, LIBRARY["sin"], (2.0, 0.0, 1.0, 0.0))
    x = samples(2)
    net = remove_edges(net, x, [(0, 0, 1)]).network
    picture = placed(net, x)
    assert [(p.source, p.target, p.function) for p in picture.panels[0]] == [
        (0, 0, None),
        (1, 0, "sin"),
        (1, 1, None),
    ]
    figure = diagram(net, x)
    texts = [t for t in figure.axes[0].texts if t.get_text() == "sin"]
    assert len(texts) == 1
    reds = [c for lines in _lines(figure) for c in lines.get_colors() if c[0] > 0.5]
    assert {tuple(c[:3]) for c in reds} == {to_rgba(RED)[:3]}
    assert len(reds) == 3  # below the panel, above it, and the curve


def test_curve_is_that_of_the_edge_over_its_inputs():
    net = KAN([1, 1], grid=3).double()
    fix_edge(net, 0, 0, 0, LIBRARY["x^2"], (1.0, 0.0, 3.0, 7.0))
    ((panel,),) = placed(net, torch.linspace(-1, 3, 50, dtype=torch.float64)[:, None]).panels
    t, v = panel.curve.T
    z = 4 * t - 1
    assert v == pytest.approx(z**2 / 9, abs=1e-12)


def test_marks_tell_sums_products_and_plain_nodes():
    net = KAN([2, (1, 2), 1], grid=3).double()
    x = samples(2)
    net = remove_edges(net, x, [(0, 0, 1), (0, 1, 2)]).network
    picture = placed(net, x)
    assert [m.kind for m in picture.levels[1]] == ["sum", "product", "product"]
    assert [m.kind for m in picture.subnodes[0]] == ["sum", "dot", "dot", "sum", "sum"]
    product = picture.levels[1][1]
    assert product.factors == tuple((m.x, m.y) for m in picture.subnodes[0][1:3])
    assert all(y < product.y for _, y in product.factors)
    texts = [t.get_text() for t in diagram(net, x).axes[0].texts]
    assert texts.count(r"$\times$") == 2
    assert texts.count(r"$\Sigma$") == 4  # three subnodes and the output


def test_inputs_that_lead_nowhere_are_pale():
    net = KAN([3, 2, 1], grid=3).double()
    x = samples(3)
    net = remove_edges(net, x, [(0, 1, 0), (0, 1, 1)]).network
    assert [m.alive for m in placed(net, x).levels[0]] == [True, False, True]


@pytest.mark.parametrize(
    ("suffix", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")]
)
def test_suffix_chooses_the_format(tmp_path, suffix, magic):
    net = KAN([2, 2, 1], grid=3).double()
    path = tmp_path / f"a.{suffix}"
    diagram(net, samples(2), path)
    content = path.read_bytes()
    assert content.startswith(magic)
    assert list(tmp_path.iterdir()) == [path]


def test_mistakes_are_named(tmp_path):
    net, x = KAN([2, 2, 1], grid=3).double(), samples(2)
    with pytest.raises(InputError, match=r"path: expected .*\.png, \.svg, \.pdf, got 'a\.gif'"):
        diagram(net, x, tmp_path / "a.gif")
    with pytest.raises(InputError, match=r"inputs: expected 2 names, got \['x'\]"):
        diagram(net, x, inputs=["x"])
    with pytest.raises(InputError, match="beta: expected a positive number"):
        diagram(net, x, beta=0.0)
    with pytest.raises(InputError, match="expected a KAN with edges, got MLP"):
        diagram(MLP([2, 3, 1]), x)
    with pytest.raises(InputError, match="scores: expected one tensor per layer"):
        diagram(net, x, scores=[torch.zeros(2, 2)])
    with pytest.raises(ShapeError, match=r"x: expected shape \(N, 2\), got \(60, 3\)"):
        diagram(net, samples(3))


def test_film_has_a_picture_per_step_kept_of_one_size(tmp_path):
    net, x = KAN([2, 2, 1], grid=3).double(), samples(2)
    recorder = Recorder(net, every=2)
    for step in range(4):
        recorder(step)
        regress(net, x, x[:, :1] * x[:, 1:], steps=1)
    small = remove_edges(net, x, [(0, 0, 1), (0, 1, 1)]).network
    recorder.keep("pruned", small)
    frames = recorder.frames
    assert [f.caption for f in frames] == ["step 0", "step 2", "pruned"]
    assert frames[0].data is frames[1].data
    assert not torch.equal(frames[0].vector, frames[1].vector)
    path = animation(recorder, x, tmp_path / "a.gif", dpi=50)
    with Image.open(path) as film:
        assert film.n_frames == 3
        assert film.info["loop"] == 0
        sizes = []
        for k in range(3):
            film.seek(k)
            sizes.append(film.size)
        assert film.info["duration"] == 2000
    assert len(set(sizes)) == 1
    assert list(tmp_path.iterdir()) == [path]


def test_film_says_what_it_lacks(tmp_path, monkeypatch):
    net, x = KAN([2, 1], grid=3), samples(2)
    recorder = Recorder(net)
    with pytest.raises(InputError, match="at least one picture, got none; train with a Recorder"):
        animation(recorder, x, tmp_path / "a.gif")
    with pytest.raises(InputError, match=r"ends in \.gif or \.mp4, got 'a\.avi'"):
        animation(recorder, x, tmp_path / "a.avi")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(InputError, match=r"\.mp4 needs the program ffmpeg"):
        animation(recorder, x, tmp_path / "a.mp4")
    with pytest.raises(InputError, match="network: expected a KAN, got MLP"):
        Recorder(MLP([2, 1]))


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_film_as_mp4(tmp_path):
    net, x = KAN([2, 1], grid=3), samples(2)
    recorder = Recorder(net)
    recorder(0)
    path = animation(recorder, x, tmp_path / "a.mp4", dpi=50)
    assert b"ftyp" in path.read_bytes()[:16]


@pytest.mark.parametrize(
    ("power", "corner"), [(lambda t: t, (1, -1)), (lambda t: 1 - t, (-1, -1))], ids=["up", "down"]
)
def test_a_function_is_named_where_its_curve_is_not(power, corner):
    t = np.linspace(0, 1, 81)
    assert emptiest_corner(np.stack((t, power(t)), axis=1), 0.3, 0.2) == corner


def test_powers_are_written_as_powers():
    names = ["x^2", "1/x^3", "sech^2", "x^1.5", "x^12", "sqrt"]
    assert [function_name(n) for n in names] == ["x²", "1/x³", "sech²", "x^1.5", "x^12", "sqrt"]


def test_a_long_formula_is_broken_into_lines_and_a_longer_one_left_out():
    a, b = sympy.symbols("a b")
    terms = [sympy.Rational(n, 7) * sympy.sin(n * a + b) * (-1) ** n for n in range(1, 120)]
    title = formula_title("u", sum(terms[:12]))
    assert len(title.split("\n")) == 2
    assert title.count("sin") == 12
    assert "+ -" not in title
    assert formula_title("u", sum(terms)) is None
    assert formula_title("u", sympy.sin(a)) == r"$u = \sin{\left(a \right)}$"
