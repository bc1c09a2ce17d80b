"""Measures of quality and of speed."""
