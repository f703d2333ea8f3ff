"""The data set of a study: the one place where its votes, stated pairs and ratings become pairs."""

from typing import TYPE_CHECKING

from skillviewer.core.dataset.dataset import Dataset, DatasetVideo, Measure
from skillviewer.core.dataset.label_source import LabelSource
from skillviewer.core.dataset.pairs import SKILL
from skillviewer.core.ratings.rating_rule import RatingRule, rating_rule_named
from skillviewer.data.study.agreed import combined
from skillviewer.data.study.study_ratings import rated_order, with_ratings

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
    """Return a study as a data set, with pairs from its votes, its stated pairs and its ratings.

    For two videos with votes, the votes count; without, a stated pair; without either, their ratings. Votes that
    contradict ratings are in ``problems``.

    Args:
        study: The open study.
        labels: Statements that pairs are made from; the others are left out.
        criterion: Criterion of votes and ratings, or None for the one that the study looks at.
        rule: Rule for votes, or None for the study's.
        rating_rule: Rule for ratings, or None for the study's.

    Raises:
        StudyError: Neither ratings nor votes are of the criterion, or the study cannot be read.
    """
    from skillviewer.core.ranking.consensus import rule_named

    settings = study.settings
    criteria = study.criteria()
    study.check_criterion(criterion)
    chosen_criterion = criterion or study.criterion
    usual = criteria[0]
    rule = rule if rule is not None else rule_named(settings.rule)
    rating_rule = rating_rule if rating_rule is not None else rating_rule_named(settings.rating_rule)
    voted = labels is not LabelSource.RATINGS
    judgements = study.votes.judgements(chosen_criterion) if voted else ()
    agreement = combined(judgements, study.pairs.all() if voted and chosen_criterion == usual else (), rule)
    videos = study.videos.all()
    ratings = study.ratings.all()
    rated = rated_order(ratings, chosen_criterion, rating_rule)
    problems: list[str] = []
    if labels is not LabelSource.VOTES:
        agreement, problems = with_ratings(agreement, rated, {v.name: v.task for v in videos})
    rules = [rule.text] if judgements else []
    rules += [rated.rule] if rated is not None and labels is not LabelSource.VOTES else []
    measures = {item: Measure(item, tuple(ratings.table(item).means().items())) for item in ratings.items}
    return Dataset(
        name=study.title,
        form="study",
        task=settings.task or study.title,
        videos=tuple(DatasetVideo(v.name, v.path, v.participant, v.task, v.clip_range, v.occasion) for v in videos),
        pairs=agreement.pairs,
        similar=agreement.similar,
        judgements=judgements,
        rule="; ".join(rules),
        scores=measures[rated.item] if rated is not None else None,
        problems=tuple(problems),
        ratings=ratings if ratings.ratings else None,
        criterion="" if chosen_criterion == SKILL else chosen_criterion,
    )
