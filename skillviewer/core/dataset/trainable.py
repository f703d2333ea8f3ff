"""Reasons why a data set orders no two videos, for the user."""

from skillviewer.core.dataset.dataset import Dataset


def why_no_pair(dataset: Dataset) -> str:
    """Return in a sentence why a data set without ordered pairs has none, and what to do; "" if it is just empty."""
    ratings = set(dataset.scores.by_video().values()) if dataset.scores is not None else set()
    if len(ratings) == 1 and not dataset.judgements:
        rated = dataset.criterion or "skill"
        value = _written(dataset, min(ratings))
        return f"All videos have the same rating of {rated} ({value}): it orders nothing. Choose another criterion."
    if not dataset.similar:
        return ""
    by_rule = f" by the rule “{dataset.rule}”" if dataset.rule else ""
    return (
        f"All {len(dataset.similar)} pairs count as no difference{by_rule}: they order nothing. Judge more pairs, or "
        "choose another "
        "rule."
    )


def _written(dataset: Dataset, rating: float) -> str:
    """Return a rating as the raters wrote it: in the words of its level, or as a number."""
    if dataset.ratings is not None and dataset.criterion in dataset.ratings.items:
        levels = dataset.ratings.scale(dataset.criterion).levels
        if rating.is_integer() and 0 <= rating < len(levels):
            return levels[int(rating)]
    return f"{rating:g}"
