"""EgoExoLearn's skill benchmark: ``<action>_<recording>_<start>_<stop>`` twice on every line, the better first.

Source: Huang et al., "EgoExoLearn", CVPR 2024; the form follows the benchmark's released ``skill_train.txt`` and
``skill_val.txt`` and its README: recordings at 25 frames a second, "from the 7242th frame to the 7427th frame".

Its released split divides pairs, not videos: most videos of its validation pairs are also training videos, and nearly
all recordings are in both. It is therefore not offered as a fold; folds hold out whole recordings.
"""

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from skillviewer.core.dataset.dataset import Dataset, DatasetVideo
from skillviewer.core.dataset.pairs import videos_of
from skillviewer.core.errors import DatasetError
from skillviewer.core.video.clips import FrameRange
from skillviewer.data.formats.choices import USUAL_CHOICES, Choices
from skillviewer.data.formats.released_folds import read_pair_lines
from skillviewer.data.formats.task_files import chosen_task, file_in, matches_of_first_pattern
from skillviewer.data.tables.claims import Claim, sort_out
from skillviewer.data.tables.find_videos import VideoFolder
from skillviewer.data.tables.participants import participants_of
from skillviewer.data.tables.rows import read_word_rows

ALL = "all"
ACTIONS: Mapping[str, str] = MappingProxyType(
    {
        "06": "peeling",
        "13": "cutting-into-chunks",
        "14": "slicing-into-strips",
        "15": "chopping-into-pieces",
        "18": "egg-cracking",
        "20": "stir-fry",
    }
)
"""Names of the actions, from the benchmark's README."""

_SEGMENT = re.compile(r"(\d{1,9})_(.+)_(\d{1,9})_(\d{1,9})")
_NAMES = ("*skill*train*.txt", "*train*skill*.txt", "*skill*val*.txt", "*val*skill*.txt")


def _lists(path: Path) -> tuple[Path, ...]:
    """Return the lists of pairs in a folder (or the list itself, given its path)."""
    lists: set[Path] = set()
    for folder in ("", "annotations/", "skill_benchmark/annotations/"):
        lists = {file for name in _NAMES for file in matches_of_first_pattern(path, (folder + name,))}
        if lists:
            break
    return tuple(sorted(file for file in lists if _is_list(file)))


def _is_list(file: Path) -> bool:
    rows = read_word_rows(file)
    return bool(rows) and len(rows[0].cells) == 2 and all(_SEGMENT.fullmatch(word) for word in rows[0].cells)


def tasks(path: Path) -> tuple[str, ...]:
    """Return the names of the actions, and "all" for all of them."""
    numbers = {
        match.group(1)
        for file in _lists(path)
        for row in read_word_rows(file)
        for word in row.cells
        if (match := _SEGMENT.fullmatch(word))
    }
    single = tuple(ACTIONS.get(number, number) for number in sorted(numbers))
    return (*single, ALL) if len(single) > 1 else single


def load(path: Path, videos_dir: Path | None = None, choices: Choices = USUAL_CHOICES) -> Dataset:
    """Read one action, or all of them as one data set.

    Videos are whole recordings; a pattern finds participants in their names.
    """
    lists = _lists(path)
    offered = tasks(path)
    if not lists:
        raise DatasetError(f"{path} holds no skill pairs (skill_train.txt with two ranges of frames on every line).")
    task = chosen_task(choices.task, offered, offered[-1], path)
    problems: list[str] = []
    claims = _claims(lists, task, problems)
    if len(lists) > 1:
        problems.append(_shared_between(lists))
    claimed = sort_out(claims, task, problems)
    names = tuple(videos_of(claimed.pairs))
    recordings = {name: _parts(name)[1] for name in names}
    participant_files = [file_in(file.parent, "participants.csv") for file in lists[:1]]
    stated_participants = participants_of(
        names, participant_files, choices.participant_pattern, problems, recordings=recordings
    )
    participants, by_recording = _with_recordings(stated_participants, recordings)
    problems.append(_unknown(by_recording, len(names)))
    files = VideoFolder(videos_dir or (path if path.is_dir() else path.parent))
    paths = {recording: files.find(recording, (recording,)) for recording in sorted(set(recordings.values()))}
    return Dataset(
        name=f"EgoExoLearn, {task}",
        form="egoexolearn",
        task=task,
        videos=tuple(
            DatasetVideo(
                name,
                paths[recordings[name]],
                participants.get(name),
                _action(name) if task == ALL else "",
                _clip_range(name),
            )
            for name in names
        ),
        pairs=claimed.pairs,
        by_recording=by_recording > 0,
        problems=(*(problem for problem in problems if problem), *files.problems),
    )


def _claims(lists: tuple[Path, ...], task: str, problems: list[str]) -> list[Claim]:
    claims: list[Claim] = []
    for file in lists:
        for row, pair in read_pair_lines(file, problems):
            first, second = _SEGMENT.fullmatch(pair.better), _SEGMENT.fullmatch(pair.worse)
            source = f"{file.name} line {row.line}"
            if first is None or second is None or not _has_length(first) or not _has_length(second):
                problems.append(f"{source} is not two ranges of frames; it is left out.")
            elif first.group(1) != second.group(1):
                problems.append(f"{source} compares two actions; it is left out.")
            elif task in (ALL, ACTIONS.get(first.group(1), first.group(1))):
                claims.append(Claim(pair, source))
    return claims


def _unknown(by_recording: int, n: int) -> str:
    """Return the problem of n videos with some participants unknown; "" if all are known."""
    if by_recording == n:
        return "The people in the recordings are unknown; folds hold out whole recordings instead."
    problem = f"The people in {by_recording} of {n} clips are unknown; folds hold out their whole recordings instead."
    return problem if by_recording else ""


def _with_recordings(participants: Mapping[str, str], recordings: Mapping[str, str]) -> tuple[dict[str, str], int]:
    """Return the participant of every video, and the number of videos without a named one.

    A video without one gets the only participant of the rest of its recording, or else the recording stands in.
    """
    by_recording: dict[str, set[str]] = {}
    for name, participant in participants.items():
        by_recording.setdefault(recordings[name], set()).add(participant)
    only_participant = {recording: next(iter(people)) for recording, people in by_recording.items() if len(people) == 1}
    every = {
        name: participants.get(name) or only_participant.get(recording, recording)
        for name, recording in recordings.items()
    }
    return every, sum(
        name not in participants and recording not in only_participant for name, recording in recordings.items()
    )


def _has_length(match: re.Match[str]) -> bool:
    return int(match.group(3)) <= int(match.group(4))


def _parts(name: str) -> tuple[str, str, int, int]:
    match = _SEGMENT.fullmatch(name)
    if match is None:
        raise ValueError(f"not a range of frames: {name}")
    return match.group(1), match.group(2), int(match.group(3)), int(match.group(4))


def _action(name: str) -> str:
    number = _parts(name)[0]
    return ACTIONS.get(number, number)


def _clip_range(name: str) -> FrameRange:
    _, _, start, stop = _parts(name)
    return FrameRange(start, stop + 1)


def _shared_between(lists: tuple[Path, ...]) -> str:
    counts = Counter(video for file in lists for video in {word for row in read_word_rows(file) for word in row.cells})
    n_shared = sum(count > 1 for count in counts.values())
    if not n_shared:
        return ""
    return (
        f"The released lists divide pairs, not videos: {n_shared} videos are in more than one of "
        f"{', '.join(file.name for file in lists)}. They are read together and are not used as folds."
    )
