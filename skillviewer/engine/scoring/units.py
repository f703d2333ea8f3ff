"""The unit of scoring: the bytes of a video or a part of it, checkpoint and passes, and one result file.

A result is written under another name and renamed. It is done if its checksum is right and its key is the one asked
for. Every engine (this process, several, a cluster) runs the same ``score_unit``, and workers write nothing but result
files and caches.
"""

import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from skillviewer.core.atomic_write import atomic_path
from skillviewer.core.errors import CheckpointError, DeviceError, ExportError, SkillViewerError, StudyError, os_error_as
from skillviewer.core.hashing import values_sha256
from skillviewer.core.paths import safe_name
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.core.video.clips import ClipRange, frame_range, range_cells
from skillviewer.data.analysis_file import SUFFIX, has_its_tracks, load_or_discard
from skillviewer.data.result_file import ResultHeader, load_result, read_header, save_result

if TYPE_CHECKING:
    from skillviewer.core.analysis.analysis import Analysis
    from skillviewer.engine.inference.engine import Engine

log = logging.getLogger(__name__)

FAILED = "failed"
"""Folder of the failures, in the folder of the results."""

_HASH = 16
"""Digits of a digest in the name of a result."""


@dataclass(frozen=True, slots=True)
class ScoringUnit:
    """One video, or a part of it, to be scored.

    Attributes:
        clip_range: The part, or None.
        ends_s: Start and end in seconds (None for that of the file), whose frames are found once the file is open.
    """

    path: Path
    clip_range: ClipRange | None = None
    ends_s: tuple[float, float | None] | None = None

    @property
    def title(self) -> str:
        """The file, and the part of it."""
        unit, start, stop = range_cells(self.clip_range)
        return f"{self.path} [{unit} {start:g} {stop:g}]" if unit else str(self.path)


@dataclass(frozen=True, slots=True)
class Scoring:
    """Settings that all units of a run share.

    Without a folder no results are saved; ``again`` repeats saved results.
    """

    model: Path
    digest: str
    passes: int = 1
    device: str = "auto"
    folder: Path | None = None
    cache_bytes: int = 0
    again: bool = False

    def key(self, unit: ScoringUnit) -> str:
        """Return the key of a unit: a digest of file, size, time of change, part, checkpoint and passes."""
        size, changed = 0, 0
        with suppress(OSError, ValueError):  # it is not there: it fails when it is opened
            stat = unit.path.stat()
            size, changed = stat.st_size, stat.st_mtime_ns
        part = (*range_cells(unit.clip_range), unit.ends_s)
        return values_sha256(str(unit.path.absolute()), size, changed, part, self.digest, self.passes)


def result_name(unit: ScoringUnit, content: str) -> str:
    """Return the name of the file of a result, by the digest of its content (see ``ResultHeader``)."""
    return f"{safe_name(unit.path.stem)}-{content[:_HASH]}{SUFFIX}"


@lru_cache(maxsize=1)
def open_engine(scoring: Scoring) -> "Engine":
    """Return the model of this process, which stays loaded from one unit to the next.

    Raises:
        CheckpointError: It cannot be used.
        DeviceError: The device is not there.
    """
    from skillviewer.engine.features.cache import FeatureCache
    from skillviewer.engine.inference.engine import Engine

    return Engine.open(scoring.model, scoring.device, FeatureCache(max_bytes=scoring.cache_bytes))


def score_unit(scoring: Scoring, unit: ScoringUnit, token: CancelToken, report: Report) -> "Path | Analysis":
    """Score one unit; a result of the same bytes and settings that is there already is taken.

    Args:
        scoring: Settings of the run.
        unit: The unit.
        token: Raise it to stop.
        report: Told of every step; not of intermediate results, which are large to send.

    Returns:
        The result file, or the analysis where none is kept.

    Raises:
        VideoError: The file cannot be read.
        DatasetError: The part lies outside the file.
        CheckpointError: The model cannot be used.
        DeviceError: The device is missing or ran out of memory.
        ExportError: The result cannot be written.
    """
    from skillviewer.media.reading.reader import VideoReader

    engine = open_engine(scoring)
    key = scoring.key(unit)
    analysis = None
    with VideoReader(unit.path, token, cache_bytes=0) as reader:
        info = reader.describe(token)
        clip_range = unit.clip_range if unit.ends_s is None else frame_range(info, *unit.ends_s)
        content = values_sha256(info.digest, range_cells(clip_range), scoring.digest, scoring.passes)
        file = (scoring.folder or Path()) / result_name(unit, content)
        if scoring.folder is not None and not scoring.again:
            analysis = load_result(file, content)
            analysis = analysis if analysis is None or has_its_tracks(analysis) else None
        if analysis is None:

            def steps(progress: Progress) -> None:
                report(replace(progress, value=None))

            analysis = engine.assess(unit.path, scoring.passes, token, steps, clip_range, reader)
    if scoring.folder is None:
        return analysis
    # the path is absolute, so that the video is found again from another folder
    save_result(replace(analysis, video=replace(analysis.video, path=unit.path.absolute())), file, key, content)
    return file


@dataclass(frozen=True, slots=True)
class _ResultsOfName:
    """Results whose files have one stem: sound ones by key, and a sentence on each other one."""

    by_key: Mapping[str, tuple[Path, ResultHeader]]
    rejected: tuple[str, ...]


class ResultFolder:
    """Results and failures in the folder of a run."""

    def __init__(self, scoring: Scoring) -> None:
        self._scoring = scoring
        self._by_stem: dict[str, list[Path]] = {}
        self._read: dict[str, _ResultsOfName] = {}
        if scoring.folder is not None and scoring.folder.is_dir():
            for path in scoring.folder.glob(f"*{SUFFIX}"):
                self._by_stem.setdefault(path.name[: -len(SUFFIX) - _HASH - 1], []).append(path)

    def check_writable(self) -> None:
        """Raise an ExportError if results cannot be written: before hours of work, and not after them."""
        folder = self._scoring.folder
        if folder is not None:
            with os_error_as(ExportError, f"{folder} cannot be written"):
                folder.mkdir(parents=True, exist_ok=True)
                if (folder / FAILED).is_symlink():
                    raise ExportError(f"{folder / FAILED} is a link: remove it, or choose another folder for results.")
                TemporaryFile(dir=folder).close()

    def find(self, unit: ScoringUnit) -> tuple[Path, ResultHeader] | None:
        """Return the result of a unit and its header, or None if it is not done.

        Warnings name damaged files that may have been the result, and files with the result of another video.
        """
        if self._scoring.again:
            return None
        stem = safe_name(unit.path.stem)
        if stem not in self._read:
            self._read[stem] = self._results(stem)
        entry = self._read[stem].by_key.get(self._scoring.key(unit))
        if entry is None:
            for sentence in self._read[stem].rejected:
                log.warning("%s %s is computed again.", sentence, unit.path)
        # of a model that uses tracks a result is done only as long as they are the same
        return entry if entry is None or load_or_discard(entry[0]) is not None else None

    def _results(self, stem: str) -> _ResultsOfName:
        by_key: dict[str, tuple[Path, ResultHeader]] = {}
        rejected = []
        for path in sorted(self._by_stem.get(stem, ())):
            try:
                header = read_header(path)
            except StudyError as error:
                rejected.append(str(error))
                continue
            if path.name != f"{stem}-{header.content[:_HASH]}{SUFFIX}":
                rejected.append(f"{path} holds the result of another video, part or model.")
                continue
            by_key[header.key] = path, header
        return _ResultsOfName(by_key, tuple(rejected))

    def _failure(self, key: str) -> Path:
        return (self._scoring.folder or Path()) / FAILED / f"{key}.json"

    def failed(self, unit: ScoringUnit) -> str:
        """Return the sentence of the failure of a unit, or "" if none is known."""
        if self._scoring.folder is not None and not self._scoring.again:
            path = self._failure(self._scoring.key(unit))
            with suppress(OSError, ValueError, KeyError, TypeError):
                if path.is_file():  # a pipe would never end
                    return str(json.loads(path.read_bytes())["error"])
        return ""

    def remember(self, unit: ScoringUnit, error: SkillViewerError | None) -> None:
        """Save the failure of a unit, which is then skipped; or delete it after a success.

        A result that cannot be written, and a model, device or worker that fails, are no faults of the unit, and are
        not kept.
        """
        path = self._failure(self._scoring.key(unit))
        if self._scoring.folder is None or isinstance(error, ExportError | CheckpointError | DeviceError):
            return
        with suppress(OSError):
            if error is None:
                path.unlink(missing_ok=True)
            else:
                with atomic_path(path) as temp_path:
                    temp_path.write_text(json.dumps({"path": str(unit.path), "error": str(error)}), encoding="utf-8")
