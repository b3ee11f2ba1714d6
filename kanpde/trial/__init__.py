"""The trial function u = g + D · N: frame, network, exact conditions, pieces in time."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
