"""The record inside an exported file: everything that ``skillviewer verify`` needs to make the file again.

A record names the exporter, its options, and the digests of videos and models; no path, no time of day. Pictures,
clips, figures and reports get one. Tables, results and maps name their videos and models themselves.
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
from skillviewer.export.options import plain_options

_MARK = b"SkillViewer record "
_MAX_BYTES = 1 << 18
MAX_PASSES = 64


class AlteredExportError(ExportError):
    """A field of an export has a value that no export has: the message names the field and the value."""


class RecordedSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"clip_range": "extent"}):
    """One video under one model, as a file names it."""

    video: str  # digest of the video; of a table without digests its path
    model: str  # digest of the model, or its name
    passes: Annotated[int, msgspec.Meta(ge=1, le=MAX_PASSES)]  # number of passes
    clip_range: tuple[str, float, float] = ("", 0.0, 0.0)  # analysed part of the file, as ``range_cells`` gives it
    title: str = ""  # title if several are shown, or ""
    times_s: tuple[float, float] | None = None  # start and stop of the part, where a table has no more than these


class ExportRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"sources": "subjects"}):
    """Exporter by name, its options as ``plain_options`` gives them, date of a report, and videos under models."""

    exporter: str
    options: dict[str, Any] = {}
    made_on: str = ""
    sources: tuple[RecordedSource, ...] = ()


def dated(options: Any) -> Any:  # noqa: ANN401 - options of an exporter
    """Return options of a report with today's date where they have none; other options unchanged."""
    undated = hasattr(options, "made_on") and options.made_on is None
    return replace(options, made_on=datetime.now().astimezone().date()) if undated else options


def record_of(exporter: str, options: object, videos: Sequence[AnalysedVideo] = ()) -> ExportRecord:
    """Return the record of an export."""
    made_on = getattr(options, "made_on", None)
    several = len(videos) > 1
    sources = [
        RecordedSource(
            e.analysis.video.digest,
            e.analysis.provenance.model_digest,
            e.analysis.n_passes,
            range_cells(e.analysis.clip_range),
            e.title if several else "",
        )
        for e in videos
    ]
    day = "" if made_on is None else made_on.isoformat()
    return ExportRecord(exporter, plain_options(options), day, tuple(sources))


def _chunk(text: bytes) -> bytes:
    content = b"tEXtComment\0" + text
    return struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))


def _comment(text: bytes) -> bytes:
    blocks = (text[start : start + 255] for start in range(0, len(text), 255))
    return b"!\xfe" + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"


_FORMS: Mapping[str, tuple[bytes, Callable[[bytes], bytes]]] = {
    ".png": (b"\0\0\0\0IEND\xaeB`\x82", _chunk),
    ".gif": (b";", _comment),
    ".html": (b"</html>", lambda text: b"<!--" + text + b"-->"),
    ".svg": (b"</svg>", lambda text: b"<!--" + text + b"-->"),
    ".eaf": (b"</ANNOTATION_DOCUMENT>", lambda text: b"<!--" + text + b"-->"),
    ".vtt": (b"", lambda text: b"NOTE " + text + b"\n"),
    ".boris": (b"\n}", lambda text: b',\n "' + text.replace(b"{", b'": {', 1)),
    ".mp4": (b"", lambda text: struct.pack(">I", len(text) + 8) + b"free" + text),
    ".webm": (b"", lambda text: b"\xec\x01" + len(text).to_bytes(7, "big") + text),
    ".pdf": (b"", lambda text: b"%" + text + b"\n"),
}
"""For each suffix the last bytes of a file, before which the record goes ("" for the end), and its form there: a text
chunk (PNG), a comment (GIF, HTML, SVG, EAF, VTT, PDF), a key (BORIS), a free box (MP4), a void element (WebM)."""


def attach(path: Path, record: ExportRecord) -> None:
    """Put a record into a file that was just written; formats that need none are unchanged.

    Raises:
        ExportError: The disk is full, say; then the file is removed.
    """
    if path.suffix.lower() not in _FORMS:
        return
    last, form = _FORMS[path.suffix.lower()]
    # a comment in HTML ends at two hyphens
    text = _MARK + json.dumps(msgspec.to_builtins(record)).replace("--", "-\\u002d").encode()
    try:
        with path.open("r+b") as file:
            tail = _tail(path)
            trailer = tail[tail.rindex(last) :] if last else b""
            if path.suffix.lower() == ".pdf":  # readers look for the place of the table at the end
                trailer = tail[tail.rindex(b"startxref") :]
                file.seek(0, os.SEEK_END)
            else:
                file.seek(-len(trailer), os.SEEK_END)
            file.write(form(text) + trailer)
            file.flush()
            os.fsync(file.fileno())
    except (OSError, ValueError) as error:
        path.unlink(missing_ok=True)
        raise ExportError(f"{path} could not be written: {getattr(error, 'strerror', None) or error}.") from error


def _tail(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _MAX_BYTES))
        return file.read()


def record_in(path: Path) -> ExportRecord | None:
    """Return the record in a file, or None if it has none.

    Raises:
        AlteredExportError: A field of the record has a value that no record has.
        ExportError: The file cannot be read, or its record is no JSON.
    """
    with os_error_as(ExportError, f"{path} cannot be read"):
        tail = _tail(path)
    if path.suffix.lower() == ".gif":
        tail = _unblocked(tail)
    mark_place = tail.rfind(_MARK)
    if mark_place < 0:
        return None
    try:
        record = tail[mark_place + len(_MARK) :].removeprefix(b'": ').decode("ascii", errors="replace")
        raw, _ = json.JSONDecoder().raw_decode(record)
    except (ValueError, RecursionError) as error:
        raise ExportError(f"The record in {path} was changed and cannot be read: {error}") from error
    return checked_record(raw)


def checked_record(raw: object) -> ExportRecord:
    """Return a record from plain values.

    Raises:
        AlteredExportError: A field has a value that no record has.
    """
    try:
        record = msgspec.convert(raw, ExportRecord)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `$")
        keys = re.findall(r"[^.\[\]`]+", place)
        value = raw
        for key in keys:
            value = value[int(key) if isinstance(value, list | tuple) else key] if key != "..." else value  # type: ignore[index]
        field = ".".join(keys) or "the record"
        raise AlteredExportError(f"{field} says {value!s:.60}: {reason[:1].lower()}{reason[1:]}.") from error
    for index, source in enumerate(record.sources):
        unit, start, stop = source.clip_range
        if unit not in {"", "frame", "s"} or (unit and not 0 <= start < stop < math.inf):
            raise AlteredExportError(
                f"subjects.{index}.extent says {[unit, start, stop]}, which is no part of a video."
            )
        start_s, stop_s = source.times_s or (0.0, 1.0)
        if not 0 <= start_s < stop_s < math.inf:
            raise AlteredExportError(f"start_s says {start_s} and stop_s says {stop_s}, which is no part of a video.")
    try:
        _ = record.made_on and date.fromisoformat(record.made_on)
    except ValueError as error:
        raise AlteredExportError(f"made_on says {record.made_on:.60}, which is no date.") from error
    return record


def _unblocked(tail: bytes) -> bytes:
    block_start = tail.rfind(b"!\xfe") + 2
    text = b""
    while 1 < block_start < len(tail) and tail[block_start]:
        text = text + tail[block_start + 1 : block_start + 1 + tail[block_start]]
        block_start = block_start + 1 + tail[block_start]
    return text
