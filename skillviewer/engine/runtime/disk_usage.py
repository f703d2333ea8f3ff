"""Size of the program's cache on this disk, and emptying it."""

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
EMPTIED = (FEATURES, COPIES, TUNING, EVIDENCE)
"""Folders that are emptied on request. What models said of videos, ``ANALYSES``, is small and stays: scores must not go
with the features that they were computed from."""


@dataclass(frozen=True, slots=True)
class Storage:
    """Bytes on the disk."""

    folder: Path  # folder of the cache
    features: int  # features of videos
    copies: int  # small copies of videos, for scrubbing
    tuning: int  # state of fine-tunings between runs
    evidence: int  # what raised and lowered scores
    analyses: int  # analyses of videos
    other: int  # all else: compiled kernels, fonts of figures

    @property
    def total(self) -> int:
        """All of it."""
        return self.can_go + self.analyses + self.other

    @property
    def can_go(self) -> int:
        """Bytes that emptying frees."""
        return self.features + self.copies + self.tuning + self.evidence


def measured(token: CancelToken = NEVER, folder: Path | None = None) -> Storage:
    """Return the sizes in a cache folder (None for the usual one); the token is checked at every file."""
    folder = folder if folder is not None else cache_dir()
    sizes: dict[str, int] = {}
    for directory, _, names in os.walk(folder):  # unlike a glob, this skips folders that disappear meanwhile
        for path in (Path(directory, name) for name in names):
            token.check()
            with suppress(OSError):  # it went meanwhile
                if not path.is_symlink():
                    part = path.relative_to(folder).parts[0]
                    sizes[part] = sizes.get(part, 0) + path.stat().st_size
    features, copies, tuning, evidence, analyses = (sizes.pop(part, 0) for part in (*EMPTIED, ANALYSES))
    return Storage(folder, features, copies, tuning, evidence, analyses, sum(sizes.values()))


def emptied(token: CancelToken = NEVER, folder: Path | None = None) -> Storage:
    """Remove what can be computed again, and return what is left; a file that is in use may stay."""
    folder = folder if folder is not None else cache_dir()
    for part in EMPTIED:
        for directory, folders, names in os.walk(
            folder / part, topdown=False
        ):  # what is inside a folder comes before it
            for path in (Path(directory, name) for name in (*names, *folders)):
                token.check()
                with suppress(OSError):
                    if path.is_dir() and not path.is_symlink():
                        path.rmdir()
                    else:
                        path.unlink()
    return measured(token, folder)
