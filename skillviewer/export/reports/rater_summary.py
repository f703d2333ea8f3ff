"""Summary of the votes of a study, short enough for a report."""

from collections.abc import Mapping, Sequence

from skillviewer.core.dataset.pairs import Judgement, Pair, Verdict
from skillviewer.core.evaluation.accuracy import count_pairs
from skillviewer.core.ranking.rank_videos import rank_videos, rater_count_text
from skillviewer.core.text import signed, whole_percent

RATER_HEAD = ("rater", "judgements", "agrees with most others", "left chosen", "median time")


def rater_cells(judgements: Sequence[Judgement]) -> tuple[tuple[str, ...], ...]:
    """Return a row for every rater, in words, by name; the columns are those of ``RATER_HEAD``."""
    from skillviewer.core.ranking.raters import rater_reports  # scipy takes a second
    from skillviewer.core.ranking.votes import ShownPair

    shown_pairs = [
        ShownPair(j.left, j.right, j.rater, j.verdict, taken_s=j.taken_s, watched=j.watched) for j in judgements
    ]
    return tuple(
        (
            row.name,
            str(row.judged),
            row.agreement.text,
            row.left.text,
            "–" if row.median_s is None else f"{row.median_s:.1f} s",
        )
        for row in rater_reports(shown_pairs)
    )


def raters_summary(judgements: Sequence[Judgement], pairs: Sequence[Pair], scores: Mapping[str, float]) -> str:
    """Summarise the votes in sentences: agreement of the raters, and of the scores with the pairs.

    Scores go by the names of the videos in the judgements.
    """
    sentences = []
    if judgements:
        from skillviewer.core.ranking.agreement import agreement

        alpha = agreement(judgements, "nominal")
        unknown = "No pair was judged by two raters: whether raters agree is not known."
        sentences.append(unknown if alpha is None else alpha.sentence)
    scored_pairs = [pair for pair in pairs if pair.better in scores and pair.worse in scores]
    if scored_pairs:
        count = count_pairs(scored_pairs, scores)
        ties = f", {count.ties} of them equal" if count.ties else ""
        share = f"{whole_percent(count.right, count.n)} %{ties}"
        sentences.append(f"The model orders {count.right} of {count.n} agreed pairs as the raters do ({share}).")
    return " ".join(sentences)


def format_raters(judgements: Sequence[Judgement], name: str) -> str:
    """Return a summary of the judgements of one video, "" without any."""
    of_video = [j for j in judgements if name in {j.left, j.right}]
    if not of_video:
        return ""
    better = sum(j.verdict is (Verdict.LEFT if j.left == name else Verdict.RIGHT) for j in of_video)
    same = sum(j.verdict is Verdict.NEITHER for j in of_video)
    raters = rater_count_text([j.rater for j in of_video])
    text = (
        f"{raters[0].upper()}{raters[1:]} judged it in {len(of_video)} comparison{'s' if len(of_video) > 1 else ''}: "
        f"better in {better}, worse in {len(of_video) - better - same}, no difference in {same}."
    )
    place = next(ranked for ranked in rank_videos(judgements) if ranked.name == name)
    return (
        f"{text} By all votes its strength is {signed(place.strength)} (Bradley–Terry, in logits; standard error "
        f"{place.error:.2f}), rank {place.linked_rank} of the {place.n_linked} videos linked by votes."
    )
