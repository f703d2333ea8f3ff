"""Clips, stills and contact sheets of analysed videos."""
