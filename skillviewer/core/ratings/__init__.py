"""Statistics of ratings: pairs by a stated rule, reliability of raters, metrics, and scores on the raters' scale."""
