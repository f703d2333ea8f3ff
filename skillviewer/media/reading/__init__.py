"""Exact reading of video frames by presentation time."""
