"""What a model knew before it is fine-tuned: the pairs that it was trained on, as its folder says, or a stand-in."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.errors import DatasetError
from skillviewer.core.pairs import Dataset, DatasetVideo, Pair
from skillviewer.core.places import models_dir, resources_dir
from skillviewer.data.trained_pairs import PAIRS, read_pairs
from skillviewer.engine.library import DEFAULT_MODEL


@dataclass(frozen=True, slots=True)
class OldPairs:
    """Pairs that a model knew before.

    Attributes:
        dataset: Their videos, as far as the files are there, and the pairs. Names are those of this data set alone.
        what: What they are, for a person.
        digests: SHA-256 of the videos' files by name, where they are known.
        trained: Names of the videos that the model was trained on itself.
    """

    dataset: Dataset
    what: str
    digests: Mapping[str, str]
    trained: frozenset[str] = frozenset()

    def trained_digests(self) -> frozenset[str]:
        """Return the digests of the videos that the model was trained on itself."""
        return frozenset(self.digests[name] for name in self.trained if name in self.digests)

    def without(self, digests: Collection[str]) -> "OldPairs | None":
        """Return the pairs that touch none of some videos; None when none are left."""
        keep = [name for name in self.dataset.names if self.digests.get(name) not in digests]
        fewer = self.dataset.restricted(keep)
        return OldPairs(fewer, self.what, self.digests, self.trained) if fewer.pairs else None


def known_before(folder: Path, name: str) -> OldPairs | None:
    """Return the pairs that a checkpoint's folder names, or, for the model of the sample study, that study's pairs.

    Args:
        folder: The checkpoint's folder.
        name: What it is called.

    Returns:
        The pairs whose files are there, or None where nobody knows any.
    """
    if (folder / PAIRS).is_file():
        return _kept(folder / PAIRS, name)
    return _sample(folder)


def _kept(path: Path, name: str) -> OldPairs | None:
    files: dict[str, Path] = {}
    digests: dict[str, str] = {}
    trained: set[str] = set()
    pairs: set[Pair] = set()
    for row in read_pairs(path):
        names = []
        for video in (row.better, row.worse):
            # two studies may call two videos alike; their contents tell them apart
            one = f"{video.name}#{video.digest[:8]}"
            files[one], digests[one] = video.path, video.digest
            names.append(one)
        if row.use != "old":
            trained.update(names)
        pairs.add(Pair(*names))
    there = {one: file for one, file in files.items() if file.is_file()}
    dataset = Dataset(
        name=name,
        form="pairs",
        task="",
        videos=tuple(DatasetVideo(one, file) for one, file in sorted(there.items())),
        pairs=tuple(sorted(pair for pair in pairs if pair.within(there))),
    )
    what = f"the pairs that {name} was trained on or checked against ({len(dataset.pairs)} of {len(pairs)} found)"
    return OldPairs(dataset, what, digests, frozenset(trained))


def _sample(folder: Path) -> OldPairs | None:
    """Return the sample study's pairs for the model that ships with it: of its task, and kept out of its training."""
    from skillviewer.data.formats import open_dataset
    from skillviewer.data.study.identity import digest_of

    try:
        shipped = folder.resolve() == (models_dir() / DEFAULT_MODEL).resolve()
        dataset = open_dataset(resources_dir() / "sample_study").usable() if shipped else None
    except (FileNotFoundError, DatasetError):
        return None
    if dataset is None or not dataset.pairs:
        return None
    digests = {video.name: digest_of(video.path) for video in dataset.videos if video.path is not None}
    return OldPairs(dataset, f"the sample study's pairs, of the task that {folder.name} was trained for", digests)
