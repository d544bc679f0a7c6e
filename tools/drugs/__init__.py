"""Drugs and allergies: what is taken, in which dose, and what stands against it."""
