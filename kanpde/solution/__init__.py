"""The doors: solve, continue, look before; the solution, its integrals and its run directory."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
