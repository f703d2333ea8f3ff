"""The Rank screen: a rater judges pairs of videos, blind."""
