"""Residual rows of equations and conditions: terms, points, Jacobian, errors on fresh points."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
