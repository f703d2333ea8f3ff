"""Result files of scoring: an analysis with a header and a checksum.

The header is the comment of the zip file, a ``ResultHeader`` as JSON. It states the request and the score, so that a
finished result is recognised and printed without loading the analysis. The checksum covers every byte of the file,
including the header.
"""

import hashlib
from contextlib import suppress
from pathlib import Path
from zipfile import ZipFile

import msgspec

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.atomic_write import atomic_export
from skillviewer.core.errors import StudyError, os_reason
from skillviewer.core.video.clips import range_cells
from skillviewer.data.analysis_file import load_analysis, write_analysis

_HEADER_START = b'{"key":'
"""First bytes of the header."""

_NO_CHECKSUM = "0" * 64
_MAX_BYTES = 1 << 29


class ResultHeader(msgspec.Struct, frozen=True, rename={"clip_range": "extent"}):
    """Header of a result file."""

    key: str  # digest of the request: path, size and time of change of the file, range, checkpoint, passes
    content: str  # digest of the request by content: bytes of the video, range, checkpoint, passes
    digest: str  # SHA-256 of the video
    clip_range: tuple[str, float, float]  # unit, start and stop of the range (``core.video.clips.range_cells``)
    score: float
    interval: tuple[float, float] | None
    rating: str = ""  # rating on the raters' scale as text, or ""
    sha256: str = _NO_CHECKSUM  # SHA-256 of the file, computed with this field set to zeros


def save_result(analysis: Analysis, path: Path, key: str, content: str) -> None:
    """Write the result of a unit of scoring atomically; the folder is created.

    Args:
        analysis: The analysis.
        path: The file.
        key: See ``ResultHeader``.
        content: See ``ResultHeader``.

    Raises:
        ExportError: The file cannot be written, or the name of the video is not UTF-8.
    """
    score_fields = (analysis.score, analysis.interval, analysis.rating)
    header = ResultHeader(key, content, analysis.video.digest, range_cells(analysis.clip_range), *score_fields)
    # not durable: a result can be computed again, and many are written in a row
    with atomic_export(path, overwrite=True, durable=False) as temporary, temporary.open("w+b") as file:
        write_analysis(analysis, file)
        with ZipFile(file, "a") as archive:
            archive.comment = msgspec.json.encode(header)
        file.seek(0)
        file_bytes = file.read()
        file.seek(file_bytes.rindex(_NO_CHECKSUM.encode()))
        checksum = hashlib.sha256(file_bytes).hexdigest()
        file.write(checksum.encode())


def read_header(path: Path) -> ResultHeader:
    """Return the header of a result file, after a check of the checksum.

    Raises:
        StudyError: It is no result file, or damaged.
    """
    try:
        if not path.is_file() or path.stat().st_size > _MAX_BYTES:  # a pipe would never end
            raise StudyError(f"{path} is no file with a result.")
        file_bytes = path.read_bytes()
        header = msgspec.json.decode(file_bytes[file_bytes.rindex(_HEADER_START) :], type=ResultHeader)
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {os_reason(error)}.") from error
    except (ValueError, msgspec.DecodeError) as error:  # UnicodeDecodeError is a ValueError
        raise StudyError(f"{path} is damaged, or no result of this version: it has no header.") from error
    start = file_bytes.rfind(header.sha256.encode())
    stop = start + len(header.sha256)
    unsigned = file_bytes[:start] + _NO_CHECKSUM.encode() + file_bytes[stop:]
    if hashlib.sha256(unsigned).hexdigest() != header.sha256:
        raise StudyError(f"{path} is damaged: its checksum does not match.")
    return header


def load_result(path: Path, content: str) -> Analysis | None:
    """Return the analysis in a result file, or None if the file is damaged or has another content."""
    with suppress(StudyError):
        if read_header(path).content == content:
            return load_analysis(path)
    return None
