"""Names that settings choose from; apart from what they name, so that options load fast."""

from __future__ import annotations

NETS = ("auto", "spectral", "kan", "mlp")
TRAINED_NETS = ("kan", "mlp")
BASES = ["chebyshev", "bspline", "sine", "rbf"]  # basis.register_basis adds
BASES_OF_AN_EDGE = ("silu", "tanh", "identity", "none")
OPTIMIZERS = ["auto", "lm", "ssbroyden", "lbfgs", "adam"]  # optimize.register_optimizer adds
SAMPLERS = ("uniform", "lhs", "sobol", "halton", "grid", "chebyshev", "gauss")
DERIVATIVES = ("jets", "autograd")
KERNELS = ("auto", "torch", "fused")
LINEAR_ALGEBRA = ("auto", "gram", "qr", "dual", "cg")
WEIGHTINGS = ("none", "lra", "ntk", "rba", "causal")
DTYPES = ("float64", "float32")
