"""Packs of videos: folders with a page and clips, with which raters rate videos by the study's rubric in a browser.

A pack holds no name of a video, participant or rater, no score, and no metadata of a file. The study stores the key to
the codes.
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
    PACK_SETTING_PREFIX,
    check_empty_folder,
    fill_page,
    measure_attempts,
    page_keys,
    rater_codes,
    raters_as_in_study,
    video_codes,
)
from skillviewer.data.study.judging.pair_queue import PairVideo
from skillviewer.data.study.judging.rating_queue import PresentedVideo, raters_of_votes_and_forms, rating_queue
from skillviewer.data.study.study import Study


class RatingPackKey(msgspec.Struct, frozen=True, tag="ratings", tag_field="pack"):
    """Meaning of the codes of a pack."""

    rubric_digest: str
    speed: float  # playing speed; 1 is real time
    raters: dict[str, str]  # name of each rater, by code
    # number of each video in the study, start of the attempt in seconds from the first frame of its file, and its
    # length in seconds, by code
    videos: dict[str, tuple[int, Annotated[float, msgspec.Meta(ge=0, le=1e9)], float]]
    turns: dict[str, list[tuple[str, FormPurpose]]]  # video and purpose of every turn, by code of the rater


@dataclass(frozen=True, slots=True)
class DrawnRatingPack:
    """A pack of videos in drawn order that is not written yet; its key is in the study."""

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
        """Return a text with the number of ratings and of repeats of a rater."""
        turns = self.key.turns[code]
        n_repeats = sum(purpose is FormPurpose.REPEAT for _, purpose in turns)
        repeats_text = f", {n_repeats} of them a second time" if n_repeats else ""
        return f"{len(turns)} ratings{repeats_text}"

    def page(self, clips: Mapping[str, Mapping[str, float]]) -> str:
        """Return the page as HTML; see ``DrawnTurns``."""
        keys = page_keys(self.id, tuple(self.key.turns))
        code_by_name = {video.name: code for code, video in self.clips.items()}
        items = []
        for item in self.rubric.items:
            anchors = [[anchor.step, anchor.text] for anchor in item.anchors]
            content = {"name": item.name, "question": item.question, "steps": item.steps, "keys": item.keys}
            items.append({**content, "anchors": anchors})
        practice = [
            {
                "code": code_by_name[turn.video.name],
                "answers": list(turn.practised.answers.items()),
                "note": turn.practised.note,
            }
            for turn in self.practice
            if turn.practised is not None
        ]
        videos_by_page_key = {}
        for code, turns in self.key.turns.items():
            videos_by_page_key[keys[code]] = [video for video, _ in turns]
        data = {
            "pack": self.id,
            "question": self.rubric.name,
            "rubric": {"items": items},
            "speed": self.key.speed,
            "clips": clips,
            "practice": practice,
            "raters": videos_by_page_key,
        }
        return fill_page("rate", data, len(keys))


def draw_rating_pack(study: Study, folder: Path, raters: Sequence[str], n_videos: int | None = None) -> DrawnRatingPack:
    """Draw the order of every rater, and store the key of the pack in the study.

    Args:
        study: The study, open for writing.
        folder: Folder of the pack; it must be empty or not exist.
        raters: Names of the raters. A rater whom the study knows in another spelling keeps that spelling.
        n_videos: Greatest number of turns for each rater, repeats included, or None for all that the rater has left.

    Raises:
        ExportError: The folder is not empty, or its disk has too little room.
        StudyError: The study has no rubric, nothing is left to rate, or the study cannot be written.
        VideoError: A video cannot be read.
        DatasetError: An attempt lies outside its file.
    """
    folder = check_empty_folder(folder)
    names = raters_as_in_study(raters, raters_of_votes_and_forms(study))
    queues = {rater: rating_queue(study, rater) for rater in names}
    turns_by_rater = {rater: queue.upcoming[:n_videos] for rater, queue in queues.items()}
    for rater, turns in turns_by_rater.items():
        if not turns:
            raise StudyError(f"There is no video left for {rater}: all are rated, or the files are missing.")
    rubric = queues[names[0]].plan.rubric
    practice = queues[names[0]].practice
    videos = {turn.video.name: turn.video for turns in turns_by_rater.values() for turn in turns}
    videos |= {turn.video.name: turn.video for turn in practice}
    measures = measure_attempts(videos, folder)
    codes_of_videos = video_codes(len(videos))
    code_by_name = dict(zip(videos, codes_of_videos, strict=True))
    codes_of_raters = rater_codes(len(names))
    rater_by_code = dict(zip(codes_of_raters, names, strict=True))
    turns_by_code = {}
    for code, rater in rater_by_code.items():
        turns_by_code[code] = [(code_by_name[turn.video.name], turn.purpose) for turn in turns_by_rater[rater]]
    video_ids = {video.name: video.id for video in study.videos.all()}
    key = RatingPackKey(
        rubric_digest=rubric.digest,
        speed=study.settings.speed,
        raters=rater_by_code,
        videos={
            code_by_name[name]: (video_ids[name], measures.starts_s[name], measures.seconds[name]) for name in videos
        },
        turns=turns_by_code,
    )
    pack_id = secrets.token_hex(16)
    study.save_json(PACK_SETTING_PREFIX + pack_id, msgspec.json.encode(key).decode())
    clips = {code_by_name[name]: video for name, video in videos.items()}
    return DrawnRatingPack(pack_id, folder, rubric, key, clips, practice)
