"""Votes that were given in a browser on the page of a pack: checked like any file from elsewhere, and imported once."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.errors import StudyError
from skillviewer.data.study.judging.pack import KEPT_AS, VERSION, PackKey
from skillviewer.data.study.study import Study
from skillviewer.data.study.values import read_json
from skillviewer.data.study.votes import Vote

FORMAT = "skillviewer-votes"
MOST_BYTES = 1 << 26
_CHECKSUM = b',"sha256":"'
_PLACE = 24  # hexadecimal digits of the key of a vote that tell its pack, rater and pair

_Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e9)]
_Time = Annotated[datetime, msgspec.Meta(tz=True)]
_Code = Annotated[str, msgspec.Meta(max_length=16)]


class _Head(msgspec.Struct, frozen=True):
    format: Literal["skillviewer-votes"]
    version: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class BrowserVote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A vote of the page.

    Attributes:
        key: Identity of the vote, 32 random hexadecimal digits.
        pair: Position among the pairs of the rater, from 0.
        left: Code of the video that was on the left.
        right: Code of the video on the right.
        verdict: 1 for left, 0 for no difference, -1 for right, None for a skipped pair.
        judged_at: Time of the vote, by the clock of the rater's computer.
        taken_s: Time from first sight to the vote, without time away from the page.
        watched: Smaller share of the two videos that was played, 0 to 1.
        left_mark_s: Marked time in the left clip, from its first frame, or None.
        right_mark_s: Marked time in the right clip.
        withdrawn_at: Time of the undo, or None.
    """

    key: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
    pair: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
    left: _Code
    right: _Code
    verdict: Literal[1, 0, -1] | None
    judged_at: _Time
    taken_s: _Seconds
    watched: Annotated[float, msgspec.Meta(ge=0, le=1)]
    reason: Annotated[str, msgspec.Meta(max_length=300)]
    left_mark_s: _Seconds | None
    right_mark_s: _Seconds | None
    withdrawn_at: _Time | None


class VotesFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Contents of a file of votes, without its checksum."""

    format: str
    version: int
    pack: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
    rater: _Code
    saved_at: _Time
    votes: Annotated[list[BrowserVote], msgspec.Meta(max_length=100_000)]


@dataclass(frozen=True, slots=True)
class ImportedVotes:
    """Result of an import.

    Attributes:
        rater: Name of the rater.
        new: Votes that are new in the study.
        known: Votes that it had already.
        doubled: Votes left out, since the study has a vote on the same pair from another copy of the pack.
    """

    rater: str
    new: int
    known: int
    doubled: int

    @property
    def sentences(self) -> tuple[str, ...]:
        """Statements for the user."""
        found = f"{self.new} new votes by {self.rater}."
        if not self.new and self.known:
            found = f"All {self.known} votes by {self.rater} are in the study already: nothing was added."
        twice = f"{self.doubled} votes were left out: their pairs were judged in another copy of the pack before."
        return (found, twice) if self.doubled else (found,)


def read_votes(path: Path) -> VotesFile:
    """Read a file of votes.

    Raises:
        StudyError: It cannot be read, is no file of votes, was altered, or comes from a newer program.
    """
    try:
        with path.open("rb") as file:
            text = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error.strerror or error}.") from error
    none = f"{path} holds no votes of a judging page: choose the file that “Save votes” wrote"
    if len(text) > MOST_BYTES:
        raise StudyError(f"{none}. It is larger than {MOST_BYTES >> 20} MB.")
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
        raise StudyError(f"{none} ({str(error).splitlines()[0]}).") from error


def import_votes(study: Study, path: Path) -> ImportedVotes:
    """Import the votes of a page into the study that its pack was made of; a second import adds nothing.

    All votes are imported, or none. They are votes like those given in the window: with reason, marks, time taken,
    watched share, and the reason why the pair was asked.

    Raises:
        StudyError: See ``read_votes``; the pack was made of another study, or has no such rater, pair or video; or the
            study cannot be written.
    """
    given = read_votes(path)
    text = study.kept(KEPT_AS + given.pack)
    if not text:
        raise StudyError(f"{path} belongs to a pack that was not made of {study.path.name}: open the study it is of.")
    try:
        key = read_json(text, PackKey)
    except ValueError as error:
        raise StudyError(f"The study holds a damaged key of a pack ({error}): open one of its backups.") from error
    if given.rater not in key.raters:
        raise StudyError(f"{path} names the rater “{given.rater}”, whom its pack does not have.")
    names = study.videos.names()
    there = study.votes.all()
    known = {vote.key for vote in there}
    votes = [_checked(path, n, vote, given, key, names) for n, vote in enumerate(given.votes, start=1)]
    gone = {vote.key for vote in votes if not vote.stands}
    first = {vote.key[:_PLACE]: vote.key for vote in there if vote.stands and vote.key not in gone}
    once = [vote for vote in votes if not vote.stands or first.setdefault(vote.key[:_PLACE], vote.key) == vote.key]
    new = study.votes.bring_in(once)
    n_known = sum(vote.key in known for vote in votes)
    return ImportedVotes(key.raters[given.rater], new, n_known, len(votes) - len(once))


def _checked(path: Path, number: int, given: BrowserVote, file: VotesFile, key: PackKey, names: dict[int, str]) -> Vote:
    """Return a vote as the study stores it.

    Raises:
        StudyError: It does not belong to the pack, or names no time.
    """
    refused = f"Vote {number} in {path} cannot be: "
    pairs = key.pairs.get(file.rater, [])
    if given.pair >= len(pairs):
        raise StudyError(f"{refused}there is no pair {given.pair + 1} among the {len(pairs)} of this rater.")
    left, right, purpose = pairs[given.pair]
    strange = [code for code in (given.left, given.right) if code not in key.videos]
    if strange:
        raise StudyError(f"{refused}the pack has no video “{strange[0]}”.")
    if {given.left, given.right} != {left, right}:
        raise StudyError(f"{refused}pair {given.pair + 1} is not “{given.left}” and “{given.right}”.")
    if given.verdict == 0 and not key.allow_neither:
        raise StudyError(f"{refused}“no difference” was not offered.")
    times = [given.judged_at, *([given.withdrawn_at] if given.withdrawn_at is not None else [])]
    if any(not 2000 <= time.year < 9000 for time in times):
        raise StudyError(f"{refused}it was not given in the year {min(times).year}.")
    (left_id, left_start_s), (right_id, right_start_s) = key.videos[given.left], key.videos[given.right]
    if not {left_id, right_id} <= names.keys():
        raise StudyError(f"{refused}its video was deleted from the study.")
    place = hashlib.sha256(f"{file.pack}|{file.rater}|{given.pair}".encode()).hexdigest()[:_PLACE]
    return Vote(
        left=names[left_id],
        right=names[right_id],
        verdict=None if given.verdict is None else Verdict(given.verdict),
        rater=key.raters[file.rater],
        judged_at=given.judged_at,
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
