"""Training of the survival models on open data; run as `python -m twin_backend.training`, never imported by the twin.

Needs the extra `training`. What it fits is exported as JSON to `twin_backend/survival/data`, which needs none of it.
"""
