"""Reasons why a data set orders no two videos, for the user."""

from skillviewer.core.dataset.pairs import Dataset


def why_no_pair(dataset: Dataset) -> str:
    """Return in a sentence why a data set without ordered pairs has none, and what to do; "" if it is just empty."""
    ratings = set(dataset.scores.by_video().values()) if dataset.scores is not None else set()
    if len(ratings) == 1 and not dataset.judgements:
        rated = dataset.criterion or "skill"
        value = f"{min(ratings):g}"
        return f"All videos have the same rating of {rated} ({value}): it orders nothing. Choose another criterion."
    if not dataset.similar:
        return ""
    by_rule = f" by the rule “{dataset.rule}”" if dataset.rule else ""
    return (
        f"All {len(dataset.similar)} pairs count as no difference{by_rule}: they order nothing. Judge more pairs, or "
        "choose "
        "another rule."
    )
