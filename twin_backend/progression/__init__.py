"""Course of disease over years."""
