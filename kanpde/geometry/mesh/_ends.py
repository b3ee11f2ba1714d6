"""Files that end too early, where meshio's readers would look for the rest without end."""

from __future__ import annotations

import io
from pathlib import Path

import meshio

from kanpde.errors import InputError

_ENDS = 1000  # lines beyond the end that a reader may ask for
_HEADERS = {".off": 2, ".node": 1, ".ele": 1}  # lines of the header, without comments


class Ended(io.StringIO):
    """Text that says so when a reader goes on beyond its end.

    Examples
    --------
    >>> text = Ended("a line")
    >>> text.readline(), text.readline()
    ('a line', '')
    """

    _asked = 0

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]  # of bytes
        """Return the next line.

        Raises
        ------
        EOFError
            Where the end was met a thousand times.
        """
        line = super().readline(-1 if size is None else size)
        if not line:
            self._asked += 1
            if self._asked > _ENDS:
                raise EOFError("the file ends too early")
        return line


def read_to_end(path: Path) -> meshio.Mesh:
    """Read a mesh by meshio, which is kept from looking beyond the end of the file.

    Raises
    ------
    InputError
        If the header of the file is not whole.
    """
    if path.suffix in (".dat", ".tec"):
        return meshio.read(Ended(path.read_text(encoding="utf-8")), file_format="tecplot")
    whole = True
    if path.suffix == ".ply":
        whole = b"end_header" in path.read_bytes()
    if path.suffix in _HEADERS:
        lines = path.read_text(encoding="utf-8").splitlines()
        known = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
        whole = len(known) >= _HEADERS[path.suffix]
    if not whole:
        raise InputError(
            f"{path}: expected a mesh file, got a truncated one (its header is not whole); "
            "write it again"
        )
    return meshio.read(path)
