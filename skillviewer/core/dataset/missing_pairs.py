"""Explanation for the user why a data set has no ordered pairs."""

from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.dataset.pairs import SKILL


def explain_missing_pairs(dataset: Dataset) -> str:
    """Return a sentence on why a data set has no ordered pairs and what to do; "" if the data set is empty."""
    ratings = set(dataset.scores.by_video().values()) if dataset.scores is not None else set()
    if len(ratings) == 1 and not dataset.judgements:
        criterion = dataset.criterion
        if not criterion:
            criterion = SKILL
        rating_text = _format_rating(dataset, min(ratings))
        return (
            f"All videos have the same rating of {criterion} ({rating_text}): it orders nothing. "
            "Choose another criterion."
        )
    if not dataset.similar:
        return ""
    rule_text = f" by the rule “{dataset.rule}”" if dataset.rule else ""
    return (
        f"All {len(dataset.similar)} pairs count as no difference{rule_text}: they order nothing. Judge more pairs, or "
        "choose another rule."
    )


def _format_rating(dataset: Dataset, rating: float) -> str:
    """Return a rating as the raters wrote it, by the name of its level or as a number."""
    if dataset.ratings is not None and dataset.criterion in dataset.ratings.items:
        levels = dataset.ratings.scale(dataset.criterion).levels
        if rating.is_integer() and 0 <= rating < len(levels):
            return levels[int(rating)]
    return f"{rating:g}"
