"""Dates and relative times, and the moments that they name."""
