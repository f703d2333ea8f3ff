"""The import of a table of ratings: its columns, its rows, and the result in the study."""
