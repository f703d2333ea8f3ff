"""Data-set forms: one module per form, listed in DATASET_FORMATS."""
