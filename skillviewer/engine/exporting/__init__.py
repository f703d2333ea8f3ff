"""Export requests: missing analyses are computed, and files are written and read back."""
