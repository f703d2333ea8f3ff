"""Collect results into a study. One process does so: workers never open a study."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from skillviewer.core.errors import StudyError
from skillviewer.core.video.clips import range_from
from skillviewer.data.analysis_file import load_analysis
from skillviewer.data.result_file import ResultHeader
from skillviewer.data.study import NewVideo, Study
from skillviewer.data.study.identity import Identity
from skillviewer.engine.scoring.units import Scoring

if TYPE_CHECKING:
    from skillviewer.core.analysis.analysis import Analysis
    from skillviewer.data.study.models import Score

Scored = tuple[Path, "Analysis"]
"""Folder of a model, and an analysis by it."""


def lacking(study: Study, scored: Iterable[Scored]) -> list[Scored]:
    """Return the analyses that a study lacks for its videos, or has with fewer passes only."""
    videos = {video.clip_id: video.name for video in study.videos.all()}
    saved_scores: dict[str, dict[str, Score]] = {}
    missing = []
    for model, analysis in scored:
        digest = analysis.provenance.model_digest
        name = videos.get(analysis.clip_id)
        if digest not in saved_scores:
            saved_scores[digest] = study.models.scores(digest)
        if name is not None and (
            name not in saved_scores[digest] or saved_scores[digest][name].passes < analysis.n_passes
        ):
            missing.append((model, analysis))
    return missing


def write_scores(study: Study, scored: Iterable[Scored]) -> None:
    """Write analyses into an open study.

    Raises:
        StudyError: The study cannot be written.
        ExportError: The cache cannot be written.
    """
    for model, analysis in scored:
        study.models.add(analysis.provenance.model_digest, analysis.provenance.model, model)
        study.models.save_analysis(analysis)


def collect(path: Path, scoring: Scoring, results: Sequence[tuple[Path, Path, ResultHeader]]) -> int:
    """Collect results into a study, add missing videos, and return the number of new scores.

    A result is the path of a video, its result file and the file's header. Only results that the study lacks are read.

    Raises:
        StudyError: The study cannot be read, another process has it open, or a result is damaged.
    """
    with Study.open(path) as study:
        if study.read_only:
            raise StudyError(f"{path} is open elsewhere, or cannot be written. The results stay: run the same again.")
        names = {video.clip_id: video.name for video in study.videos.all()}
        scores = study.models.scores(scoring.digest)
        complete = {name for name, score in scores.items() if score.passes >= scoring.passes}
        clip_ids = [(note.digest, range_from(*note.clip_range)) for _, _, note in results]
        missing = [index for index, clip_id in enumerate(clip_ids) if names.get(clip_id) not in complete]
        new = []
        for index in missing:
            if clip_ids[index] not in names:
                video = results[index][0].absolute()
                digest, clip_range = clip_ids[index]
                stat = video.stat()
                identity = Identity(stat.st_size, stat.st_mtime_ns, digest)
                new.append(NewVideo(video, clip_range=clip_range, identity=identity))
        study.videos.add(new)
        write_scores(study, ((scoring.model, load_analysis(results[index][1])) for index in missing))
    return len(missing)
