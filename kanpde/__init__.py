"""kanpde: physics-informed PDE solving with Kolmogorov-Arnold networks.

The public names are spelled in ``__init__.pyi`` and imported when first used, so that
``kanpde --help`` need not wait for torch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
