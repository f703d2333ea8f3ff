"""Export sources from the paths on the command line: studies, video files, folders and saved analyses."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.errors import StudyError
from skillviewer.core.progress import CancelToken
from skillviewer.data.analysis_file import SUFFIX as ANALYSIS_SUFFIX
from skillviewer.data.analysis_file import load_analysis
from skillviewer.data.study import SUFFIX as STUDY_SUFFIX
from skillviewer.data.study import FileState, Study
from skillviewer.engine.exporting.report_choices import latest_of
from skillviewer.engine.exporting.requests import ExportSource
from skillviewer.media.files import expand, folders_without_videos
from skillviewer.nets.model_library import DEFAULT_MODEL, checkpoint_digest, model_folder


def gather_sources(
    paths: Sequence[Path],
    names: Sequence[str],
    models: Sequence[str],
    passes: int | None,
    token: CancelToken,
    criterion: str | None = None,
) -> tuple[list[tuple[ExportSource, ...]], list[str]]:
    """Return the sources of an export.

    Args:
        paths: Studies, videos, folders of videos, or saved analyses.
        names: Videos of the studies, by name; empty for all.
        models: Checkpoints by name or folder. If empty, the default is a study's model in use, else the model that has
            scored most of its videos, else ``DEFAULT_MODEL``.
        passes: Number of passes, or None for that of the stored analyses.
        token: Cancels the check of a study's files.
        criterion: Criterion that the model must have learnt, or None. The default is then a study's newest model of the
            criterion.

    Returns:
        A tuple for each video, with its source under each model; and a sentence for each video that cannot be exported.

    Raises:
        CheckpointError: There is no such model.
        StudyError: A study cannot be read, a name fits no video, or there is no video at all.
    """
    folders = [model_folder(name, criterion) for name in models]
    source_groups: list[tuple[ExportSource, ...]] = []
    problems: list[str] = []
    missing_names = set(names)
    for path in paths:
        if path.suffix == STUDY_SUFFIX:
            study_sources, study_problems, found_names = _study_sources(path, names, folders, token, criterion)
            missing_names -= found_names
            source_groups += study_sources
            problems += study_problems
        elif path.name.endswith(ANALYSIS_SUFFIX):
            try:
                source_groups.append((_analysis_source(path, folders, criterion),))
            except StudyError as error:
                problems.append(str(error))
        else:
            problems += [problem for _, problem in folders_without_videos([path])]
            source_groups += [
                _source_by_model(ExportSource(video, video.stem), _folders_or_default(folders, criterion))
                for video in expand([path])
            ]
    if not source_groups and not missing_names and not problems:
        raise StudyError(f"There is no video in {', '.join(str(path) for path in paths)}.")
    if missing_names and not problems:
        raise StudyError(
            f"There is no video “{min(missing_names)}” in the given sources. “skillviewer study list” lists the videos "
            "of a study."
        )
    return [tuple(replace(source, passes=passes) for source in sources) for sources in source_groups], problems


def _analysis_source(path: Path, folders: Sequence[Path], criterion: str | None) -> ExportSource:
    """Return the source of a saved analysis.

    Raises:
        CheckpointError: A model cannot be read.
        StudyError: The analysis cannot be read, or was made by another model.
    """
    analysis = load_analysis(path)
    video = _find_video(analysis, path)
    model_digest = analysis.provenance.model_digest
    # evidence is not in the file: it is computed with the model of the analysis
    candidates = _folders_or_default(folders, criterion)
    model = next((folder for folder in candidates if checkpoint_digest(folder) == model_digest), None)
    is_model_stated = bool(folders) or bool(criterion)
    if is_model_stated and model is None:
        model_names = ", ".join(folder.name for folder in candidates)
        raise StudyError(
            f"{path.name} is an analysis by {analysis.provenance.model}, not by {model_names}: leave out --model and "
            "--criterion, or give the video itself."
        )
    return ExportSource(
        video,
        video.stem,
        model=model,
        model_digest=model_digest,
        digest=analysis.video.digest,
        clip_range=analysis.clip_range,
        analysis=analysis,
    )


def _find_video(analysis: Analysis, analysis_path: Path) -> Path:
    """Return the recorded path of an analysis's video or, if no file is there, a file of its name next to the analysis.

    If neither file exists, the recorded path is returned.
    """
    recorded = analysis.video.path
    if recorded.is_file():
        return recorded
    neighbour = analysis_path.parent / recorded.name
    return neighbour if neighbour.is_file() else recorded


def _folders_or_default(folders: Sequence[Path], criterion: str | None) -> Sequence[Path]:
    """Return the folders of the stated models or, if none is stated, that of the default model of a criterion."""
    return folders or [model_folder(DEFAULT_MODEL, criterion)]


def _study_sources(
    path: Path, names: Sequence[str], folders: Sequence[Path], token: CancelToken, criterion: str | None
) -> tuple[list[tuple[ExportSource, ...]], list[str], set[str]]:
    """Return the sources in a study, a sentence for each video that cannot be exported, and the names that were found.

    ``folders`` are the models to use; if empty, the study's own default model.
    """
    with Study.open(path, read_only=True) as study:
        videos = study.videos.check(token)
        digest_in_use = study.settings.model
        model = study.models.default_model(digest_in_use)  # as “study list” and the report of the cohort do
        if model is not None and model.digest != digest_in_use and not study.models.scores(model.digest):
            model = None  # a model that is not in use and has no scores is no default
        if criterion is not None:
            model = latest_of(study, criterion)
    selected = list(videos)
    if names:
        video_by_name = {video.name: video for video in videos}
        selected = [video_by_name[name] for name in dict.fromkeys(names) if name in video_by_name]
    sources = []
    problems = []
    for video in selected:
        if video.path is None:
            problems.append(f"{video.name} is not where it was ({video.recorded_path}): find it with “study relink”.")
            continue
        if video.state is FileState.REPLACED:
            problems.append(f"{video.name} is not exported: another file is in its place ({video.path}).")
            continue
        source = ExportSource(video.path, video.name, digest=video.digest, clip_range=video.clip_range, study=path)
        if folders or model is None:
            sources.append(_source_by_model(source, _folders_or_default(folders, criterion)))
        else:
            sources.append((replace(source, model=model.path, model_digest=model.digest),))
    return sources, problems, {video.name for video in selected}


def model_suffix(folder: Path) -> str:
    """Return the text with which the title of a video ends if there are several models."""
    return f" – {folder.name}"


def _source_by_model(source: ExportSource, folders: Sequence[Path]) -> tuple[ExportSource, ...]:
    """Return a source under each model; if there are several, its title names the model."""
    sources = []
    for folder in folders:
        title = f"{source.title}{model_suffix(folder)}" if len(folders) > 1 else source.title
        sources.append(
            replace(source, title=title, video_name=source.title, model=folder, model_digest=checkpoint_digest(folder))
        )
    return tuple(sources)
