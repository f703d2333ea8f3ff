"""Faces in a video: boxes, tracks over time, and statements on the limits of blurring."""
