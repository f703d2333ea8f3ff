"""Votes that were given in a browser on the page of a pack: checked like any file from elsewhere, and imported once."""

import hashlib
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.errors import StudyError, first_line
from skillviewer.core.text import counted
from skillviewer.data.study.judging.pack import KEPT_AS, VERSION, PackKey
from skillviewer.data.study.study import Study
from skillviewer.data.study.values import read_json
from skillviewer.data.study.votes import Vote

MAX_BYTES = 1 << 26
MAX_OF_PAIR = 100
"""Most votes of a file on one pair: a rater who undoes a vote and gives another makes two."""
_CLOCK_OFF, _CLOCK_STEP = timedelta(days=1), timedelta(hours=1)
"""Largest error of the clock of a rater's computer, and largest step by which it is set during a session."""
_CHECKSUM = b',"sha256":"'
_PLACE = 24  # hexadecimal digits of the key of a vote that tell its pack, rater and pair

_Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e9)]
_Time = Annotated[datetime, msgspec.Meta(tz=True)]
_Code = Annotated[str, msgspec.Meta(max_length=16)]
_Identity = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]


class BrowserVote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A vote of the page."""

    key: _Identity
    pair: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]  # position among the pairs of the rater, from 0
    left: _Code  # code of the video that was on the left
    right: _Code
    verdict: Verdict | None  # 1 for left, 0 for no difference, -1 for right, None for a skipped pair
    judged_at: _Time
    taken_s: _Seconds  # time from first sight to the vote, without time away from the page
    watched: Annotated[float, msgspec.Meta(ge=0, le=1)]  # smaller share of the two videos that was played, 0 to 1
    reason: Annotated[str, msgspec.Meta(max_length=300)]
    left_mark_s: _Seconds | None  # marked time in the left clip, from its first frame, or None
    right_mark_s: _Seconds | None
    withdrawn_at: _Time | None  # time of the undo, or None


class _Head(msgspec.Struct, frozen=True):
    format: Literal["skillviewer-votes"]
    version: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class VotesFile(_Head, frozen=True):
    """Contents of a file of votes, without its checksum."""

    pack: _Identity
    rater: _Code
    votes: Annotated[list[BrowserVote], msgspec.Meta(max_length=100_000)]


def read_votes(path: Path) -> VotesFile:
    """Read a file of votes.

    Raises:
        StudyError: It cannot be read, is no file of votes, was altered, or comes from a newer program.
    """
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error.strerror or error}.") from error
    none = f"{path} holds no votes of a judging page: choose the file that “Save votes” wrote"
    if len(text) > MAX_BYTES:
        raise StudyError(f"{none}. It is larger than {MAX_BYTES >> 20} MB.")
    body, found, end = text.rstrip().rpartition(_CHECKSUM)
    if not found or not body.startswith(b"{"):
        raise StudyError(f"{none}.")
    body += b"}"
    if end != hashlib.sha256(body).hexdigest().encode() + b'"}':
        raise StudyError(f"{path} was altered or cut after it was saved: press “Save votes” on the page once more.")
    try:
        if msgspec.json.decode(body, type=_Head).version > VERSION:
            raise StudyError(f"{path} comes from a newer version of the judging page: update this program first.")
        return msgspec.json.decode(body, type=VotesFile)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise StudyError(f"{none} ({first_line(error)[:200]}).") from error


def import_votes(study: Study, path: Path) -> str:
    """Import the votes of a page into the study that its pack was made of; a second import adds nothing.

    All votes are imported, or none. They are votes like those given in the window: with reason, marks, time taken,
    watched share, and the reason why the pair was asked. A pair that was judged in two copies of the pack counts once.

    Returns:
        A statement for the user: new votes, known ones, and those left out.

    Raises:
        StudyError: See ``read_votes``; the pack was made of another study, or has no such rater, pair or video; or the
            study cannot be written.
    """
    given = read_votes(path)
    text = study.load_text(KEPT_AS + given.pack)
    try:
        key = read_json(text, PackKey) if text else None
    except ValueError as error:
        raise StudyError(f"The study holds a damaged key of a pack ({error}): open one of its backups.") from error
    if key is None or given.rater not in key.raters:
        raise StudyError(f"{path} is of a pack or a rater that {study.path.name} does not know: open its study.")
    most_pair, n_most = Counter(vote.pair for vote in given.votes).most_common(1)[0] if given.votes else (0, 0)
    if n_most > MAX_OF_PAIR:
        raise StudyError(
            f"{path} has {n_most:,} votes on pair {most_pair + 1}, given and undone; {MAX_OF_PAIR} are possible. "
            "Nothing was imported."
        )
    names, there = study.videos.names(), study.votes.all()
    votes = [_vote(n, vote, given, key, names) for n, vote in enumerate(given.votes, start=1)]
    gone = {vote.key for vote in votes if not vote.is_valid}
    first = {vote.key[:_PLACE]: vote.key for vote in there if vote.is_valid and vote.key not in gone}
    once = [vote for vote in votes if not vote.is_valid or first.setdefault(vote.key[:_PLACE], vote.key) == vote.key]
    known_keys = {vote.key for vote in there}
    n_undone = sum(not vote.is_valid and vote.key not in known_keys for vote in once)
    n_new, n_twice = study.votes.bring_in(once), len(votes) - len(once)
    known = f"; {len(once) - n_new} are in the study already" if n_new < len(once) else ""
    undone = f"; {n_undone} more were undone on the page" if n_undone else ""
    twice = f"; {n_twice} were left out, for their pairs were judged in another copy of the pack" if n_twice else ""
    n_to_come = sum(map(_to_come, given.votes))
    timeless = f"; {n_to_come} have a time that is still to come, and are stored without one" if n_to_come else ""
    return f"{counted(n_new - n_undone, 'new vote')} by {key.raters[given.rater]}{undone}{known}{twice}{timeless}."


def _to_come(given: BrowserVote) -> bool:
    """Return True for a time that no vote can have yet: the clock of the rater's computer was wrong."""
    return given.judged_at > datetime.now(UTC) + _CLOCK_OFF


def _vote(number: int, given: BrowserVote, file: VotesFile, key: PackKey, names: dict[int, str]) -> Vote:
    """Return a vote as the study stores it; refuse one of another pack, or of a year that cannot be."""
    pairs = key.pairs[file.rater]
    left, right, purpose = pairs[given.pair] if given.pair < len(pairs) else ("", "", "")
    strange = [code for code in (given.left, given.right) if code not in key.videos or key.videos[code][0] not in names]
    years = {time.year for time in (given.judged_at, given.withdrawn_at) if time is not None}
    wrong = ""
    if strange:
        wrong = f"the study has no video of the code “{strange[0]}”, or no longer"
    elif {given.left, given.right} != {left, right}:
        wrong = f"pair {given.pair + 1} of this rater is not “{given.left}” and “{given.right}”"
    elif given.verdict is Verdict.NEITHER and not key.allow_neither:
        wrong = "“no difference” was not offered"
    elif min(years) < 2000:
        wrong = f"it was not given in the year {min(years)}"
    elif max(years) >= 9000:
        wrong = f"it was not given in the year {max(years)}"
    elif given.withdrawn_at is not None and given.withdrawn_at < given.judged_at - _CLOCK_STEP:
        wrong = "it was undone before it was given"
    if wrong:
        raise StudyError(f"Vote {number} cannot be: {wrong}. Nothing was imported.")
    place = hashlib.sha256(f"{file.pack}|{file.rater}|{given.pair}".encode()).hexdigest()[:_PLACE]
    (left_id, left_start_s), (right_id, right_start_s) = key.videos[given.left], key.videos[given.right]
    return Vote(
        left=names[left_id],
        right=names[right_id],
        verdict=given.verdict,
        rater=key.raters[file.rater],
        judged_at=None if _to_come(given) else given.judged_at,
        taken_s=given.taken_s,
        watched=given.watched,
        speed=key.speed,
        reason=given.reason.strip(),
        left_mark_s=None if given.left_mark_s is None else given.left_mark_s + left_start_s,
        right_mark_s=None if given.right_mark_s is None else given.right_mark_s + right_start_s,
        purpose=purpose,
        criterion=key.criterion,
        key=place + given.key[_PLACE:],
        withdrawn_at=given.withdrawn_at,
    )
