"""How rows of a Jacobian are computed: by jets, by nested autograd, or by a compiled kernel."""

from kanpde.residual.backends._autograd import AutogradBackend
from kanpde.residual.backends._backend import Backend
from kanpde.residual.backends._compiled import CompiledBackend
from kanpde.residual.backends._jets import JetBackend
from kanpde.trial import Trial

__all__ = ["Backend", "make_backend"]


def make_backend(trial: Trial, chunk: int | None = None) -> Backend:
    """Choose the backend of a trial: compiled where that is asked for and covers its network."""
    if trial.autograd:
        return AutogradBackend(trial, chunk)
    compiled = CompiledBackend.of(trial, chunk) if trial.kernel != "torch" else None
    return compiled or JetBackend(trial, chunk)
