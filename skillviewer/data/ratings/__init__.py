"""Tables of ratings: read whatever their columns are called, joined with videos, accounted for row by row."""
