"""The Model Context Protocol door: our tools for other people's agents, bound to one patient by address or process."""
