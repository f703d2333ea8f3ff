"""Packs of pairs: a folder with a page, clips under random codes, and nothing to install.

A browser shows the page from the folder itself, without a server. The pairs are drawn before any of them is judged. The
study keeps what the codes stand for; the pack holds no name of a video, participant or rater, no score, no reason for a
pair, and no metadata of a file.
"""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from skillviewer.core.errors import StudyError
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
from skillviewer.data.study.judging.pair_queue import PairVideo, drawn_pairs, practice_videos
from skillviewer.data.study.practice import PracticePair
from skillviewer.data.study.study import Study


class PackKey(msgspec.Struct, frozen=True):
    """Meaning of the codes of a pack."""

    criterion: str  # criterion of the question, or ""
    speed: float  # playing speed; 1 is real time
    allow_neither: bool
    raters: dict[str, str]  # name of each rater, by code
    # number of each video in the study, and start of the attempt in seconds from the first frame of its file, by code
    videos: dict[str, tuple[int, Annotated[float, msgspec.Meta(ge=0, le=1e9)]]]
    # left video, right video and reason of every pair, by code of the rater
    pairs: dict[str, list[tuple[str, str, str]]]
    seconds: dict[str, float] = {}  # length of every attempt in seconds, by code; packs of earlier versions have none


@dataclass(frozen=True, slots=True)
class DrawnPack:
    """A pack whose pairs are drawn and whose key is in the study; nothing of it is written yet."""

    id: str  # identity of the pack, 32 hexadecimal digits
    folder: Path
    question: str
    key: PackKey
    clips: Mapping[str, PairVideo]  # videos by code
    n_asked: int | None = None  # pairs that were asked for, or None for those that the raters still need
    practice: tuple[PracticePair, ...] = ()  # pairs with stated answers, which come first

    @property
    def raters(self) -> Mapping[str, str]:
        """Name of each rater, by code."""
        return self.key.raters

    @property
    def starts_s(self) -> Mapping[str, float]:
        """Start of each attempt in seconds from the first frame of its file, by code."""
        return {code: start_s for code, (_, start_s) in self.key.videos.items()}

    def count(self, code: str) -> str:
        """Return the number of pairs of a rater in words, with the reason if fewer were drawn than asked for."""
        pairs = self.key.pairs[code]
        n_different = len({frozenset(pair[:2]) for pair in pairs})
        drawn = f"{len(pairs)} pairs"
        if self.n_asked is None or len(pairs) >= self.n_asked:
            return drawn
        return f"{drawn} of the {self.n_asked} asked for (the videos make {n_different} different pairs for this rater)"

    def page(self, clips: Mapping[str, Mapping[str, float]]) -> str:
        """Return the page; see ``DrawnTurns``."""
        keys = page_keys(self.id, tuple(self.key.pairs))
        code_of = {video.name: code for code, video in self.clips.items()}
        practice = []
        for pair in self.practice:
            codes = [code_of[pair.better], code_of[pair.worse]]
            better = secrets.randbelow(2)
            practice.append({"codes": codes if better == 0 else codes[::-1], "better": better, "note": pair.note})
        data = {
            "pack": self.id,
            "question": self.question,
            "neither": self.key.allow_neither,
            "speed": self.key.speed,
            "clips": clips,
            "practice": practice,
            "raters": {keys[code]: [pair[:2] for pair in pairs] for code, pairs in self.key.pairs.items()},
        }
        return filled_page("pairs", data, len(keys))


def draw_pack(study: Study, folder: Path, raters: Collection[str], n_pairs: int | None = None) -> DrawnPack:
    """Draw the pairs of a pack, and keep its key in the study.

    The folder must not exist, or be empty. Raters that the study knows in another spelling are these. ``n_pairs`` is
    the most for each rater, or None for those that the rater lacks to the study's aim.

    Raises:
        ExportError: The folder is not empty, or its disk has too little room.
        StudyError: There is no pair to judge, or the study cannot be written.
        SettingsError: The shares of random and repeated pairs are too great.
        VideoError: A video cannot be read.
        DatasetError: An attempt lies outside its file.
    """
    folder = check_empty(folder)
    names = known_raters(tuple(raters), study.votes.raters())
    drawn = drawn_pairs(study, names, n_pairs)
    for rater in [rater for rater, pairs in drawn.items() if not pairs]:
        raise StudyError(f"There is no pair left for {rater}: the aim is reached, or the videos are missing.")
    practice = tuple(
        pair for pair in study.practice.pairs if {pair.better, pair.worse} <= practice_videos(study).keys()
    )
    videos = {video.name: video for pairs in drawn.values() for pair in pairs for video in (pair.left, pair.right)}
    for pair in practice:
        videos |= {name: practice_videos(study)[name] for name in (pair.better, pair.worse)}
    measured = measure(videos, folder)
    code_of = dict(zip(videos, video_codes(len(videos)), strict=True))
    codes = dict(zip(rater_codes(len(drawn)), drawn, strict=True))
    settings = study.settings
    numbers = {video.name: video.id for video in study.videos.all()}
    key = PackKey(
        criterion=settings.criterion,
        speed=settings.speed,
        allow_neither=settings.allow_neither,
        raters=codes,
        videos={code_of[name]: (numbers[name], measured.starts_s[name]) for name in videos},
        pairs={
            code: [(code_of[p.left.name], code_of[p.right.name], p.purpose) for p in drawn[rater]]
            for code, rater in codes.items()
        },
        seconds={code_of[name]: measured.seconds[name] for name in videos},
    )
    identity = secrets.token_hex(16)
    study.save_text(KEPT_AS + identity, msgspec.json.encode(key).decode())
    question = f"{settings.statement} ({settings.criterion})" if settings.criterion else settings.statement
    clips = {code_of[name]: video for name, video in videos.items()}
    return DrawnPack(identity, folder, question, key, clips, n_pairs, practice)
