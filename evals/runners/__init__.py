"""How each suite is run: what it needs is found, it is asked, and its figures are drawn."""
