"""The twin's models over the chart: inputs, calculators, simulations, dosing plans."""
