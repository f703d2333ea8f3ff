"""Votes that were given in a browser on the page of a pack: checked like any file from elsewhere, and imported once."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.errors import StudyError
from skillviewer.core.text import counted
from skillviewer.data.study.judging.pack import PackKey
from skillviewer.data.study.judging.saved_file import (
    PLACE_DIGITS,
    Code,
    Head,
    Identity,
    Seconds,
    Time,
    check_turns,
    import_statement,
    is_to_come,
    load_key,
    past,
    place_key,
    read_saved,
    wrong_mark,
    wrong_times,
)
from skillviewer.data.study.study import Study
from skillviewer.data.study.votes import Vote


class BrowserVote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A vote of the page."""

    key: Identity
    pair: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]  # position among the pairs of the rater, from 0
    left: Code  # code of the video that was on the left
    right: Code
    verdict: Verdict | None  # 1 for left, 0 for no difference, -1 for right, None for a skipped pair
    judged_at: Time
    taken_s: Seconds  # time from first sight to the vote, without time away from the page
    watched: Annotated[float, msgspec.Meta(ge=0, le=1)]  # smaller share of the two videos that was played, 0 to 1
    reason: Annotated[str, msgspec.Meta(max_length=300)]
    left_mark_s: Seconds | None  # marked time in the left clip, from its first frame, or None
    right_mark_s: Seconds | None
    withdrawn_at: Time | None  # time of the undo, or None


class VotesFile(Head, frozen=True):
    """Contents of a file of votes, without its checksum."""

    format: Literal["skillviewer-votes"]
    pack: Identity
    rater: Code
    votes: Annotated[list[BrowserVote], msgspec.Meta(max_length=100_000)]


def read_votes(path: Path) -> VotesFile:
    """Read a file of votes, or raise a StudyError; see ``read_saved``."""
    return read_saved(path, VotesFile, "votes")


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
    votes_file = read_votes(path)
    key = load_key(study, path, votes_file.pack, votes_file.rater, PackKey)
    check_turns((vote.pair for vote in votes_file.votes), str(path), "votes on pair")
    names = study.videos.names()
    study_votes = study.votes.all()
    votes = [_vote(n, vote, votes_file, key, names, path) for n, vote in enumerate(votes_file.votes, start=1)]
    withdrawn_keys = {vote.key for vote in votes if not vote.is_valid}
    first = {
        vote.key[:PLACE_DIGITS]: vote.key for vote in study_votes if vote.is_valid and vote.key not in withdrawn_keys
    }
    distinct = [
        vote for vote in votes if not vote.is_valid or first.setdefault(vote.key[:PLACE_DIGITS], vote.key) == vote.key
    ]
    known_keys = {vote.key for vote in study_votes}
    n_undone = sum(not vote.is_valid and vote.key not in known_keys for vote in distinct)
    n_new = study.votes.bring_in(distinct)
    n_twice = len(votes) - len(distinct)
    return import_statement(
        counted(n_new - n_undone, "new vote"),
        key.raters[votes_file.rater],
        n_undone=n_undone,
        n_known=len(distinct) - n_new,
        left_out=f"{n_twice} were left out, for their pairs were judged in another copy of the pack" if n_twice else "",
        times=(vote.judged_at for vote in votes_file.votes),
    )


def _vote(
    number: int, browser_vote: BrowserVote, file: VotesFile, key: PackKey, names: dict[int, str], path: Path
) -> Vote:
    """Return a vote as the study stores it; refuse one of another pack, or of a year that cannot be."""
    pairs = key.pairs[file.rater]
    left, right, purpose = pairs[browser_vote.pair] if browser_vote.pair < len(pairs) else ("", "", "")
    strange = [
        code
        for code in (browser_vote.left, browser_vote.right)
        if code not in key.videos or key.videos[code][0] not in names
    ]
    wrong = ""
    if strange:
        wrong = f"the study has no video of the code “{strange[0]}”, or no longer"
    elif {browser_vote.left, browser_vote.right} != {left, right}:
        wrong = f"pair {browser_vote.pair + 1} of this rater is not “{browser_vote.left}” and “{browser_vote.right}”"
    elif browser_vote.verdict is Verdict.NEITHER and not key.allow_neither:
        wrong = "“no difference” was not offered"
    else:
        marks = ((browser_vote.left_mark_s, browser_vote.left), (browser_vote.right_mark_s, browser_vote.right))
        wrong = wrong_times(browser_vote.judged_at, browser_vote.withdrawn_at)
        wrong = next(filter(None, [wrong, *(wrong_mark(mark_s, key.seconds.get(code)) for mark_s, code in marks)]), "")
    if wrong:
        raise StudyError(f"{path.name}, vote {number} cannot be: {wrong}. Nothing was imported.")
    place = place_key(file.pack, file.rater, browser_vote.pair)
    (left_id, left_start_s), (right_id, right_start_s) = key.videos[browser_vote.left], key.videos[browser_vote.right]
    return Vote(
        left=names[left_id],
        right=names[right_id],
        verdict=browser_vote.verdict,
        rater=key.raters[file.rater],
        judged_at=None if is_to_come(browser_vote.judged_at) else browser_vote.judged_at,
        taken_s=browser_vote.taken_s,
        watched=browser_vote.watched,
        speed=key.speed,
        reason=browser_vote.reason.strip(),
        left_mark_s=None if browser_vote.left_mark_s is None else browser_vote.left_mark_s + left_start_s,
        right_mark_s=None if browser_vote.right_mark_s is None else browser_vote.right_mark_s + right_start_s,
        purpose=purpose,
        criterion=key.criterion,
        key=place + browser_vote.key[PLACE_DIGITS:],
        withdrawn_at=past(browser_vote.withdrawn_at),
    )
