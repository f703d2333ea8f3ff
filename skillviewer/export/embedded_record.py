"""Records embedded in exported files, from which ``skillviewer verify`` makes the files again.

A record names the exporter, its options, and the digests of videos and models; no path, no time of day. Pictures,
clips, figures and reports get one. Tables, results and maps need none: they have columns for videos and models.
"""

import json
import math
import os
import re
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec

from skillviewer.core.errors import ExportError, os_error_as
from skillviewer.core.video.clips import range_cells
from skillviewer.export.analysed_video import AnalysedVideo
from skillviewer.export.options import options_to_dict

_MARK = b"SkillViewer record "
_TAIL_BYTES = 1 << 18  # read from the end of a file to find its record
MAX_PASSES = 64


class AlteredExportError(ExportError):
    """Error for a value that no export has. The message names the field and the value."""


class RecordedSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"clip_range": "extent"}):
    """One video under one model, as recorded in a file."""

    video: str  # digest of the video, or its path in a table without digests
    model: str  # digest of the model, or its name
    passes: Annotated[int, msgspec.Meta(ge=1, le=MAX_PASSES)]  # number of passes
    clip_range: tuple[str, float, float] = ("", 0.0, 0.0)  # analysed part of the file, as ``range_cells`` gives it
    title: str = ""  # title of the video if several are shown, or ""
    times_s: tuple[float, float] | None = None  # start and stop of the analysed part, of a table that has no range


class ExportRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"sources": "subjects"}):
    """Record of one export: everything that is needed to make the file again, apart from videos and models."""

    exporter: str  # name of the exporter
    options: dict[str, Any] = {}  # its options, as ``options_to_dict`` gives them
    made_on: str = ""  # date of a report, ISO 8601, or ""
    sources: tuple[RecordedSource, ...] = ()  # videos under models


def with_date(options: Any) -> Any:  # noqa: ANN401 - options of an exporter
    """Return options of a report with today's date if they have none; other options unchanged."""
    if not hasattr(options, "made_on") or options.made_on is not None:
        return options
    now = datetime.now().astimezone()
    return replace(options, made_on=now.date())


def make_record(exporter: str, options: object, videos: Sequence[AnalysedVideo] = ()) -> ExportRecord:
    """Return the record of an export."""
    made_on = getattr(options, "made_on", None)
    made_on_text = "" if made_on is None else made_on.isoformat()
    has_several = len(videos) > 1
    sources = []
    for video in videos:
        title = video.title if has_several else ""
        source = RecordedSource(
            video=video.analysis.video.digest,
            model=video.analysis.provenance.model_digest,
            passes=video.analysis.n_passes,
            clip_range=range_cells(video.analysis.clip_range),
            title=title,
        )
        sources.append(source)
    return ExportRecord(
        exporter=exporter, options=options_to_dict(options), made_on=made_on_text, sources=tuple(sources)
    )


def _png_chunk(text: bytes) -> bytes:
    content = b"tEXtComment\0" + text
    return struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))


def _gif_comment(text: bytes) -> bytes:
    blocks = (text[start : start + 255] for start in range(0, len(text), 255))
    return b"!\xfe" + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"


_PLACEMENTS: Mapping[str, tuple[bytes, Callable[[bytes], bytes]]] = {
    ".png": (b"\0\0\0\0IEND\xaeB`\x82", _png_chunk),
    ".gif": (b";", _gif_comment),
    ".html": (b"</html>", lambda text: b"<!--" + text + b"-->"),
    ".svg": (b"</svg>", lambda text: b"<!--" + text + b"-->"),
    ".eaf": (b"</ANNOTATION_DOCUMENT>", lambda text: b"<!--" + text + b"-->"),
    ".vtt": (b"", lambda text: b"NOTE " + text + b"\n"),
    ".boris": (b"\n}", lambda text: b',\n "' + text.replace(b"{", b'": {', 1)),
    ".mp4": (b"", lambda text: struct.pack(">I", len(text) + 8) + b"free" + text),
    ".webm": (b"", lambda text: b"\xec\x01" + len(text).to_bytes(7, "big") + text),
    ".pdf": (b"", lambda text: b"%" + text + b"\n"),
}
"""Place and form of the record in a file, by suffix.

The record is inserted before the given last bytes of the file; b"" stands for the end. The function encodes the record
as a text chunk (PNG), a comment (GIF, HTML, SVG, EAF, VTT, PDF), a key (BORIS), a free box (MP4) or a void element
(WebM).
"""


def embed_record(path: Path, record: ExportRecord) -> None:
    """Insert a record into a file that was just written; files of other formats are unchanged.

    Raises:
        ExportError: The file cannot be written, because the disk is full for example; the file is then removed.
    """
    suffix = path.suffix.lower()
    if suffix not in _PLACEMENTS:
        return
    last_bytes, encode = _PLACEMENTS[suffix]
    record_json = json.dumps(msgspec.to_builtins(record))
    # two hyphens would end a comment in HTML
    text = _MARK + record_json.replace("--", "-\\u002d").encode()
    try:
        with path.open("r+b") as file:
            tail = _read_tail(path)
            trailer = tail[tail.rindex(last_bytes) :] if last_bytes else b""
            if suffix == ".pdf":  # readers look for the offset of the cross-reference table at the end: repeat it
                trailer = tail[tail.rindex(b"startxref") :]
                file.seek(0, os.SEEK_END)
            else:
                file.seek(-len(trailer), os.SEEK_END)
            file.write(encode(text) + trailer)
            file.flush()
            os.fsync(file.fileno())
    except (OSError, ValueError) as error:
        path.unlink(missing_ok=True)
        reason = getattr(error, "strerror", None) or error
        raise ExportError(f"{path} could not be written: {reason}.") from error


def _read_tail(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        return file.read()


def read_record(path: Path) -> ExportRecord | None:
    """Return the record in a file, or None if the file has none.

    Raises:
        AlteredExportError: A field of the record has a value that no record has.
        ExportError: The file cannot be read, or its record is not valid JSON.
    """
    with os_error_as(ExportError, f"{path} cannot be read"):
        tail = _read_tail(path)
    if path.suffix.lower() == ".gif":
        tail = _join_gif_blocks(tail)
    mark_start = tail.rfind(_MARK)
    if mark_start < 0:
        return None
    try:
        text = tail[mark_start + len(_MARK) :].removeprefix(b'": ').decode("ascii", errors="replace")
        parsed_json, _ = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError) as error:
        raise ExportError(f"The record in {path} was changed and cannot be read: {error}") from error
    return parse_record(parsed_json)


def parse_record(parsed_json: object) -> ExportRecord:
    """Return a record from the values of its JSON.

    Raises:
        AlteredExportError: A field has a value that no record has.
    """
    try:
        record = msgspec.convert(parsed_json, ExportRecord)
    except msgspec.ValidationError as error:
        raise AlteredExportError(_describe_invalid_field(parsed_json, str(error))) from error
    for index, source in enumerate(record.sources):
        unit, start, stop = source.clip_range
        is_whole_file = unit == ""
        is_part = unit in {"frame", "s"} and 0 <= start < stop < math.inf
        if not is_whole_file and not is_part:
            raise AlteredExportError(
                f"subjects.{index}.extent says {[unit, start, stop]}, which is no part of a video."
            )
        if source.times_s is None:
            continue
        start_s, stop_s = source.times_s
        if not 0 <= start_s < stop_s < math.inf:
            raise AlteredExportError(f"start_s says {start_s} and stop_s says {stop_s}, which is no part of a video.")
    if record.made_on:
        try:
            date.fromisoformat(record.made_on)
        except ValueError as error:
            raise AlteredExportError(f"made_on says {record.made_on:.60}, which is no date.") from error
    return record


def _describe_invalid_field(parsed_json: Any, message: str) -> str:  # noqa: ANN401 - values of JSON
    """Return a sentence with the field and the value that a message of msgspec is about."""
    reason, _, place = message.partition(" - at `$")
    keys = re.findall(r"[^.\[\]`]+", place)
    value = parsed_json
    for key in keys:
        if key == "...":
            continue
        value = value[int(key)] if isinstance(value, list | tuple) else value[key]
    field = ".".join(keys) if keys else "the record"
    return f"{field} says {value!s:.60}: {reason[:1].lower()}{reason[1:]}."


def _join_gif_blocks(tail: bytes) -> bytes:
    """Return the content of the last comment in the tail of a GIF, which is stored in blocks of 255 bytes."""
    block_start = tail.rfind(b"!\xfe") + 2
    text = b""
    while 1 < block_start < len(tail) and tail[block_start]:
        block_stop = block_start + 1 + tail[block_start]
        text += tail[block_start + 1 : block_stop]
        block_start = block_stop
    return text
