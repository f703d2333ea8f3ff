"""Packs of pairs: folders with a page and clips under random codes, with which raters judge pairs in a browser.

The page needs no server and no installation. The pairs are drawn before any of them is judged. The study stores the key
to the codes; the pack holds no name of a video, participant or rater, no score, no purpose of a pair, and no metadata
of a file.
"""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from skillviewer.core.errors import StudyError
from skillviewer.data.study.judging.pack_folder import (
    PACK_SETTING_PREFIX,
    check_empty_folder,
    fill_page,
    measure_attempts,
    page_keys,
    rater_codes,
    raters_as_in_study,
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
    seconds: dict[str, float] = {}  # length of every attempt in seconds, by code; empty in packs of earlier versions


@dataclass(frozen=True, slots=True)
class DrawnPack:
    """A pack of drawn pairs that is not written yet; its key is in the study."""

    id: str  # identity of the pack, 32 hexadecimal digits
    folder: Path
    question: str
    key: PackKey
    clips: Mapping[str, PairVideo]  # videos by code
    n_asked: int | None = None  # requested number of pairs for each rater, or None for as many as the target needs
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
        """Return a text with the number of pairs of a rater, and the reason if there are fewer than requested."""
        pairs = self.key.pairs[code]
        text = f"{len(pairs)} pairs"
        if self.n_asked is None or len(pairs) >= self.n_asked:
            return text
        n_different = len({frozenset(pair[:2]) for pair in pairs})
        return f"{text} of the {self.n_asked} asked for (the videos make {n_different} different pairs for this rater)"

    def page(self, clips: Mapping[str, Mapping[str, float]]) -> str:
        """Return the page as HTML; see ``DrawnTurns``."""
        keys = page_keys(self.id, tuple(self.key.pairs))
        code_by_name = {video.name: code for code, video in self.clips.items()}
        practice = []
        for pair in self.practice:
            codes = [code_by_name[pair.better], code_by_name[pair.worse]]
            better_side = secrets.randbelow(2)
            if better_side == 1:
                codes.reverse()
            practice.append({"codes": codes, "better": better_side, "note": pair.note})
        pairs_by_page_key = {}
        for code, pairs in self.key.pairs.items():
            pairs_by_page_key[keys[code]] = [pair[:2] for pair in pairs]
        data = {
            "pack": self.id,
            "question": self.question,
            "neither": self.key.allow_neither,
            "speed": self.key.speed,
            "clips": clips,
            "practice": practice,
            "raters": pairs_by_page_key,
        }
        return fill_page("pairs", data, len(keys))


def draw_pack(study: Study, folder: Path, raters: Collection[str], n_pairs: int | None = None) -> DrawnPack:
    """Draw the pairs of a pack, and store its key in the study.

    Args:
        study: The study, open for writing.
        folder: Folder of the pack; it must be empty or not exist.
        raters: Names of the raters. A rater whom the study knows in another spelling keeps that spelling.
        n_pairs: Greatest number of pairs for each rater, or None for as many as the study's target needs.

    Raises:
        ExportError: The folder is not empty, or its disk has too little room.
        StudyError: There is no pair to judge, or the study cannot be written.
        SettingsError: The shares of random and repeated pairs are too great.
        VideoError: A video cannot be read.
        DatasetError: An attempt lies outside its file.
    """
    folder = check_empty_folder(folder)
    names = raters_as_in_study(tuple(raters), study.votes.raters())
    pairs_by_rater = drawn_pairs(study, names, n_pairs)
    for rater, pairs in pairs_by_rater.items():
        if not pairs:
            raise StudyError(f"There is no pair left for {rater}: the aim is reached, or the videos are missing.")
    usable_practice_videos = practice_videos(study)
    practice = tuple(
        pair for pair in study.practice.pairs if {pair.better, pair.worse} <= usable_practice_videos.keys()
    )
    videos: dict[str, PairVideo] = {}
    for pairs in pairs_by_rater.values():
        for presented_pair in pairs:
            videos[presented_pair.left.name] = presented_pair.left
            videos[presented_pair.right.name] = presented_pair.right
    for pair in practice:
        videos[pair.better] = usable_practice_videos[pair.better]
        videos[pair.worse] = usable_practice_videos[pair.worse]
    measures = measure_attempts(videos, folder)
    codes_of_videos = video_codes(len(videos))
    code_by_name = dict(zip(videos, codes_of_videos, strict=True))
    codes_of_raters = rater_codes(len(pairs_by_rater))
    rater_by_code = dict(zip(codes_of_raters, pairs_by_rater, strict=True))
    pairs_by_code = {}
    for code, rater in rater_by_code.items():
        pairs_by_code[code] = [
            (code_by_name[pair.left.name], code_by_name[pair.right.name], pair.purpose)
            for pair in pairs_by_rater[rater]
        ]
    settings = study.settings
    video_ids = {video.name: video.id for video in study.videos.all()}
    key = PackKey(
        criterion=settings.criterion,
        speed=settings.speed,
        allow_neither=settings.allow_neither,
        raters=rater_by_code,
        videos={code_by_name[name]: (video_ids[name], measures.starts_s[name]) for name in videos},
        pairs=pairs_by_code,
        seconds={code_by_name[name]: measures.seconds[name] for name in videos},
    )
    pack_id = secrets.token_hex(16)
    study.save_json(PACK_SETTING_PREFIX + pack_id, msgspec.json.encode(key).decode())
    question = f"{settings.statement} ({settings.criterion})" if settings.criterion else settings.statement
    clips = {code_by_name[name]: video for name, video in videos.items()}
    return DrawnPack(pack_id, folder, question, key, clips, n_asked=n_pairs, practice=practice)
