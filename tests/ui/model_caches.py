"""A fake cache of models, without torch: the start of a model's name gives the kind of its maps."""

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.analysis.model_facts import ModelFacts
from skillviewer.core.errors import CheckpointError, DeviceError
from skillviewer.core.explanation.alignment import Alignment
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.core.video.clips import ClipRange
from skillviewer.core.video.info import VideoInfo
from tests.export.analyses import evenly

if TYPE_CHECKING:
    from tests.ui.fakes import FakeWorld

KINDS = {"gate": MapKind.GATE, "signed": MapKind.SIGNED, "mapless": MapKind.NONE}


def kind_of(name: str) -> MapKind:
    """Return the kind of maps of a fake model."""
    return next((kind for start, kind in KINDS.items() if name.startswith(start)), MapKind.DISTRIBUTION)


def seed_of(name: str) -> int:
    return sum(map(ord, name))


def first_steps(whole: Analysis, steps: int) -> Analysis:
    """Return an analysis as it is after a number of steps."""
    names = ("samples", "attention", "task_state", "score_curve")
    parts = {name: getattr(whole, name)[:, :steps] for name in names}
    return replace(whole, segment_stops=whole.segment_stops[:steps], **parts)


class FakeModelCache:
    """Models by folder; each attends to another place.

    Args:
        world: Videos, and what fails: models whose name begins with "broken", videos of ``world.failing``.
    """

    def __init__(self, world: "FakeWorld", make: Callable[..., Analysis], digest: Callable[[str], str]) -> None:
        self._world, self._make, self._digest = world, make, digest
        self.owner = threading.get_ident()
        self.loaded: list[Path] = []
        self._made: dict[tuple[str, str, int, ClipRange | None], Analysis] = {}
        self.closed = False

    def facts(self, folder: Path) -> ModelFacts:
        assert threading.get_ident() == self.owner, "a model cache is used by one thread"
        name = folder.name
        if name.startswith("broken"):
            raise CheckpointError(f"{name} is not a checkpoint: it has no config.json.")
        if folder not in self.loaded:
            self.loaded.append(folder)
        rng = np.random.default_rng(seed_of(name))
        accuracy = float(rng.uniform(0.6, 0.9))
        return ModelFacts(
            name=name,
            digest=self._digest(name),
            attention_model=name,
            title=name.title(),
            map_kind=kind_of(name),
            n_parameters=int(rng.integers(10_000, 2_000_000)),
            accuracy=None if name.startswith("gate") else accuracy,
            accuracy_interval=None if name.startswith("gate") else (accuracy - 0.08, accuracy + 0.07),
            n_pairs=238,
            rule="24 videos of other participants",
            warning="",
            features="other net, 224 px, dis, 25 segments" if name.startswith("other") else "net, 448 px, 25 segments",
        )

    def assess(
        self,
        folder: Path,
        video: Path,
        passes: int,
        token: CancelToken,
        report: Report,
        clip_range: ClipRange | None = None,
        reader: object = None,  # noqa: ARG002
    ) -> Analysis:
        world, facts = self._world, self.facts(folder)
        world.assessed.append((folder.name, video.stem, passes))
        info, steps = world.info(video), 25
        for step in range(1, steps + 1):
            token.check()
            if world.held and step == 13:
                while not world.hold.wait(0.002):
                    token.check()
            time.sleep(world.step_s)
            if video.stem in world.failing and step == 5:
                raise DeviceError("The GPU ran out of memory. Close other programs that use it.")
            report(Progress("looking", step, steps, self._analysis(facts, info, passes, step, clip_range)))
        return self._analysis(facts, info, passes, steps, clip_range)

    def _analysis(
        self, facts: ModelFacts, info: VideoInfo, passes: int, steps: int, clip_range: ClipRange | None
    ) -> Analysis:
        key = (facts.name, info.digest, passes, clip_range)
        if key not in self._made:
            seed = seed_of(facts.name) * 7
            self._made[key] = self._make(
                info, passes, 25, kind=facts.map_kind, model=facts.name, seed=seed, clip_range=clip_range
            )
        return first_steps(self._made[key], steps)

    def align(
        self,
        folder: Path,  # noqa: ARG002
        own: Analysis,
        other: Analysis,
        token: CancelToken,  # noqa: ARG002
        report: Report,  # noqa: ARG002
    ) -> Alignment:
        return evenly(own, other)

    def explain(
        self,
        folder: Path,
        analysis: Analysis,
        token: CancelToken,
        report: Report,
        reader: object = None,  # noqa: ARG002
    ) -> Evidence:
        facts = self.facts(folder)
        for done in range(5):
            token.check()
            report(Progress("taking away", done, 5))
        k, n = analysis.samples.shape
        return Evidence(
            video_digest=analysis.video.digest,
            model_digest=facts.digest,
            map_kind=facts.map_kind,
            score=analysis.score,
            baseline=0.0,
            segments=np.full((k, n), analysis.score / n),
            cells=None,
            cell_steps=None,
            faithfulness=None,
            n_random=20,
            seed=0,
            clip_range=analysis.clip_range,
        )

    def retain(self, folders: Collection[Path]) -> None:
        assert threading.get_ident() == self.owner
        self.loaded = [folder for folder in self.loaded if folder in folders]

    def close(self) -> None:
        assert threading.get_ident() == self.owner
        self.closed = True
