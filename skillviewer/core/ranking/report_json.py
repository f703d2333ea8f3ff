"""Plain values of a ranking report for JSON, as the command line prints them."""

import math
from dataclasses import asdict
from typing import Any

from skillviewer.core.proportion import Proportion
from skillviewer.core.ranking.raters import RaterReport
from skillviewer.core.ranking.report import RankingReport


def ranking_json(report: RankingReport) -> dict[str, Any]:
    """Return a report as plain values; an unknown number is null."""
    halves = report.split_half
    found = {
        "judged": report.judged,
        "skipped": report.skipped,
        "asked_because": dict(report.why),
        "strengths": [asdict(standing) for standing in report.standings],
        "reliability": report.reliability,
        "agreement": {
            name: None if alpha is None else asdict(alpha)
            for name, alpha in (
                ("nominal", report.nominal),
                ("ordinal", report.ordinal),
                ("ordinal_on_test_pairs", report.on_test),
            )
        },
        "split_half": None if halves is None else asdict(halves),
        "connected": report.connected,
        "parts": {task: [list(part) for part in parts] for task, parts in report.parts},
        "circles": [
            {"links": [asdict(link) for link in cycle.links], "weakest": [cycle.weakest.better, cycle.weakest.worse]}
            for cycle in report.contradictions.cycles
        ],
        "raters": [_rater(rater) for rater in report.raters],
    }
    return {name: _plain(value) for name, value in found.items()}


def _rater(rater: RaterReport) -> dict[str, Any]:
    return {
        "name": rater.name,
        "judged": rater.judged,
        "skipped": rater.skipped,
        "neither": rater.neither,
        "left": _share(rater.left),
        "median_s": rater.median_s,
        "hurried": _share(rater.hurried),
        "agreement": _share(rater.agreement),
        "consistency": _share(rater.consistency),
        "misfit": None if rater.misfit is None else asdict(rater.misfit),
        "warnings": list(rater.warnings),
    }


def _share(share: Proportion) -> dict[str, Any]:
    low, high = share.interval
    return {"part": share.part, "n": share.n, "value": share.value, "low": low, "high": high}


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
