"""CDS Hooks 2.0: cards for an EHR at the moments when a chart is opened, and orders are chosen and signed."""
