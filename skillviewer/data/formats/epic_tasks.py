"""The seven tasks of EPIC-Skills 2018: their families, participants and file names.

Source: Doughty, Damen and Mayol-Cuevas, CVPR 2018, and the README of EPIC-Skills2018. Folds and models exist for four
families; the three surgical tasks are pooled, and so are the two drawing tasks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from skillviewer.data.tables.rows import plain


@dataclass(frozen=True, slots=True)
class EpicTask:
    """One task."""

    name: str  # name in file names
    family: str  # family of pooled tasks; a key of the published numbers
    names: str  # pattern that matches the names of all its videos
    participant: str  # pattern of a video's name whose first group is the participant
    stems: tuple[str, ...]  # possible stems of a video's file; ``{}`` stands for the video's name
    folders: tuple[str, ...]  # plain names of folders with its videos


_LETTER = r"^([A-Za-z])\d"
_PLAIN, _DOUGH = r"[A-Za-z]\d{1,3}(?:[-_]S)?", r"[A-Za-z]\d+(?:_\w+)?"


def _surgery(name: str) -> EpicTask:
    # capture2 is the right camera, as in the data set
    return EpicTask(
        name.casefold(), "surgery", _PLAIN, _LETTER, (f"{name}_{{}}_capture2", f"{name}_{{}}"), (plain(name),)
    )


EPIC_TASKS = (
    EpicTask(
        "chopstick_using", "chopsticks", _PLAIN, _LETTER, ("{}", "{}-S", "{}_S"), ("chopstickusing", "chopsticks")
    ),
    EpicTask("dough_rolling", "dough", _DOUGH, r"^([A-Za-z]\d+)", ("{}", "{}_roll_dough"), ("doughrolling", "dough")),
    EpicTask("hand_drawing", "drawing", _PLAIN, _LETTER, ("{}", "{}-S", "{}_S"), ("handdrawing", "hand")),
    EpicTask("sonic_drawing", "drawing", _PLAIN, _LETTER, ("{}", "{}-S", "{}_S"), ("sonicdrawing", "sonic")),
    _surgery("Knot_Tying"),
    _surgery("Needle_Passing"),
    _surgery("Suturing"),
)

FAMILY_SIZE: Mapping[str, int] = MappingProxyType(
    {family: sum(task.family == family for task in EPIC_TASKS) for family in {task.family for task in EPIC_TASKS}}
)
"""Number of tasks in each pooled family."""


def epic_task(name: str) -> EpicTask | None:
    """Return the task with a name in any spelling, or None."""
    key = plain(name)
    for task in EPIC_TASKS:
        if key == plain(task.name) or key in task.folders:
            return task
    return None


def foreign_folders(tasks: Sequence[EpicTask]) -> tuple[str, ...]:
    """Return folder names of the other tasks, which have videos with the same names (A1, B2, ...)."""
    return tuple(folder for task in EPIC_TASKS if task not in tasks for folder in task.folders)
