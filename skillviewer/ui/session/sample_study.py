"""The sample study: made from the files that ship, and opened."""

from dataclasses import replace
from pathlib import Path

from skillviewer.core.errors import StudyError
from skillviewer.core.paths import data_dir, resources_dir
from skillviewer.core.progress import CancelToken, Report
from skillviewer.data.study import SUFFIX, NewVideo, Study, StudySettings
from skillviewer.ui.session.drafts import make_study_folder

SAMPLE_ANALYSES = "analyses"  # folder of the sample study with the shipped analyses of its videos
_TITLE = "Sample study: the orange arm is judged"
_QUESTION = "Which orange arm shows better skill?"
_UNFINISHED = "Sample study, unfinished"  # title of the sample study while it is made


def sample_path() -> Path:
    """Return the path of the sample study of this user, which may not exist yet."""
    return data_dir() / f"Sample study of two arms{SUFFIX}"


def sample_source() -> Path | None:
    """Return the folder of the shipped files of the sample study, or None if they do not ship."""
    try:
        folder = resources_dir() / "sample_study"
    except FileNotFoundError:
        return None
    return folder if (folder / "videos").is_dir() else None


def lowest_video(study: Study) -> str:
    """Return the name of the video with the lowest score by the default model, or "" without scores."""
    from skillviewer.nets.model_library import DEFAULT_MODEL

    digests = [model.digest for model in study.models.all() if model.name == DEFAULT_MODEL]
    scores = {name: score.score for digest in digests for name, score in study.models.scores(digest).items()}
    return min(scores, key=lambda name: scores[name], default="")


def open_sample(token: CancelToken, report: Report) -> Study:
    """Open the sample study. It is made first if it is missing or unfinished; moved files are found again.

    Raises:
        StudyError: The sample study does not ship, or it cannot be written.
    """
    source = sample_source()
    path = sample_path()
    if source is None:
        raise StudyError("The sample study does not ship with this copy of the program.")
    if not path.exists():
        _make_sample(path, source, token, report)
    study = Study.open(path)
    if study.settings.title == _UNFINISHED and not study.read_only:
        study.close()
        Study.delete(path)
        _make_sample(path, source, token, report)
        study = Study.open(path)
    if not study.read_only and any(video.path is None for video in study.videos.all()):
        study.videos.relink(source / "videos", token, report)
    return study


def _make_sample(path: Path, source: Path, token: CancelToken, report: Report) -> None:
    """Make the sample study. It gets its title last, so that an unfinished one is recognised."""
    from skillviewer.data.study.exchange.study_import import (
        import_into_study,  # imported here because it brings the ranking code
    )

    make_study_folder(path.parent)
    with Study.create(path, StudySettings(title=_UNFINISHED, task="peg-insert-side", statement=_QUESTION)) as study:
        try:
            videos = [NewVideo(path) for path in sorted((source / "videos").glob("*.mp4"))]
            study.videos.add(videos, token, report)
            import_into_study(study, source / "truth.csv")  # the participants
            import_into_study(study, source / "votes.csv")  # the votes of simulated raters, with their reasons
            _add_analyses(study, source)
            study.settings = replace(study.settings, title=_TITLE)
        except BaseException:
            study.close()
            Study.delete(path)
            raise


def _add_analyses(study: Study, source: Path) -> None:
    """Store the shipped analyses of the sample videos, so that they need not be computed.

    Analyses are looked up by the digests of video and checkpoint, so other files are assessed as usual.
    """
    from skillviewer.data.analysis_file import load_analysis
    from skillviewer.nets.model_library import DEFAULT_MODEL, find_models

    folder = next((entry.folder for entry in find_models() if entry.name == DEFAULT_MODEL), None)
    if folder is None:
        return
    for file in sorted((source / SAMPLE_ANALYSES).glob("*")):
        analysis = load_analysis(file)
        study.models.add(analysis.provenance.model_digest, DEFAULT_MODEL, folder)
        study.models.save_analysis(analysis)
