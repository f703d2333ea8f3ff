"""Faces in a video: boxes, tracks over time, and the wording of what blurring does not promise."""
