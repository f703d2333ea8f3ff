"""Networks: torch modules whose every size is an argument."""
