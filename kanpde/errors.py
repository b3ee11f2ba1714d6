"""The exceptions that kanpde raises.

Every message names what was expected, what came and the fix. An `InputError`
is the user's to mend (exit code 2 on the command line); a `NumericalError`
says that the computation itself failed (exit code 3).
"""


class KanpdeError(Exception):
    """Base of every exception that kanpde raises on purpose."""


class InputError(KanpdeError, ValueError):
    """What the user gave is wrong; the message names the fix."""


class ShapeError(InputError):
    """An array has the wrong shape."""


class UnsupportedError(InputError):
    """A sympy function or construct that the lowering table does not cover."""


class RunDirectoryError(InputError):
    """A run directory is missing, damaged, foreign or unsafe to load."""


class NumericalError(KanpdeError, ArithmeticError):
    """The computation failed (non-finite values that no retreat could mend)."""
