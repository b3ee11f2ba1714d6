"""Spectral least squares: product KANs, level after level, linear, Gauss-Newton, eigenvalues."""
