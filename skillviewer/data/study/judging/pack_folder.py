"""Folder of a pack: the page, clips under random codes, and codes of raters that the page does not reveal."""

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
from skillviewer.core.errors import ExportError, StudyError, os_reason
from skillviewer.core.paths import resources_dir
from skillviewer.core.progress import NEVER, CancelToken, Progress, Report, silent
from skillviewer.core.ranking.rater_names import match_rater_name
from skillviewer.core.text import format_size
from skillviewer.core.video.clips import range_frames
from skillviewer.data.study.archive.archive_format import FIXED_TIME_NS
from skillviewer.data.study.archive.video_copies import VideoCopies
from skillviewer.data.study.judging.pair_queue import PairVideo

VERSION = 1
"""Version of the pages and of the files of answers that they save."""
PACK_SETTING_PREFIX = "judging_pack:"
"""Prefix of the settings in which a study stores the keys of packs."""
MARK_SLACK_S = 0.05
"""Greatest time by which a mark may lie beyond the end of its clip, since the clock of a browser is coarse."""

_MAX_CLIP_GROWTH = 4.0  # greatest size of a clip relative to its part of a well compressed video, about
_CODE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_CODE_LENGTH = 8
_N_HASH_ROUNDS = 1000  # too many for trying all 31 ** 8 codes
_PAGE_KEY_DIGITS = 24


@dataclass(frozen=True, slots=True)
class PackMeasures:
    """Times of the attempts of a pack by name of the video, and the size of the pack."""

    starts_s: Mapping[str, float]  # start of the attempt, in seconds from the first frame of its file
    seconds: Mapping[str, float]  # length of the attempt in seconds
    n_bytes: int  # greatest size of all clips together, about


def check_empty_folder(folder: Path) -> Path:
    """Return the absolute path of a folder that does not exist or is empty, or raise an ExportError."""
    folder = folder.absolute()
    is_empty_folder = folder.is_dir() and not any(folder.iterdir())
    if folder.exists() and not is_empty_folder:
        raise ExportError(f"{folder} is there already and not empty: choose another folder for the pack.")
    return folder


def raters_as_in_study(raters: Sequence[str], study_raters: Sequence[str]) -> tuple[str, ...]:
    """Return the names of raters in the spelling of the study, each once, or raise a StudyError for an empty name."""
    names = tuple(dict.fromkeys(match_rater_name(rater, study_raters) for rater in raters))
    if not names or "" in names:
        raise StudyError("A pack is made for raters: give the name or the initials of each.")
    return names


def video_codes(n: int) -> list[str]:
    """Return different random codes of videos: six hexadecimal digits."""
    return [f"{number:06X}" for number in secrets.SystemRandom().sample(range(16**6), n)]


def rater_codes(n: int) -> list[str]:
    """Return different random codes of raters, without letters and digits that look alike."""
    codes: dict[str, None] = {}
    while len(codes) < n:
        code = "".join(secrets.choice(_CODE_LETTERS) for _ in range(_CODE_LENGTH))
        codes[code] = None
    return list(codes)


def page_keys(pack: str, codes: Sequence[str]) -> dict[str, str]:
    """Return the keys under which a page holds the turns of raters, by code of the rater.

    The key of a single rater is the code itself. The keys of several raters are hashes of their codes, so that no rater
    finds the code of another in the page.
    """
    if len(codes) == 1:
        return {codes[0]: codes[0]}
    keys = {}
    for code in codes:
        key = f"{pack}|{code}"
        for _ in range(_N_HASH_ROUNDS):
            key = hashlib.sha256(key.encode()).hexdigest()
        keys[code] = key[:_PAGE_KEY_DIGITS]
    return keys


def measure_attempts(videos: Mapping[str, PairVideo], folder: Path) -> PackMeasures:
    """Measure the attempts of a pack, and check that the disk of its folder has room.

    Raises:
        ExportError: The disk has too little room.
        VideoError: A video cannot be read.
        DatasetError: An attempt lies outside its file.
    """
    from skillviewer.media.reading.reader import VideoReader

    starts_s = {}
    seconds = {}
    n_bytes = 0.0
    for name, video in videos.items():
        with VideoReader(video.path, cache_bytes=0) as reader:
            frames = range_frames(video.clip_range, reader.info)
            starts_s[name] = float(reader.info.times_s[frames[0]])
            seconds[name] = reader.info.end_s(frames[-1]) - starts_s[name]
            share = len(frames) / reader.info.n_frames
        n_bytes += _MAX_CLIP_GROWTH * share * video.path.stat().st_size
    check_room(folder, round(n_bytes), f"A pack of {len(videos)} videos needs up to")
    return PackMeasures(starts_s, seconds, round(n_bytes))


class DrawnTurns(Protocol):
    """A pack of drawn turns that is not written yet; its key is in the study."""

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
        """Return a text with the number of turns of a rater."""

    def page(self, clips: Mapping[str, Mapping[str, float]]) -> str:
        """Return the page as HTML; ``clips`` holds length, number of frames and sync point of every clip, by code."""


def write_pack(
    drawn_turns: DrawnTurns, *, blur_faces: bool = False, token: CancelToken = NEVER, report: Report = silent
) -> tuple[str, ...]:
    """Write the folder of a pack atomically; the study need not be open.

    Clips are H.264 in MP4, cut to the frame, without sound and metadata. With ``blur_faces``, stored faces are blurred;
    in a video without stored faces they are searched.

    Returns:
        Sentences for the user: the size of the pack, the code that each rater types in (not needed for a single
        rater), and warnings about faces.

    Raises:
        ExportError: A video has changed, or the pack cannot be written.
        VideoError: A video or its stored faces cannot be read, or the face search fails.
        DatasetError: An attempt lies outside its file.
    """
    folder = drawn_turns.folder
    clip_facts = {}
    try:
        with atomic_folder(folder) as temp_folder:
            (temp_folder / "clips").mkdir()
            copies = VideoCopies(temp_folder, token, report, blur=blur_faces)
            for n_done, (code, video) in enumerate(drawn_turns.clips.items()):
                report(Progress("packing videos", n_done, len(drawn_turns.clips)))
                copy = copies.copy(video.path, video.digest, video.name, video.clip_range)
                copy.path.replace(temp_folder / "clips" / f"{code}.mp4")
                sync_s = 0.0 if video.sync_s is None else video.sync_s - drawn_turns.starts_s[code]
                clip_facts[code] = {"seconds": copy.duration_s, "frames": copy.n_frames, "sync": sync_s}
            facts_by_code = dict(sorted(clip_facts.items()))
            page = drawn_turns.page(facts_by_code)
            (temp_folder / "index.html").write_text(page, encoding="utf-8", newline="\n")
            files = [file for file in temp_folder.rglob("*") if file.is_file()]
            for file in files:
                os.utime(file, ns=(FIXED_TIME_NS, FIXED_TIME_NS))
            n_bytes = sum(file.stat().st_size for file in files)
    except OSError as error:
        raise ExportError(f"{folder} could not be written: {os_reason(error)}.") from error
    warnings = copies.warnings()[:-1] if blur_faces else ()  # without the last warning, on scores: a pack has none
    rater_texts = []
    for code, rater in drawn_turns.raters.items():
        code_text = f", code {code}" if len(drawn_turns.raters) > 1 else ""
        rater_texts.append(f"{rater}: {drawn_turns.count(code)}{code_text}.")
    return (
        f"{folder}: {len(clip_facts)} videos, {format_size(n_bytes)}. Give away the whole folder.",
        *rater_texts,
        *warnings,
    )


_PAGE_TEXTS = {"pairs": ("Judge pairs", "vote"), "rate": ("Rate videos", "rating")}
"""Title, and word for an answer, by name of the page."""


def fill_page(name: str, data: Mapping[str, Any], n_raters: int) -> str:
    """Return a page as HTML with its data.

    The content security policy of the page allows its own script and style, by their hashes, and no connection.
    """
    folder = resources_dir() / "judging"

    def read_asset(file: str) -> str:
        return (folder / file).read_text(encoding="utf-8")

    script = read_asset("shared.js") + read_asset(f"{name}.js")
    style = read_asset("page.css")
    n_hash_rounds = _N_HASH_ROUNDS if n_raters > 1 else 0
    content = {"version": VERSION, "locked": n_hash_rounds, **data}
    content_text = json.dumps(content).replace("<", "\\u003c")  # no text in it can end the script element
    title, answer = _PAGE_TEXTS[name]
    return Template(read_asset("page.html")).substitute(
        title=title,
        answer=answer,
        turns=read_asset(f"{name}.html"),
        script=script,
        style=style,
        data=content_text,
        script_sum=_content_security_hash(script),
        style_sum=_content_security_hash(style),
    )


def _content_security_hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
