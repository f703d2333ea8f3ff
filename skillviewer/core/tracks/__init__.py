"""Tracks: named points over the frames of a video, such as hands, tools and the pointer of a study."""
