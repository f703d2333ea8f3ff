"""Training of a model on pairs: plan, batches, loop, early stopping, run folder and model card."""
