"""Curves that bound plane domains, what they enclose, and points on and between them."""
