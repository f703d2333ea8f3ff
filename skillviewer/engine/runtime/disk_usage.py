"""Size of the program's cache on the disk, and removal of its contents."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.paths import cache_dir
from skillviewer.core.progress import NEVER, CancelToken

FEATURES = "features"
COPIES = "proxies"
TUNING = "tuning"
EVIDENCE = "evidence"
ANALYSES = "analyses"
REMOVABLE_FOLDERS = (FEATURES, COPIES, TUNING, EVIDENCE)
"""Folders of data that can be computed again.

Analyses are small and are not among them, so that scores stay after the features they were computed from are removed.
"""


@dataclass(frozen=True, slots=True)
class Storage:
    """Sizes of the parts of the cache in bytes."""

    folder: Path  # folder of the cache
    features: int  # features of videos
    copies: int  # small copies of videos, for scrubbing
    tuning: int  # states of unfinished fine-tunings
    evidence: int  # evidence for scores
    analyses: int  # analyses of videos
    other: int  # compiled kernels, fonts of figures and other files

    @property
    def total(self) -> int:
        """Size of the whole cache."""
        return self.removable + self.analyses + self.other

    @property
    def removable(self) -> int:
        """Bytes that ``empty_cache_folder`` frees."""
        return self.features + self.copies + self.tuning + self.evidence


def measure_storage(token: CancelToken = NEVER, folder: Path | None = None) -> Storage:
    """Return the sizes in a cache folder (None for the default one); the token is checked at every file."""
    folder = folder if folder is not None else cache_dir()
    sizes: dict[str, int] = {}
    for directory, _, names in os.walk(folder):  # unlike a glob, this skips folders that disappear meanwhile
        for name in names:
            token.check()
            path = Path(directory, name)
            with suppress(OSError):  # the file may disappear meanwhile
                if not path.is_symlink():
                    subfolder = path.relative_to(folder).parts[0]
                    sizes[subfolder] = sizes.get(subfolder, 0) + path.stat().st_size
    return Storage(
        folder,
        features=sizes.pop(FEATURES, 0),
        copies=sizes.pop(COPIES, 0),
        tuning=sizes.pop(TUNING, 0),
        evidence=sizes.pop(EVIDENCE, 0),
        analyses=sizes.pop(ANALYSES, 0),
        other=sum(sizes.values()),
    )


def empty_cache_folder(token: CancelToken = NEVER, folder: Path | None = None) -> Storage:
    """Remove the data that can be computed again, and return the sizes of what is left; files in use may stay."""
    folder = folder if folder is not None else cache_dir()
    for subfolder in REMOVABLE_FOLDERS:
        for directory, folder_names, file_names in os.walk(folder / subfolder, topdown=False):
            for name in (*file_names, *folder_names):
                token.check()
                path = Path(directory, name)
                with suppress(OSError):
                    if path.is_dir() and not path.is_symlink():
                        path.rmdir()
                    else:
                        path.unlink()
    return measure_storage(token, folder)
