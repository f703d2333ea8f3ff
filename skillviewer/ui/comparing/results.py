"""Results of the compared models, on the video on screen and on all others."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.other_models import ModelFacts
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.video.extents import VideoClip

MIN_VIDEOS = 5
"""Number of videos a model must have scored for its scores to be shown in standard deviations."""


@dataclass(slots=True)
class Results:
    """Results by key of the model, and most of them by video.

    Attributes:
        facts: Facts from the checkpoints.
        analyses: Whole analyses.
        seconds: Duration of the last assessment by each model.
        evidence: Evidence, where it was measured.
        failures: Reasons why videos could not be assessed.
        broken: Reasons why models could not be loaded.
    """

    facts: dict[str, ModelFacts] = field(default_factory=dict)
    analyses: dict[str, dict[VideoClip, Analysis]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    evidence: dict[tuple[str, VideoClip], Evidence] = field(default_factory=dict)
    failures: dict[tuple[str, VideoClip], str] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)

    def analysis(self, key: str, footage: VideoClip) -> Analysis | None:
        return self.analyses.get(key, {}).get(footage)

    def keep(self, key: str, footage: VideoClip, analysis: Analysis) -> None:
        known, digest = self.analyses.setdefault(key, {}), analysis.provenance.model_digest
        if any(other.provenance.model_digest != digest for other in known.values()):  # a newly trained model
            known.clear()
            self.evidence = {item: found for item, found in self.evidence.items() if item[0] != key}
        known[footage] = analysis
        self.failures.pop((key, footage), None)

    def lacks(self, key: str, footage: VideoClip) -> bool:
        """Return whether a model has still to assess a video."""
        known = self.analysis(key, footage) is not None or (key, footage) in self.failures
        return not known and key not in self.broken

    def clear_failures(self, footage: VideoClip | None) -> None:
        """Clear the failures of models and of one video, so that they are retried."""
        self.broken.clear()
        self.failures = {item: reason for item, reason in self.failures.items() if item[1] != footage}

    def forget_videos(self) -> None:
        """Drop all results on videos; facts about models stay."""
        self.analyses.clear()
        self.evidence.clear()
        self.failures.clear()

    def over(self, keys: Iterable[str], names: Mapping[VideoClip, str]) -> dict[str, dict[str, Analysis]]:
        """Return the analyses of these videos by key of the model and name of the video."""
        return {
            key: {names[footage]: a for footage, a in self.analyses.get(key, {}).items() if footage in names}
            for key in keys
        }

    def spread(self, key: str, videos: Iterable[VideoClip]) -> tuple[float, float] | None:
        """Return mean and standard deviation of a model's scores of these videos, or None where too few are scored."""
        known = self.analyses.get(key, {})
        scores = np.array([known[footage].score for footage in videos if footage in known])
        if len(scores) < MIN_VIDEOS or np.ptp(scores) == 0:
            return None
        return float(scores.mean()), float(scores.std(ddof=1))
