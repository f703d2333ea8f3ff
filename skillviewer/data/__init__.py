"""Data-set forms, tables, analysis files, and the study."""
