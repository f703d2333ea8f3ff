"""Report on the votes of a study: strengths, agreement, raters, cycles, connectivity, halves; and its JSON."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import msgspec

from skillviewer.core.progress import NEVER, CancelToken
from skillviewer.core.proportion import Proportion
from skillviewer.core.ranking.agreement import Alpha, agreement
from skillviewer.core.ranking.connected import connected_parts
from skillviewer.core.ranking.cycles import PreferenceCycles, contradictions
from skillviewer.core.ranking.pair_selection import SelectionReason
from skillviewer.core.ranking.rank_videos import RankedVideo, rank_videos
from skillviewer.core.ranking.raters import RaterReport, rater_reports
from skillviewer.core.ranking.split_half import SplitHalf, split_half
from skillviewer.core.ranking.votes import ShownPair, VoteColumns


@dataclass(frozen=True, slots=True)
class RankingReport:
    """Report on the votes of a study."""

    ranked_videos: tuple[RankedVideo, ...]  # judged videos, task by task, the strongest first
    # separation reliability of the strengths about the means of their tasks, 0 to 1; NaN without votes
    # (1 - mean squared error / their variance)
    reliability: float
    nominal: Alpha | None  # agreement of the raters on the nominal level; None if no pair has two raters
    ordinal: Alpha | None  # agreement on the ordinal level
    on_test: Alpha | None  # ordinal agreement over the test pairs alone, which were chosen at random
    raters: tuple[RaterReport, ...]  # statistics of every rater
    contradictions: PreferenceCycles  # preference cycles
    # for every task, the sets of its videos that votes connect, the largest first; an unjudged video is a set of its
    # own
    parts: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]
    split_half: SplitHalf | None  # split-half reliability, or None with too few votes
    judged: int  # number of judgements
    skipped: int  # number of skipped pairs
    reasons: tuple[tuple[str, int], ...]  # number of judgements by reason of the pair

    @property
    def connected(self) -> bool:
        """True if votes connect all videos of every task."""
        return all(len(parts) == 1 and len(parts[0]) > 1 for _, parts in self.parts)

    @property
    def connectivity(self) -> str:
        """Sentence on the comparability of strengths."""
        if not self.judged:
            return "No pair has been judged yet."
        if self.connected:
            if len(self.parts) > 1:
                return "Votes connect all videos of each task: strengths can be compared within a task."
            return "Votes connect all videos: their strengths can be compared."
        sentences = []
        for task, parts in self.parts:
            if len(parts) == 1 and len(parts[0]) > 1:
                continue
            of_task = f" of {task}" if task else ""
            unconnected = [part[0] for part in parts if len(part) == 1]
            groups = len(parts) - len(unconnected)
            if groups > 1:
                sentences.append(
                    f"The videos{of_task} fall into {groups} groups that no vote connects: strengths of two groups "
                    "cannot be compared."
                )
            if unconnected:
                names = ", ".join(unconnected[:5]) + (
                    f" and {len(unconnected) - 5} more" if len(unconnected) > 5 else ""
                )
                sentences.append(f"No vote on {names}{of_task} yet.")
        return " ".join(sentences)


def ranking_report(
    videos: Mapping[str, str], shown_pairs: Sequence[ShownPair], token: CancelToken = NEVER, *, misfits: bool = True
) -> RankingReport:
    """Return the report on the votes of a study, whose ``videos`` have their tasks; cancelled by the token.

    Pairs count in the order of voting; pairs with other videos, or across tasks, are ignored. ``misfits`` take long.
    """
    shown_pairs = [
        a for a in shown_pairs if a.left in videos and a.right in videos and videos[a.left] == videos[a.right]
    ]
    answered = [a for a in shown_pairs if a.verdict is not None]
    votes = VoteColumns.of(answered)
    tests = {frozenset((a.left, a.right)) for a in shown_pairs if a.reason == SelectionReason.TEST}
    tested = [a for a in answered if frozenset((a.left, a.right)) in tests]
    ranked = rank_videos(votes, videos)
    halves = split_half(votes, videos, token=token)
    return RankingReport(
        ranked_videos=ranked,
        reliability=_reliability(ranked),
        nominal=agreement(votes, "nominal"),
        ordinal=agreement(votes, "ordinal"),
        on_test=agreement(tested, "ordinal"),
        raters=rater_reports(shown_pairs, misfits=misfits),
        contradictions=contradictions(votes),
        parts=_parts(videos, votes),
        split_half=halves,
        judged=len(votes),
        skipped=len(shown_pairs) - len(votes),
        reasons=tuple(sorted(Counter(str(a.reason) for a in answered).items())),
    )


def _reliability(ranked_videos: Sequence[RankedVideo]) -> float:
    """Return the separation reliability within tasks; for one task that of its strengths."""
    if not ranked_videos:
        return float("nan")
    n_tasks = len({ranked.task for ranked in ranked_videos})
    spread = sum(s.strength**2 for s in ranked_videos) / (
        len(ranked_videos) - n_tasks
    )  # strengths of a task have mean 0
    return (
        max(0.0, 1 - sum(s.error**2 for s in ranked_videos) / len(ranked_videos) / spread)
        if spread > 0
        else float("nan")
    )


def _parts(videos: Mapping[str, str], votes: VoteColumns) -> tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]:
    by_task: dict[str, list[tuple[str, ...]]] = {task: [] for task in sorted(set(videos.values()))}
    links = zip(votes.first.tolist(), votes.second.tolist(), strict=True)
    for part in connected_parts(sorted(videos), ((votes.videos[i], votes.videos[j]) for i, j in links)):
        by_task[videos[part[0]]].append(tuple(part))
    return tuple((task, tuple(sorted(parts, key=lambda p: (-len(p), p)))) for task, parts in by_task.items())


def ranking_json(report: RankingReport) -> dict[str, Any]:
    """Return a report as plain values; an unknown number is null."""
    cycles = [
        {"links": cycle.links, "weakest": [cycle.weakest.better, cycle.weakest.worse]}
        for cycle in report.contradictions.cycles
    ]
    values = {
        "judged": report.judged,
        "skipped": report.skipped,
        "asked_because": dict(report.reasons),
        "strengths": report.ranked_videos,
        "reliability": report.reliability,
        "agreement": {"nominal": report.nominal, "ordinal": report.ordinal, "ordinal_on_test_pairs": report.on_test},
        "split_half": report.split_half,
        "connected": report.connected,
        "parts": dict(report.parts),
        "cycles": cycles,
        "circles": cycles,  # the name of version 0.1, for one more version
        "raters": [_rater(rater) for rater in report.raters],
    }
    plain: dict[str, Any] = json.loads(msgspec.json.encode(values))  # which writes NaN as null
    return plain


def _rater(rater: RaterReport) -> dict[str, Any]:
    shares = {name: _share(getattr(rater, name)) for name in ("left", "hurried", "agreement", "consistency")}
    return asdict(rater) | shares | {"warnings": rater.warnings}


def _share(share: Proportion) -> dict[str, Any]:
    low, high = share.interval
    return {"part": share.part, "n": share.n, "value": share.value, "low": low, "high": high}
