"""EgoExoLearn's skill benchmark: ``<action>_<recording>_<start>_<stop>`` twice on every line, the better clip first.

Source: Huang et al., "EgoExoLearn", CVPR 2024. The form is that of the released ``skill_train.txt`` and
``skill_val.txt`` and of the README: recordings at 25 frames a second, "from the 7242th frame to the 7427th frame".

The released split divides pairs instead of videos. Most videos of its validation pairs are also training videos, and
nearly all recordings are in both parts. Therefore it is not used as a fold; folds hold out whole recordings.
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
from skillviewer.data.formats.choices import DEFAULT_CHOICES, Choices
from skillviewer.data.formats.released_folds import read_pair_lines
from skillviewer.data.formats.task_files import choose_task, file_in, first_matching_files, videos_folder
from skillviewer.data.tables.claims import Claim, resolve_claims
from skillviewer.data.tables.csv_tables import read_word_rows
from skillviewer.data.tables.find_videos import VideoFolder
from skillviewer.data.tables.participants import participants_of

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

_CLIP = re.compile(r"(?P<action>\d{1,9})_(?P<recording>.+)_(?P<start>\d{1,9})_(?P<stop>\d{1,9})")
_LIST_PATTERNS = ("*skill*train*.txt", "*train*skill*.txt", "*skill*val*.txt", "*val*skill*.txt")


def _lists(path: Path) -> tuple[Path, ...]:
    """Return the lists of pairs in a folder, or the list at a path."""
    lists: set[Path] = set()
    for folder in ("", "annotations/", "skill_benchmark/annotations/"):
        for pattern in _LIST_PATTERNS:
            lists.update(first_matching_files(path, (folder + pattern,)))
        if lists:
            break
    return tuple(sorted(file for file in lists if _is_list(file)))


def _is_list(file: Path) -> bool:
    rows = read_word_rows(file)
    return bool(rows) and len(rows[0].cells) == 2 and all(_CLIP.fullmatch(word) for word in rows[0].cells)


def tasks(path: Path) -> tuple[str, ...]:
    """Return the names of the actions, and "all" for all actions together."""
    numbers: set[str] = set()
    for file in _lists(path):
        for row in read_word_rows(file):
            matches = map(_CLIP.fullmatch, row.cells)
            numbers.update(match["action"] for match in matches if match is not None)
    actions = tuple(ACTIONS.get(number, number) for number in sorted(numbers))
    return (*actions, ALL) if len(actions) > 1 else actions


def load(path: Path, videos_dir: Path | None = None, choices: Choices = DEFAULT_CHOICES) -> Dataset:
    """Read one action, or all actions as one data set.

    The files of videos are whole recordings. A pattern of the user finds participants in the names of videos.
    """
    lists = _lists(path)
    offered = tasks(path)
    if not lists:
        raise DatasetError(f"{path} holds no skill pairs (skill_train.txt with two ranges of frames on every line).")
    task = choose_task(choices.task, offered, offered[-1], path)
    problems: list[str] = []
    claims = _read_claims(lists, task, problems)
    if len(lists) > 1:
        problems += _shared_videos_problem(lists)
    consensus = resolve_claims(claims, task, problems)
    names = tuple(videos_of(consensus.pairs))
    clips = {name: _parse_clip(name) for name in names}
    recordings = {name: clip["recording"] for name, clip in clips.items()}
    participant_files = [file_in(lists[0].parent, "participants.csv")]
    stated_participants = participants_of(
        names, participant_files, choices.participant_pattern, problems, recordings=recordings
    )
    participants, n_unknown = _with_recordings(stated_participants, recordings)
    problems += _unknown_people_problem(n_unknown, len(names))
    files = VideoFolder(videos_folder(videos_dir, path))
    paths = {recording: files.find(recording, (recording,)) for recording in sorted(set(recordings.values()))}
    videos = []
    for name, clip in clips.items():
        video_path = paths[recordings[name]]
        subtask = _action(clip) if task == ALL else ""
        clip_range = FrameRange(int(clip["start"]), int(clip["stop"]) + 1)
        videos.append(DatasetVideo(name, video_path, participants.get(name), subtask=subtask, clip_range=clip_range))
    return Dataset(
        name=f"EgoExoLearn, {task}",
        form="egoexolearn",
        task=task,
        videos=tuple(videos),
        pairs=consensus.pairs,
        by_recording=n_unknown > 0,
        problems=(*problems, *files.problems),
    )


def _read_claims(lists: tuple[Path, ...], task: str, problems: list[str]) -> list[Claim]:
    """Return the claims of the rows on a task."""
    claims: list[Claim] = []
    for file in lists:
        for row, pair in read_pair_lines(file, problems):
            better = _match_clip(pair.better)
            worse = _match_clip(pair.worse)
            source = f"{file.name} line {row.last_line}"
            if better is None or worse is None:
                problems.append(f"{source} is not two ranges of frames; it is left out.")
            elif better["action"] != worse["action"]:
                problems.append(f"{source} compares two actions; it is left out.")
            elif task in (ALL, _action(better)):
                claims.append(Claim(pair, source))
    return claims


def _unknown_people_problem(n_unknown: int, n_videos: int) -> list[str]:
    """Return a sentence about videos with unknown participants, or an empty list."""
    if n_unknown == n_videos:
        return ["The people in the recordings are unknown; folds hold out whole recordings instead."]
    if not n_unknown:
        return []
    return [
        f"The people in {n_unknown} of {n_videos} clips are unknown; folds hold out their whole recordings instead."
    ]


def _with_recordings(participants: Mapping[str, str], recordings: Mapping[str, str]) -> tuple[dict[str, str], int]:
    """Return the participant of every video, and the number of videos with an unknown participant.

    A video without a stated participant gets that of the other videos of its recording, if these have a single one. If
    the participant stays unknown, the recording stands for the participant.
    """
    participants_by_recording: dict[str, set[str]] = {}
    for name, participant in participants.items():
        participants_by_recording.setdefault(recordings[name], set()).add(participant)
    completed = {}
    n_unknown = 0
    for name, recording in recordings.items():
        people = participants_by_recording.get(recording, set())
        if name in participants:
            completed[name] = participants[name]
        elif len(people) == 1:
            completed[name] = next(iter(people))
        else:
            completed[name] = recording
            n_unknown += 1
    return completed, n_unknown


def _match_clip(name: str) -> re.Match[str] | None:
    """Return the match of the name of a frame range, or None for another name or a range that ends before its start."""
    clip = _CLIP.fullmatch(name)
    if clip is None or int(clip["start"]) > int(clip["stop"]):
        return None
    return clip


def _parse_clip(name: str) -> re.Match[str]:
    """Return action, recording, start and stop in the name of a video, as groups of a match."""
    match = _CLIP.fullmatch(name)
    if match is None:
        raise ValueError(f"not a range of frames: {name}")
    return match


def _action(clip: re.Match[str]) -> str:
    return ACTIONS.get(clip["action"], clip["action"])


def _shared_videos_problem(lists: tuple[Path, ...]) -> list[str]:
    """Return a sentence about videos that are in several lists, or an empty list."""
    n_lists_by_video = Counter[str]()
    for file in lists:
        n_lists_by_video.update({word for row in read_word_rows(file) for word in row.cells})
    n_shared = sum(n_lists > 1 for n_lists in n_lists_by_video.values())
    if not n_shared:
        return []
    list_names = ", ".join(file.name for file in lists)
    problem = (
        f"The released lists divide pairs, not videos: {n_shared} videos are in more than one of {list_names}. They "
        "are read together and are not used as folds."
    )
    return [problem]
