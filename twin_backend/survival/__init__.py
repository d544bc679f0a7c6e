"""Survival models fitted to open data by `twin_backend.training`; each module reads its coefficients from `data`."""
