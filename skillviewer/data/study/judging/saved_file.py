"""Files that the pages of packs save: one JSON object with a checksum, checked like any file from elsewhere."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec

from skillviewer.core.errors import StudyError, first_line
from skillviewer.data.study.judging.pack_folder import KEPT_AS, MARK_SLACK_S, VERSION
from skillviewer.data.study.study import Study
from skillviewer.data.study.values import read_json

MAX_BYTES = 1 << 26
MAX_OF_TURN = 100
"""Most answers of a file to one turn: a rater who undoes an answer and gives another makes two."""
CLOCK_OFF, CLOCK_STEP = timedelta(days=1), timedelta(hours=1)
"""Largest error of the clock of a rater's computer, and largest step by which it is set during a session."""
PLACE_DIGITS = 24
"""Hexadecimal digits of the key of an answer that tell its pack, rater and turn."""
_CHECKSUM = b',"sha256":"'

Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e9)]
Time = Annotated[datetime, msgspec.Meta(tz=True)]
Code = Annotated[str, msgspec.Meta(max_length=16)]
Identity = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
FileT = TypeVar("FileT", bound=msgspec.Struct)
KeyT = TypeVar("KeyT", bound=msgspec.Struct)


class Head(msgspec.Struct, frozen=True):
    """Beginning of a saved file."""

    format: str
    version: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


def saved_format(path: Path) -> str:
    """Return the format that a file states, or "" if it is no file of a page; never raises."""
    try:
        with path.open("rb") as file:
            start = file.read(200)
    except OSError:
        return ""
    names = ("skillviewer-votes", "skillviewer-ratings")
    return next((name for name in names if f'{{"format":"{name}"'.encode() in start), "")


def read_saved(path: Path, kind: type[FileT], noun: str) -> FileT:
    """Read a saved file; ``noun`` names its answers, such as "votes".

    Raises:
        StudyError: It cannot be read, is no such file, was altered, or comes from a newer program.
    """
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error.strerror or error}.") from error
    refusal = f"{path} holds no {noun} of a judging page: choose the file that “Save {noun}” wrote"
    if len(text) > MAX_BYTES:
        raise StudyError(f"{refusal}. It is larger than {MAX_BYTES >> 20} MB.")
    body, separator, end = text.rstrip().rpartition(_CHECKSUM)
    if not separator or not body.startswith(b"{"):
        raise StudyError(f"{refusal}.")
    body += b"}"
    if end != hashlib.sha256(body).hexdigest().encode() + b'"}':
        raise StudyError(f"{path} was altered or cut after it was saved: press “Save {noun}” on the page once more.")
    try:
        head = msgspec.json.decode(body, type=Head)
        if head.format == f"skillviewer-{noun}" and head.version > VERSION:
            raise StudyError(f"{path} comes from a newer version of the judging page: update this program first.")
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise StudyError(f"{refusal} ({first_line(error)[:200]}).") from error


def load_key(study: Study, path: Path, pack: str, rater: str, kind: type[KeyT]) -> KeyT:
    """Return the key of the pack of a file, or raise a StudyError if the study does not know the pack or the rater."""
    text = study.load_text(KEPT_AS + pack)
    is_of_kind = text.startswith('{"pack":"ratings"') == (kind.__struct_config__.tag is not None)
    try:
        key = read_json(text, kind) if text and is_of_kind else None
    except ValueError as error:
        raise StudyError(
            f"The study holds a damaged key of a pack ({first_line(error)}): open one of its backups."
        ) from error
    if key is None or rater not in key.raters:  # type: ignore[attr-defined]
        raise StudyError(f"{path} is of a pack or a rater that {study.path.name} does not know: open its study.")
    return key


def is_to_come(time: datetime) -> bool:
    """Return True for a time that no answer can have yet: the clock of the rater's computer was wrong."""
    return time > datetime.now(UTC) + CLOCK_OFF


def past(time: datetime | None) -> datetime | None:
    """Return a time, or now for one that is still to come."""
    return datetime.now(UTC) if time is not None and is_to_come(time) else time


def wrong_times(given_at: datetime, withdrawn_at: datetime | None) -> str:
    """Return the fault of the times of an answer, or ""."""
    years = {time.year for time in (given_at, withdrawn_at) if time is not None}
    if min(years) < 2000:
        return f"it was not given in the year {min(years)}"
    if max(years) >= 9000:
        return f"it was not given in the year {max(years)}"
    if withdrawn_at is not None and withdrawn_at < given_at - CLOCK_STEP:
        return f"it was undone at {withdrawn_at.isoformat()}, before it was given at {given_at.isoformat()}"
    return ""


def wrong_mark(mark_s: float | None, seconds: float | None) -> str:
    """Return the fault of a mark in a clip of a length (None if unknown), or ""."""
    if mark_s is None or seconds is None or mark_s <= seconds + MARK_SLACK_S:
        return ""
    return f"it marks {mark_s:g} s of a clip of {seconds:.3f} s"


def place_key(pack: str, rater: str, turn: int) -> str:
    """Return the digits that the keys of all answers of a rater to one turn of a pack begin with."""
    return hashlib.sha256(f"{pack}|{rater}|{turn}".encode()).hexdigest()[:PLACE_DIGITS]


def check_turns(turns: Iterable[int], file: str, answers: str) -> None:
    """Refuse a file with more answers to one turn than a rater can give; ``answers`` such as "votes on pair".

    Raises:
        StudyError: There are more than ``MAX_OF_TURN``.
    """
    turn, n_most = next(iter(Counter(turns).most_common(1)), (0, 0))
    if n_most > MAX_OF_TURN:
        raise StudyError(
            f"{file} has {n_most:,} {answers} {turn + 1}, given and undone; {MAX_OF_TURN} are possible. "
            "Nothing was imported."
        )


def import_statement(
    new: str, rater: str, *, n_undone: int, n_known: int, left_out: str, times: Iterable[datetime]
) -> str:
    """Return a statement on an import.

    Args:
        new: New answers, counted.
        rater: Name of the rater.
        n_undone: Number of answers that were undone on the page.
        n_known: Number of answers that are in the study already.
        left_out: Answers that were left out and why, or "".
        times: Times of all answers.
    """
    n_to_come = sum(map(is_to_come, times))
    parts = [
        f"{new} by {rater}",
        f"{n_undone} more were undone on the page" if n_undone else "",
        f"{n_known} are in the study already" if n_known else "",
        left_out,
        f"{n_to_come} have a time that is still to come, and are stored without one" if n_to_come else "",
    ]
    return f"{'; '.join(filter(None, parts))}."
