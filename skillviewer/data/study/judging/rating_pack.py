"""Packs of single videos that raters rate by the rubric of the study, in a browser, without anything to install.

A pack holds no name of a video, participant or rater, no score and no metadata of a file; the study keeps what the
codes stand for.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from skillviewer.core.errors import StudyError
from skillviewer.core.ratings.rating_order import FormPurpose
from skillviewer.core.ratings.rubric import Rubric
from skillviewer.data.study.judging.pack_folder import (
    KEPT_AS,
    check_empty,
    filled_page,
    known_raters,
    measure,
    page_keys,
    rater_codes,
    video_codes,
)
from skillviewer.data.study.judging.pair_queue import PairVideo
from skillviewer.data.study.judging.rating_queue import PresentedVideo, offered_raters, rating_queue
from skillviewer.data.study.study import Study


class RatingPackKey(msgspec.Struct, frozen=True, tag="ratings", tag_field="pack"):
    """Meaning of the codes of a pack."""

    rubric_digest: str
    speed: float  # playing speed; 1 is real time
    raters: dict[str, str]  # name of each rater, by code
    # number of each video in the study, start of the attempt in seconds from the first frame of its file, and its
    # length in seconds, by code
    videos: dict[str, tuple[int, Annotated[float, msgspec.Meta(ge=0, le=1e9)], float]]
    turns: dict[str, list[tuple[str, FormPurpose]]]  # video and reason of every turn, by code of the rater


@dataclass(frozen=True, slots=True)
class DrawnRatingPack:
    """A pack whose order is drawn and whose key is in the study; nothing of it is written yet."""

    id: str  # identity of the pack, 32 hexadecimal digits
    folder: Path
    rubric: Rubric
    key: RatingPackKey
    clips: Mapping[str, PairVideo]  # videos by code
    practice: tuple[PresentedVideo, ...] = ()  # videos with stated ratings, which come first

    @property
    def raters(self) -> Mapping[str, str]:
        """Name of each rater, by code."""
        return self.key.raters

    @property
    def starts_s(self) -> Mapping[str, float]:
        """Start of each attempt in seconds from the first frame of its file, by code."""
        return {code: start_s for code, (_, start_s, _) in self.key.videos.items()}

    def count(self, code: str) -> str:
        """Return the number of ratings of a rater in words, with those that are repeats."""
        turns = self.key.turns[code]
        n_repeats = sum(purpose is FormPurpose.REPEAT for _, purpose in turns)
        return f"{len(turns)} ratings" + (f", {n_repeats} of them a second time" if n_repeats else "")

    def page(self, clips: Mapping[str, Mapping[str, float]]) -> str:
        """Return the page; see ``DrawnTurns``."""
        keys = page_keys(self.id, tuple(self.key.turns))
        code_of = {video.name: code for code, video in self.clips.items()}
        items = [
            {
                "name": item.name,
                "question": item.question,
                "steps": item.steps,
                "keys": item.keys,
                "anchors": [[anchor.step, anchor.text] for anchor in item.anchors],
            }
            for item in self.rubric.items
        ]
        practice = [
            {
                "code": code_of[turn.video.name],
                "answers": list(turn.practised.answers.items()),
                "note": turn.practised.note,
            }
            for turn in self.practice
            if turn.practised is not None
        ]
        data = {
            "pack": self.id,
            "question": self.rubric.name,
            "rubric": {"items": items},
            "speed": self.key.speed,
            "clips": clips,
            "practice": practice,
            "raters": {keys[code]: [video for video, _ in turns] for code, turns in self.key.turns.items()},
        }
        return filled_page("rate", data, len(keys))


def draw_rating_pack(study: Study, folder: Path, raters: Sequence[str], n_videos: int | None = None) -> DrawnRatingPack:
    """Draw the order of every rater, and keep the key of the pack in the study.

    The folder must not exist, or be empty. ``n_videos`` is the most turns of each rater, repeats included, or None for
    all that the rater has not rated yet.

    Raises:
        ExportError: The folder is not empty, or its disk has too little room.
        StudyError: The study has no rubric, nothing is left to rate, or the study cannot be written.
        VideoError: A video cannot be read.
        DatasetError: An attempt lies outside its file.
    """
    folder = check_empty(folder)
    names = known_raters(raters, offered_raters(study))
    queues = {rater: rating_queue(study, rater) for rater in names}
    turns = {rater: queue.upcoming[:n_videos] for rater, queue in queues.items()}
    for rater in [rater for rater, upcoming in turns.items() if not upcoming]:
        raise StudyError(f"There is no video left for {rater}: all are rated, or the files are missing.")
    first = queues[names[0]]
    videos = {turn.video.name: turn.video for upcoming in turns.values() for turn in upcoming}
    videos |= {turn.video.name: turn.video for turn in first.practice}
    measured = measure(videos, folder)
    code_of = dict(zip(videos, video_codes(len(videos)), strict=True))
    codes = dict(zip(rater_codes(len(names)), names, strict=True))
    numbers = {video.name: video.id for video in study.videos.all()}
    key = RatingPackKey(
        rubric_digest=first.plan.rubric.digest,
        speed=study.settings.speed,
        raters=codes,
        videos={code_of[name]: (numbers[name], measured.starts_s[name], measured.seconds[name]) for name in videos},
        turns={code: [(code_of[t.video.name], t.purpose) for t in turns[rater]] for code, rater in codes.items()},
    )
    identity = secrets.token_hex(16)
    study.save_text(KEPT_AS + identity, msgspec.json.encode(key).decode())
    clips = {code_of[name]: video for name, video in videos.items()}
    return DrawnRatingPack(identity, folder, first.plan.rubric, key, clips, first.practice)
