"""Fine-tuning as values: choices, the split of pairs, and the report."""
