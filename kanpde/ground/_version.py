"""The version of kanpde, spelled once."""

__version__ = "0.1.0"
