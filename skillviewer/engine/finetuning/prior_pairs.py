"""Pairs that a model knew before it is fine-tuned: its training pairs or, for a shipped model, the sample study's."""

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
"""Use of an inherited pair that a parent model was trained on."""

OLD = "old"
"""Use of an inherited pair that no parent model was trained on."""


@dataclass(frozen=True, slots=True)
class PriorPairs:
    """Pairs that a model knew before."""

    dataset: Dataset  # the pairs, and their videos whose files exist; names of videos are unique in this data set only
    description: str  # description for the user
    # SHA-256 of the file and range of every video, by name; also of videos whose files are missing
    clips: Mapping[str, tuple[str, ClipRange | None]]
    trained: frozenset[str] = frozenset()  # names of the videos that the model or its parents were trained on

    @property
    def trained_on(self) -> ClipsByFile:
        """Clips that the model or its parents were trained on, by file."""
        return clips_by_file(self.clips[name] for name in self.trained)

    def without_study(self, study: StudyPairs) -> "PriorPairs | None":
        """Return the pairs without videos of a study, or None if no pairs are left.

        Videos of the study that the model was trained on stay.
        """
        study_clips = study.clips_by_file
        names = []
        for name in self.dataset.names:
            digest, clip_range = self.clips.get(name, ("", None))
            if name in self.trained or not may_share_frames(digest, clip_range, study_clips):
                names.append(name)
        remaining = self.dataset.restricted(names)
        return replace(self, dataset=remaining) if remaining.pairs else None

    def repeated_pairs_text(self, study: StudyPairs, pairs: Iterable[Pair]) -> str:
        """Return the number of prior pairs that are among pairs of a study, in words; "" if there are none.

        Videos are compared by the contents of their files.
        """
        identified = [video for video in study.dataset.videos if video.name in study.digests]
        clips = {video.name: (study.digests[video.name], video.clip_range) for video in identified}
        study_pairs = {(clips.get(pair.better), clips.get(pair.worse)) for pair in pairs}
        n = sum((self.clips[pair.better], self.clips[pair.worse]) in study_pairs for pair in self.dataset.pairs)
        if not n:
            return ""
        verb = "is" if n == 1 else "are"
        return f"; {n} of them {verb} trained on again, and cannot show forgetting"


def load_prior_pairs(folder: Path, name: str) -> PriorPairs | None:
    """Return the pairs in a checkpoint's folder or, for a shipped model, those of the sample study.

    Returns:
        The pairs with existing files, or None if the training data of the model is unknown.
    """
    if (folder / PAIRS).is_file():
        return _pairs_of_checkpoint(folder / PAIRS, name)
    return _sample_study_pairs(folder)


def split_study(study: StudyPairs, choices: TuningChoices, prior: PriorPairs | None, parent: str) -> TuningSplit:
    """Split the pairs of a study for a model, if possible without held-out participants that it was trained on.

    Args:
        study: Pairs of the study.
        choices: Choices of the user.
        prior: Pairs that the model was trained on, or None if they are not known.
        parent: Name of the model, or "" for a new model.

    Raises:
        DatasetError: There is nothing to train on.
    """
    trained_videos = study.sharing_frames(prior.trained_on) if prior is not None else ()
    split = split_pairs(study, choices, trained_videos)
    if prior is not None or not parent:
        return split
    warning = (
        f"The training data of {parent} is unknown. If it includes held-out videos, the accuracy is inflated: it is "
        "higher than on unseen people."
    )
    return replace(split, warnings=(warning, *split.warnings))


def inherited_pairs(folder: Path, prior: PriorPairs | None) -> list[TrainedPair]:
    """Return the pairs that a fine-tuned version inherits from its parent model, to be saved with the version.

    Args:
        folder: Folder of the parent model.
        prior: Pairs of the parent by ``load_prior_pairs``.

    Raises:
        CheckpointError: The pairs in the folder cannot be read.
    """
    if (folder / PAIRS).is_file():
        return [replace(pair, use=OLD if pair.use == OLD else BEFORE) for pair in read_pairs(folder / PAIRS)]
    if prior is None:
        return []
    videos = {
        video.name: TrainedVideo(video.name, video.path, *prior.clips[video.name])
        for video in prior.dataset.videos
        if video.path
    }
    pairs = [pair for pair in prior.dataset.pairs if pair.within(videos)]
    return [TrainedPair(videos[pair.better], videos[pair.worse], OLD) for pair in pairs]


def _unique_name(video: TrainedVideo) -> str:
    """Return a name that differs for videos of two studies with one name and different contents."""
    clip_range = f" {video.clip_range}" if video.clip_range is not None else ""
    return f"{video.name}#{video.digest[:8]}{clip_range}"


def _pairs_of_checkpoint(path: Path, name: str) -> PriorPairs:
    videos: dict[str, TrainedVideo] = {}
    trained: set[str] = set()
    pairs: set[Pair] = set()
    for trained_pair in read_pairs(path):
        better = _unique_name(trained_pair.better)
        worse = _unique_name(trained_pair.worse)
        videos[better] = trained_pair.better
        videos[worse] = trained_pair.worse
        if trained_pair.use != OLD:
            trained |= {better, worse}
        pairs.add(Pair(better, worse))
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


def _sample_study_pairs(folder: Path) -> PriorPairs | None:
    """Return the sample study's pairs for a shipped model: of the model's task, and not in its training data."""
    from skillviewer.data.formats.formats import open_dataset
    from skillviewer.data.study.identity import digest_of

    try:
        if folder.resolve().parent != models_dir().resolve():
            return None
        dataset = open_dataset(resources_dir() / "sample_study").usable()
    except (FileNotFoundError, DatasetError):
        return None
    if not dataset.pairs:
        return None
    clips = {
        video.name: (digest_of(video.path), video.clip_range) for video in dataset.videos if video.path is not None
    }
    return PriorPairs(dataset, f"the sample study's pairs, of the task that {folder.name} was trained for", clips)


TRAINING_DATA_UNKNOWN = (
    "It is not known what the initial model was trained on, so no one here is known to be new to it."
)


def tuned_prospect(study: StudyPairs, prior: PriorPairs | None, parent: str) -> ScaleProspect:
    """Return the prospect of the raters' scale for a fine-tuning; see ``scale_prospect``.

    Args:
        study: Pairs of the study.
        prior: Pairs that the initial model was trained on, or None if they are not known.
        parent: Name of the initial model, or "" if there is none.
    """
    if prior is None and parent:
        text = f"{TRAINING_DATA_UNKNOWN} Scores stay on the model's own scale."
        return replace(scale_prospect(study.dataset), n_people=0, text=text)
    trained_videos = study.sharing_frames(prior.trained_on) if prior is not None else ()
    return scale_prospect(study.dataset, trained_videos)
