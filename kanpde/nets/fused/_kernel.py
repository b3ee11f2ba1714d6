"""The compiled part: a program of row operations on a block of points that stays in cache.

A row holds one number for each point of a block. `kanpde.nets.fused._rowprogram` writes programs:
jets forward and rows of the Jacobian back for a given network. Only this interpreter is
compiled, once per machine, whatever the network. numba is imported here and nowhere else.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# fdlibm's split of log 2: the first part times a small integer is exact
LOG2_HIGH, LOG2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
PER_LOG2 = 1.44269504088896338700
# fdlibm's split of π/2, for angles up to LARGE
HALF_PI_1, HALF_PI_2, HALF_PI_3 = (
    1.57079632673412561417e00,
    6.07710050630396597660e-11,
    2.02226624879595063154e-21,
)
PER_HALF_PI = 6.36619772367581382433e-01
LARGE = 1e5
ROUNDING = 6755399441055744.0  # 1.5 * 2^52: adding it leaves the nearest integer in the low bits

OPTIONS: dict[str, Any] = {
    "nogil": True,
    "fastmath": {"contract"},  # fused multiply-add only: NaN and infinity stay what they are
    "error_model": "numpy",
}
compiled = njit(**OPTIONS)


@compiled
def _combine(rows: Floats, weights: Floats, step: Integers, c: float, d: float) -> None:
    """Row o = bias + sum of count rows i, i + j, … times weights k, k + c and so on.

    `d` is the index of the bias, -1 for none, -2 to add to what is there.
    """
    o, i, j, at, count = step[1], step[2], step[3], step[4], step[5]
    stride = int(c)
    if d > -2.0:
        bias = weights[int(d)] if d >= 0.0 else 0.0
        for b in range(rows.shape[1]):
            rows[o, b] = bias
    while count >= 8:  # so that row o is touched seldom
        i1, i2, i3, i4 = i + j, i + 2 * j, i + 3 * j, i + 4 * j
        i5, i6, i7 = i + 5 * j, i + 6 * j, i + 7 * j
        w0, w1, w2 = weights[at], weights[at + stride], weights[at + 2 * stride]
        w3, w4 = weights[at + 3 * stride], weights[at + 4 * stride]
        w5, w6, w7 = (
            weights[at + 5 * stride],
            weights[at + 6 * stride],
            weights[at + 7 * stride],
        )
        for b in range(rows.shape[1]):
            rows[o, b] += (
                w0 * rows[i, b]
                + w1 * rows[i1, b]
                + w2 * rows[i2, b]
                + w3 * rows[i3, b]
                + w4 * rows[i4, b]
                + w5 * rows[i5, b]
                + w6 * rows[i6, b]
                + w7 * rows[i7, b]
            )
        count -= 8
        i += 8 * j
        at += 8 * stride
    while count > 0:
        w0 = weights[at]
        for b in range(rows.shape[1]):
            rows[o, b] += w0 * rows[i, b]
        count -= 1
        i += j
        at += stride


@compiled
def _dot(rows: Floats, out: Floats, step: Integers, column: int, again: bool) -> None:
    """Write into row o of the result the sum of products of count rows from i and from j."""
    o, i, j, count = step[1], step[2], step[3], step[5]
    if not again and count >= 4:
        for b in range(rows.shape[1]):
            out[o, column + b] = (
                rows[i, b] * rows[j, b]
                + rows[i + 1, b] * rows[j + 1, b]
                + rows[i + 2, b] * rows[j + 2, b]
                + rows[i + 3, b] * rows[j + 3, b]
            )
        count -= 4
        i += 4
        j += 4
    elif not again:
        for b in range(rows.shape[1]):
            out[o, column + b] = rows[i, b] * rows[j, b]
        count -= 1
        i += 1
        j += 1
    while count > 0:
        for b in range(rows.shape[1]):
            out[o, column + b] += rows[i, b] * rows[j, b]
        count -= 1
        i += 1
        j += 1


@compiled
def _exponential(rows: Floats, bits: Integers, i: int, j: int, rate: float) -> None:
    """Split exp(t), t = -rate |x|: rows j = 2^k and j + 1 = exp(t - k log 2) - 1.

    The remainder is at most 0.35; its Taylor polynomial of degree 13 is off by 4e-18.
    """
    for b in range(rows.shape[1]):
        t = -rate * abs(rows[i, b])
        t = -700.0 if t < -700.0 else t  # NaN stays
        shifted = t * PER_LOG2 + ROUNDING
        k = shifted - ROUNDING
        r = (t - k * LOG2_HIGH) - k * LOG2_LOW
        q = r / 6227020800.0 + 1 / 479001600.0
        q = q * r + 1 / 39916800.0
        q = q * r + 1 / 3628800.0
        q = q * r + 1 / 362880.0
        q = q * r + 1 / 40320.0
        q = q * r + 1 / 5040.0
        q = q * r + 1 / 720.0
        q = q * r + 1 / 120.0
        q = q * r + 1 / 24.0
        q = q * r + 1 / 6.0
        q = q * r + 1 / 2.0
        rows[j, b] = shifted
        rows[j + 1, b] = q * r * r + r
    for b in range(rows.shape[1]):
        bits[j, b] = (bits[j, b] + 1023) << 52  # the exponent of 2^k


@compiled
def _bounded(rows: Floats, step: Integers, tanh: bool) -> None:
    """Row o = tanh of row i, or the logistic function s and in row k its slope s (1 - s)."""
    o, i, j, slope = step[1], step[2], step[3], step[4]
    if tanh:
        for b in range(rows.shape[1]):
            less = rows[j, b] * rows[j + 1, b] + (rows[j, b] - 1.0)  # exp(-2|x|) - 1
            size = -less / (less + 2.0)
            rows[o, b] = -size if rows[i, b] < 0.0 else size
    else:
        for b in range(rows.shape[1]):
            small = rows[j, b] * rows[j + 1, b] + rows[j, b]  # exp(-|x|)
            large = 1.0 / (1.0 + small)
            rows[o, b] = small * large if rows[i, b] < 0.0 else large
            rows[slope, b] = small * large * large


@compiled
def _decay(rows: Floats, o: int, j: int) -> None:
    """Row o = exp(-x) from what `_exponential` left in rows j and j + 1."""
    for b in range(rows.shape[1]):
        rows[o, b] = rows[j, b] * rows[j + 1, b] + rows[j, b]


@compiled
def _waves(rows: Floats, bits: Integers, step: Integers, rate: float) -> None:
    """Rows o and o + 1 = sine and cosine of rate times row i; row j is for the quadrant.

    fdlibm's polynomials on [-π/4, π/4]; larger angles than `LARGE` go to the C library.
    """
    o, i, j = step[1], step[2], step[3]
    for b in range(rows.shape[1]):
        angle = rate * rows[i, b]
        shifted = angle * PER_HALF_PI + ROUNDING
        k = shifted - ROUNDING
        r = ((angle - k * HALF_PI_1) - k * HALF_PI_2) - k * HALF_PI_3
        z = r * r
        p = 1.58969099521155010221e-10 * z - 2.50507602534068634195e-08
        p = p * z + 2.75573137070700676789e-06
        p = p * z - 1.98412698298579493134e-04
        p = p * z + 8.33333333332248946124e-03
        p = p * z - 1.66666666666666324348e-01
        q = -1.13596475577881948265e-11 * z + 2.08757232129817482790e-09
        q = q * z - 2.75573143513906633035e-07
        q = q * z + 2.48015872894767294178e-05
        q = q * z - 1.38888888888741095749e-03
        q = q * z + 4.16666666666666019037e-02
        rows[o, b] = r + r * z * p
        rows[o + 1, b] = 1.0 - (0.5 * z - z * z * q)
        rows[j, b] = shifted
    for b in range(rows.shape[1]):
        turn = bits[j, b] & 3
        sine, cosine = rows[o, b], rows[o + 1, b]
        first = cosine if turn & 1 else sine
        second = sine if turn & 1 else cosine
        rows[o, b] = -first if turn & 2 else first
        rows[o + 1, b] = -second if (turn + 1) & 2 else second
    for b in range(rows.shape[1]):
        angle = rate * rows[i, b]
        if not abs(angle) <= LARGE:
            rows[o, b], rows[o + 1, b] = math.sin(angle), math.cos(angle)


@compiled
def _locate(rows: Floats, bits: Integers, tables: Floats, step: Integers, knots: int) -> None:
    """Row k of integers = how many of the knots at j are at most row i, plus j."""
    i, j, k, left = step[2], step[3], step[4], knots
    for b in range(rows.shape[1]):
        bits[k, b] = j
    while left > 0:  # all points take the same number of halvings
        half = (left + 1) >> 1
        for b in range(rows.shape[1]):
            at = bits[k, b]
            bits[k, b] = at + half if tables[at + half - 1] <= rows[i, b] else at
        left -= half


@compiled
def _horner(rows: Floats, own: int, w: int, degree: int, top: int) -> None:
    """Turn coefficients of a polynomial, rows own and after, into those about row w."""
    for m in range(top + 1):
        for q in range(degree - 1, m - 1, -1):
            for b in range(rows.shape[1]):
                rows[own + q, b] += rows[w, b] * rows[own + q + 1, b]


@compiled
def _pieces(
    rows: Floats, bits: Integers, tables: Floats, step: Integers, degree: int, top: int
) -> None:
    """Taylor coefficients 0 … top of `count` splines at row i, those of a function side by side.

    The table at j holds the knots, then by span: left end, half length, first function,
    coefficients. Rows k and after: where a point's span is in the table, its distance from the
    middle, the first row that it fills, the coefficients of one function.
    """
    o, i, j, k, count = step[1], step[2], step[3], step[4], step[5]
    width, knots, own = degree + 1, count + degree + 1, k + 3
    rows[o : o + count * (top + 1)] = 0.0
    _locate(rows, bits, tables, step, knots)
    for b in range(rows.shape[1]):
        at = j + knots + (bits[k, b] - j) * (3 + width * width)
        bits[k, b] = at + 3
        rows[k + 1, b] = (rows[i, b] - tables[at]) - tables[at + 1]
        bits[k + 2, b] = o + int(tables[at + 2]) * (top + 1)
    for r in range(width):
        for q in range(width):
            for b in range(rows.shape[1]):
                rows[own + q, b] = tables[bits[k, b] + r * width + q]
        _horner(rows, own, k + 1, degree, top)
        for m in range(top + 1):
            for b in range(rows.shape[1]):
                rows[bits[k + 2, b] + r * (top + 1) + m, b] = rows[own + m, b]


@compiled
def _function(
    rows: Floats, bits: Integers, tables: Floats, step: Integers, c: float, d: float
) -> None:
    """Run one of the operations that evaluate functions of one variable."""
    operation = step[0]
    if operation == 8:
        _pieces(rows, bits, tables, step, int(c), int(d))
    elif operation == 7:
        _waves(rows, bits, step, c)
    else:
        _exponential(rows, bits, step[2], step[3], c)
        if operation == 6:
            _decay(rows, step[1], step[3])
        else:
            _bounded(rows, step, operation == 4)


@compiled
def _load(rows: Floats, first: int, values: Floats, at: int, blank: int) -> None:
    """Copy a block's values into rows, zeros for its `blank` first points."""
    for r in range(values.shape[0]):
        for b in range(rows.shape[1]):
            rows[first + r, b] = values[r, at + b]
        for b in range(blank):
            rows[first + r, b] = 0.0


def _run(
    code: Integers,  # (steps, 6): operation, row o that it writes, and operands i, j, k, count
    numbers: Floats,  # (steps, 2): factors c and d
    rows: Floats,  # (R, block)
    weights: Floats,  # (P + T,): coefficients, then the tables of bases
    inputs: Floats,  # (a, N)
    cotangents: Floats,  # (c, N)
    out: Floats,  # (outputs, N), or (outputs, block) to add to
    span: Integers,  # (3,): first block, end of the blocks, whether to add
) -> None:
    """Run a program on blocks of points.

    The inputs are loaded into the first rows, the cotangents into those that follow. The
    last block overlaps the one before; where results are added, it counts nothing twice.
    """
    block, total = rows.shape[1], inputs.shape[1]
    bits = rows.view(np.int64)
    add = span[2] == 1
    for number in range(span[0], span[1]):
        at = min(number * block, total - block)
        _load(rows, 0, inputs, at, 0)
        _load(rows, inputs.shape[0], cotangents, at, number * block - at if add else 0)
        for s in range(code.shape[0]):
            step = code[s]
            operation, o, i, j, k, m = step[0], step[1], step[2], step[3], step[4], step[5]
            c, d = numbers[s, 0], numbers[s, 1]
            if operation == 0:
                for b in range(block):
                    rows[o, b] = c * rows[i, b] * rows[j, b] + d * rows[k, b] * rows[m, b]
            elif operation == 1:
                for b in range(block):
                    rows[o, b] += c * rows[i, b] * rows[j, b] + d * rows[k, b] * rows[m, b]
            elif operation == 2:
                _combine(rows, weights, step, c, d)
            elif operation == 3:
                _dot(rows, out, step, 0 if add else at, add or k == 1)
            else:
                _function(rows, bits, weights, step, c, d)


def _compiled() -> Callable[..., None]:
    """Compile now, or read what an earlier process compiled."""
    signature = (
        "void(int64[:,::1], float64[:,::1], float64[:,::1], float64[::1], float64[:,::1], "
        "float64[:,::1], float64[:,::1], int64[::1])"
    )
    try:
        return njit(signature, cache=True, **OPTIONS)(_run)
    except (RuntimeError, OSError):  # nowhere to keep it
        return njit(signature, **OPTIONS)(_run)


run = _compiled()
