"""Short summaries of the votes of a study for reports."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from skillviewer.core.dataset.pairs import Judgement, Pair, Verdict
from skillviewer.core.evaluation.accuracy import count_pairs
from skillviewer.core.ranking.rank_videos import rank_videos, rater_count_text
from skillviewer.core.text import counted, signed, whole_percent

RATER_HEADER = ("rater", "judgements", "agrees with most others", "left chosen", "median time")


def rater_rows(judgements: Sequence[Judgement]) -> tuple[tuple[str, ...], ...]:
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
    rows = []
    for report in rater_reports(shown_pairs):
        median_text = "–" if report.median_s is None else f"{report.median_s:.1f} s"
        rows.append((report.name, str(report.judged), report.agreement.text, report.left.text, median_text))
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class PairsInTraining:
    """The agreed pairs and the videos that a model was trained on."""

    pairs: frozenset[Pair] = frozenset()  # agreed pairs that the model was trained on
    videos: frozenset[str] = frozenset()  # names of the videos that it was trained on


def raters_summary(
    judgements: Sequence[Judgement],
    pairs: Sequence[Pair],
    scores: Mapping[str, float],
    training: PairsInTraining | None = None,
) -> str:
    """Return sentences on the agreement of the raters, and of the scores with the agreed pairs; "" without votes.

    Args:
        judgements: Judgements of the raters.
        pairs: Agreed pairs.
        scores: Scores by name of the video, as in judgements and pairs.
        training: Pairs and videos that the model was trained on, or None if they are not known.
    """
    sentences = []
    if judgements:
        from skillviewer.core.ranking.agreement import agreement

        alpha = agreement(judgements, "nominal")
        if alpha is None:
            sentences.append("No pair was judged by two raters: whether raters agree is not known.")
        else:
            sentences.append(alpha.sentence)
    scored_pairs = [pair for pair in pairs if pair.within(scores)]
    return " ".join((*sentences, *_order_sentences(scored_pairs, scores, training)))


def _order_sentences(
    pairs: Sequence[Pair], scores: Mapping[str, float], training: PairsInTraining | None
) -> Iterator[str]:
    """Yield the accuracies of the model on unseen, partly seen and trained pairs; one if these are not known."""
    if training is None:
        yield from _accuracy_sentences("agreed pairs", pairs, scores, "Whether it was trained on them is not known.")
        return
    trained_pairs = [pair for pair in pairs if pair in training.pairs]
    others = [pair for pair in pairs if pair not in training.pairs]
    pairs_of_known_videos = [pair for pair in others if pair.touches(training.videos)]
    pairs_of_new_videos = [pair for pair in others if not pair.touches(training.videos)]
    yield from _accuracy_sentences("agreed pairs of videos that it was not trained on", pairs_of_new_videos, scores)
    yield from _accuracy_sentences(
        "agreed pairs with a video that it was trained on",
        pairs_of_known_videos,
        scores,
        "On new people it is less accurate.",
    )
    yield from _accuracy_sentences(
        "agreed pairs that it was trained on", trained_pairs, scores, "This is no test of the model."
    )


def _accuracy_sentences(
    description: str, pairs: Sequence[Pair], scores: Mapping[str, float], note: str = ""
) -> Iterator[str]:
    """Yield a sentence on the accuracy over some pairs, or nothing if there are none."""
    if not pairs:
        return
    count = count_pairs(pairs, scores)
    ties_text = f", {count.ties} of them equal" if count.ties else ""
    share_text = f"{whole_percent(count.right, count.n)} %{ties_text}"
    yield f"The model orders {count.right} of {count.n} {description} as the raters do ({share_text}). {note}".rstrip()


def format_raters(judgements: Sequence[Judgement], name: str) -> str:
    """Return a summary of the judgements of one video; "" if there are none."""
    judgements_of_video = [judgement for judgement in judgements if name in {judgement.left, judgement.right}]
    if not judgements_of_video:
        return ""
    n_better = 0
    for judgement in judgements_of_video:
        winning_verdict = Verdict.LEFT if judgement.left == name else Verdict.RIGHT
        if judgement.verdict is winning_verdict:
            n_better += 1
    n_equal = sum(judgement.verdict is Verdict.NEITHER for judgement in judgements_of_video)
    n_worse = len(judgements_of_video) - n_better - n_equal
    raters = rater_count_text([judgement.rater for judgement in judgements_of_video])
    text = (
        f"{raters[0].upper()}{raters[1:]} judged it in {counted(len(judgements_of_video), 'comparison')}: "
        f"better in {n_better}, worse in {n_worse}, no difference in {n_equal}."
    )
    ranked = next(ranked for ranked in rank_videos(judgements) if ranked.name == name)
    return (
        f"{text} By all votes its strength is {signed(ranked.strength)} (Bradley–Terry, in logits; standard error "
        f"{ranked.error:.2f}), rank {ranked.linked_rank} of the {ranked.n_linked} videos linked by votes."
    )
