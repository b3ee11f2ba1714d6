"""Truncated Taylor algebra: derivatives of any order as arrays, and simplices that hold points."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
