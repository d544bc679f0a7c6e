"""The parts of the reader of measurements: units, grammar of values, names, qualitative results, unnamed readings."""
