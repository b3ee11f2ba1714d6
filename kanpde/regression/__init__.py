"""Rows of data, priors and sparsity, and the loop that fits a network to them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
