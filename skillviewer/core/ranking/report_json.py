"""Plain values of a ranking report for JSON, as the command line prints them."""

import json
from dataclasses import asdict
from typing import Any

import msgspec

from skillviewer.core.proportion import Proportion
from skillviewer.core.ranking.raters import RaterReport
from skillviewer.core.ranking.report import RankingReport


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
