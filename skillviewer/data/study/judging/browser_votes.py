"""Import of votes that raters gave in a browser on the page of a pack."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.errors import StudyError
from skillviewer.core.text import counted
from skillviewer.data.study.judging.pack import PackKey
from skillviewer.data.study.judging.saved_file import (
    Code,
    FileHeader,
    HexId,
    Seconds,
    Time,
    answer_key,
    check_turns,
    import_statement,
    is_in_future,
    load_key,
    mark_problem,
    not_in_future,
    read_saved,
    time_problem,
    turn_digits_of,
)
from skillviewer.data.study.study import Study
from skillviewer.data.study.votes import Vote


class BrowserVote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A vote given on the page."""

    key: HexId
    pair: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]  # position among the pairs of the rater, from 0
    left: Code  # code of the video that was on the left
    right: Code
    verdict: Verdict | None  # 1 for left, 0 for no difference, -1 for right, None for a skipped pair
    judged_at: Time
    taken_s: Seconds  # time from first sight to the vote, without time away from the page
    watched: Annotated[float, msgspec.Meta(ge=0, le=1)]  # smaller of the played shares of both videos, 0 to 1
    reason: Annotated[str, msgspec.Meta(max_length=300)]
    left_mark_s: Seconds | None  # marked time in the left clip, from its first frame, or None
    right_mark_s: Seconds | None
    withdrawn_at: Time | None  # time of the undo, or None


class VotesFile(FileHeader, frozen=True):
    """Contents of a file of votes, without its checksum."""

    format: Literal["skillviewer-votes"]
    pack: HexId
    rater: Code
    votes: Annotated[list[BrowserVote], msgspec.Meta(max_length=100_000)]


def read_votes(path: Path) -> VotesFile:
    """Read a file of votes, or raise a StudyError; see ``read_saved``."""
    return read_saved(path, VotesFile, "votes")


def import_votes(study: Study, path: Path) -> str:
    """Import the votes of a page into the study of its pack; a second import of the same file adds nothing.

    All votes are imported, or none. Imported votes have the same fields as votes given in the window: reason, marks,
    time taken, watched share, and purpose of the pair. A pair that was judged in two copies of the pack counts once.

    Returns:
        A sentence for the user with the numbers of new, known and left out votes.

    Raises:
        StudyError: See ``read_votes``; the pack was made of another study, or has no such rater, pair or video; or the
            study cannot be written.
    """
    votes_file = read_votes(path)
    pack_key = load_key(study, path, votes_file.pack, votes_file.rater, key_type=PackKey)
    check_turns((vote.pair for vote in votes_file.votes), str(path), "votes on pair")
    names = study.videos.names()
    study_votes = study.votes.all()
    votes = []
    for number, browser_vote in enumerate(votes_file.votes, start=1):
        try:
            vote = _convert_vote(browser_vote, votes_file, pack_key, names)
        except ValueError as error:
            raise StudyError(f"{path.name}, vote {number} cannot be: {error}. Nothing was imported.") from error
        votes.append(vote)
    imported_votes = _keep_one_valid_vote_per_turn(votes, study_votes)
    known_keys = {vote.key for vote in study_votes}
    new_votes = [vote for vote in imported_votes if vote.key not in known_keys]
    n_undone = sum(not vote.is_valid for vote in new_votes)
    n_skips = sum(vote.is_valid and vote.verdict is None for vote in new_votes)
    n_added = study.votes.import_votes(imported_votes)
    n_left_out = len(votes) - len(imported_votes)
    left_out_text = ""
    if n_left_out:
        left_out_text = f"{n_left_out} were left out, for their pairs were judged in another copy of the pack"
    new_text = counted(n_added - n_undone - n_skips, "new vote")
    if n_skips:
        new_text += f" and {counted(n_skips, 'skipped pair')}"
    return import_statement(
        new_text,
        pack_key.raters[votes_file.rater],
        n_undone=n_undone,
        n_known=len(imported_votes) - n_added,
        left_out_text=left_out_text,
        times=(vote.judged_at for vote in votes_file.votes),
    )


def _keep_one_valid_vote_per_turn(votes: Sequence[Vote], study_votes: Sequence[Vote]) -> list[Vote]:
    """Return the votes with at most one valid vote on each turn; a turn is a pair that a pack shows to a rater.

    The valid vote of the study stays or, if it has none on the turn, the first valid vote of ``votes``. Votes that were
    withdrawn are all returned.
    """
    withdrawn_keys = {vote.key for vote in votes if not vote.is_valid}
    valid_key_by_turn: dict[str, str] = {}
    for vote in study_votes:
        if vote.is_valid and vote.key not in withdrawn_keys:
            valid_key_by_turn[turn_digits_of(vote.key)] = vote.key
    kept_votes = []
    for vote in votes:
        if vote.is_valid:
            valid_key = valid_key_by_turn.setdefault(turn_digits_of(vote.key), vote.key)
            if valid_key != vote.key:
                continue
        kept_votes.append(vote)
    return kept_votes


def _convert_vote(browser_vote: BrowserVote, file: VotesFile, pack_key: PackKey, names: dict[int, str]) -> Vote:
    """Return a vote of the page as a vote of the study.

    Args:
        browser_vote: The vote of the page.
        file: The file that contains the vote.
        pack_key: Meaning of the codes of the pack.
        names: Names of the videos of the study, by number.

    Raises:
        ValueError: The pack cannot give such a vote; the text says why.
    """
    pairs = pack_key.pairs[file.rater]
    if browser_vote.pair < len(pairs):
        left_code, right_code, purpose = pairs[browser_vote.pair]
        asked_codes = {left_code, right_code}
    else:
        purpose = ""
        asked_codes = set()
    problem = _problem(browser_vote, pack_key, names, asked_codes)
    if problem:
        raise ValueError(problem)
    left_id, left_start_s = pack_key.videos[browser_vote.left]
    right_id, right_start_s = pack_key.videos[browser_vote.right]
    judged_at = None if is_in_future(browser_vote.judged_at) else browser_vote.judged_at
    left_mark_s = None if browser_vote.left_mark_s is None else browser_vote.left_mark_s + left_start_s
    right_mark_s = None if browser_vote.right_mark_s is None else browser_vote.right_mark_s + right_start_s
    return Vote(
        left=names[left_id],
        right=names[right_id],
        verdict=browser_vote.verdict,
        rater=pack_key.raters[file.rater],
        judged_at=judged_at,
        taken_s=browser_vote.taken_s,
        watched=browser_vote.watched,
        speed=pack_key.speed,
        reason=browser_vote.reason.strip(),
        left_mark_s=left_mark_s,
        right_mark_s=right_mark_s,
        purpose=purpose,
        criterion=pack_key.criterion,
        key=answer_key(file.pack, file.rater, browser_vote.pair, browser_vote.key),
        withdrawn_at=not_in_future(browser_vote.withdrawn_at),
    )


def _problem(browser_vote: BrowserVote, pack_key: PackKey, names: dict[int, str], asked_codes: set[str]) -> str:
    """Return what is wrong with a vote, or ""; ``asked_codes`` are the codes of the two videos of the asked pair."""
    for code in (browser_vote.left, browser_vote.right):
        if code not in pack_key.videos or pack_key.videos[code][0] not in names:
            return f"the study has no video with the code “{code}”, or no longer contains this video"
    if {browser_vote.left, browser_vote.right} != asked_codes:
        return f"pair {browser_vote.pair + 1} of this rater is not “{browser_vote.left}” and “{browser_vote.right}”"
    if browser_vote.verdict is Verdict.NEITHER and not pack_key.allow_neither:
        return "“no difference” was not offered"
    return (
        time_problem(browser_vote.judged_at, browser_vote.withdrawn_at)
        or mark_problem(browser_vote.left_mark_s, pack_key.seconds.get(browser_vote.left))
        or mark_problem(browser_vote.right_mark_s, pack_key.seconds.get(browser_vote.right))
    )
