"""What an equation contains: jets, order, linearity."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sympy
from sympy.core.function import AppliedUndef
from sympy.functions.elementary.piecewise import ExprCondPair

from kanpde.errors import InputError, UnsupportedError
from kanpde.pde._derivative import evaluate_derivatives
from kanpde.pde._names import foreign_hint, real_atoms_only, scalar, top_atoms

LARGE = 300  # operations of an expression whose coefficients are not expanded

MultiIndex = tuple[int, ...]


def normalise(expr: sympy.Expr) -> sympy.Expr:
    """Carry out what an equation leaves open, so that only jets of unknowns remain.

    ``Derivative(u*x, x)`` becomes ``u + x*Derivative(u, x)``; ``Subs`` and sums
    are evaluated; ``Eq(left, right)`` becomes ``left - right``; integrals stay.

    Parameters
    ----------
    expr
        A scalar expression or an equation.

    Returns
    -------
    Expr
        An equal expression whose only derivatives are those of unknowns.

    Raises
    ------
    InputError
        If `expr` is no scalar expression.
    UnsupportedError
        If a ``Subs`` or the derivative of something else than an unknown remains.

    Examples
    --------
    >>> x = sympy.Symbol("x", real=True)
    >>> u = sympy.Function("u", real=True)(x)
    >>> normalise(sympy.Derivative(u * x, x))
    x*Derivative(u(x), x) + u(x)
    """
    expression = _difference(expr)
    if expression.has(sympy.Derivative):
        expression = evaluate_derivatives(expression)
    if expression.has(sympy.Subs, sympy.Sum, sympy.Product, sympy.Limit, sympy.Derivative):
        expression = evaluate_derivatives(expression.doit(integrals=False))
    expression = _without_complex_parts(expression)
    for node in sorted(expression.atoms(sympy.Subs, sympy.Derivative), key=str):
        if isinstance(node, sympy.Subs):
            raise UnsupportedError(
                f"equation: Subs is not covered, came {node}; an equation names its unknowns "
                f"at its own point only, use a condition for values elsewhere"
            )
        _check_derivative(node)
    return expression


def _difference(expr: object) -> sympy.Expr:
    """Return an expression, of an equation the difference of its sides."""
    if isinstance(expr, sympy.Equality):
        return scalar("equation", expr.lhs) - scalar("equation", expr.rhs)
    return scalar("equation", expr)


def _without_complex_parts(expression: sympy.Expr) -> sympy.Expr:
    """Drop the re and im that sympy puts around derivatives of real unknowns."""
    if not expression.has(sympy.re, sympy.im):
        return expression

    def real_part(part: sympy.Expr) -> sympy.Expr:
        return part if real_atoms_only(part) else sympy.re(part)

    def imaginary_part(part: sympy.Expr) -> sympy.Expr:
        return sympy.S.Zero if real_atoms_only(part) else sympy.im(part)

    replaced = expression.replace(sympy.re, real_part).replace(sympy.im, imaginary_part)
    return evaluate_derivatives(replaced)


def _check_derivative(node: sympy.Derivative) -> None:
    """Raise unless a derivative is one of an unknown by its own arguments."""
    if not isinstance(node.expr, AppliedUndef):
        raise UnsupportedError(
            f"equation: expected derivatives of unknowns only, came {node}, "
            f"which sympy cannot carry out"
        )
    for symbol, times in node.variable_count:
        if symbol not in node.expr.args or not times.is_Integer:
            hint = foreign_hint([symbol], [node.expr])
            raise InputError(
                f"equation: expected a derivative by an argument of {node.expr}, came {node}"
                + (f"; {hint}" if hint else "")
            )


def jets_in(
    expr: sympy.Expr, unknowns: Sequence[AppliedUndef], coords: Sequence[sympy.Symbol]
) -> dict[sympy.Expr, tuple[int, MultiIndex]]:
    """Find the unknowns and derivatives that an expression names.

    Parameters
    ----------
    expr
        A normalised expression.
    unknowns
        The unknowns of the problem, each applied to its coordinates.
    coords
        The d coordinates of the problem, in order.

    Returns
    -------
    dict
        From each atom to the position of its unknown and its multi-index, d
        integers: ``u(x, t)`` to ``(0, (0, 0))``. Sorted by
        unknown, order and multi-index.

    Raises
    ------
    InputError
        If an unknown is not declared, or is taken at another point than the
        equation's, such as ``u(x/2, t)``.
    UnsupportedError
        If a derivative is not one of an unknown; `normalise` comes first.

    Examples
    --------
    >>> x, t = sympy.symbols("x t", real=True)
    >>> u = sympy.Function("u", real=True)(x, t)
    >>> jets_in(u.diff(t) - u.diff(x, 2), [u], [x, t])
    {Derivative(u(x, t), t): (0, (0, 1)), Derivative(u(x, t), (x, 2)): (0, (2, 0))}
    """
    positions = {field: index for index, field in enumerate(unknowns)}
    found: dict[sympy.Expr, tuple[int, MultiIndex]] = {}
    for atom in top_atoms(expr):
        if isinstance(atom, sympy.Symbol):
            continue
        if isinstance(atom, sympy.Derivative):
            _check_derivative(atom)
            counts = dict(atom.variable_count)
            field = atom.expr
        else:
            counts, field = {}, atom
        _check_unknown(field, positions, coords)
        found[atom] = (
            positions[field],
            tuple(int(counts.get(symbol, 0)) for symbol in coords),
        )
    return dict(sorted(found.items(), key=lambda item: (item[1][0], sum(item[1][1]), item[1][1])))


def _check_unknown(
    field: AppliedUndef,
    unknowns: Iterable[AppliedUndef],
    coords: Sequence[sympy.Symbol],
) -> None:
    """Raise unless `field` is one of the unknowns, at the point of the equation."""
    declared = tuple(unknowns)
    if field in declared:
        return
    hint = foreign_hint(field.free_symbols, coords)
    for other in declared:
        if other.func == field.func:
            raise InputError(
                f"equation: expected the unknown as {other}, came {field}; "
                + (hint or f"an equation names {other.func} at its own point only")
            )
    same_name = [other for other in declared if str(other) == str(field)]
    if same_name and not hint:
        hint = (
            f"{field} has the name of a declared unknown but other assumptions or scale; "
            f'make it once, with unknown("{field.func}", ...)'
        )
    names = ", ".join(map(str, declared)) or "none"
    raise InputError(f"equation: undeclared unknown {field}; " + (hint or f"declared are {names}"))


def order(expr: sympy.Expr, unknowns: Sequence[AppliedUndef]) -> int:
    """Find the order of an equation: its highest derivative of an unknown.

    Parameters
    ----------
    expr
        A scalar expression.
    unknowns
        The unknowns that count.

    Returns
    -------
    int
        0 if no unknown is differentiated.

    Raises
    ------
    UnsupportedError
        As `normalise`.

    Examples
    --------
    >>> x, t = sympy.symbols("x t", real=True)
    >>> u = sympy.Function("u", real=True)(x, t)
    >>> order(u.diff(t) + sympy.Derivative(u.diff(x) * u, x, x), [u])
    3
    """
    functions = {field.func for field in unknowns}
    derivatives = normalise(expr).atoms(sympy.Derivative)
    return max(
        (int(node.derivative_count) for node in derivatives if node.expr.func in functions),
        default=0,
    )


def is_linear(
    expr: sympy.Expr,
    unknowns: Sequence[AppliedUndef],
    constants: Sequence[sympy.Symbol] = (),
) -> bool:
    """Tell whether an expression is affine in the unknowns and unknown constants.

    Parameters
    ----------
    expr
        A scalar expression.
    unknowns
        The unknowns; their derivatives and integrals count too.
    constants
        Unknown scalars, which count as unknowns: ``k*u`` is not linear.

    Returns
    -------
    bool
        True only if it is certain.

    Raises
    ------
    UnsupportedError
        As `normalise`.

    Examples
    --------
    >>> x = sympy.Symbol("x", real=True)
    >>> u = sympy.Function("u", real=True)(x)
    >>> is_linear(x * u.diff(x, 2) + u - 1, [u]), is_linear(u * u.diff(x), [u])
    (True, False)
    """
    expression = normalise(expr)
    functions = {field.func for field in unknowns}
    atoms: set[sympy.Expr] = set(constants)
    atoms |= {atom for atom in expression.atoms(AppliedUndef) if atom.func in functions}
    atoms |= {atom for atom in expression.atoms(sympy.Derivative) if atom.expr.func in functions}
    dummies = {atom: sympy.Dummy(real=True) for atom in atoms}
    replaced = expression.xreplace(dummies)
    scalars = set(dummies.values())
    if any(node.cond.free_symbols & scalars for node in replaced.atoms(ExprCondPair)):
        return False
    for dummy in scalars & replaced.free_symbols:
        slope = replaced.diff(dummy)
        if slope.free_symbols & scalars and _expanded(slope, scalars).free_symbols & scalars:
            return False
    return True


def _expanded(expression: sympy.Expr, scalars: set[sympy.Expr]) -> sympy.Expr:
    """Expand in the scalars; what does not hold any counts as one symbol where it is large."""
    if expression.count_ops() > LARGE:
        known: dict[sympy.Expr, sympy.Expr] = {}
        expression = _coefficients_hidden(expression, scalars, known)
    return sympy.expand(expression)


def _coefficients_hidden(
    node: sympy.Expr, scalars: set[sympy.Expr], known: dict[sympy.Expr, sympy.Expr]
) -> sympy.Expr:
    if not node.free_symbols & scalars:
        return node if node.is_number else known.setdefault(node, sympy.Dummy(real=True))
    if not node.args:
        return node
    if isinstance(node, sympy.Add | sympy.Mul):
        free, held = node.as_independent(*scalars, as_Add=isinstance(node, sympy.Add))
        if not held.is_Atom and free not in (0, 1):
            parts = (_coefficients_hidden(part, scalars, known) for part in (free, held))
            return node.func(*parts)
    return node.func(*(_coefficients_hidden(arg, scalars, known) for arg in node.args))
