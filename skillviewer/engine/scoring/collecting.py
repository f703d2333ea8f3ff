"""Collection of results into a study, which one process does: workers never open a study."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from skillviewer.core.errors import StudyError
from skillviewer.core.video.clips import range_from_cells
from skillviewer.data.analysis_file import load_analysis
from skillviewer.data.result_file import ResultHeader
from skillviewer.data.study import NewVideo, Study
from skillviewer.data.study.identity import Identity
from skillviewer.engine.scoring.units import Scoring

if TYPE_CHECKING:
    from skillviewer.core.analysis.analysis import Analysis
    from skillviewer.data.study.models import Score

ScoredVideo = tuple[Path, "Analysis"]
"""Folder of a model, and an analysis by it."""


def missing_analyses(study: Study, scored_videos: Iterable[ScoredVideo]) -> list[ScoredVideo]:
    """Return those of some analyses of a study's videos that the study does not have, or has with fewer passes."""
    names = {video.clip_id: video.name for video in study.videos.all()}
    scores_by_model: dict[str, dict[str, Score]] = {}
    missing = []
    for model, analysis in scored_videos:
        digest = analysis.provenance.model_digest
        if digest not in scores_by_model:
            scores_by_model[digest] = study.models.scores(digest)
        name = names.get(analysis.clip_id)
        if name is None:
            continue
        score = scores_by_model[digest].get(name)
        if score is None or score.passes < analysis.n_passes:
            missing.append((model, analysis))
    return missing


def write_scores(study: Study, scored_videos: Iterable[ScoredVideo]) -> None:
    """Write analyses into an open study.

    Raises:
        StudyError: The study cannot be written.
        ExportError: The cache cannot be written.
    """
    for model, analysis in scored_videos:
        study.models.add(analysis.provenance.model_digest, analysis.provenance.model, model)
        study.models.save_analysis(analysis)


def collect(path: Path, scoring: Scoring, results: Sequence[tuple[Path, Path, ResultHeader]]) -> int:
    """Collect results into a study, add missing videos, and return the number of new scores.

    Args:
        path: The study.
        scoring: Settings of the run.
        results: Path of the video, result file and header of the file, for each result. Only files of results that the
            study does not have are read.

    Raises:
        StudyError: The study cannot be read, another process has it open, or a result is damaged.
    """
    with Study.open(path) as study:
        if study.read_only:
            raise StudyError(f"{path} is open elsewhere, or cannot be written. The results stay: run the same again.")
        names = {video.clip_id: video.name for video in study.videos.all()}
        scores = study.models.scores(scoring.digest)
        complete = {name for name, score in scores.items() if score.passes >= scoring.passes}
        new_videos = []
        missing_files = []
        for video_path, result_path, header in results:
            clip_range = range_from_cells(*header.clip_range)
            clip_id = (header.digest, clip_range)
            if names.get(clip_id) in complete:
                continue
            missing_files.append(result_path)
            if clip_id not in names:
                absolute_path = video_path.absolute()
                stat = absolute_path.stat()
                identity = Identity(stat.st_size, stat.st_mtime_ns, header.digest)
                new_videos.append(NewVideo(absolute_path, clip_range=clip_range, identity=identity))
        study.videos.add(new_videos)
        write_scores(study, ((scoring.model, load_analysis(result_path)) for result_path in missing_files))
    return len(missing_files)
