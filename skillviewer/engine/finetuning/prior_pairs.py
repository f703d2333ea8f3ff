"""Pairs that a model knew before it is fine-tuned: its training pairs or, for a shipped model, the sample study's."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from skillviewer.core.dataset.dataset import Dataset, DatasetVideo
from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.errors import DatasetError
from skillviewer.core.finetuning.split import StudyPairs
from skillviewer.core.paths import models_dir, resources_dir
from skillviewer.core.video.clips import ClipRange, ClipsByFile, clips_by_file, may_share_frames
from skillviewer.data.trained_pairs import FORGETTING_CHECK_USE, PAIRS_FILE, TrainedPair, TrainedVideo, read_pairs

BEFORE = "before"
"""Use of an inherited pair that a parent model was trained on."""


@dataclass(frozen=True, slots=True)
class PriorPairs:
    """Pairs that a model knew before."""

    dataset: Dataset  # the pairs, and their videos whose files exist; names of videos are unique in this data set only
    description: str  # description for the user
    # (SHA-256 of the file, range in the file) of every video by name; also of videos whose files are missing
    clips: Mapping[str, tuple[str, ClipRange | None]]
    trained_videos: frozenset[str] = frozenset()  # names of the videos that the model or its parents were trained on

    @property
    def trained_on(self) -> ClipsByFile:
        """Clips that the model or its parents were trained on, by file."""
        return clips_by_file(self.clips[name] for name in self.trained_videos)

    def without_study(self, study: StudyPairs) -> "PriorPairs | None":
        """Return the pairs without videos of a study, or None if no pairs are left.

        Videos of the study that the model was trained on stay.
        """
        study_clips = study.clips_by_file
        names = []
        for name in self.dataset.names:
            digest, clip_range = self.clips.get(name, ("", None))
            if name in self.trained_videos or not may_share_frames(digest, clip_range, study_clips):
                names.append(name)
        remaining = self.dataset.restricted(names)
        return replace(self, dataset=remaining) if remaining.pairs else None

    def repeated_pairs_text(self, study: StudyPairs, pairs: Iterable[Pair]) -> str:
        """Return the number of prior pairs that are among pairs of a study, as text; "" if there are none.

        Videos are compared by the contents of their files.
        """
        study_clips = {}
        for video in study.dataset.videos:
            if video.name in study.digests:
                study_clips[video.name] = (study.digests[video.name], video.clip_range)
        study_pairs = {(study_clips.get(pair.better), study_clips.get(pair.worse)) for pair in pairs}
        prior_pairs = [(self.clips[pair.better], self.clips[pair.worse]) for pair in self.dataset.pairs]
        n_repeated = sum(pair in study_pairs for pair in prior_pairs)
        if not n_repeated:
            return ""
        verb = "is" if n_repeated == 1 else "are"
        return f"; {n_repeated} of them {verb} trained on again, and cannot show forgetting"


def load_prior_pairs(folder: Path, name: str) -> PriorPairs | None:
    """Return the pairs in a checkpoint's folder or, for a shipped model, those of the sample study.

    Returns:
        The pairs with existing files, or None if the training data of the model is unknown.
    """
    if (folder / PAIRS_FILE).is_file():
        return _pairs_of_checkpoint(folder / PAIRS_FILE, name)
    return _sample_study_pairs(folder)


def _as_inherited(pair: TrainedPair) -> TrainedPair:
    """Convert a training pair of the parent to an inherited pair. Pairs of the forgetting check keep their use."""
    return pair if pair.use == FORGETTING_CHECK_USE else replace(pair, use=BEFORE)


def inherited_pairs(folder: Path, prior: PriorPairs | None) -> list[TrainedPair]:
    """Return the pairs that a fine-tuned version inherits from its parent model, to be saved with the version.

    Args:
        folder: Folder of the parent model.
        prior: Pairs of the parent by ``load_prior_pairs``.

    Raises:
        CheckpointError: The pairs in the folder cannot be read.
    """
    if (folder / PAIRS_FILE).is_file():
        pairs_of_parent = read_pairs(folder / PAIRS_FILE)
        return [_as_inherited(pair) for pair in pairs_of_parent]
    if prior is None:
        return []
    videos = {}
    for video in prior.dataset.videos:
        if video.path:
            digest, clip_range = prior.clips[video.name]
            videos[video.name] = TrainedVideo(video.name, video.path, digest, clip_range)
    pairs = [pair for pair in prior.dataset.pairs if pair.within(videos)]
    return [TrainedPair(videos[pair.better], videos[pair.worse], FORGETTING_CHECK_USE) for pair in pairs]


def _pairs_of_checkpoint(path: Path, name: str) -> PriorPairs:
    videos: dict[str, TrainedVideo] = {}
    trained_digests: set[str] = set()
    pairs: set[Pair] = set()
    for trained_pair in read_pairs(path):
        better = _unique_name(trained_pair.better)
        worse = _unique_name(trained_pair.worse)
        videos[better] = trained_pair.better
        videos[worse] = trained_pair.worse
        if trained_pair.use != FORGETTING_CHECK_USE:
            trained_digests |= {better, worse}
        pairs.add(Pair(better, worse))
    readable = {key: video for key, video in sorted(videos.items()) if video.path.is_file()}
    readable_pairs = sorted(pair for pair in pairs if pair.within(readable))
    dataset_videos = [DatasetVideo(key, video.path, clip_range=video.clip_range) for key, video in readable.items()]
    return PriorPairs(
        dataset=Dataset(name=name, form="pairs", task="", videos=tuple(dataset_videos), pairs=tuple(readable_pairs)),
        description=(
            f"the pairs that {name} was trained on or checked against ({len(readable_pairs)} of {len(pairs)} found)"
        ),
        clips={key: (video.digest, video.clip_range) for key, video in videos.items()},
        trained_videos=frozenset(trained_digests),
    )


def _unique_name(video: TrainedVideo) -> str:
    """Return a name that differs for videos of two studies with one name and different contents."""
    range_suffix = f" {video.clip_range}" if video.clip_range is not None else ""
    return f"{video.name}#{video.digest[:8]}{range_suffix}"


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
    clips = {}
    for video in dataset.videos:
        if video.path is not None:
            clips[video.name] = (digest_of(video.path), video.clip_range)
    return PriorPairs(dataset, f"the sample study's pairs, of the task that {folder.name} was trained for", clips)
