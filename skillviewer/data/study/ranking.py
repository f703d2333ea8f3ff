"""What the raters of a study were asked, and all that their answers say."""

from skillviewer.core.ranking.pair_selection import Asked
from skillviewer.core.ranking.report import RankingReport, ranking_report
from skillviewer.data.study.study import Study


def asked(study: Study) -> tuple[Asked, ...]:
    """Return what was asked of all raters, in the order of voting; what was withdrawn was never asked."""
    return tuple(
        Asked(v.left, v.right, v.rater, v.verdict, v.purpose, v.taken_s, v.watched)
        for v in study.votes.all()
        if v.stands
    )


def report(study: Study) -> RankingReport:
    """Return all that the votes of a study say of the videos that are still in it."""
    return ranking_report({video.name: video.task for video in study.videos.all()}, asked(study))
