"""Pairs that a model was trained on before it is fine-tuned; for a shipped model those of the sample study."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from skillviewer.core.dataset.dataset import Dataset, DatasetVideo
from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.errors import DatasetError
from skillviewer.core.evaluation.training_forecast import ScaleProspect
from skillviewer.core.finetuning.split import (
    ClipsByFile,
    StudyPairs,
    TuningChoices,
    TuningSplit,
    clips_by_file,
    may_share_frames,
    split_pairs,
)
from skillviewer.core.paths import models_dir, resources_dir
from skillviewer.core.ratings.fit_calibration import scale_prospect
from skillviewer.core.video.clips import ClipRange
from skillviewer.data.trained_pairs import PAIRS, TrainedPair, TrainedVideo, read_pairs

BEFORE = "before"
"""Use of an inherited pair on which a parent model was trained."""

OLD = "old"
"""Use of an inherited pair on which no parent model was trained."""


@dataclass(frozen=True, slots=True)
class PriorPairs:
    """Pairs that a model was trained on before."""

    # their videos, as far as the files are there, and the pairs. Names are those of this data set alone
    dataset: Dataset
    description: str  # description for the user
    # SHA-256 and part of every video's file by name, also of those that are not there
    clips: Mapping[str, tuple[str, ClipRange | None]]
    trained: frozenset[str] = frozenset()  # names of the videos that the model or its parents were trained on

    @property
    def trained_on(self) -> ClipsByFile:
        """Files, and parts of files, that the model was trained on."""
        return clips_by_file(self.clips[name] for name in self.trained)

    def apart_from(self, study: StudyPairs) -> "PriorPairs | None":
        """Return the pairs without the study's videos, but for those trained on before; None if none are left."""
        study_clips = study.clips_by_file
        names = [
            n
            for n in self.dataset.names
            if n in self.trained or not may_share_frames(*self.clips.get(n, ("", None)), study_clips)
        ]
        fewer = self.dataset.restricted(names)
        return replace(self, dataset=fewer) if fewer.pairs else None

    def trained_again(self, study: StudyPairs, pairs: Iterable[Pair]) -> str:
        """Return the number of pairs that are trained on again, compared by contents, in words; "" for none."""
        clips = {v.name: (study.digests[v.name], v.clip_range) for v in study.dataset.videos if v.name in study.digests}
        study_pairs = {(clips.get(pair.better), clips.get(pair.worse)) for pair in pairs}
        n = sum((self.clips[pair.better], self.clips[pair.worse]) in study_pairs for pair in self.dataset.pairs)
        are = "is" if n == 1 else "are"
        return f"; {n} of them {are} trained on again, and tell nothing of forgetting" if n else ""


def known_before(folder: Path, name: str) -> PriorPairs | None:
    """Return the pairs in a checkpoint's folder or, for a shipped model, those of the sample study.

    Returns:
        The pairs whose files are there, or None if it is not known what the model was trained on.
    """
    if (folder / PAIRS).is_file():
        return _kept(folder / PAIRS, name)
    return _sample(folder)


def split_for(study: StudyPairs, choices: TuningChoices, prior: PriorPairs | None, parent: str) -> TuningSplit:
    """Divide the pairs of a study for a model, holding out no participant that it was trained on, if possible.

    The pairs that the model was trained on are ``prior``, or None; ``parent`` is "" if training begins from nothing.

    Raises:
        DatasetError: There is nothing to train on.
    """
    split = split_pairs(study, choices, study.sharing_frames(prior.trained_on) if prior is not None else ())
    if prior is not None or not parent:
        return split
    warning = (
        f"The training data of {parent} is unknown. If it includes held-out videos, the accuracy is inflated: it is "
        "higher than on unseen people."
    )
    return replace(split, warnings=(warning, *split.warnings))


def inherited_pairs(folder: Path, prior: PriorPairs | None) -> list[TrainedPair]:
    """Return the pairs that a fine-tuned version inherits from its parent model (``known_before``), for its folder.

    Raises:
        CheckpointError: Its pairs cannot be read.
    """
    if (folder / PAIRS).is_file():
        return [replace(pair, use=OLD if pair.use == OLD else BEFORE) for pair in read_pairs(folder / PAIRS)]
    if prior is None:
        return []
    videos = {v.name: TrainedVideo(v.name, v.path, *prior.clips[v.name]) for v in prior.dataset.videos if v.path}
    return [TrainedPair(videos[p.better], videos[p.worse], OLD) for p in prior.dataset.pairs if p.within(videos)]


def _kept(path: Path, name: str) -> PriorPairs:
    videos: dict[str, TrainedVideo] = {}
    trained: set[str] = set()
    pairs: set[Pair] = set()
    for row in read_pairs(path):
        names = []
        for video in (row.better, row.worse):
            # videos of two studies may share a name; their contents differ
            key = f"{video.name}#{video.digest[:8]}" + (f" {video.clip_range}" if video.clip_range is not None else "")
            videos[key] = video
            names.append(key)
        if row.use != OLD:
            trained.update(names)
        pairs.add(Pair(*names))
    readable = {key: video for key, video in sorted(videos.items()) if video.path.is_file()}
    dataset = Dataset(
        name=name,
        form="pairs",
        task="",
        videos=tuple(DatasetVideo(key, video.path, clip_range=video.clip_range) for key, video in readable.items()),
        pairs=tuple(sorted(pair for pair in pairs if pair.within(readable))),
    )
    description = (
        f"the pairs that {name} was trained on or checked against ({len(dataset.pairs)} of {len(pairs)} found)"
    )
    clips = {key: (video.digest, video.clip_range) for key, video in videos.items()}
    return PriorPairs(dataset, description, clips, frozenset(trained))


def _sample(folder: Path) -> PriorPairs | None:
    """Return the sample study's pairs for a shipped model: of its task, and held out of its training."""
    from skillviewer.data.formats.formats import open_dataset
    from skillviewer.data.study.identity import digest_of

    try:
        shipped = folder.resolve().parent == models_dir().resolve()
        dataset = open_dataset(resources_dir() / "sample_study").usable() if shipped else None
    except (FileNotFoundError, DatasetError):
        return None
    if dataset is None or not dataset.pairs:
        return None
    clips = {
        video.name: (digest_of(video.path), video.clip_range) for video in dataset.videos if video.path is not None
    }
    return PriorPairs(dataset, f"the sample study's pairs, of the task that {folder.name} was trained for", clips)


UNKNOWN = "It is not known what the initial model was trained on, so no one here is known to be new to it."


def tuned_prospect(study: StudyPairs, prior: PriorPairs | None, parent: str) -> ScaleProspect:
    """Return the prospect of the raters' scale for a fine-tuning; see ``scale_prospect``.

    Args:
        study: Pairs of the study.
        prior: Pairs that the initial model was trained on, or None if they are not known.
        parent: Name of the initial model, or "" if there is none.
    """
    if prior is None and parent:
        blank = scale_prospect(study.dataset)
        return replace(blank, n_people=0, text=f"{UNKNOWN} Scores stay on the model's own scale.")
    return scale_prospect(study.dataset, study.sharing_frames(prior.trained_on) if prior is not None else ())
