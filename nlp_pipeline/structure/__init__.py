"""Sections, lines and sentences of a note."""
