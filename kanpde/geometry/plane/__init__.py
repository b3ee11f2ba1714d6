"""Plane shapes that say by their curves where they end, and what stands out in them."""
