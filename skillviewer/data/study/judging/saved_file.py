"""Files of answers that the pages of packs save: one JSON object with a checksum, checked like any foreign file."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec

from skillviewer.core.errors import StudyError, first_line, os_reason
from skillviewer.data.study.judging.pack_folder import MARK_SLACK_S, PACK_SETTING_PREFIX, VERSION
from skillviewer.data.study.study import Study
from skillviewer.data.study.values import read_json

MAX_BYTES = 1 << 26
MAX_ANSWERS_PER_TURN = 100
"""Greatest number of answers to one turn in a file; a rater who undoes an answer and gives another makes two."""
MAX_CLOCK_ERROR = timedelta(days=1)
"""Greatest error of the clock of a rater's computer."""
MAX_CLOCK_STEP = timedelta(hours=1)
"""Greatest step by which the clock of a rater's computer is set during a session."""
_TURN_DIGITS = 24
"""Number of hexadecimal digits at the start of an answer's key that identify pack, rater and turn."""
_CHECKSUM = b',"sha256":"'

Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e9)]
Time = Annotated[datetime, msgspec.Meta(tz=True)]
Code = Annotated[str, msgspec.Meta(max_length=16)]
HexId = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
FileT = TypeVar("FileT", bound=msgspec.Struct)
KeyT = TypeVar("KeyT", bound=msgspec.Struct)


class FileHeader(msgspec.Struct, frozen=True):
    """First fields of a saved file."""

    format: str
    version: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


def saved_format(path: Path) -> str:
    """Return the format that a file states, or "" if the file cannot be read or was not saved by a page."""
    try:
        with path.open("rb") as file:
            start = file.read(200)
    except OSError:
        return ""
    for name in ("skillviewer-votes", "skillviewer-ratings"):
        if f'{{"format":"{name}"'.encode() in start:
            return name
    return ""


def read_saved(path: Path, file_type: type[FileT], noun: str) -> FileT:
    """Read a saved file; ``noun`` is the word for its answers, such as "votes".

    Raises:
        StudyError: The file cannot be read, was not saved by a page, was altered, or comes from a newer program.
    """
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {os_reason(error)}.") from error
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
        header = msgspec.json.decode(body, type=FileHeader)
        if header.format == f"skillviewer-{noun}" and header.version > VERSION:
            raise StudyError(f"{path} comes from a newer version of the judging page: update this program first.")
        return msgspec.json.decode(body, type=file_type)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise StudyError(f"{refusal} ({first_line(error)[:200]}).") from error


def load_key(study: Study, path: Path, pack: str, rater: str, key_type: type[KeyT]) -> KeyT:
    """Return the key of a pack.

    Args:
        study: The study from which the pack was made.
        path: The saved file, for messages.
        pack: Identity of the pack.
        rater: Code of the rater who saved the file.
        key_type: Type of the key: that of a pack of pairs or of a pack of videos to rate.

    Raises:
        StudyError: The study has no such pack or rater, or the key is damaged.
    """
    text = study.load_json(PACK_SETTING_PREFIX + pack)
    is_rating_key = text.startswith('{"pack":"ratings"')
    wants_rating_key = key_type.__struct_config__.tag is not None
    try:
        has_key = bool(text) and is_rating_key == wants_rating_key
        key = read_json(text, key_type) if has_key else None
    except ValueError as error:
        raise StudyError(
            f"The study holds a damaged key of a pack ({first_line(error)}): open one of its backups."
        ) from error
    if key is None or rater not in key.raters:  # type: ignore[attr-defined]
        raise StudyError(f"{path} is of a pack or a rater that {study.path.name} does not know: open its study.")
    return key


def is_in_future(time: datetime) -> bool:
    """Return True for a time that cannot have come yet, since the clock of the rater's computer was wrong."""
    return time > datetime.now(UTC) + MAX_CLOCK_ERROR


def not_in_future(time: datetime | None) -> datetime | None:
    """Return a time; a time that cannot have come yet is replaced by the present time."""
    if time is not None and is_in_future(time):
        return datetime.now(UTC)
    return time


def time_problem(given_at: datetime, withdrawn_at: datetime | None) -> str:
    """Return what is wrong with the times of an answer, or ""."""
    years = {time.year for time in (given_at, withdrawn_at) if time is not None}
    if min(years) < 2000:
        return f"it was not given in the year {min(years)}"
    if max(years) >= 9000:
        return f"it was not given in the year {max(years)}"
    if withdrawn_at is not None and withdrawn_at < given_at - MAX_CLOCK_STEP:
        return f"it was undone at {withdrawn_at.isoformat()}, before it was given at {given_at.isoformat()}"
    return ""


def mark_problem(mark_s: float | None, clip_seconds: float | None) -> str:
    """Return what is wrong with a marked time in a clip, or ""; ``clip_seconds`` is None if the length is unknown."""
    if mark_s is None or clip_seconds is None or mark_s <= clip_seconds + MARK_SLACK_S:
        return ""
    return f"it marks {mark_s:g} s of a clip of {clip_seconds:.3f} s"


def answer_key(pack: str, rater: str, turn: int, page_key: str) -> str:
    """Return the key of an answer in the study: digits that identify the turn, then the last digits of its page key.

    Args:
        pack: Identity of the pack.
        rater: Code of the rater.
        turn: Position of the pair or video among those of the rater, from 0.
        page_key: Key that the page gave the answer.
    """
    turn_digits = hashlib.sha256(f"{pack}|{rater}|{turn}".encode()).hexdigest()[:_TURN_DIGITS]
    return turn_digits + page_key[_TURN_DIGITS:]


def turn_digits_of(key: str) -> str:
    """Return the digits of an answer's key that all answers of the same rater to the same turn of a pack share."""
    return key[:_TURN_DIGITS]


def check_turns(turns: Iterable[int], file: str, answers: str) -> None:
    """Refuse a file with more answers to one turn than a rater can give.

    Args:
        turns: Turn of every answer, from 0.
        file: Name of the file.
        answers: Words for the answers and the turn, such as "votes on pair".

    Raises:
        StudyError: There are more than ``MAX_ANSWERS_PER_TURN``.
    """
    for turn, n_answers in Counter(turns).most_common(1):
        if n_answers > MAX_ANSWERS_PER_TURN:
            raise StudyError(
                f"{file} has {n_answers:,} {answers} {turn + 1}, given and undone; {MAX_ANSWERS_PER_TURN} are "
                "possible. Nothing was imported."
            )


def import_statement(
    new_answers: str, rater: str, *, n_undone: int, n_known: int, left_out_text: str, times: Iterable[datetime]
) -> str:
    """Return a sentence on an import for the user.

    Args:
        new_answers: Number of new answers with their name, such as "3 new votes".
        rater: Name of the rater.
        n_undone: Number of answers that were undone on the page.
        n_known: Number of answers that are in the study already.
        left_out_text: Number of answers that were left out and why, or "".
        times: Times of all answers.
    """
    n_in_future = sum(map(is_in_future, times))
    statements = [f"{new_answers} by {rater}"]
    if n_undone:
        statements.append(f"{n_undone} more were undone on the page")
    if n_known:
        statements.append(f"{n_known} are in the study already")
    if left_out_text:
        statements.append(left_out_text)
    if n_in_future:
        statements.append(f"{n_in_future} have a time that is still to come, and are stored without one")
    return f"{'; '.join(statements)}."
