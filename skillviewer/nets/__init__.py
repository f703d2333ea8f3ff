"""Networks: torch modules whose sizes are all arguments."""
