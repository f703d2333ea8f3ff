"""Formats of data sets, tables, timelines and tracks, files of results, and the study."""
