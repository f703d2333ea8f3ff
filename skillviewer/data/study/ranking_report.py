"""Report on the votes of a study."""

from skillviewer.core.ranking.report import RankingReport, ranking_report
from skillviewer.core.ranking.votes import ShownPair
from skillviewer.data.study.study import Study


def shown_pairs(study: Study) -> tuple[ShownPair, ...]:
    """Return the pairs that raters were shown, in the order of voting, without withdrawn votes."""
    return tuple(
        ShownPair(
            vote.left,
            vote.right,
            vote.rater,
            vote.verdict,
            reason=vote.purpose,
            taken_s=vote.taken_s,
            watched=vote.watched,
        )
        for vote in study.votes.of_criterion()
        if vote.is_valid
    )


def study_ranking_report(study: Study) -> RankingReport:
    """Return the report on the votes of a study, for the videos that are still in it."""
    return ranking_report(study.videos.tasks(), shown_pairs(study))
