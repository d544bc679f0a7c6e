"""What may leave this machine, and in which form: `policy` decides, `masking` replaces what identifies people."""
