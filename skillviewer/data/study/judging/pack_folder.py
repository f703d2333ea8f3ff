"""The folder of a pack: a page, clips under random codes, and codes of raters that the page does not tell."""

import base64
import hashlib
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any, Protocol

from skillviewer.core.atomic_write import atomic_folder, check_room
from skillviewer.core.errors import ExportError, StudyError
from skillviewer.core.paths import resources_dir
from skillviewer.core.progress import NEVER, CancelToken, Progress, Report, silent
from skillviewer.core.ranking.rater_names import match_rater_name
from skillviewer.core.text import format_size
from skillviewer.core.video.clips import range_frames
from skillviewer.data.study.archive.archive_faces import VideoCopies
from skillviewer.data.study.archive.archive_form import MODIFIED_NS
from skillviewer.data.study.judging.pair_queue import PairVideo

VERSION = 1
"""Version of the pages and of the answers that they save."""
KEPT_AS = "judging_pack:"
"""Beginning of the name under which a study keeps the key to a pack."""
MARK_SLACK_S = 0.05
"""Largest time by which a mark may lie beyond the end of its clip: the clock of a browser is coarse."""

_GROWTH = 4.0  # a clip is at most about so many times as large as its part of a well compressed video
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_N_LETTERS = 8
_ROUNDS = 1000  # hashing of a code: 31 ** 8 codes with so many rounds each are too many to try
_KEY_DIGITS = 24


@dataclass(frozen=True, slots=True)
class PackMeasures:
    """Attempts that go into a pack, by name of the video."""

    starts_s: Mapping[str, float]  # start of the attempt, in seconds from the first frame of its file
    seconds: Mapping[str, float]  # length of the attempt in seconds
    n_bytes: int  # bytes that all clips may take


def check_empty(folder: Path) -> Path:
    """Return the absolute path of a folder that does not exist or is empty, or raise an ExportError."""
    folder = folder.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ExportError(f"{folder} is there already and not empty: choose another folder for the pack.")
    return folder


def known_raters(raters: Sequence[str], study_raters: Sequence[str]) -> tuple[str, ...]:
    """Return raters in the spelling of the study, each once, or raise a StudyError."""
    names = tuple(dict.fromkeys(match_rater_name(rater, study_raters) for rater in raters))
    if not names or "" in names:
        raise StudyError("A pack is made for raters: give the name or the initials of each.")
    return names


def video_codes(n: int) -> list[str]:
    """Return different random codes of videos: six hexadecimal digits."""
    return [f"{number:06X}" for number in secrets.SystemRandom().sample(range(16**6), n)]


def rater_codes(n: int) -> list[str]:
    """Return different random codes of raters: letters and digits that are not taken for one another."""
    codes: dict[str, None] = {}
    while len(codes) < n:
        codes["".join(secrets.choice(_LETTERS) for _ in range(_N_LETTERS))] = None
    return list(codes)


def page_keys(pack: str, codes: Sequence[str]) -> dict[str, str]:
    """Return, by code, the key under which a page keeps the turns of a rater.

    With one rater it is the code itself. With several it is a hash of the code, so that none of them finds another's
    code in the page.
    """
    if len(codes) == 1:
        return {codes[0]: codes[0]}
    keys = {}
    for code in codes:
        key = f"{pack}|{code}"
        for _ in range(_ROUNDS):
            key = hashlib.sha256(key.encode()).hexdigest()
        keys[code] = key[:_KEY_DIGITS]
    return keys


def measure(videos: Mapping[str, PairVideo], folder: Path) -> PackMeasures:
    """Measure the attempts of a pack, and check that its disk has room.

    Raises:
        ExportError: The disk has too little room.
        VideoError: A video cannot be read.
        DatasetError: An attempt lies outside its file.
    """
    from skillviewer.media.reading.reader import VideoReader

    starts_s = {}
    seconds = {}
    needed = 0.0
    for name, video in videos.items():
        with VideoReader(video.path, cache_bytes=0) as reader:
            frames = range_frames(video.clip_range, reader.info)
            starts_s[name] = float(reader.info.times_s[frames[0]])
            seconds[name] = reader.info.end_s(frames[-1]) - starts_s[name]
            share = len(frames) / reader.info.n_frames
        needed += _GROWTH * share * video.path.stat().st_size
    check_room(folder, round(needed), f"A pack of {len(videos)} videos needs up to")
    return PackMeasures(starts_s, seconds, round(needed))


class DrawnTurns(Protocol):
    """A pack whose turns are drawn and whose key is in the study."""

    @property
    def folder(self) -> Path:
        """The new folder."""

    @property
    def clips(self) -> Mapping[str, PairVideo]:
        """Videos by code."""

    @property
    def starts_s(self) -> Mapping[str, float]:
        """Start of each attempt in seconds from the first frame of its file, by code."""

    @property
    def raters(self) -> Mapping[str, str]:
        """Name of each rater, by code."""

    def count(self, code: str) -> str:
        """Return the number of turns of a rater in words."""

    def page(self, clips: Mapping[str, Mapping[str, float]]) -> str:
        """Return the page; ``clips`` holds length, number of frames and sync point of every clip, by code."""


def write_pack(
    drawn: DrawnTurns, *, blur_faces: bool = False, token: CancelToken = NEVER, report: Report = silent
) -> tuple[str, ...]:
    """Write a pack whose turns are drawn: the folder is there whole, or not at all. The study is not needed.

    Clips are H.264 in MP4, cut to the frame, without sound and metadata. With ``blur_faces``, stored faces are blurred,
    else those found now.

    Returns:
        Statements for the user: the size, the code that each rater types in (one rater alone types none), faces.

    Raises:
        ExportError: A video has changed, or the pack cannot be written.
        VideoError: A video or its stored faces cannot be read, or the face search fails.
        DatasetError: An attempt lies outside its file.
    """
    folder, clips, starts_s = drawn.folder, drawn.clips, drawn.starts_s
    facts = {}
    try:
        with atomic_folder(folder) as temp_folder:
            (temp_folder / "clips").mkdir()
            copies = VideoCopies(temp_folder, token, report, blur=blur_faces)
            for n_done, (code, video) in enumerate(clips.items()):
                report(Progress("packing videos", n_done, len(clips)))
                copy = copies.copy(video.path, video.digest, video.name, video.clip_range)
                copy.path.replace(temp_folder / "clips" / f"{code}.mp4")
                sync_s = 0.0 if video.sync_s is None else video.sync_s - starts_s[code]
                facts[code] = {"seconds": copy.duration_s, "frames": copy.n_frames, "sync": sync_s}
            (temp_folder / "index.html").write_text(
                drawn.page(dict(sorted(facts.items()))), encoding="utf-8", newline="\n"
            )
            files = [file for file in temp_folder.rglob("*") if file.is_file()]
            for file in files:
                os.utime(file, ns=(MODIFIED_NS, MODIFIED_NS))
            n_bytes = sum(file.stat().st_size for file in files)
    except OSError as error:
        raise ExportError(f"{folder} could not be written: {error.strerror or error}.") from error
    warnings = copies.warnings()[:-1] if blur_faces else ()  # the last one is on scores, which are not here
    codes = {code: f", code {code}" if len(drawn.raters) > 1 else "" for code in drawn.raters}
    return (
        f"{folder}: {len(facts)} videos, {format_size(n_bytes)}. Give away the whole folder.",
        *(f"{rater}: {drawn.count(code)}{codes[code]}." for code, rater in drawn.raters.items()),
        *warnings,
    )


_WORDS = {"pairs": ("Judge pairs", "vote"), "rate": ("Rate videos", "rating")}
"""Title and name of an answer, by page."""


def filled_page(name: str, data: Mapping[str, Any], n_raters: int) -> str:
    """Return a page with its data; its policy allows its own script and style, by their sums, and no connection."""
    folder = resources_dir() / "judging"

    def asset(file: str) -> str:
        return (folder / file).read_text(encoding="utf-8")

    script = asset("shared.js") + asset(f"{name}.js")
    style = asset("page.css")
    sums = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (script, style)]
    content = {"version": VERSION, "locked": _ROUNDS if n_raters > 1 else 0, **data}
    text = json.dumps(content).replace("<", "\\u003c")  # nothing in it can end the script element
    title, answer = _WORDS[name]
    return Template(asset("page.html")).substitute(
        title=title,
        answer=answer,
        turns=asset(f"{name}.html"),
        script=script,
        style=style,
        data=text,
        script_sum=f"sha256-{sums[0]}",
        style_sum=f"sha256-{sums[1]}",
    )
