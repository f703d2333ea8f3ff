"""Features of videos: sampled inputs, backbones, the cache and the stores that training reads."""
