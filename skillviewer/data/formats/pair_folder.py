"""A folder with ``videos/`` and ``pairs.csv``: the form for the data of users.

``pairs.csv`` has the columns left, right and label (1 left better, -1 right better, 0 no disparity), or the columns
better and worse. With a column ``rater`` each row is the judgement of one rater. A column ``votes`` next to left and
right has the choices of all raters ("1 1 0 1 -1").

The folder may also contain participants.csv (participants of videos), truth.csv (known numbers about videos),
regions.csv (regions in which skill shows), measures.csv (numbers from instruments) and reference.csv (reference paths).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from skillviewer.core.dataset.dataset import Dataset, DatasetVideo, Measure
from skillviewer.core.dataset.pairs import Pair, SimilarPair, videos_of
from skillviewer.core.errors import DatasetError
from skillviewer.core.ranking.consensus import DEFAULT_RULE
from skillviewer.core.text import join_names
from skillviewer.data.formats.choices import DEFAULT_CHOICES, Choices
from skillviewer.data.formats.task_files import choose_task, file_in
from skillviewer.data.tables.claims import resolve_claims
from skillviewer.data.tables.csv_tables import CsvTable, TableRow, is_csv_with_columns, read_csv_table
from skillviewer.data.tables.find_videos import VideoFolder
from skillviewer.data.tables.name_spelling import compose_accents, simplify_name
from skillviewer.data.tables.pair_rows import EMPTY_WORDS, PairRows, is_pair_table, read_pairs, video_cells
from skillviewer.data.tables.participants import (
    OCCASION_COLUMNS,
    PARTICIPANT_COLUMNS,
    VIDEO_COLUMNS,
    occasions_from_files,
    participants_of,
)
from skillviewer.data.tables.regions import read_regions
from skillviewer.data.tables.video_names import TableVideos, VideoNames

_SCORE_COLUMNS = ("quality", "score", "rating", "grs")
"""Columns of truth.csv with the score of a video, the first that exists counts."""
_MAX_SHOWN = 3
FILE = "pairs.csv"
NO_PAIR = "No pair names these files"
"""Beginning of the problem of video files in no pair."""


def _pairs_file(path: Path) -> Path | None:
    file = file_in(path, FILE) if path.is_dir() else path
    return file if is_pair_table(file) else None


def _required_pairs_file(path: Path) -> Path:
    file = _pairs_file(path)
    if file is not None:
        return file
    pairs_file = file_in(path, FILE) if path.is_dir() else path
    if pairs_file.is_file():
        read_csv_table(pairs_file)  # raises the reason if it is no table
    raise DatasetError(
        f"{path} holds no pairs.csv with the columns left, right and label (or votes), or better and worse."
    )


def tasks(path: Path) -> tuple[str, ...]:
    """Return the name of the data set, which is that of the folder."""
    file = _pairs_file(path)
    return () if file is None else (file.absolute().parent.name,)


def load(path: Path, videos_dir: Path | None = None, choices: Choices = DEFAULT_CHOICES) -> Dataset:
    """Read the folder; by default its videos are in ``videos/`` next to pairs.csv, or else in the folder itself."""
    file = _required_pairs_file(path)
    folder = file.absolute().parent
    choose_task(choices.task, tasks(path), folder.name, path)
    if videos_dir is not None:
        video_folder = videos_dir
    elif (folder / "videos").is_dir():
        video_folder = folder / "videos"
    else:
        video_folder = folder
    files = VideoFolder(video_folder)
    table = read_csv_table(file)
    table_videos = TableVideos(video_cells(table), folder, files, folder_is_stated=videos_dir is not None)
    rows = read_pairs(table, table_videos.name)
    problems = rows.problems
    rule_text = ""
    if rows.judgements:
        rule = choices.rule if choices.rule is not None else DEFAULT_RULE
        rule_text = rule.text
        consensus = rule.agree(rows.judgements)
        problems += _label_problems(rows, (*consensus.pairs, *consensus.similar))
    else:
        consensus = resolve_claims(rows.claims, file.name, problems)
    judged_names = {name for judgement in rows.judgements for name in (judgement.left, judgement.right)}
    compared_names = videos_of(consensus.pairs, consensus.similar)
    names = tuple(sorted(judged_names.union(compared_names)))
    truth_file = file_in(folder, "truth.csv")
    truth = _read_measures(truth_file, names, problems)
    participant_files = [file_in(folder, "participants.csv"), truth_file]
    participants = participants_of(names, participant_files, choices.participant_pattern, problems)
    occasions = occasions_from_files(participant_files, VideoNames(names))
    videos = tuple(
        DatasetVideo(name, table_videos.file(name), participants.get(name), occasion=occasions.get(name, ""))
        for name in names
    )
    problems += _unpaired_files_problem(names, videos, files)
    regions_file = _readable_regions(file_in(folder, "regions.csv"), names, problems)
    reference_file = file_in(folder, "reference.csv")
    reference_path = reference_file if reference_file.is_file() else None
    published = "infant-grasp" if simplify_name(folder.name) == "infantgrasp" else None
    measure_by_name = {simplify_name(measure.name): measure for measure in reversed(truth)}
    return Dataset(
        name=folder.name,
        form="pair-folder",
        task=folder.name,
        videos=videos,
        pairs=consensus.pairs,
        similar=consensus.similar,
        judgements=tuple(rows.judgements),
        rule=rule_text,
        scores=next((measure_by_name[name] for name in _SCORE_COLUMNS if name in measure_by_name), None),
        truth=truth,
        published=published,
        regions_path=regions_file,
        reference_path=reference_path,
        instruments=_read_measures(file_in(folder, "measures.csv"), names, problems),
        problems=(*problems, *files.problems),
        rows_by_pair={pair: tuple(places) for pair, places in rows.places.items()},
    )


def _unpaired_files_problem(names: Sequence[str], videos: Sequence[DatasetVideo], files: VideoFolder) -> list[str]:
    """Return a sentence about video files in no pair, or an empty list."""
    paired_stems = {name.rpartition("/")[2].casefold() for name in names}
    paired_stems |= {compose_accents(video.path.stem).casefold() for video in videos if video.path is not None}
    unpaired = sorted(stem for stem in files.stems if stem.casefold() not in paired_stems)
    return [f"{NO_PAIR}: {join_names(unpaired)}."] if unpaired else []


def _label_problems(rows: PairRows, consensus: Sequence[Pair | SimilarPair]) -> list[str]:
    """Return sentences about labels that differ from the pairs by votes, and about labels without votes."""
    order_by_videos: dict[SimilarPair, Pair | SimilarPair] = {}
    for pair in consensus:
        videos = SimilarPair(pair.better, pair.worse) if isinstance(pair, Pair) else pair
        order_by_videos[videos] = pair
    problems = []
    contradicting_pairs = [videos for videos, label in rows.labels.items() if order_by_videos.get(videos) != label]
    if contradicting_pairs:
        problems.append(
            f"The labels of {len(contradicting_pairs)} pairs differ from what the rule makes of their votes "
            f"({contradicting_pairs[0].first}–{contradicting_pairs[0].second}); the rule counts."
        )
    without_votes = [claim for claim in rows.claims if claim.videos not in order_by_videos]
    if without_votes:
        problems.append(
            f"{len(without_votes)} rows have a label and no votes ({without_votes[0].source}); they are left out."
        )
    return problems


def _read_measures(path: Path, names: Sequence[str], problems: list[str]) -> tuple[Measure, ...]:
    """Return the columns of numbers of a CSV file about videos, for the named videos only."""
    if not path.is_file():
        return ()
    if not is_csv_with_columns(path, VIDEO_COLUMNS):
        problems.append(f"{path.name} has no column “video”: what it says is not used.")
        return ()
    table = read_csv_table(path)
    video_column = table.column(*VIDEO_COLUMNS)
    video_names = VideoNames(names)
    row_by_name: dict[str, TableRow] = {}
    for row in table.rows:
        cell = row.cell(video_column)
        name = video_names.resolve(cell)
        if name and name not in row_by_name:
            row_by_name[name] = row
        else:
            reason = "a video again" if name else "no video"
            problems.append(f"{table.describe_row(row)} names {reason}; it is left out.")
    known_names = set(names)
    unknown_names = [name for name in row_by_name if name not in known_names]
    for name in unknown_names:
        del row_by_name[name]
    other_meanings = {*PARTICIPANT_COLUMNS, *OCCASION_COLUMNS, ""}
    measures = []
    for column, header in enumerate(table.simplified_titles):
        if column != video_column and header not in other_meanings:
            measure = _read_measure(table, column, row_by_name, problems)
            if measure is not None:
                measures.append(measure)
    problems += video_names.number_match_notices(path.name)
    if unknown_names:
        problems.append(f"{path.name} names videos that no pair names; they are left out: {join_names(unknown_names)}.")
    return tuple(measures)


def _read_measure(
    table: CsvTable, column: int, row_by_name: Mapping[str, TableRow], problems: list[str]
) -> Measure | None:
    """Return the numbers in a column by name of the video, or None if the column has no numbers."""
    values = []
    no_numbers = []
    for name, row in row_by_name.items():
        text = row.cell(column)
        number = table.number(text)
        if number is not None:
            values.append((name, number))
        elif text.casefold() not in EMPTY_WORDS:
            no_numbers.append(f"“{text}” of {name}")
    if not values:
        return None
    if no_numbers:
        problems.append(f"{table.path.name}, column {table.titles[column]}: no number is {join_names(no_numbers)}.")
    return Measure(table.titles[column], tuple(values))


def _readable_regions(path: Path, names: Sequence[str], problems: list[str]) -> Path | None:
    """Return the file of regions if it can be read, else None with a problem."""
    if not path.is_file():
        return None
    try:
        regions = read_regions(path, names)
    except DatasetError as error:
        problems.append(f"{error} The regions are not used.")
        return None
    problems += regions.problems[:_MAX_SHOWN]
    if len(regions.problems) > _MAX_SHOWN:
        problems.append(f"{path.name}: {len(regions.problems) - _MAX_SHOWN} more rows like these.")
    unknown_names = sorted(set(regions.by_video) - set(names))
    if unknown_names:
        problems.append(f"{path.name} names videos that no pair names: {join_names(unknown_names)}.")
    return path
