"""A plain model of a study: what has been promised to the user, without a database."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from skillviewer.data.study import Study, Vote

Seen = dict[str, Any]
"""What a user sees of a study, by part."""

UNDONE_BACK = ("videos", "judgements", "notes", "moments", "waiting")
"""Parts that an undo restores exactly; votes stay, and are withdrawn."""


@dataclass
class PromisedVideo:
    """A video, by its bytes; its name may change."""

    name: str
    participant: str | None = None
    notes: str = ""
    removed: bool = False


@dataclass
class PromisedVote:
    """An acknowledged vote; its videos are given by their bytes."""

    key: str
    left: str
    right: str
    verdict: int | None
    rater: str
    reason: str
    judged_at: datetime | None
    withdrawn: bool = False


@dataclass
class PromisedRemark:
    """A note, or a moment, which has an interval."""

    number: int
    video: str | None
    text: str
    interval_s: tuple[float, float] | None = None
    removed: bool = False


@dataclass
class PromisedRequest:
    """A pair that was put back in the queue, after so many votes."""

    number: int
    pair: frozenset[str]
    asked_at: datetime
    before: frozenset[str]
    removed: bool = False


@dataclass
class PromisedStudy:
    """Everything in a study, in the order in which it came; videos by their bytes."""

    videos: dict[str, PromisedVideo] = field(default_factory=dict)
    raters: list[str] = field(default_factory=list)
    votes: list[PromisedVote] = field(default_factory=list)
    remarks: list[PromisedRemark] = field(default_factory=list)
    requests: list[PromisedRequest] = field(default_factory=list)

    def present(self) -> list[str]:
        """Return the videos that are not removed."""
        return [content for content, video in self.videos.items() if not video.removed]

    def content(self, name: str) -> str:
        """Return the video with a name."""
        return next(content for content, video in self.videos.items() if video.name == name)

    def add_vote(self, vote: Vote) -> None:
        """Take in a vote that was acknowledged, or brought in."""
        if vote.rater not in self.raters:
            self.raters.append(vote.rater)
        self.votes.append(
            PromisedVote(
                vote.key,
                self.content(vote.left),
                self.content(vote.right),
                None if vote.verdict is None else int(vote.verdict),
                vote.rater,
                vote.reason,
                vote.judged_at,
                not vote.is_valid,
            )
        )

    def in_order(self) -> list[PromisedVote]:
        """Return the votes by time; one without a time stays behind the one before."""
        latest = datetime.min.replace(tzinfo=UTC)
        timed = []
        for vote in self.votes:
            latest = vote.judged_at or latest
            timed.append((latest, vote))
        return [vote for _, vote in sorted(timed, key=lambda pair: pair[0])]

    def erase(self, content: str) -> None:
        """Erase a video and all on it; one that is erased already stays so."""
        self.videos.pop(content, None)
        self.votes = [vote for vote in self.votes if content not in {vote.left, vote.right}]
        self.remarks = [remark for remark in self.remarks if remark.video != content]
        self.requests = [request for request in self.requests if content not in request.pair]

    def merge(self, other: "PromisedStudy") -> int:
        """Take in another copy, and return the number of new votes."""
        there = other.present()
        for content in there:
            video = other.videos[content]
            mine = self.videos.setdefault(content, PromisedVideo(video.name, video.participant))
            if not mine.removed and not mine.participant:
                mine.participant = video.participant
        known = {vote.key: vote for vote in self.votes}
        n_before = len(known)
        for vote in other.in_order():
            if vote.left not in there or vote.right not in there:
                continue
            if vote.key not in known:
                known[vote.key] = replace(vote)
                self.votes.append(known[vote.key])
                if vote.rater not in self.raters:
                    self.raters.append(vote.rater)
            known[vote.key].withdrawn |= vote.withdrawn
        return len(known) - n_before

    def _waiting(self) -> Iterator[frozenset[str]]:
        present = set(self.present())
        for request in self.requests:
            answered = any(
                vote.key not in request.before
                and not vote.withdrawn
                and {vote.left, vote.right} == request.pair
                and (vote.judged_at is None or vote.judged_at > request.asked_at)
                for vote in self.votes
            )
            if not request.removed and not answered and request.pair <= present:
                yield frozenset(self.videos[content].name for content in request.pair)

    def seen(self) -> Seen:
        """Return what a user should see."""
        name = {content: video.name for content, video in self.videos.items()}
        present = set(self.present())
        there = [r for r in self.remarks if not r.removed and (r.video is None or r.video in present)]
        votes = self.in_order()
        return {
            "videos": {name[c]: (self.videos[c].participant, self.videos[c].notes) for c in present},
            "ever": sorted(name.values()),
            "raters": self.raters,
            "votes": [
                (v.key, name[v.left], name[v.right], v.verdict, v.rater, v.reason, v.judged_at, v.withdrawn)
                for v in votes
            ],
            "judgements": [
                (name[v.left], name[v.right], v.verdict, v.rater)
                for v in votes
                if not v.withdrawn and v.verdict is not None and {v.left, v.right} <= present
            ],
            "notes": [(r.video and name[r.video], r.text) for r in there if r.interval_s is None],
            "moments": sorted((name[r.video or ""], r.text, r.interval_s) for r in there if r.interval_s is not None),
            "waiting": list(dict.fromkeys(self._waiting())),
        }


def seen_in(study: Study) -> Seen:
    """Return what a user sees in a study."""
    return {
        "videos": {video.name: (video.participant, video.notes) for video in study.videos.all()},
        "ever": sorted(row["name"] for row in study._file.query("SELECT name FROM video")),  # removed ones come back
        "raters": list(study.votes.raters()),
        "votes": [
            (
                v.key,
                v.left,
                v.right,
                None if v.verdict is None else int(v.verdict),
                v.rater,
                v.reason,
                v.judged_at,
                not v.is_valid,
            )
            for v in study.votes.all()
        ],
        "judgements": [(j.left, j.right, int(j.verdict), j.rater) for j in study.votes.judgements()],
        "notes": [(note.video, note.text) for note in study.annotations.notes()],
        "moments": sorted((m.video, m.label, (m.start_s, m.stop_s)) for m in study.annotations.moments()),
        "waiting": list(study.rejudge_queue.waiting()),
    }
