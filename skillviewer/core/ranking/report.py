"""Report on the votes of a study: strengths, agreement, raters, cycles, connectivity, halves; and its JSON."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import msgspec
import numpy as np

from skillviewer.core.dataset.pairs import Judgement, Verdict
from skillviewer.core.progress import NEVER, CancelToken
from skillviewer.core.proportion import Proportion
from skillviewer.core.ranking.agreement import Alpha, agreement, first_verdicts
from skillviewer.core.ranking.bradley_terry import Strengths, bradley_terry
from skillviewer.core.ranking.connected import connected_parts
from skillviewer.core.ranking.cycles import PreferenceCycles, contradictions
from skillviewer.core.ranking.pair_selection import Asked, SelectionReason
from skillviewer.core.ranking.raters import RaterReport, rater_reports
from skillviewer.core.ranking.split_half import SplitHalf, split_half
from skillviewer.core.ranking.standings import ranks


@dataclass(frozen=True, slots=True)
class VideoStanding:
    """Position of one video."""

    name: str
    task: str
    rank: int  # 1 for the strongest of its task; ties share the better rank
    strength: float  # Bradley-Terry strength in logits; the mean of its task is 0
    error: float  # its standard error
    won: int  # number of votes for it
    lost: int  # number of votes for the other video
    neither: int  # number of votes for no difference


@dataclass(frozen=True, slots=True)
class RankingReport:
    """Report on the votes of a study."""

    standings: tuple[VideoStanding, ...]  # judged videos, task by task, the strongest first
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
    why: tuple[tuple[str, int], ...]  # number of judgements by reason of the pair

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
            alone = [part[0] for part in parts if len(part) == 1]
            groups = len(parts) - len(alone)
            if groups > 1:
                sentences.append(
                    f"The videos{of_task} fall into {groups} groups that no vote connects: strengths of two groups "
                    "cannot be compared."
                )
            if alone:
                names = ", ".join(alone[:5]) + (f" and {len(alone) - 5} more" if len(alone) > 5 else "")
                sentences.append(f"No vote on {names}{of_task} yet.")
        return " ".join(sentences)


def ranking_report(
    videos: Mapping[str, str], asked: Sequence[Asked], token: CancelToken = NEVER, *, misfits: bool = True
) -> RankingReport:
    """Return the report on the votes of a study, whose ``videos`` have their tasks; cancelled by the token.

    Pairs count in the order of voting; pairs with other videos, or across tasks, are ignored. ``misfits`` take long.
    """
    asked = [a for a in asked if a.left in videos and a.right in videos and videos[a.left] == videos[a.right]]
    judgements = [j for a in asked if (j := a.judgement) is not None]
    tests = {frozenset((a.left, a.right)) for a in asked if a.why == SelectionReason.TEST}
    tested = [j for j in judgements if frozenset((j.left, j.right)) in tests]
    by_task = scales(videos, judgements)
    halves = split_half(judgements, videos, token=token)
    verdicts = first_verdicts(judgements)
    return RankingReport(
        standings=tuple(standing for scale in by_task for standing in standings(videos, judgements, scale)),
        reliability=_reliability(by_task),
        nominal=agreement(verdicts, "nominal"),
        ordinal=agreement(verdicts, "ordinal"),
        on_test=agreement(tested, "ordinal"),
        raters=rater_reports(asked, misfits=misfits),
        contradictions=contradictions(judgements),
        parts=_parts(videos, judgements),
        split_half=halves,
        judged=len(judgements),
        skipped=len(asked) - len(judgements),
        why=tuple(sorted(Counter(str(a.why) for a in asked if a.verdict is not None).items())),
    )


def scales(videos: Mapping[str, str], judgements: Sequence[Judgement]) -> tuple[Strengths, ...]:
    """Return the strengths of every task separately: errors about a common mean of unconnected tasks would be wrong."""
    by_task: dict[str, list[Judgement]] = {}
    for j in judgements:
        by_task.setdefault(videos[j.left], []).append(j)
    return tuple(bradley_terry(by_task[task]) for task in sorted(by_task))


def _reliability(scales: Sequence[Strengths]) -> float:
    """Return the separation reliability within tasks; for one task that of its strengths."""
    if not scales:
        return float("nan")
    values = np.concatenate([scale.values for scale in scales])
    errors = np.concatenate([scale.standard_errors for scale in scales])
    spread = float((values**2).sum()) / (len(values) - len(scales))  # values of a task have mean 0
    return max(0.0, 1 - float(np.mean(errors**2)) / spread) if spread > 0 else float("nan")


def standings(
    videos: Mapping[str, str], judgements: Sequence[Judgement], strengths: Strengths
) -> tuple[VideoStanding, ...]:
    """Return the positions of the videos of one task, the strongest first."""
    won, lost, neither = Counter[str](), Counter[str](), Counter[str]()
    for j in judgements:
        if j.verdict is Verdict.NEITHER:
            neither.update((j.left, j.right))
        else:
            better, worse = (j.left, j.right) if j.verdict is Verdict.LEFT else (j.right, j.left)
            won[better] += 1
            lost[worse] += 1
    values = strengths.values.tolist()
    rows = zip(ranks(values), strengths.names, values, strengths.standard_errors.tolist(), strict=True)
    return tuple(
        VideoStanding(name, videos[name], rank, value, error, won[name], lost[name], neither[name])
        for rank, name, value, error in sorted(rows, key=lambda row: row[:2])
    )


def _parts(
    videos: Mapping[str, str], judgements: Sequence[Judgement]
) -> tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]:
    by_task: dict[str, list[tuple[str, ...]]] = {task: [] for task in sorted(set(videos.values()))}
    for part in connected_parts(sorted(videos), {(j.left, j.right) for j in judgements}):
        by_task[videos[part[0]]].append(tuple(part))
    return tuple((task, tuple(sorted(parts, key=lambda p: (-len(p), p)))) for task, parts in by_task.items())


def ranking_json(report: RankingReport) -> dict[str, Any]:
    """Return a report as plain values; an unknown number is null."""
    found = {
        "judged": report.judged,
        "skipped": report.skipped,
        "asked_because": dict(report.why),
        "strengths": report.standings,
        "reliability": report.reliability,
        "agreement": {"nominal": report.nominal, "ordinal": report.ordinal, "ordinal_on_test_pairs": report.on_test},
        "split_half": report.split_half,
        "connected": report.connected,
        "parts": dict(report.parts),
        "circles": [
            {"links": cycle.links, "weakest": [cycle.weakest.better, cycle.weakest.worse]}
            for cycle in report.contradictions.cycles
        ],
        "raters": [_rater(rater) for rater in report.raters],
    }
    plain: dict[str, Any] = json.loads(msgspec.json.encode(found))  # which writes NaN as null
    return plain


def _rater(rater: RaterReport) -> dict[str, Any]:
    shares = {name: _share(getattr(rater, name)) for name in ("left", "hurried", "agreement", "consistency")}
    return asdict(rater) | shares | {"warnings": rater.warnings}


def _share(share: Proportion) -> dict[str, Any]:
    low, high = share.interval
    return {"part": share.part, "n": share.n, "value": share.value, "low": low, "high": high}
