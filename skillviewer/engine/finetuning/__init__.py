"""Fine-tuning of a model on the votes of a study, in a process of its own."""
