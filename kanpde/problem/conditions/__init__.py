"""Conditions: boundary, initial and integral ones, data, interfaces."""
