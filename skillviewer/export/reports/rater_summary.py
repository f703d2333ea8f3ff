"""Short summaries of the votes of a study for reports."""

from collections.abc import Mapping, Sequence

from skillviewer.core.dataset.pairs import Judgement, Pair, Verdict
from skillviewer.core.evaluation.accuracy import count_pairs
from skillviewer.core.ranking.rank_videos import rank_videos, rater_count_text
from skillviewer.core.text import counted, signed, whole_percent

RATER_HEADER = ("rater", "judgements", "agrees with most others", "left chosen", "median time")


def rater_cells(judgements: Sequence[Judgement]) -> tuple[tuple[str, ...], ...]:
    """Return a row of texts for every rater, by name; ``RATER_HEADER`` has the titles of the columns."""
    from skillviewer.core.ranking.raters import rater_reports  # scipy takes a second
    from skillviewer.core.ranking.votes import ShownPair

    shown_pairs = [
        ShownPair(
            judgement.left,
            judgement.right,
            judgement.rater,
            judgement.verdict,
            taken_s=judgement.taken_s,
            watched=judgement.watched,
        )
        for judgement in judgements
    ]
    return tuple(
        (
            report.name,
            str(report.judged),
            report.agreement.text,
            report.left.text,
            "–" if report.median_s is None else f"{report.median_s:.1f} s",
        )
        for report in rater_reports(shown_pairs)
    )


def raters_summary(judgements: Sequence[Judgement], pairs: Sequence[Pair], scores: Mapping[str, float]) -> str:
    """Return sentences on the agreement of the raters, and of the scores with the agreed pairs; "" without votes.

    ``scores`` are by name of the video, as in judgements and pairs.
    """
    sentences = []
    if judgements:
        from skillviewer.core.ranking.agreement import agreement

        alpha = agreement(judgements, "nominal")
        if alpha is None:
            sentences.append("No pair was judged by two raters: whether raters agree is not known.")
        else:
            sentences.append(alpha.sentence)
    scored_pairs = [pair for pair in pairs if pair.better in scores and pair.worse in scores]
    if scored_pairs:
        count = count_pairs(scored_pairs, scores)
        ties = f", {count.ties} of them equal" if count.ties else ""
        share = f"{whole_percent(count.right, count.n)} %{ties}"
        sentences.append(f"The model orders {count.right} of {count.n} agreed pairs as the raters do ({share}).")
    return " ".join(sentences)


def format_raters(judgements: Sequence[Judgement], name: str) -> str:
    """Return a summary of the judgements of one video; "" if there are none."""
    of_video = [judgement for judgement in judgements if name in {judgement.left, judgement.right}]
    if not of_video:
        return ""
    n_better = 0
    for judgement in of_video:
        winning_verdict = Verdict.LEFT if judgement.left == name else Verdict.RIGHT
        n_better += judgement.verdict is winning_verdict
    n_equal = sum(judgement.verdict is Verdict.NEITHER for judgement in of_video)
    n_worse = len(of_video) - n_better - n_equal
    raters = rater_count_text([judgement.rater for judgement in of_video])
    text = (
        f"{raters[0].upper()}{raters[1:]} judged it in {counted(len(of_video), 'comparison')}: "
        f"better in {n_better}, worse in {n_worse}, no difference in {n_equal}."
    )
    ranked = next(ranked for ranked in rank_videos(judgements) if ranked.name == name)
    return (
        f"{text} By all votes its strength is {signed(ranked.strength)} (Bradley–Terry, in logits; standard error "
        f"{ranked.error:.2f}), rank {ranked.linked_rank} of the {ranked.n_linked} videos linked by votes."
    )
