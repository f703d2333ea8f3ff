"""Moments and notes of the video on screen: as they are shown, and the commands that change them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject, Signal

from skillviewer.core.video.clips import same_interval
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.study import Note, Opinion, SavedMoment, Study
from skillviewer.ui.session.settings import Settings
from skillviewer.ui.session.studies import ANNOTATIONS, VIDEOS, StudyController
from skillviewer.ui.session.undo import Command, UndoStack
from skillviewer.ui.session.video_list import VideoList
from skillviewer.ui.session.viewer_state import ViewerState
from skillviewer.ui.threads.worker_thread import Task

if TYPE_CHECKING:  # it imports scipy, which takes as long as opening the window
    from skillviewer.core.explanation.moments import Moment as FoundMoment


@dataclass(frozen=True, slots=True)
class MomentCard:
    """A moment as it is shown."""

    start_s: float  # where it starts, in seconds from the first frame
    stop_s: float  # where it ends
    key_frame: int  # the frame that stands for it, from 0
    model_moment: "FoundMoment | None"  # the moment that the model found, or None for one that a rater kept
    saved: SavedMoment | None  # the record of the user in the study (of a kept moment: of whoever kept it), or None
    opinions: tuple[SavedMoment, ...]  # opinions of others on a found moment
    notes: tuple[Note, ...]  # notes on it, in the order of writing
    # true if the model on screen found the kept moment, although its list has changed since
    of_this_model: bool = False

    @property
    def identity(self) -> tuple[float, float, bool]:
        """Identity of the moment, which stays when the moment is changed."""
        return self.start_s, self.stop_s, self.model_moment is not None

    @property
    def opinion(self) -> Opinion:
        return self.saved.opinion if self.saved is not None and self.model_moment is not None else Opinion.NONE


def cards_of(
    video: VideoInfo,
    moments: "Sequence[FoundMoment]",
    saved: Sequence[SavedMoment],
    notes: Sequence[Note],
    model_digest: str,
    author: str,
) -> tuple[MomentCard, ...]:
    """Join found and kept moments, in order of time; what is kept of one that is no longer found stands by itself."""
    left = list(saved)
    cards = []
    for moment in moments:
        interval = (moment.start_s, moment.stop_s)
        about = [k for k in left if k.model_digest == model_digest and same_interval(k.start_s, k.stop_s, *interval)]
        left = [k for k in left if k not in about]
        own_moment = next((k for k in about if k.author == author), None)
        others = tuple(k for k in about if k is not own_moment and k.opinion is not Opinion.NONE)
        cards.append(MomentCard(*interval, moment.key_frame, moment, own_moment, others, _notes_on(notes, about)))
    for k in left:
        middle = video.frame_at((k.start_s + k.stop_s) / 2)
        this = bool(k.model_digest) and k.model_digest == model_digest
        cards.append(MomentCard(k.start_s, k.stop_s, middle, None, k, (), _notes_on(notes, [k]), this))
    return tuple(sorted(cards, key=lambda card: (card.start_s, card.stop_s, card.model_moment is None)))


def _notes_on(notes: Sequence[Note], moments: Sequence[SavedMoment]) -> tuple[Note, ...]:
    numbers = {moment.id for moment in moments}
    return tuple(note for note in notes if note.moment in numbers)


@dataclass(frozen=True, slots=True)
class NewMoment:
    """A part of a video that is to be kept as a moment."""

    start_s: float  # where it starts, in seconds from the first frame
    stop_s: float  # where it ends
    model_digest: str = ""  # digest of the model that found it, or "" where the user marked it
    label: str = ""  # label, or ""


@dataclass(frozen=True, slots=True)
class _Left:
    video: str
    moments: tuple[SavedMoment, ...]
    notes: tuple[Note, ...]


class _Kept:
    """A moment or note that is made once; undone it is removed, and done again it is brought back under its number.

    Later commands refer to it by that number.
    """

    def __init__(self, kind: Literal["moment", "note"], make: Callable[[Study], int]) -> None:
        self._kind: Literal["moment", "note"] = kind
        self._make = make
        self.number = 0

    def do(self, study: Study) -> None:
        if self.number:
            study.annotations.restore(self._kind, self.number)
        else:
            self.number = self._make(study)

    def undo(self, study: Study, _result: object = None) -> None:
        study.annotations.remove(self._kind, self.number)


class VideoAnnotations(QObject):
    """Moments and notes of the video on screen, as the study has them; each change is a command of the undo stack."""

    changed = Signal()
    finish_asked = Signal()  # text that is being typed has to be finished now: for its author, in its study

    def __init__(
        self, studies: StudyController, undo: UndoStack, videos: VideoList, state: ViewerState, settings: Settings
    ) -> None:
        super().__init__(studies)
        self._studies = studies
        self._undo = undo
        self._videos = videos
        self._state = state
        self._settings = settings
        self._left = _Left("", (), ())
        studies.about_to_replace.connect(self.finish_asked)
        studies.changed.connect(self._on_study_changed)
        studies.opened.connect(self._read)
        studies.replaced.connect(self._read)
        state.current_changed.connect(self._read)
        videos.changed.connect(self._on_entry)
        videos.added.connect(self._read)

    @property
    def video(self) -> str:
        """Name of the video on screen in the study; "" where the study does not know it."""
        entry = self._videos.get(self._state.current)
        return entry.study_name if entry is not None else ""

    @property
    def author(self) -> str:
        return self._settings.user_name

    def set_author(self, name: str) -> None:
        if name.strip() != self.author:
            self.finish_asked.emit()
            self._settings.user_name = name
            self.changed.emit()

    @property
    def writable(self) -> bool:
        return self._studies.writable and bool(self.video)

    @property
    def read_only(self) -> bool:
        """True if the study is read-only."""
        return self._studies.current is not None and self._studies.current.read_only

    @property
    def moments(self) -> tuple[SavedMoment, ...]:
        """Moments of the video, in order of time: kept ones, and opinions of found ones."""
        return self._left.moments if self._left.video == self.video else ()

    @property
    def notes(self) -> tuple[Note, ...]:
        """Notes of the video, in the order of writing; those on a moment too."""
        return self._left.notes if self._left.video == self.video else ()

    # commands

    def save_moment(self, start_s: float, stop_s: float, label: str = "") -> Task | None:
        if not self.writable:
            return None
        saved = self._saved(self.video, NewMoment(start_s, stop_s, label=label))
        return self._do("moment", saved.do, saved.undo)

    def _saved(self, video: str, moment: NewMoment, opinion: Opinion = Opinion.NONE) -> _Kept:
        start_s = moment.start_s
        stop_s = moment.stop_s
        digest = moment.model_digest
        author = self.author

        def make(study: Study) -> int:
            return study.annotations.save_moment(
                video, start_s, stop_s, author=author, label=moment.label, opinion=opinion, model_digest=digest
            )

        return _Kept("moment", make)

    def set_opinion(self, moment: NewMoment, opinion: Opinion, before: SavedMoment | None) -> Task | None:
        """Set the opinion of the user on a found moment; ``before`` is what is kept so far. ``NONE`` takes it back."""
        if before is not None and before.author == self.author:
            return self._change(before, opinion=opinion)
        if not self.writable or opinion is Opinion.NONE:
            return None
        saved = self._saved(self.video, moment, opinion)
        return self._do("opinion of a moment", saved.do, saved.undo)

    def rename(self, moment: SavedMoment, label: str) -> Task | None:
        return self._change(moment, label=label.strip())

    def _change(self, moment: SavedMoment, *, label: str | None = None, opinion: Opinion | None = None) -> Task | None:
        before = (moment.label, moment.opinion)
        after = (moment.label if label is None else label, moment.opinion if opinion is None else opinion)
        if not self._studies.writable or before == after:
            return None
        number = moment.id
        return self._do(
            "label of a moment" if opinion is None else "opinion of a moment",
            lambda study: study.annotations.change_moment(number, label=after[0], opinion=after[1]),
            lambda study, _: study.annotations.change_moment(number, label=before[0], opinion=before[1]),
        )

    def move(self, moment: SavedMoment, start_s: float, stop_s: float) -> Task | None:
        """Change start and end of a moment that the user kept, in seconds from the first frame of the file."""
        before = (moment.start_s, moment.stop_s)
        if not self._studies.writable or before == (start_s, stop_s):
            return None
        number = moment.id
        return self._do(
            "ends of a moment",
            lambda study: study.annotations.move_moment(number, start_s, stop_s),
            lambda study, _: study.annotations.move_moment(number, *before),
        )

    def annotate(self, new_moment: NewMoment, text: str, before: SavedMoment | None, video: str) -> Task | None:
        """Write a note on a moment; one that a model found is kept with it."""
        if not self._studies.writable or not video or not text.strip():
            return None
        author = self.author
        saved = self._saved(video, new_moment)

        def write(study: Study) -> int:
            moment = before.id if before is not None else saved.number
            return study.annotations.write_note(
                text, author=author, video=video, moment=moment, time_s=new_moment.start_s
            )

        written = _Kept("note", write)

        def do(study: Study) -> None:
            if before is None:
                saved.do(study)
            written.do(study)

        def undo(study: Study, _result: object) -> None:
            written.undo(study)
            if before is None:
                saved.undo(study)

        return self._do("note on a moment", do, undo)

    def remove(self, annotation: SavedMoment | Note) -> Task | None:
        """Remove a moment, with its notes, or a note."""
        if not self.writable:
            return None
        number = annotation.id
        is_moment = isinstance(annotation, SavedMoment)
        kind: Literal["moment", "note"] = "moment" if is_moment else "note"
        return self._do(
            "removal of a moment" if is_moment else "removal of a note",
            lambda study: study.annotations.remove(kind, number),
            lambda study, _: study.annotations.restore(kind, number),
        )

    def _do(self, text: str, do: Callable[[Study], object], undo: Callable[[Study, object], object]) -> Task:
        return self._undo.perform(Command(text, do, undo, (ANNOTATIONS,)))

    # what is there

    def _on_study_changed(self, changes: frozenset[str]) -> None:
        if changes & {ANNOTATIONS, VIDEOS}:
            self._read()

    def _on_entry(self, row: int) -> None:
        entry = self._videos[row]
        if entry.clip == self._state.current and entry.study_name != self._left.video:
            self._read()

    def _read(self, *_: object) -> None:
        name = self.video
        if not name or self._studies.current is None:
            self._left = _Left("", (), ())
            self.changed.emit()
            return
        self._studies.read(
            lambda study: _Left(name, study.annotations.moments(name), study.annotations.notes(name))
        ).then(succeeded=self._on_read)

    def _on_read(self, left: _Left) -> None:
        if left.video == self.video:
            self._left = left
            self.changed.emit()
