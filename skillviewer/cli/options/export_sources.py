"""Sources of an export on the command line: studies, videos, folders and analyses become export targets."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.errors import SkillViewerError, StudyError
from skillviewer.core.progress import CancelToken
from skillviewer.data.analysis_file import SUFFIX as ANALYSIS_SUFFIX
from skillviewer.data.analysis_file import load_analysis
from skillviewer.data.study import SUFFIX as STUDY_SUFFIX
from skillviewer.data.study import FileState, Study
from skillviewer.engine.exporting.cohort_report import latest_of
from skillviewer.engine.exporting.requests import ExportSource
from skillviewer.media.files import expand, without_videos
from skillviewer.nets.library import DEFAULT_MODEL, digest, model_folder


def gathered(
    paths: Sequence[Path],
    names: Sequence[str],
    models: Sequence[str],
    passes: int | None,
    token: CancelToken,
    criterion: str | None = None,
) -> tuple[list[tuple[ExportSource, ...]], list[str]]:
    """Return what is to be exported, and what cannot be.

    Args:
        paths: Studies, videos, folders of videos, or saved analyses.
        names: Videos of the studies, by name; empty for all.
        models: Checkpoints by name or folder; empty for the one that a study uses, else the one that has scored most of
            its videos, else the usual one.
        passes: Passes that are wanted, or None for those that are kept.
        token: Raise it to stop.
        criterion: Criterion that the model must have learnt: then the newest such model of a study is the usual one.

    Returns:
        For each video one source a model; and a sentence for each video that cannot be exported.

    Raises:
        CheckpointError: There is no such model.
        StudyError: A study cannot be read, has no video of a name, or there is no video at all.
    """
    folders = [model_folder(name, criterion) for name in models]
    found: list[tuple[ExportSource, ...]] = []
    problems: list[str] = []
    asked = set(names)
    for path in paths:
        if path.suffix == STUDY_SUFFIX:
            made, missing, met = _of_study(path, names, folders, token, criterion)
            asked -= met
            found += made
            problems += missing
        elif path.name.endswith(ANALYSIS_SUFFIX):
            try:
                analysis = load_analysis(path)
            except SkillViewerError as error:
                problems.append(str(error))
                continue
            video, said_by = _video_of(analysis, path), analysis.provenance.model_digest
            # the model itself is asked for what the file does not hold: what each part contributed
            model = next((folder for folder in folders or [_usual(criterion)] if digest(folder) == said_by), None)
            if (folders or criterion) and model is None:
                asked_for = ", ".join(folder.name for folder in folders or [_usual(criterion)])
                problems.append(
                    f"{path.name} holds what {analysis.provenance.model} said, and not {asked_for}: leave out "
                    "--model and --criterion, or give the video itself."
                )
                continue
            source = ExportSource(
                video,
                video.stem,
                model,
                said_by,
                analysis.video.digest,
                clip_range=analysis.clip_range,
                analysis=analysis,
            )
            found.append((source,))
        else:
            problems += [problem for _, problem in without_videos([path])]
            found += [
                _under(ExportSource(video, video.stem), folders or [_usual(criterion)]) for video in expand([path])
            ]
    if not found and not asked and not problems:
        raise StudyError(f"There is no video in {', '.join(str(path) for path in paths)}.")
    if asked and not problems:
        raise StudyError(
            f"There is no video “{min(asked)}” in what is exported. skillviewer study list names those of a study."
        )
    return [tuple(replace(s, passes=passes) for s in sources) for sources in found], problems


def _video_of(analysis: Analysis, saved: Path) -> Path:
    """Return the path of the video of a saved analysis: its recorded path, or in the folder of the analysis."""
    was, beside = analysis.video.path, saved.parent / analysis.video.path.name
    return beside if not was.is_file() and beside.is_file() else was


def _usual(criterion: str | None) -> Path:
    return model_folder(DEFAULT_MODEL, criterion)


def _of_study(
    path: Path, names: Sequence[str], folders: Sequence[Path], token: CancelToken, criterion: str | None
) -> tuple[list[tuple[ExportSource, ...]], list[str], set[str]]:
    """Return what is exported of a study, what cannot be, and the names of both."""
    with Study.open(path, read_only=True) as study:
        videos = study.videos.check(token)
        used = study.settings.model
        model = study.models.default_model(used)  # as “study list” and the report of the cohort do
        if model is not None and model.digest != used and not study.models.scores(model.digest):
            model = None  # it was not chosen, and has scored nothing
        if criterion is not None:
            model = latest_of(study, criterion)
    by_name = {video.name: video for video in videos}
    wanted = [by_name[name] for name in dict.fromkeys(names) if name in by_name] if names else list(videos)
    sources, problems = [], []
    for video in wanted:
        if video.path is None:
            problems.append(f"{video.name} is not where it was ({video.recorded_path}): find it with “study relink”.")
            continue
        if video.state is FileState.REPLACED:
            problems.append(f"{video.name} is not exported: another file is in its place ({video.path}).")
            continue
        source = ExportSource(video.path, video.name, digest=video.digest, clip_range=video.clip_range, study=path)
        if folders or model is None:
            sources.append(_under(source, folders or [_usual(criterion)]))
        else:
            sources.append((replace(source, model=model.path, model_digest=model.digest),))
    return sources, problems, {video.name for video in wanted}


def model_suffix(folder: Path) -> str:
    """Return what the title of a video ends in where several models are asked."""
    return f" – {folder.name}"


def _under(source: ExportSource, folders: Sequence[Path]) -> tuple[ExportSource, ...]:
    """Return a video under each of some models; where there are several, each is titled with its model."""
    videos = []
    for folder in folders:
        title = f"{source.title}{model_suffix(folder)}" if len(folders) > 1 else source.title
        videos.append(replace(source, title=title, model=folder, model_digest=digest(folder)))
    return tuple(videos)
