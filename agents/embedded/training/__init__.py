"""How the intent head of the second gear is trained: templates, generator, fit. Not imported at run time."""
