"""Tracking of hands through a video."""
