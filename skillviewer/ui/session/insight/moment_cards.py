"""The moments of a video as they are shown: found by the model, or kept by raters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from skillviewer.core.video.extents import same_interval
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.study import Note, Opinion, SavedMoment

if TYPE_CHECKING:  # it brings scipy, which takes as long as opening the window
    from skillviewer.core.explanation.moments import Moment as FoundMoment


@dataclass(frozen=True, slots=True)
class MomentCard:
    """A moment as it is shown."""

    start_s: float  # where it starts, in seconds from the first frame
    stop_s: float  # where it ends
    key_frame: int  # the frame that stands for it, from 0
    found: "FoundMoment | None"  # the moment that the model found, or None for one that a rater kept
    kept: SavedMoment | None  # the record of the user in the study (of a kept moment: of whoever kept it), or None
    opinions: tuple[SavedMoment, ...]  # opinions of others on a found moment
    notes: tuple[Note, ...]  # notes on it, in the order of writing
    # true where the model on screen found the kept moment, although its list has changed since
    of_this_model: bool = False

    @property
    def identity(self) -> tuple[float, float, bool]:
        """Identity of the moment, which stays when the moment is changed."""
        return self.start_s, self.stop_s, self.found is not None

    @property
    def opinion(self) -> Opinion:
        return self.kept.opinion if self.kept is not None and self.found is not None else Opinion.NONE


def cards_of(
    video: VideoInfo,
    found: "Sequence[FoundMoment]",
    kept: Sequence[SavedMoment],
    notes: Sequence[Note],
    model_digest: str,
    author: str,
) -> tuple[MomentCard, ...]:
    """Join the moments that a model found and those that raters kept.

    Returns:
        In order of time. What is kept of a moment that the model no longer finds stands by itself.
    """
    left = list(kept)
    cards = []
    for moment in found:
        here = (moment.start_s, moment.stop_s)
        about = [k for k in left if k.model_digest == model_digest and same_interval(k.start_s, k.stop_s, *here)]
        left = [k for k in left if k not in about]
        own = next((k for k in about if k.author == author), None)
        cards.append(
            MomentCard(
                moment.start_s,
                moment.stop_s,
                moment.key_frame,
                moment,
                own,
                tuple(k for k in about if k is not own and k.opinion is not Opinion.NONE),
                _notes_on(notes, about),
            )
        )
    for k in left:
        middle = video.frame_at((k.start_s + k.stop_s) / 2)
        this = bool(k.model_digest) and k.model_digest == model_digest
        cards.append(MomentCard(k.start_s, k.stop_s, middle, None, k, (), _notes_on(notes, [k]), this))
    return tuple(sorted(cards, key=lambda card: (card.start_s, card.stop_s, card.found is None)))


def _notes_on(notes: Sequence[Note], moments: Sequence[SavedMoment]) -> tuple[Note, ...]:
    numbers = {moment.id for moment in moments}
    return tuple(note for note in notes if note.moment in numbers)
