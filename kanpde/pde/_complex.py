"""Complex unknowns as pairs of real ones, and expressions as real and imaginary part."""

from __future__ import annotations

from functools import reduce

import sympy
from sympy import Expr, I
from sympy.core.function import AppliedUndef

from kanpde.errors import UnsupportedError
from kanpde.pde._analysis import normalise
from kanpde.pde._names import real_atoms_only

Parts = tuple[Expr, Expr]
ZERO = sympy.Integer(0)
_CONJUGATING = (sympy.conjugate, sympy.Abs, sympy.re, sympy.im, sympy.arg, sympy.sign)


def complex_unknowns(expression: sympy.Basic) -> tuple[AppliedUndef, ...]:
    """List the complex unknowns that an expression names, by name.

    Examples
    --------
    >>> from kanpde.pde import coordinates, unknown
    >>> x = coordinates("x")
    >>> h, u = unknown("h", x, complex=True), unknown("u", x)
    >>> complex_unknowns(u * h.diff(x))
    (h(x),)
    """
    found = {u for u in expression.atoms(AppliedUndef) if u.is_complex and not u.is_real}
    return tuple(sorted(found, key=str))


def parts_of(h: AppliedUndef) -> tuple[AppliedUndef, AppliedUndef]:
    """Give the two real unknowns that a complex one stands for.

    Examples
    --------
    >>> from kanpde.pde import coordinates, unknown
    >>> parts_of(unknown("h", coordinates("x"), complex=True))
    (h_re(x), h_im(x))
    """
    name, scale = h.func.__name__, float(getattr(h.func, "scale", 1.0))
    first, second = (
        sympy.Function(f"{name}_{part}", real=True, scale=scale)(*h.args) for part in ("re", "im")
    )
    return first, second


def split_complex(expression: Expr) -> Parts:
    """Write an expression as real and imaginary part; symbols count as real.

    Parameters
    ----------
    expression
        Of unknowns, complex ones included, their derivatives and integrals, ``I``,
        ``conjugate``, ``Abs``, ``arg``, ``re`` and ``im``.

    Returns
    -------
    tuple of Expr
        Normalised expressions of real unknowns.

    Raises
    ------
    UnsupportedError
        If it holds a function whose parts sympy does not know.

    Examples
    --------
    >>> from kanpde.pde import coordinates, unknown
    >>> x = coordinates("x")
    >>> h = unknown("h", x, complex=True)
    >>> split_complex(I * h.diff(x) + sympy.Abs(h) ** 2)
    (h_im(x)**2 + h_re(x)**2 - Derivative(h_im(x), x), Derivative(h_re(x), x))
    """
    pairs = {h: parts_of(h) for h in complex_unknowns(expression)}
    real = normalise(expression.xreplace({h: a + I * b for h, (a, b) in pairs.items()}))
    integrals = {node: _integral(node) for node in _integrals(real)}
    real = real.xreplace(integrals)
    atoms: set[sympy.Basic] = {
        *real.atoms(sympy.Integral),
        *real.atoms(sympy.Derivative),
        *real.atoms(AppliedUndef),
        *(s for s in real.free_symbols if not s.is_real),
    }
    forward = {atom: sympy.Dummy(real=True) for atom in atoms}
    a, b = _parts(real.xreplace(forward))
    back = {dummy: atom for atom, dummy in forward.items()}
    return normalise(a.xreplace(back)), normalise(b.xreplace(back))


def normalised(expression: Expr) -> Expr:
    """Normalise an expression; one of complex unknowns is left for `split_complex`."""
    return expression if complex_unknowns(expression) else normalise(expression)


def _integrals(expression: sympy.Basic) -> list[sympy.Integral]:
    if isinstance(expression, sympy.Integral):
        return [expression]
    return [node for argument in expression.args for node in _integrals(argument)]


def _integral(node: sympy.Integral) -> Expr:
    a, b = split_complex(node.function)
    first, second = (sympy.Integral(f, *node.limits) if f != 0 else ZERO for f in (a, b))
    return first + I * second


def _parts(e: Expr) -> Parts:
    """Real and imaginary part of an expression of real symbols."""
    if not e.has(I, *_CONJUGATING) and real_atoms_only(e):
        return e, ZERO
    if isinstance(e, sympy.Add):
        pairs = [_parts(term) for term in e.args]
        return sympy.Add(*(a for a, _ in pairs)), sympy.Add(*(b for _, b in pairs))
    if isinstance(e, sympy.Mul):
        return reduce(_times, (_parts(factor) for factor in e.args))
    if isinstance(e, sympy.Pow) and e.exp.is_Integer:
        return _power(_parts(e.base), int(e.exp))
    if isinstance(e, (sympy.exp, *_CONJUGATING)):
        return _function(e)
    if isinstance(e, sympy.Piecewise) and all(real_atoms_only(c) for _, c in e.args):
        pieces = [(_parts(value), c) for value, c in e.args]
        real, imaginary = ([(p[k], c) for p, c in pieces] for k in (0, 1))
        return sympy.Piecewise(*real), sympy.Piecewise(*imaginary)
    a, b = e.as_real_imag()
    if a.has(sympy.re, sympy.im) or b.has(sympy.re, sympy.im):
        raise UnsupportedError(
            f"complex: expected functions whose real and imaginary part are known, came {e}; "
            "write it with real unknowns"
        )
    return a, b


def _function(e: Expr) -> Parts:
    a, b = _parts(e.args[0])
    size = sympy.sqrt(a**2 + b**2) if b != 0 else sympy.Abs(a)
    if isinstance(e, sympy.exp):
        return sympy.exp(a) * sympy.cos(b), sympy.exp(a) * sympy.sin(b)
    if isinstance(e, sympy.sign):
        return (a / size, b / size) if b != 0 else (sympy.sign(a), ZERO)
    found: dict[type, Parts] = {
        sympy.conjugate: (a, -b),
        sympy.Abs: (size, ZERO),
        sympy.re: (a, ZERO),
        sympy.im: (b, ZERO),
        sympy.arg: (sympy.atan2(b, a), ZERO),
    }
    return found[type(e)]


def _times(one: Parts, other: Parts) -> Parts:
    (a, b), (c, d) = one, other
    return sympy.expand_mul(a * c - b * d), sympy.expand_mul(a * d + b * c)


def _power(base: Parts, n: int) -> Parts:
    if n < 0:
        a, b = _power(base, -n)
        size = a**2 + b**2
        return a / size, -b / size
    return reduce(_times, [base] * n)
