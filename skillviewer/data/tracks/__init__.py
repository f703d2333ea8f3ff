"""Tracks of other programs: reading, placing on a video, and writing."""
