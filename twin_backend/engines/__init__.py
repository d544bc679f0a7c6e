"""Numerical machinery of the simulation models; loaded with the first simulation, since NumPy and SciPy are slow to import."""
