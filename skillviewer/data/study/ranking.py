"""Pairs asked of the raters of a study, and the report on their votes."""

from skillviewer.core.ranking.report import RankingReport, ranking_report
from skillviewer.core.ranking.votes import ShownPair
from skillviewer.data.study.study import Study


def asked(study: Study) -> tuple[ShownPair, ...]:
    """Return the valid pairs asked of all raters, in the order of voting; withdrawn votes are left out."""
    return tuple(
        ShownPair(v.left, v.right, v.rater, v.verdict, v.purpose, v.taken_s, v.watched)
        for v in study.votes.in_use()
        if v.is_valid
    )


def report(study: Study) -> RankingReport:
    """Return the report on the votes of a study, for the videos that are still in it."""
    return ranking_report(study.videos.tasks(), asked(study))
