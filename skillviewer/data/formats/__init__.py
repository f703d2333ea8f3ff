"""Data-set forms: one module a form, listed in DATASET_FORMATS."""
