"""Analysis of one video by one or several loaded models, and the evidence for its score."""
