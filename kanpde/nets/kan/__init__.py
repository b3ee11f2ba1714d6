"""KANs whose edges are learned: B-splines, polynomials, sines, fixed functions."""
