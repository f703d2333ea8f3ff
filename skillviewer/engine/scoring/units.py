"""Units of scoring, each a video or a range of it, and the folder of their result files.

Every engine (this process, several, a cluster) runs ``score_unit``, and workers write only result files and caches. A
result is written under a temporary name and renamed. A unit is done if there is a result with the key of the unit, with
a correct checksum.
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

_N_DIGITS = 16
"""Number of digits of the digest in the name of a result."""


@dataclass(frozen=True, slots=True)
class ScoringUnit:
    """One video, or a range of it, to be scored.

    Attributes:
        path: The file.
        clip_range: The range, or None for the whole file.
        ends_s: The range as start and end in seconds, an end of None for that of the file; or None.
    """

    path: Path
    clip_range: ClipRange | None = None
    ends_s: tuple[float, float | None] | None = None

    @property
    def title(self) -> str:
        """File and range as text."""
        unit, start, stop = range_cells(self.clip_range)
        return f"{self.path} [{unit} {start:g} {stop:g}]" if unit else str(self.path)


@dataclass(frozen=True, slots=True)
class Scoring:
    """Settings that all units of a run share."""

    model: Path  # folder of the checkpoint
    digest: str  # digest of the checkpoint
    passes: int = 1
    device: str = "auto"
    folder: Path | None = None  # folder of the results, or None to save no results
    cache_bytes: int = 0  # size limit of the cache of features
    again: bool = False  # whether to compute saved results again

    def key(self, unit: ScoringUnit) -> str:
        """Return the key of a unit: a digest of path, size, time of change, range, checkpoint and passes."""
        size = 0
        changed_ns = 0
        with suppress(OSError, ValueError):  # a missing file is reported when it is opened
            stat = unit.path.stat()
            size = stat.st_size
            changed_ns = stat.st_mtime_ns
        range_values = (*range_cells(unit.clip_range), unit.ends_s)
        return values_sha256(str(unit.path.absolute()), size, changed_ns, range_values, self.digest, self.passes)


def result_name(stem: str, content: str) -> str:
    """Return the name of a result file, given the digest of its content (see ``ResultHeader``)."""
    return f"{stem}-{content[:_N_DIGITS]}{SUFFIX}"


@lru_cache(maxsize=1)
def open_engine(scoring: Scoring) -> "Engine":
    """Return the model of this process, which stays loaded for all units.

    Raises:
        CheckpointError: The checkpoint cannot be used.
        DeviceError: The device is not there.
    """
    from skillviewer.engine.features.feature_cache import FeatureCache
    from skillviewer.engine.inference.engine import Engine

    return Engine.open(scoring.model, scoring.device, FeatureCache(max_bytes=scoring.cache_bytes))


def score_unit(scoring: Scoring, unit: ScoringUnit, token: CancelToken, report: Report) -> "Path | Analysis":
    """Score one unit, or take a saved result of the same content and settings.

    Args:
        scoring: Settings of the run.
        unit: The unit.
        token: Cancelled to stop.
        report: Receives every step, without the analysis so far, which is large to send.

    Returns:
        The result file, or the analysis if no results are saved.

    Raises:
        VideoError: The file cannot be read.
        DatasetError: The range lies outside the file.
        CheckpointError: The model cannot be used.
        DeviceError: The device is missing or ran out of memory.
        ExportError: The result cannot be written.
    """
    from skillviewer.media.reading.reader import VideoReader

    engine = open_engine(scoring)
    key = scoring.key(unit)
    analysis = None

    def report_step(progress: Progress) -> None:
        report(replace(progress, value=None))

    with VideoReader(unit.path, token, cache_bytes=0) as reader:
        info = reader.read_info(token)
        clip_range = unit.clip_range if unit.ends_s is None else frame_range(info, *unit.ends_s)
        content = values_sha256(info.digest, range_cells(clip_range), scoring.digest, scoring.passes)
        result_folder = Path() if scoring.folder is None else scoring.folder
        result_path = result_folder / result_name(safe_name(unit.path.stem), content)
        if scoring.folder is not None and not scoring.again:
            analysis = load_result(result_path, content)
        if analysis is not None and not has_its_tracks(analysis):
            analysis = None
        if analysis is None:
            analysis = engine.assess(unit.path, scoring.passes, token, report_step, clip_range, reader)
    if scoring.folder is None:
        return analysis
    # the path is absolute, so that the video is found from any folder
    video = replace(analysis.video, path=unit.path.absolute())
    save_result(replace(analysis, video=video), result_path, key, content)
    return result_path


@dataclass(frozen=True, slots=True)
class _StemResults:
    """Results of videos whose files have the same stem."""

    by_key: Mapping[str, tuple[Path, ResultHeader]]  # valid results
    rejections: tuple[str, ...]  # one sentence on each other result


class ResultFolder:
    """Results and failures in the folder of a run."""

    def __init__(self, scoring: Scoring) -> None:
        self._scoring = scoring
        self._paths_by_stem: dict[str, list[Path]] = {}
        self._results_by_stem: dict[str, _StemResults] = {}
        if scoring.folder is not None and scoring.folder.is_dir():
            for path in scoring.folder.glob(f"*{SUFFIX}"):
                stem = path.name[: -len(SUFFIX) - _N_DIGITS - 1]
                self._paths_by_stem.setdefault(stem, []).append(path)

    def check_writable(self) -> None:
        """Raise an ExportError if results cannot be written; called before hours of work."""
        folder = self._scoring.folder
        if folder is not None:
            with os_error_as(ExportError, f"{folder} cannot be written"):
                folder.mkdir(parents=True, exist_ok=True)
                if (folder / FAILED).is_symlink():
                    raise ExportError(f"{folder / FAILED} is a link: remove it, or choose another folder for results.")
                TemporaryFile(dir=folder).close()

    def find(self, unit: ScoringUnit) -> tuple[Path, ResultHeader] | None:
        """Return the result file of a unit and its header, or None if the unit is not done.

        Invalid files that may have been the result are logged.
        """
        if self._scoring.again:
            return None
        stem = safe_name(unit.path.stem)
        if stem not in self._results_by_stem:
            self._results_by_stem[stem] = self._read_results(stem)
        results = self._results_by_stem[stem]
        path_and_header = results.by_key.get(self._scoring.key(unit))
        if path_and_header is None:
            for sentence in results.rejections:
                log.warning("%s %s is computed again.", sentence, unit.path)
            return None
        path, _ = path_and_header
        # a result of a model that uses tracks is invalid if the tracks have changed
        return path_and_header if load_or_discard(path) is not None else None

    def _read_results(self, stem: str) -> _StemResults:
        by_key: dict[str, tuple[Path, ResultHeader]] = {}
        rejections = []
        for path in sorted(self._paths_by_stem.get(stem, ())):
            try:
                header = read_header(path)
            except StudyError as error:
                rejections.append(str(error))
                continue
            if path.name != result_name(stem, header.content):
                rejections.append(f"{path} holds the result of another video, part or model.")
                continue
            by_key[header.key] = path, header
        return _StemResults(by_key, tuple(rejections))

    def _failure_path(self, unit: ScoringUnit) -> Path:
        return (self._scoring.folder or Path()) / FAILED / f"{self._scoring.key(unit)}.json"

    def saved_failure(self, unit: ScoringUnit) -> str:
        """Return the sentence of a unit's failure in an earlier run, or ""."""
        if self._scoring.folder is None or self._scoring.again:
            return ""
        path = self._failure_path(unit)
        with suppress(OSError, ValueError, KeyError, TypeError):
            if path.is_file():  # reading a named pipe would never end
                return str(json.loads(path.read_bytes())["error"])
        return ""

    def save_failure(self, unit: ScoringUnit, error: SkillViewerError | None) -> None:
        """Save the failure of a unit, which later runs skip, or delete it if there is no error.

        Errors of writing, of the model, of the device and of workers are not saved, since they do not concern the unit.
        """
        path = self._failure_path(unit)
        if self._scoring.folder is None or isinstance(error, ExportError | CheckpointError | DeviceError):
            return
        with suppress(OSError):
            if error is None:
                path.unlink(missing_ok=True)
            else:
                with atomic_path(path) as temp_path:
                    temp_path.write_text(json.dumps({"path": str(unit.path), "error": str(error)}), encoding="utf-8")
