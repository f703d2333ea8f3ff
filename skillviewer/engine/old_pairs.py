"""What a model knew before it is fine-tuned: the pairs that it was trained on, as its folder says, or a stand-in."""

import csv
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.aside import written_aside
from skillviewer.core.errors import CheckpointError, DatasetError
from skillviewer.core.pairs import Dataset, DatasetVideo, Pair
from skillviewer.core.places import models_dir, resources_dir
from skillviewer.engine.library import DEFAULT_MODEL

PAIRS = "pairs.csv"
"""The pairs that a fine-tuned model was trained on; they stay on this computer, beside its weights."""

_COLUMNS = ("better", "worse", "better_path", "worse_path", "better_sha256", "worse_sha256", "use")


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
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                names = []
                for side in ("better", "worse"):
                    # two studies may call two videos alike; their contents tell them apart
                    one = f"{row[side]}#{row[f'{side}_sha256'][:8]}"
                    files[one], digests[one] = Path(row[f"{side}_path"]), row[f"{side}_sha256"]
                    names.append(one)
                    if row["use"] != "old":
                        trained.add(one)
                pairs.add(Pair(*names))
    except (OSError, KeyError, UnicodeDecodeError, csv.Error) as error:
        raise CheckpointError(f"{path} cannot be read: {error}. Remove it to go on without it.") from error
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


def write_pairs(path: Path, rows: Iterable[tuple[Pair, str]], files: Mapping[str, tuple[Path, str]]) -> None:
    """Write the pairs that a model was trained on, and those that it was checked against.

    Args:
        path: The file; written aside first.
        rows: Pairs, each with its use: ``trained``, ``chose`` (the epoch) or ``old``.
        files: File and SHA-256 of every video by name.

    Raises:
        OSError: It cannot be written.
    """
    with written_aside(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for pair, use in rows:
            (better, first), (worse, second) = files[pair.better], files[pair.worse]
            writer.writerow([pair.better, pair.worse, better, worse, first, second, use])
