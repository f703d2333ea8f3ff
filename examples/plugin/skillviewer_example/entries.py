"""Entries that need no torch: importing them is quick."""

from collections.abc import Sequence
from pathlib import Path

from skillviewer import (
    AnalysedVideo,
    AttentionEntry,
    AttentionModel,
    CancelToken,
    Choices,
    Dataset,
    DatasetError,
    DatasetFormat,
    DatasetVideo,
    Exporter,
    FoldScores,
    HeadSizes,
    MapKind,
    Metric,
    Pair,
    Reference,
    Report,
    atomic_output,
)

# an attention model


def build(sizes: HeadSizes) -> AttentionModel:
    """Return a model, randomly initialised; torch is imported here, when a model is asked for."""
    from skillviewer_example.networks import BrightestModel

    return BrightestModel(sizes)


BRIGHTEST = AttentionEntry(
    name="brightest",
    title="Strongest features",
    map_kind=MapKind.DISTRIBUTION,
    build=build,
    variant="an example",
    reference="docs/plugins.md of SkillViewer",
)

# a form of a data set: a file of names, the best video first


def tasks(path: Path) -> tuple[str, ...]:
    """Return the name of the task, or nothing if the path is not in this form."""
    return (path.stem,) if path.suffix == ".ordered" and path.is_file() else ()


def load(path: Path, videos_dir: Path | None, choices: Choices) -> Dataset:
    """Read a data set; every earlier video shows better skill than every later one."""
    try:
        names = path.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path} is no list of videos in UTF-8: {type(error).__name__}.") from error
    if len(set(names)) != len(names):
        raise DatasetError(f"{path} names a video twice: keep one of its lines.")
    folder = videos_dir or path.parent
    files = {name: folder / name for name in names}
    videos = tuple(DatasetVideo(name, file if file.is_file() else None, name[:1]) for name, file in files.items())
    pairs = tuple(Pair(better, worse) for at, better in enumerate(names) for worse in names[at + 1 :])
    return Dataset(path.stem, "ordered-list", path.stem, videos, pairs)


ORDERED_LIST = DatasetFormat("ordered-list", "List of videos, the best first", tasks, load)

# an export


def write(
    videos: Sequence[AnalysedVideo], path: Path, options: object, *, overwrite: bool, token: CancelToken, report: Report
) -> Path:
    """Write a line for every analysis, by way of a temporary file."""
    with atomic_output(path, (".txt",), overwrite=overwrite) as temporary:
        lines = [f"{one.title or one.path.stem}: {one.analysis.score:+.2f}\n" for one in videos]
        temporary.write_text("".join(lines), encoding="utf-8")
    return path


SENTENCE = Exporter(
    name="sentence",
    title="Scores as sentences",
    suffixes=(".txt",),
    write=write,
    about="One line a video.",
    takes_several=True,
)

# a metric


def scored(result: FoldScores, reference: Reference) -> float:
    """Return the share of held-out videos that have a score."""
    held_out = result.fold.held_out_videos
    return sum(name in result.scores for name in held_out) / len(held_out) if held_out else float("nan")


SCORED = Metric("scored", "Share of held-out videos with a score", scored, "scored")
