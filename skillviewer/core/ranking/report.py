"""Report on the votes of a study: strengths, agreement, raters, cycles, connectivity and split halves."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import msgspec

from skillviewer.core.progress import NEVER, CancelToken
from skillviewer.core.proportion import Proportion
from skillviewer.core.ranking.agreement import Alpha, agreement
from skillviewer.core.ranking.components import connected_parts
from skillviewer.core.ranking.cycles import PreferenceCycles, find_preference_cycles
from skillviewer.core.ranking.pair_selection import SelectionReason
from skillviewer.core.ranking.rank_videos import RankedVideo, rank_videos
from skillviewer.core.ranking.raters import RaterReport, rater_reports
from skillviewer.core.ranking.split_half import SplitHalf, split_half
from skillviewer.core.ranking.votes import ShownPair, VoteColumns


@dataclass(frozen=True, slots=True)
class RankingReport:
    """Report on the votes of a study."""

    ranked_videos: tuple[RankedVideo, ...]  # judged videos, task by task, the strongest first
    # separation reliability of the strengths within tasks, 0 to 1, which is 1 - mean squared error / variance; NaN
    # without votes
    reliability: float
    nominal_alpha: Alpha | None  # agreement of the raters on the nominal level; None if no pair has two raters
    ordinal_alpha: Alpha | None  # agreement on the ordinal level; None if no pair has two raters
    test_pair_alpha: Alpha | None  # ordinal agreement on the test pairs; None if none of them has two raters
    raters: tuple[RaterReport, ...]  # statistics of every rater
    contradictions: PreferenceCycles
    # for every task, the sets of videos that votes connect, the largest first; an unjudged video is a set of its own
    parts: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]
    split_half: SplitHalf | None  # split-half reliability, or None with too few votes
    judged: int  # number of judgements
    skipped: int  # number of skipped pairs
    reasons: tuple[tuple[str, int], ...]  # number of judgements by reason of the pair

    @property
    def connected(self) -> bool:
        """True if votes connect all videos of every task."""
        return all(_are_connected(parts) for _, parts in self.parts)

    @property
    def connectivity(self) -> str:
        """Sentences on the comparability of strengths."""
        if not self.judged:
            return "No pair has been judged yet."
        if self.connected:
            if len(self.parts) > 1:
                return "Votes connect all videos of each task: strengths can be compared within a task."
            return "Votes connect all videos: their strengths can be compared."
        sentences = []
        for task, parts in self.parts:
            if _are_connected(parts):
                continue
            task_text = f" of {task}" if task else ""
            unjudged = [part[0] for part in parts if len(part) == 1]
            n_groups = len(parts) - len(unjudged)
            if n_groups > 1:
                sentences.append(
                    f"The videos{task_text} fall into {n_groups} groups that no vote connects: strengths of two groups "
                    "cannot be compared."
                )
            if unjudged:
                names_text = ", ".join(unjudged[:5])
                if len(unjudged) > 5:
                    names_text += f" and {len(unjudged) - 5} more"
                sentences.append(f"No vote on {names_text}{task_text} yet.")
        return " ".join(sentences)


def _are_connected(parts: Sequence[Sequence[str]]) -> bool:
    """Return True if the connected sets of a task's videos are a single set of several videos."""
    return len(parts) == 1 and len(parts[0]) > 1


def ranking_report(
    videos: Mapping[str, str], shown_pairs: Sequence[ShownPair], token: CancelToken = NEVER, *, misfits: bool = True
) -> RankingReport:
    """Return the report on the votes of a study.

    Args:
        videos: Task of every video, by name.
        shown_pairs: Pairs shown to all raters, in the order of voting, without withdrawn ones. Pairs with other videos
            or across tasks are ignored.
        token: The token, checked while halves are computed.
        misfits: Whether to compute the misfits of raters, which takes long.
    """
    valid_pairs = [
        shown_pair
        for shown_pair in shown_pairs
        if shown_pair.left in videos
        and shown_pair.right in videos
        and videos[shown_pair.left] == videos[shown_pair.right]
    ]
    answered = [shown_pair for shown_pair in valid_pairs if shown_pair.verdict is not None]
    votes = VoteColumns.of(answered)
    test_pairs = {
        frozenset((shown_pair.left, shown_pair.right))
        for shown_pair in valid_pairs
        if shown_pair.reason == SelectionReason.TEST
    }
    answered_test_pairs = [
        shown_pair for shown_pair in answered if frozenset((shown_pair.left, shown_pair.right)) in test_pairs
    ]
    ranked_videos = rank_videos(votes, videos)
    halves = split_half(votes, videos, token=token)
    n_by_reason = Counter(str(shown_pair.reason) for shown_pair in answered)
    return RankingReport(
        ranked_videos=ranked_videos,
        reliability=_reliability(ranked_videos),
        nominal_alpha=agreement(votes, "nominal"),
        ordinal_alpha=agreement(votes, "ordinal"),
        test_pair_alpha=agreement(answered_test_pairs, "ordinal"),
        raters=rater_reports(valid_pairs, misfits=misfits),
        contradictions=find_preference_cycles(votes),
        parts=_parts(videos, votes),
        split_half=halves,
        judged=len(votes),
        skipped=len(valid_pairs) - len(votes),
        reasons=tuple(sorted(n_by_reason.items())),
    )


def _reliability(ranked_videos: Sequence[RankedVideo]) -> float:
    """Return the separation reliability within tasks; NaN without videos or if all strengths are equal."""
    if not ranked_videos:
        return float("nan")
    n_videos = len(ranked_videos)
    n_tasks = len({video.task for video in ranked_videos})
    # the strengths of a task have mean 0
    variance = sum(video.strength**2 for video in ranked_videos) / (n_videos - n_tasks)
    if not variance > 0:
        return float("nan")
    mean_squared_error = sum(video.error**2 for video in ranked_videos) / n_videos
    return max(0.0, 1 - mean_squared_error / variance)


def _parts(videos: Mapping[str, str], votes: VoteColumns) -> tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]:
    by_task: dict[str, list[tuple[str, ...]]] = {task: [] for task in sorted(set(videos.values()))}
    vote_indices = zip(votes.first.tolist(), votes.second.tolist(), strict=True)
    links = [(votes.videos[first], votes.videos[second]) for first, second in vote_indices]
    for part in connected_parts(sorted(videos), links):
        by_task[videos[part[0]]].append(tuple(part))
    for parts in by_task.values():
        parts.sort()
        parts.sort(key=len, reverse=True)
    return tuple((task, tuple(parts)) for task, parts in by_task.items())


def ranking_json(report: RankingReport) -> dict[str, Any]:
    """Return a report as plain values for JSON, with None for NaN."""
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
        "agreement": {
            "nominal": report.nominal_alpha,
            "ordinal": report.ordinal_alpha,
            "ordinal_on_test_pairs": report.test_pair_alpha,
        },
        "split_half": report.split_half,
        "connected": report.connected,
        "parts": dict(report.parts),
        "cycles": cycles,
        "circles": cycles,  # the name of version 0.1, for one more version
        "raters": [_rater(rater) for rater in report.raters],
    }
    plain_values: dict[str, Any] = json.loads(msgspec.json.encode(values))  # msgspec writes NaN as null
    return plain_values


def _rater(rater: RaterReport) -> dict[str, Any]:
    shares = {name: _share(getattr(rater, name)) for name in ("left", "hurried", "agreement", "consistency")}
    return asdict(rater) | shares | {"warnings": rater.warnings}


def _share(share: Proportion) -> dict[str, Any]:
    low, high = share.interval
    return {"part": share.part, "n": share.n, "value": share.value, "low": low, "high": high}
