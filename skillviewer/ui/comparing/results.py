"""The results of the compared models: for the video on screen, and for all others."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.model_facts import ModelFacts
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.video.footage import VideoClip

MIN_VIDEOS = 5
"""Videos that a model must have scored before its scores can be told in standard deviations of them."""


@dataclass(slots=True)
class Answers:
    """Everything by key of the model, most of it by video too.

    Attributes:
        facts: What checkpoints say of themselves.
        analyses: Whole analyses.
        seconds: What the last assessment by a model took.
        evidence: Where it was asked for.
        failures: Why a video could not be assessed.
        broken: Why a model could not be loaded.
    """

    facts: dict[str, ModelFacts] = field(default_factory=dict)
    analyses: dict[str, dict[VideoClip, Analysis]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    evidence: dict[tuple[str, VideoClip], Evidence] = field(default_factory=dict)
    failures: dict[tuple[str, VideoClip], str] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)

    def analysis(self, key: str, footage: VideoClip) -> Analysis | None:
        """Return what a model says of a video, or None."""
        return self.analyses.get(key, {}).get(footage)

    def keep(self, key: str, footage: VideoClip, analysis: Analysis) -> None:
        """Take in what a model says of a video."""
        known, digest = self.analyses.setdefault(key, {}), analysis.provenance.model_digest
        if any(other.provenance.model_digest != digest for other in known.values()):  # trained anew in its folder
            known.clear()
            self.evidence = {item: found for item, found in self.evidence.items() if item[0] != key}
        known[footage] = analysis
        self.failures.pop((key, footage), None)

    def open(self, key: str, footage: VideoClip) -> bool:
        """Return whether a model has still to be asked about a video."""
        known = self.analysis(key, footage) is not None or (key, footage) in self.failures
        return not known and key not in self.broken

    def forgive(self, footage: VideoClip | None) -> None:
        """Forget failures, so that what failed is tried again: models, and those of one video."""
        self.broken.clear()
        self.failures = {item: reason for item, reason in self.failures.items() if item[1] != footage}

    def forget_videos(self) -> None:
        """Forget the results for videos; facts of models stay."""
        self.analyses.clear()
        self.evidence.clear()
        self.failures.clear()

    def over(self, keys: Iterable[str], names: Mapping[VideoClip, str]) -> dict[str, dict[str, Analysis]]:
        """Return analyses by key of the model and name of the video.

        Args:
            keys: Models.
            names: Names of the videos that count.
        """
        return {
            key: {names[footage]: a for footage, a in self.analyses.get(key, {}).items() if footage in names}
            for key in keys
        }

    def spread(self, key: str, videos: Iterable[VideoClip]) -> tuple[float, float] | None:
        """Return mean and standard deviation of a model's scores over videos, or None where too few are known.

        Args:
            key: The model.
            videos: Videos that count.
        """
        known = self.analyses.get(key, {})
        scores = np.array([known[footage].score for footage in videos if footage in known])
        if len(scores) < MIN_VIDEOS or np.ptp(scores) == 0:
            return None
        return float(scores.mean()), float(scores.std(ddof=1))
