"""How one run is kept within bounds: its time, its calls, what a model is shown and what is taken from it."""
