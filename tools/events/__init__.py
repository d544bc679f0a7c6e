"""What happened: visits and stays, procedures and vaccines, the timeline."""
