"""Reading back of an exported file, to check that it was written completely."""

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

_TEXTGRID_SIZE = re.compile(r"^\s*(?:intervals|points): size = (\d+)$", re.MULTILINE)
_TEXTGRID_ENTRY = re.compile(r"^\s*(?:intervals|points) \[\d+\]:$", re.MULTILINE)
_TEXTGRID_EMPTY_TEXT = re.compile(r'^\s*text = ""$', re.MULTILINE)


def read_back(path: Path) -> tuple[str, ...]:
    """Read an exported file and return facts about its content, a few words each; the first is its size on disk.

    Raises:
        ExportError: The file cannot be read, is empty, or does not have the format that its suffix names.
    """
    read = _READERS.get(path.suffix.lower(), _read_unknown)
    try:
        size = path.stat().st_size
        facts = read(path)
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


def _read_unknown(path: Path) -> tuple[str, ...]:
    if not path.read_bytes():
        raise ValueError("it is empty.")
    return ("content not checked",)


def _read_html(path: Path) -> tuple[str, ...]:
    if not path.read_text(encoding="utf-8").rstrip().endswith("</html>"):
        raise ValueError("it is an incomplete page.")
    return ()


def _read_video(path: Path) -> tuple[str, ...]:
    with VideoReader(path, cache_bytes=0) as reader:
        info = reader.info
        reader.frame(info.n_frames - 1)  # the last frame decodes only if the file is complete
    facts = [counted(info.n_frames, "frame"), f"{info.duration_s:.3f} s", f"{info.width_px} × {info.height_px} pixels"]
    if info.variable_rate:
        facts.append("at uneven times")
    if has_sound(path):
        facts.append("with sound")
    return tuple(facts)


def _read_png(path: Path) -> tuple[str, ...]:
    from PIL.PngImagePlugin import PngImageFile

    with PngImageFile(path) as picture:  # Image.open refuses the largest pictures, as possible attacks
        picture.load()
        return (f"{picture.width} × {picture.height} pixels",)


def _read_csv(path: Path) -> tuple[str, ...]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, strict=True))
    if not rows or any(len(row) != len(rows[0]) for row in rows):
        raise ValueError("its rows do not have the same number of columns.")
    return (counted(len(rows) - 1, "row"), counted(len(rows[0]), "column"))


def _read_json(path: Path) -> tuple[str, ...]:
    content = json.loads(path.read_text(encoding="utf-8"))
    noun = "row" if isinstance(content, list) else "key"
    return (counted(len(content), noun),)


def _read_npz(path: Path) -> tuple[str, ...]:
    import numpy as np

    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        names = [name for name in ("attention", "frames") if name in arrays.files]
        return tuple(f"{name} {list(arrays[name].shape)}" for name in names)


def _read_svg(path: Path) -> tuple[str, ...]:
    root = ET.parse(path).getroot()  # noqa: S314 - our own file, just written
    sides_pt = [root.get(side, "").removesuffix("pt") for side in ("width", "height")]
    try:
        width_mm, height_mm = (round(float(side) / 72 * 25.4, 1) for side in sides_pt)
    except ValueError:
        raise ValueError("its width and height are missing.") from None
    return (f"{width_mm:g} × {height_mm:g} mm",)


def _read_eaf(path: Path) -> tuple[str, ...]:
    root = ET.parse(path).getroot()  # noqa: S314 - our own file, just written
    n_tiers = len(root.findall("TIER"))
    n_annotations = len(root.findall("TIER/ANNOTATION"))
    return (counted(n_tiers, "tier"), counted(n_annotations, "annotation"))


def _read_subtitles(path: Path) -> tuple[str, ...]:
    n_subtitles = path.read_text(encoding="utf-8").count(" --> ")
    if not n_subtitles:
        raise ValueError("it has no subtitles.")
    return (counted(n_subtitles, "annotation"),)


def _read_textgrid(path: Path) -> tuple[str, ...]:
    text = path.read_text(encoding="utf-8")
    n_stated = sum(int(size) for size in _TEXTGRID_SIZE.findall(text))
    n_entries = len(_TEXTGRID_ENTRY.findall(text))
    if not n_entries or n_stated != n_entries:
        raise ValueError(f"it states {n_stated} intervals and points, and has {n_entries}.")
    n_empty = len(_TEXTGRID_EMPTY_TEXT.findall(text))
    return (counted(n_entries - n_empty, "annotation"),)


def _read_boris(path: Path) -> tuple[str, ...]:
    observations = json.loads(path.read_text(encoding="utf-8"))["observations"]
    n_events = sum(len(observation["events"]) for observation in observations.values())
    return (counted(len(observations), "observation"), counted(n_events, "event"))


def _read_pdf(path: Path) -> tuple[str, ...]:
    content = path.read_bytes()
    if not content.startswith(b"%PDF-") or b"%%EOF" not in content[-64:]:
        raise ValueError("it is an incomplete PDF.")
    n_pages = content.count(b"/Type /Page\n") + content.count(b"/Type /Page ") + content.count(b"/Type/Page/")
    return (counted(n_pages, "page"),) if n_pages else ()


def _read_zip(path: Path) -> tuple[str, ...]:
    with zipfile.ZipFile(path) as archive:
        damaged_name = archive.testzip()
        if damaged_name is not None:
            raise ValueError(f"{damaged_name} in it is damaged.")
        return (counted(len(archive.namelist()), "file"),)


_READERS: dict[str, Callable[[Path], tuple[str, ...]]] = {
    ".mp4": _read_video,
    ".webm": _read_video,
    ".gif": _read_video,
    ".png": _read_png,
    ".csv": _read_csv,
    ".json": _read_json,
    ".npz": _read_npz,
    ".svg": _read_svg,
    ".pdf": _read_pdf,
    ".html": _read_html,
    ".eaf": _read_eaf,
    ".vtt": _read_subtitles,
    ".srt": _read_subtitles,
    ".textgrid": _read_textgrid,
    ".boris": _read_boris,
    ".zip": _read_zip,
    ".skillarchive": _read_zip,
}
"""For each suffix, a function that reads a whole file, returns facts about it, and raises ValueError for a bad file."""
