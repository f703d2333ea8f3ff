"""Packs of pairs: a folder with a page, clips under random codes, and nothing to install.

A browser shows the page from the folder itself, without a server. The pairs are drawn before any of them is judged. The
study keeps what the codes stand for; the pack holds no name of a video, participant or rater, no score, no reason for a
pair, and no metadata of a file.
"""

import base64
import hashlib
import json
import os
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Annotated

import msgspec

from skillviewer.core.atomic_write import atomic_folder, check_room
from skillviewer.core.errors import ExportError, StudyError
from skillviewer.core.paths import resources_dir
from skillviewer.core.progress import NEVER, CancelToken, Progress, Report, silent
from skillviewer.core.ranking.rater_names import match_rater_name
from skillviewer.core.text import format_size
from skillviewer.core.video.clips import range_frames
from skillviewer.data.study.archive.archive_faces import VideoCopies
from skillviewer.data.study.archive.archive_form import MODIFIED_NS
from skillviewer.data.study.judging.pair_queue import PairVideo, drawn_pairs
from skillviewer.data.study.study import Study

VERSION = 1
"""Version of the page and of the votes that it saves."""
KEPT_AS = "judging_pack:"
"""Beginning of the name under which a study keeps the key to a pack."""

_GROWTH = 4.0  # a clip is at most about so many times as large as its part of a well compressed video


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


@dataclass(frozen=True, slots=True)
class DrawnPack:
    """A pack whose pairs are drawn and whose key is in the study; nothing of it is written yet."""

    id: str  # identity of the pack, 32 hexadecimal digits
    folder: Path
    question: str
    key: PackKey
    clips: Mapping[str, PairVideo]  # videos by code
    n_asked: int | None = None  # pairs that were asked for, or None for those that the raters still need

    def count(self, code: str) -> str:
        """Return the number of pairs of a rater in words, with the reason if fewer were drawn than asked for."""
        pairs = self.key.pairs[code]
        n_different = len({frozenset(pair[:2]) for pair in pairs})
        drawn = f"{len(pairs)} pairs"
        if self.n_asked is None or len(pairs) >= self.n_asked:
            return drawn
        return f"{drawn} of the {self.n_asked} asked for (the videos make {n_different} different pairs for this rater)"


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
    folder = folder.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ExportError(f"{folder} is there already and not empty: choose another folder for the pack.")
    names = dict.fromkeys(match_rater_name(rater, study.votes.raters()) for rater in raters)
    if not names or "" in names:
        raise StudyError("A pack is made for raters: give the name or the initials of each.")
    drawn = drawn_pairs(study, names, n_pairs)
    for rater in [rater for rater, pairs in drawn.items() if not pairs]:
        raise StudyError(f"There is no pair left for {rater}: the aim is reached, or the videos are missing.")
    videos = {video.name: video for pairs in drawn.values() for pair in pairs for video in (pair.left, pair.right)}
    starts_s, needed = _measured(videos)
    check_room(folder, needed, f"A pack of {len(videos)} videos needs up to")
    code_of = dict(zip(videos, _codes(len(videos), 6), strict=True))
    rater_codes = dict(zip(_codes(len(drawn), 4), drawn, strict=True))
    settings, numbers = study.settings, {video.name: video.id for video in study.videos.all()}
    key = PackKey(
        criterion=settings.criterion,
        speed=settings.speed,
        allow_neither=settings.allow_neither,
        raters=rater_codes,
        videos={code_of[name]: (numbers[name], starts_s[name]) for name in videos},
        pairs={
            code: [(code_of[p.left.name], code_of[p.right.name], p.purpose) for p in drawn[rater]]
            for code, rater in rater_codes.items()
        },
    )
    identity = secrets.token_hex(16)
    study.save_text(KEPT_AS + identity, msgspec.json.encode(key).decode())
    question = f"{settings.statement} ({settings.criterion})" if settings.criterion else settings.statement
    return DrawnPack(identity, folder, question, key, {code_of[name]: video for name, video in videos.items()}, n_pairs)


def _codes(n: int, digits: int) -> list[str]:
    """Return different random codes of hexadecimal digits."""
    return [f"{number:0{digits}X}" for number in secrets.SystemRandom().sample(range(16**digits), n)]


def _measured(videos: Mapping[str, PairVideo]) -> tuple[dict[str, float], int]:
    """Return the start of every attempt in its file in seconds, and the bytes that all clips may take."""
    from skillviewer.media.reading.reader import VideoReader

    starts_s, needed = dict.fromkeys(videos, 0.0), 0.0
    for name, video in videos.items():
        share = 1.0
        if video.clip_range is not None:
            with VideoReader(video.path, cache_bytes=0) as reader:
                frames = range_frames(video.clip_range, reader.info)
                starts_s[name], share = float(reader.info.times_s[frames[0]]), len(frames) / reader.info.n_frames
        needed += _GROWTH * share * video.path.stat().st_size
    return starts_s, round(needed)


def write_pack(
    drawn: DrawnPack, *, blur_faces: bool = False, token: CancelToken = NEVER, report: Report = silent
) -> tuple[str, ...]:
    """Write a pack whose pairs are drawn: the folder is there whole, or not at all. The study is not needed.

    Clips are H.264 in MP4, cut to the frame, without sound and metadata. With ``blur_faces``, stored faces are blurred,
    else those found now.

    Returns:
        Statements for the user: the size, the code that each rater types in (one rater alone types none), faces.

    Raises:
        ExportError: A video has changed, or the pack cannot be written.
        VideoError: A video or its stored faces cannot be read, or the face search fails.
        DatasetError: An attempt lies outside its file.
    """
    key, facts = drawn.key, {}
    try:
        with atomic_folder(drawn.folder) as temp_folder:
            (temp_folder / "clips").mkdir()
            copies = VideoCopies(temp_folder, token, report, blur=blur_faces)
            for done, (code, video) in enumerate(drawn.clips.items()):
                report(Progress("packing videos", done, len(drawn.clips)))
                copy = copies.copy(video.path, video.digest, video.name, video.clip_range)
                copy.path.replace(temp_folder / "clips" / f"{code}.mp4")
                sync_s = 0.0 if video.sync_s is None else video.sync_s - key.videos[code][1]
                facts[code] = {"seconds": copy.duration_s, "frames": copy.n_frames, "sync": sync_s}
            (temp_folder / "index.html").write_text(_page(drawn, facts), encoding="utf-8", newline="\n")
            files = [file for file in temp_folder.rglob("*") if file.is_file()]
            for file in files:
                os.utime(file, ns=(MODIFIED_NS, MODIFIED_NS))
            n_bytes = sum(file.stat().st_size for file in files)
    except OSError as error:
        raise ExportError(f"{drawn.folder} could not be written: {error.strerror or error}.") from error
    codes = {code: f", code {code}" if len(key.raters) > 1 else "" for code in key.raters}
    return (
        f"{drawn.folder}: {len(facts)} videos, {format_size(n_bytes)}. Give away the whole folder.",
        *(f"{rater}: {drawn.count(code)}{codes[code]}." for code, rater in key.raters.items()),
        *(copies.warnings()[:-1] if blur_faces else ()),  # the last one is on scores, which are not here
    )


def _page(drawn: DrawnPack, clips: Mapping[str, Mapping[str, float]]) -> str:
    """Return the page; its policy allows its own script and style, by their sums, and no connection."""
    folder = resources_dir() / "judging"
    template, style, script = ((folder / f"page.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))
    data = {
        "version": VERSION,
        "pack": drawn.id,
        "question": drawn.question,
        "neither": drawn.key.allow_neither,
        "speed": drawn.key.speed,
        "clips": dict(sorted(clips.items())),
        "raters": {code: [pair[:2] for pair in pairs] for code, pairs in drawn.key.pairs.items()},
    }
    sums = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (script, style)]
    text = json.dumps(data).replace("<", "\\u003c")  # nothing in it can end the script element
    return Template(template).substitute(
        script=script, style=style, data=text, script_sum=f"sha256-{sums[0]}", style_sum=f"sha256-{sums[1]}"
    )
