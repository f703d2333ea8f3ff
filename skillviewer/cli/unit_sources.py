"""Units to score or measure, from video files, folders, lists, data sets and studies."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from skillviewer.cli.failures import message_of
from skillviewer.core.errors import SkillViewerError
from skillviewer.data.formats.choices import Choices
from skillviewer.data.formats.formats import DATASET_FORMATS, recognised_form
from skillviewer.data.study import SUFFIX as STUDY_SUFFIX
from skillviewer.data.study import FileState, Study
from skillviewer.engine.scoring.units import ScoringUnit
from skillviewer.media.files import expand, folders_without_videos

_TABLES = {".csv", ".tsv", ".xlsx", ".json"}
_LIST = ".txt"


def gather_units(
    sources: Sequence[Path], videos: Path | None, ends_s: tuple[float, float | None] | None
) -> tuple[list[ScoringUnit], list[tuple[Path, str]]]:
    """Return the units of all sources, without duplicates, and a sentence for each problem.

    Args:
        sources: Videos, folders with videos, lists of paths (.txt), data sets (a table, or a folder without videos),
            and studies.
        videos: Folder of the videos of data sets, or None.
        ends_s: Start and end of the scored part of every video in seconds, or None for whole videos.

    Returns:
        The units; and for each source or video that cannot be used, its path and a sentence.
    """
    ordered_units: dict[ScoringUnit, None] = {}
    problems: list[tuple[Path, str]] = []
    for source in sources:
        try:
            units, missing = _units_of(source, videos)
        except UnicodeDecodeError:
            problems.append((source, f"{source} is not UTF-8 text: save it as UTF-8."))
            continue
        except (SkillViewerError, OSError) as error:
            problems.append((source, message_of(error)))
            continue
        if ends_s is not None:
            units = [replace(unit, ends_s=ends_s) for unit in units]
        ordered_units.update(dict.fromkeys(units))
        problems += missing
    return list(ordered_units), problems


def _units_of(source: Path, videos: Path | None) -> tuple[list[ScoringUnit], list[tuple[Path, str]]]:
    suffix = source.suffix.lower()
    if suffix == STUDY_SUFFIX:
        return _study_units(source)
    if suffix == _LIST and source.is_file():
        return _list_units(source)
    problems = folders_without_videos([source])
    if suffix in _TABLES:
        return _dataset_units(source, videos)
    if problems and (videos is not None or _is_dataset(source)):
        return _dataset_units(source, videos)
    return [ScoringUnit(path) for path in expand([source])], problems


def _is_dataset(source: Path) -> bool:
    return any(dataset_format.recognise(source) for dataset_format in DATASET_FORMATS)


def _list_units(source: Path) -> tuple[list[ScoringUnit], list[tuple[Path, str]]]:
    lines = (line.strip() for line in source.read_text(encoding="utf-8-sig").splitlines())
    paths = [source.parent / line for line in lines if line and not line.startswith("#")]
    problems = folders_without_videos(paths) if paths else [(source, f"There is no path in {source}.")]
    return [ScoringUnit(path) for path in expand(paths)], problems


def _dataset_units(source: Path, videos: Path | None) -> tuple[list[ScoringUnit], list[tuple[Path, str]]]:
    dataset_format = recognised_form(source)
    ordered_units: dict[ScoringUnit, None] = {}
    missing: dict[str, None] = {}
    tasks: Sequence[str | None] = dataset_format.tasks(source)
    if not tasks:
        tasks = (None,)
    for task in tasks:
        dataset = dataset_format.load(source, videos, Choices(task=task))
        for video in dataset.videos:
            if video.path is None:
                missing[f"There is no file of the video {video.name}, which {source} names."] = None
            else:
                ordered_units[ScoringUnit(video.path, video.clip_range)] = None
    return list(ordered_units), [(source, problem) for problem in missing]


def _study_units(source: Path) -> tuple[list[ScoringUnit], list[tuple[Path, str]]]:
    with Study.open(source, read_only=True) as study:
        videos = study.videos.all()
    units = []
    missing = []
    for video in videos:
        if video.path is not None and video.state is not FileState.REPLACED:
            units.append(ScoringUnit(video.path, video.clip_range))
        else:
            problem = f"{video.name} is not where it was ({video.recorded_path}): find it with “study relink”."
            missing.append((video.recorded_file, problem))
    return units, missing
