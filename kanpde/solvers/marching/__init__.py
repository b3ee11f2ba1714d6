"""Product KANs that march through time in slabs."""
