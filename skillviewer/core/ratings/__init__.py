"""Ratings of videos: values, pairs by a stated rule, agreement of raters, and scores on the raters' own scale."""

from skillviewer.core.ratings.rating_set import RatingScale, RatingSet, VideoRating

__all__ = ["RatingScale", "RatingSet", "VideoRating"]
