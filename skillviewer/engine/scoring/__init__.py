"""Scoring of many videos: units, their result files, and collecting them into a study."""
