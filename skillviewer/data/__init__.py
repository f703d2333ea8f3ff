"""Data-set formats, and the study."""
