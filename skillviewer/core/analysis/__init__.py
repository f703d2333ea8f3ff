"""Results of a model on one video, their comparison with other videos and models, and their texts."""
