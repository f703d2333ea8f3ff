"""Exports: clips, pictures, figures, tables, reports."""
