"""The study as a data set, with pairs from its votes, its stated pairs and its ratings."""

from typing import TYPE_CHECKING

from skillviewer.core.dataset.dataset import Dataset, DatasetVideo, mean_ratings
from skillviewer.core.dataset.label_source import LabelSource
from skillviewer.core.dataset.pairs import SKILL, Pair, SimilarPair
from skillviewer.core.ratings.rating_rule import RatingRule, rating_rule_named
from skillviewer.data.study.agreed import votes_or_stated_pairs
from skillviewer.data.study.study_ratings import add_rating_pairs, rated_order

if TYPE_CHECKING:  # scipy takes a second; the study makes its data set here
    from skillviewer.core.ranking.consensus import Rule
    from skillviewer.data.study.study import Study


def study_dataset(
    study: "Study",
    labels: LabelSource = LabelSource.BOTH,
    criterion: str | None = None,
    rule: "Rule | None" = None,
    rating_rule: RatingRule | None = None,
) -> Dataset:
    """Return a study as a data set.

    A pair of videos is ordered by its votes, else by a stated pair, else by its ratings. Votes that contradict ratings
    are reported in ``problems``.

    Args:
        study: The open study.
        labels: Sources of the pairs: votes with stated pairs, ratings, or both.
        criterion: Criterion of votes and ratings, or None for the criterion that the study looks at.
        rule: Rule that turns votes into pairs, or None for the study's rule.
        rating_rule: Rule that turns ratings into pairs, or None for the study's rule.

    Raises:
        StudyError: The study has neither ratings nor votes of the criterion, or it cannot be read.
    """
    from skillviewer.core.ranking.consensus import rule_named

    settings = study.settings
    usual_criterion, *_ = study.criteria()
    study.check_criterion(criterion)
    chosen_criterion = study.criterion if criterion is None else criterion
    rule = rule if rule is not None else rule_named(settings.rule)
    rating_rule = rating_rule if rating_rule is not None else rating_rule_named(settings.rating_rule)
    use_votes = labels is not LabelSource.RATINGS
    use_ratings = labels is not LabelSource.VOTES
    judgements = study.votes.judgements(chosen_criterion) if use_votes else ()
    stated_pairs: tuple[Pair | SimilarPair, ...] = ()
    if use_votes and chosen_criterion == usual_criterion:
        stated_pairs = study.pairs.all()
    consensus = votes_or_stated_pairs(judgements, stated_pairs, rule)
    videos = study.videos.all()
    ratings = study.ratings.all()
    order = rated_order(ratings, chosen_criterion, rating_rule)
    problems: list[str] = []
    rules = [rule.text] if judgements else []
    if use_ratings and order is not None:
        consensus, problems = add_rating_pairs(consensus, order, {video.name: video.task for video in videos})
        rules.append(order.rule)
    measures = mean_ratings(ratings)
    scores = measures[order.item] if order is not None else None
    stored_ratings = ratings if ratings.ratings else None
    stored_criterion = "" if chosen_criterion == SKILL else chosen_criterion
    return Dataset(
        name=study.title,
        form="study",
        task=settings.task or study.title,
        videos=tuple(
            DatasetVideo(v.name, v.path, v.participant, subtask=v.task, clip_range=v.clip_range, occasion=v.occasion)
            for v in videos
        ),
        pairs=consensus.pairs,
        similar=consensus.similar,
        judgements=judgements,
        rule="; ".join(rules),
        scores=scores,
        problems=tuple(problems),
        ratings=stored_ratings,
        criterion=stored_criterion,
    )
