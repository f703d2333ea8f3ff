"""Moments and notes of the video on screen, and the commands that change them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject, Signal

from skillviewer.core.text import printable
from skillviewer.core.video.clips import same_interval
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.study import Note, Opinion, SavedMoment, Study
from skillviewer.ui.session.settings import Settings
from skillviewer.ui.session.study_controller import ANNOTATIONS, VIDEOS, StudyController
from skillviewer.ui.session.undo import Command, UndoStack
from skillviewer.ui.session.video_list import VideoList
from skillviewer.ui.session.viewer_state import ViewerState
from skillviewer.ui.threads.worker_thread import Task

if TYPE_CHECKING:  # importing scipy takes as long as opening the window
    from skillviewer.core.explanation.moments import Moment as ModelMoment


@dataclass(frozen=True, slots=True)
class MomentCard:
    """A moment as the window shows it. The model found it, or a user saved it."""

    start_s: float  # seconds from the first frame
    stop_s: float  # seconds from the first frame
    key_frame: int  # frame whose thumbnail is shown, from 0
    model_moment: "ModelMoment | None"  # the moment as the model found it; None for a saved moment
    # the saved moment; for a moment of the model, the user's own record of it, or None
    saved_moment: SavedMoment | None
    opinions: tuple[SavedMoment, ...]  # opinions of other users on a moment of the model
    notes: tuple[Note, ...]  # notes on the moment, in the order of writing
    of_this_model: bool = False  # True for a saved moment that the model on screen found, but no longer lists

    @property
    def identity(self) -> tuple[float, float, bool]:
        """Identity of the moment, which is kept when label, opinion or notes change."""
        return self.start_s, self.stop_s, self.model_moment is not None

    @property
    def opinion(self) -> Opinion:
        """Opinion of the user on a moment of the model; NONE for a saved moment."""
        if self.saved_moment is None or self.model_moment is None:
            return Opinion.NONE
        return self.saved_moment.opinion


def cards_of(
    video: VideoInfo,
    moments: "Sequence[ModelMoment]",
    saved: Sequence[SavedMoment],
    notes: Sequence[Note],
    model_digest: str,
    author: str,
) -> tuple[MomentCard, ...]:
    """Return the cards of the model's moments and of all other saved moments, in order of time.

    Args:
        video: The video.
        moments: Moments that the model found.
        saved: Moments in the study: saved by users, and opinions on moments of models.
        notes: Notes on the video.
        model_digest: Digest of the model.
        author: Name of the user.
    """
    unmatched = list(saved)
    cards = []
    for moment in moments:
        matching = [record for record in unmatched if _is_record_of(record, moment, model_digest)]
        unmatched = [record for record in unmatched if record not in matching]
        own_record = next((record for record in matching if record.author == author), None)
        opinions = tuple(
            record for record in matching if record is not own_record and record.opinion is not Opinion.NONE
        )
        cards.append(
            MomentCard(
                moment.start_s,
                moment.stop_s,
                moment.key_frame,
                model_moment=moment,
                saved_moment=own_record,
                opinions=opinions,
                notes=_notes_on(notes, matching),
            )
        )
    for record in unmatched:
        middle_s = (record.start_s + record.stop_s) / 2
        cards.append(
            MomentCard(
                record.start_s,
                record.stop_s,
                video.frame_at(middle_s),
                model_moment=None,
                saved_moment=record,
                opinions=(),
                notes=_notes_on(notes, [record]),
                of_this_model=bool(record.model_digest) and record.model_digest == model_digest,
            )
        )
    return tuple(sorted(cards, key=_by_time))


def _by_time(card: MomentCard) -> tuple[float, float, bool]:
    """Return a sort key: start, stop, and the model's moments before saved moments."""
    return card.start_s, card.stop_s, card.model_moment is None


def _is_record_of(record: SavedMoment, moment: "ModelMoment", model_digest: str) -> bool:
    """Return True if a saved moment is a user's record of a moment that this model found."""
    return record.model_digest == model_digest and same_interval(
        record.start_s, record.stop_s, moment.start_s, moment.stop_s
    )


def format_author(name: str) -> str:
    """Return the name of an author for the screen, or "unnamed"."""
    return printable(name) or "unnamed"


def _notes_on(notes: Sequence[Note], moments: Sequence[SavedMoment]) -> tuple[Note, ...]:
    moment_ids = {moment.id for moment in moments}
    return tuple(note for note in notes if note.moment in moment_ids)


@dataclass(frozen=True, slots=True)
class NewMoment:
    """An interval of a video that is to be saved as a moment."""

    start_s: float  # seconds from the first frame
    stop_s: float  # seconds from the first frame
    model_digest: str = ""  # digest of the model that found it; "" for an interval marked by the user
    label: str = ""


@dataclass(frozen=True, slots=True)
class _StoredAnnotations:
    video: str
    moments: tuple[SavedMoment, ...]
    notes: tuple[Note, ...]


class _Addition:
    """The addition of a moment or note, with undo. Redoing it restores the same row, to which later commands refer."""

    def __init__(self, kind: Literal["moment", "note"], add: Callable[[Study], int]) -> None:
        self._kind: Literal["moment", "note"] = kind
        self._add = add
        self.id = 0  # number of the added row; 0 before the first ``do``

    def do(self, study: Study) -> None:
        if self.id:
            study.annotations.restore(self._kind, self.id)
        else:
            self.id = self._add(study)

    def undo(self, study: Study, _result: object = None) -> None:
        study.annotations.remove(self._kind, self.id)


class VideoAnnotations(QObject):
    """Moments and notes of the video on screen, as stored in the study. Each change is a command of the undo stack."""

    changed = Signal()
    finish_asked = Signal()  # the author or the study is about to change: unfinished text has to be stored now

    def __init__(
        self, studies: StudyController, undo: UndoStack, videos: VideoList, state: ViewerState, settings: Settings
    ) -> None:
        super().__init__(studies)
        self._studies = studies
        self._undo = undo
        self._videos = videos
        self._state = state
        self._settings = settings
        self._stored_annotations = _StoredAnnotations("", (), ())
        studies.about_to_replace.connect(self.finish_asked)
        studies.changed.connect(self._on_study_changed)
        studies.opened.connect(self._read)
        studies.replaced.connect(self._read)
        state.current_changed.connect(self._read)
        videos.changed.connect(self._on_entry)
        videos.added.connect(self._read)

    @property
    def video(self) -> str:
        """Name of the video on screen in the study; "" if the study does not contain it."""
        entry = self._videos.get(self._state.current_clip)
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
        return self._studies.current_study is not None and self._studies.current_study.read_only

    @property
    def moments(self) -> tuple[SavedMoment, ...]:
        """Moments of the video that are stored in the study, in order of time, with opinions on moments of models."""
        return self._stored_annotations.moments if self._stored_annotations.video == self.video else ()

    @property
    def notes(self) -> tuple[Note, ...]:
        """Notes of the video and of its moments, in the order of writing."""
        return self._stored_annotations.notes if self._stored_annotations.video == self.video else ()

    # Commands

    def save_moment(self, start_s: float, stop_s: float, label: str = "") -> Task | None:
        if not self.writable:
            return None
        addition = self._addition_of(self.video, NewMoment(start_s, stop_s, label=label))
        return self._perform("moment", addition.do, addition.undo)

    def _addition_of(self, video: str, moment: NewMoment, opinion: Opinion = Opinion.NONE) -> _Addition:
        author = self.author

        def add(study: Study) -> int:
            return study.annotations.save_moment(
                video,
                moment.start_s,
                moment.stop_s,
                author=author,
                label=moment.label,
                opinion=opinion,
                model_digest=moment.model_digest,
            )

        return _Addition("moment", add)

    def set_opinion(self, moment: NewMoment, opinion: Opinion, saved: SavedMoment | None) -> Task | None:
        """Set the user's opinion on a moment of the model. ``NONE`` withdraws it.

        Args:
            moment: The moment.
            opinion: The opinion.
            saved: Present record of the moment in the study, or None.
        """
        if saved is not None and saved.author == self.author:
            return self._change(saved, opinion=opinion)
        if not self.writable or opinion is Opinion.NONE:
            return None
        addition = self._addition_of(self.video, moment, opinion)
        return self._perform("opinion of a moment", addition.do, addition.undo)

    def rename(self, moment: SavedMoment, label: str) -> Task | None:
        return self._change(moment, label=label.strip())

    def _change(self, moment: SavedMoment, *, label: str | None = None, opinion: Opinion | None = None) -> Task | None:
        new_label = moment.label if label is None else label
        new_opinion = moment.opinion if opinion is None else opinion
        is_unchanged = (new_label, new_opinion) == (moment.label, moment.opinion)
        if not self._studies.writable or is_unchanged:
            return None
        text = "label of a moment" if opinion is None else "opinion of a moment"
        return self._perform(
            text,
            lambda study: study.annotations.change_moment(moment.id, label=new_label, opinion=new_opinion),
            lambda study, _: study.annotations.change_moment(moment.id, label=moment.label, opinion=moment.opinion),
        )

    def move(self, moment: SavedMoment, start_s: float, stop_s: float) -> Task | None:
        """Change start and end of a saved moment, in seconds from the first frame of the file."""
        is_unchanged = (moment.start_s, moment.stop_s) == (start_s, stop_s)
        if not self._studies.writable or is_unchanged:
            return None
        return self._perform(
            "ends of a moment",
            lambda study: study.annotations.move_moment(moment.id, start_s, stop_s),
            lambda study, _: study.annotations.move_moment(moment.id, moment.start_s, moment.stop_s),
        )

    def annotate(self, new_moment: NewMoment, text: str, saved: SavedMoment | None, video: str) -> Task | None:
        """Write a note on a moment. A moment that is not saved yet is saved with the note.

        Args:
            new_moment: The moment.
            text: The note.
            saved: Present record of the moment in the study, or None.
            video: Name of the video.
        """
        if not self._studies.writable or not video or not text.strip():
            return None
        author = self.author
        moment_addition = self._addition_of(video, new_moment)

        def write_note(study: Study) -> int:
            moment_id = saved.id if saved is not None else moment_addition.id
            return study.annotations.write_note(
                text, author=author, video=video, moment=moment_id, time_s=new_moment.start_s
            )

        note_addition = _Addition("note", write_note)

        def do(study: Study) -> None:
            if saved is None:
                moment_addition.do(study)
            note_addition.do(study)

        def undo(study: Study, _result: object) -> None:
            note_addition.undo(study)
            if saved is None:
                moment_addition.undo(study)

        return self._perform("note on a moment", do, undo)

    def remove(self, annotation: SavedMoment | Note) -> Task | None:
        """Remove a moment, with its notes, or a note."""
        if not self.writable:
            return None
        kind: Literal["moment", "note"] = "moment" if isinstance(annotation, SavedMoment) else "note"
        return self._perform(
            f"removal of a {kind}",
            lambda study: study.annotations.remove(kind, annotation.id),
            lambda study, _: study.annotations.restore(kind, annotation.id),
        )

    def _perform(self, text: str, do: Callable[[Study], object], undo: Callable[[Study, object], object]) -> Task:
        return self._undo.perform(Command(text, do, undo, (ANNOTATIONS,)))

    # Reading from the study

    def _on_study_changed(self, changes: frozenset[str]) -> None:
        if changes & {ANNOTATIONS, VIDEOS}:
            self._read()

    def _on_entry(self, row: int) -> None:
        entry = self._videos[row]
        if entry.clip == self._state.current_clip and entry.study_name != self._stored_annotations.video:
            self._read()

    def _read(self, *_: object) -> None:
        name = self.video
        if not name or self._studies.current_study is None:
            self._stored_annotations = _StoredAnnotations("", (), ())
            self.changed.emit()
            return

        def read(study: Study) -> _StoredAnnotations:
            return _StoredAnnotations(name, study.annotations.moments(name), study.annotations.notes(name))

        self._studies.read(read).then(succeeded=self._on_read)

    def _on_read(self, stored: _StoredAnnotations) -> None:
        if stored.video == self.video:
            self._stored_annotations = stored
            self.changed.emit()
