"""Unknown constants and fields from data."""
