"""Names of boundary parts: what the user calls a shape, and what collides in a combination."""

from __future__ import annotations

from collections.abc import Sequence

from kanpde.errors import InputError

_LONGEST = 64


def shape_name(kind: str, name: object) -> str | None:
    """Return a shape's name, or `None` if it has none.

    Raises
    ------
    InputError
        If it is not a short printable text.

    Examples
    --------
    >>> shape_name("Disk", "hole")
    'hole'
    """
    if name is None:
        return None
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST or not name.isprintable():
        raise InputError(
            f"{kind} name: expected a text of 1 to {_LONGEST} printable characters, "
            f"got {name!r:.80}; write for example name='hole'"
        )
    return name


def labelled(name: str | None, parts: Sequence[str]) -> list[str]:
    """Give a shape's parts its name: alone for a single part, else before each.

    Examples
    --------
    >>> labelled("hole", ["boundary"]), labelled("pipe", ["inner", "outer"])
    (['hole'], ['pipe:inner', 'pipe:outer'])
    """
    if name is None:
        return list(parts)
    return [name] if len(parts) == 1 else [f"{name}:{part}" for part in parts]


def part_names(kind: str, names: object, count: int, usual: str) -> list[str]:
    """Return a name for each of `count` parts: the user's, or ``usual1`` and so on.

    Raises
    ------
    InputError
        If there are not as many names as parts, or one is no text.

    Examples
    --------
    >>> part_names("Polygon", None, 3, "edge")
    ['edge1', 'edge2', 'edge3']
    """
    if names is None:
        return [f"{usual}{k + 1}" for k in range(count)]
    given = list(names) if isinstance(names, tuple | list) else []
    if len(given) != count:
        raise InputError(
            f"{kind} names: expected {count} names, one for each {usual}, got {names!r:.80}"
        )
    checked = [str(shape_name(kind, g)) if g is not None else "" for g in given]
    if "" in checked:
        raise InputError(f"{kind} names: expected texts, got {names!r:.80}; give every part one")
    return checked


def free_name(name: str, taken: Sequence[str]) -> str:
    """Return `name`, with the least number from 2 on that makes it new.

    Examples
    --------
    >>> free_name("boundary", ["boundary", "boundary2"]), free_name("edge1", ["edge1"])
    ('boundary3', 'edge1_2')
    """
    if name not in taken:
        return name
    between = "_" if name[-1].isdigit() else ""
    number = 2
    while f"{name}{between}{number}" in taken:
        number += 1
    return f"{name}{between}{number}"


def suffix(name: str | None) -> str:
    """Return the end of a shape's text that tells its name, if it has one."""
    return "" if name is None else f", name={name!r}"


def named(name: str | None) -> dict[str, str]:
    """Return the entry of a shape's description that holds its name, if it has one."""
    return {} if name is None else {"name": name}
