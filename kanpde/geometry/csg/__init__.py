"""Domains made of domains: unions, intersections, differences, moved copies."""
