"""Facts about a video file, its clips and ranges, and the preprocessing before a model."""
