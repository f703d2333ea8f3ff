"""A pair as it is put to one rater."""

from dataclasses import dataclass, replace
from pathlib import Path

from skillviewer.core.video.extents import ClipRange


@dataclass(frozen=True, slots=True)
class Contender:
    """One of the two videos of a pair.

    Attributes:
        name: Its name in the study; nothing on the screen shows it.
        path: The file.
        digest: SHA-256 of the file, or "" where it is not known: another file in its place is not shown.
        extent: The part of the file that is the attempt, or None for the whole.
        sync_s: The time that meets the other video's, in seconds from the first frame of the file, or None.
    """

    name: str
    path: Path
    digest: str = ""
    extent: ClipRange | None = None
    sync_s: float | None = None


@dataclass(frozen=True, slots=True)
class PresentedPair:
    """A pair as it is put to one rater.

    Attributes:
        left: The video on the left.
        right: The video on the right.
        purpose: Why this pair was chosen, in the words that a vote keeps.
    """

    left: Contender
    right: Contender
    purpose: str = ""

    @property
    def names(self) -> frozenset[str]:
        """The names of the two."""
        return frozenset((self.left.name, self.right.name))

    def swapped(self) -> "PresentedPair":
        """Return it with the sides exchanged."""
        return replace(self, left=self.right, right=self.left)
