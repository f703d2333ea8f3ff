"""Export requests: analysis of what is missing, writing, and reading back."""
