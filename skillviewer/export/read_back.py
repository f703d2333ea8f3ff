"""Reading back a file that was exported: the last step before "done"."""

import csv
import json
import re
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

from skillviewer.core.errors import ExportError, VideoError
from skillviewer.core.text import counted, format_size
from skillviewer.media.reading.reader import VideoReader
from skillviewer.media.reading.sound_reader import has_sound

_SIZE = re.compile(r"^\s*(?:intervals|points): size = (\d+)$", re.MULTILINE)
_ENTRY = re.compile(r"^\s*(?:intervals|points) \[\d+\]:$", re.MULTILINE)
_BLANK = re.compile(r'^\s*text = ""$', re.MULTILINE)


def read_back(path: Path) -> tuple[str, ...]:
    """Read a file that was exported and say what is in it, a few words each; the first is its size on disk.

    Raises:
        ExportError: It cannot be read, is empty, or is not what its name says.
    """
    try:
        size = path.stat().st_size
        facts = _READERS.get(path.suffix.lower(), _unknown)(path)
    except (
        OSError,
        EOFError,
        ValueError,
        SyntaxError,
        KeyError,
        VideoError,
        zipfile.BadZipFile,
        zlib.error,
        csv.Error,
    ) as error:
        raise ExportError(f"{path} was written, but cannot be read back: {error}") from error
    return (format_size(size), *facts)


def _unknown(path: Path) -> tuple[str, ...]:
    if not path.read_bytes():
        raise ValueError("it is empty.")
    return ("content not checked",)


def _page(path: Path) -> tuple[str, ...]:
    if not path.read_text(encoding="utf-8").rstrip().endswith("</html>"):
        raise ValueError("it is no whole page.")
    return ()


def _video(path: Path) -> tuple[str, ...]:
    with VideoReader(path, cache_bytes=0) as reader:
        info = reader.info
        reader.frame(info.n_frames - 1)
    facts = [counted(info.n_frames, "frame"), f"{info.duration_s:.3f} s", f"{info.width_px} × {info.height_px} pixels"]
    if info.variable_rate:
        facts.append("at their own, uneven times")
    if has_sound(path):
        facts.append("with sound")
    return tuple(facts)


def _picture(path: Path) -> tuple[str, ...]:
    from PIL.PngImagePlugin import PngImageFile

    with PngImageFile(path) as picture:  # Image.open would refuse the largest, as an attack by a stranger's file
        picture.load()
        return (f"{picture.width} × {picture.height} pixels",)


def _csv(path: Path) -> tuple[str, ...]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, strict=True))
    if not rows or any(len(row) != len(rows[0]) for row in rows):
        raise ValueError("its rows have not all the columns.")
    return (counted(len(rows) - 1, "row"), counted(len(rows[0]), "column"))


def _json(path: Path) -> tuple[str, ...]:
    content = json.loads(path.read_text(encoding="utf-8"))
    return (counted(len(content), "row" if isinstance(content, list) else "key"),)


def _arrays(path: Path) -> tuple[str, ...]:
    import numpy as np

    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return tuple(f"{name} {list(arrays[name].shape)}" for name in ("attention", "frames") if name in arrays.files)


def _drawing(path: Path) -> tuple[str, ...]:
    root = ET.parse(path).getroot()  # noqa: S314 - our own file, just written
    sides_pt = [root.get(side, "").removesuffix("pt") for side in ("width", "height")]
    try:
        width_mm, height_mm = (round(float(side) / 72 * 25.4, 1) for side in sides_pt)
    except ValueError:
        raise ValueError("it does not say how large it is.") from None
    return (f"{width_mm:g} × {height_mm:g} mm",)


def _eaf(path: Path) -> tuple[str, ...]:
    root = ET.parse(path).getroot()  # noqa: S314 - our own file, just written
    counts = [len(root.findall(name)) for name in ("TIER", "TIER/ANNOTATION")]
    return (counted(counts[0], "tier"), counted(counts[1], "annotation"))


def _subtitles(path: Path) -> tuple[str, ...]:
    cues = path.read_text(encoding="utf-8").count(" --> ")
    if not cues:
        raise ValueError("it shows nothing.")
    return (counted(cues, "annotation"),)


def _textgrid(path: Path) -> tuple[str, ...]:
    text = path.read_text(encoding="utf-8")
    stated = sum(map(int, _SIZE.findall(text)))
    n_entries = len(_ENTRY.findall(text))
    if not n_entries or stated != n_entries:
        raise ValueError(f"it states {stated} intervals and points, and has {n_entries}.")
    return (counted(n_entries - len(_BLANK.findall(text)), "annotation"),)


def _boris(path: Path) -> tuple[str, ...]:
    observations = json.loads(path.read_text(encoding="utf-8"))["observations"]
    events = sum(len(observation["events"]) for observation in observations.values())
    return (counted(len(observations), "observation"), counted(events, "event"))


def _document(path: Path) -> tuple[str, ...]:
    data = path.read_bytes()
    if not data.startswith(b"%PDF-") or b"%%EOF" not in data[-64:]:
        raise ValueError("it is no whole PDF.")
    pages = data.count(b"/Type /Page\n") + data.count(b"/Type /Page ") + data.count(b"/Type/Page/")
    return (counted(pages, "page"),) if pages else ()


def _archive(path: Path) -> tuple[str, ...]:
    with zipfile.ZipFile(path) as archive:
        damaged_name = archive.testzip()
        if damaged_name is not None:
            raise ValueError(f"{damaged_name} in it is damaged.")
        return (counted(len(archive.namelist()), "file"),)


_READERS: dict[str, Callable[[Path], tuple[str, ...]]] = {
    ".mp4": _video,
    ".webm": _video,
    ".gif": _video,
    ".png": _picture,
    ".csv": _csv,
    ".json": _json,
    ".npz": _arrays,
    ".svg": _drawing,
    ".pdf": _document,
    ".html": _page,
    ".eaf": _eaf,
    ".vtt": _subtitles,
    ".srt": _subtitles,
    ".textgrid": _textgrid,
    ".boris": _boris,
    ".zip": _archive,
    ".skillarchive": _archive,
}
"""For each suffix the function that reads a file whole, says what is in it, and raises ValueError if it is damaged."""
