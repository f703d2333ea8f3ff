"""The seven tasks of EPIC-Skills 2018: their families, participants and file names.

Source: Doughty, Damen and Mayol-Cuevas, CVPR 2018, and the README of EPIC-Skills2018. Folds and models exist for four
families; the three surgical tasks are pooled, and so are the two drawing tasks.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from skillviewer.data.tables.name_spelling import simplify_name


@dataclass(frozen=True, slots=True)
class EpicTask:
    """A task of EPIC-Skills 2018."""

    name: str  # name of the task in the names of files
    family: str  # family of pooled tasks; a key of the published numbers
    names: str  # pattern that the names of all videos match
    participant: str  # pattern whose first group is the participant in the name of a video
    stems: tuple[str, ...]  # possible stems of a video's file; ``{}`` stands for the name of the video
    folders: tuple[str, ...]  # simplified names of folders with the videos


_PARTICIPANT_LETTER = r"^([A-Za-z])\d"
_LETTER_AND_NUMBER = r"[A-Za-z]\d{1,3}(?:[-_]S)?"
_STATIONARY_STEMS = ("{}", "{}-S", "{}_S")  # "S" is the stationary camera


def _surgical_task(name: str) -> EpicTask:
    return EpicTask(
        name=name.casefold(),
        family="surgery",
        names=_LETTER_AND_NUMBER,
        participant=_PARTICIPANT_LETTER,
        stems=(f"{name}_{{}}_capture2", f"{name}_{{}}"),  # capture2 is the right camera, which the data set uses
        folders=(simplify_name(name),),
    )


EPIC_TASKS = (
    EpicTask(
        name="chopstick_using",
        family="chopsticks",
        names=_LETTER_AND_NUMBER,
        participant=_PARTICIPANT_LETTER,
        stems=_STATIONARY_STEMS,
        folders=("chopstickusing", "chopsticks"),
    ),
    EpicTask(
        name="dough_rolling",
        family="dough",
        names=r"[A-Za-z]\d+(?:_\w+)?",
        participant=r"^([A-Za-z]\d+)",
        stems=("{}", "{}_roll_dough"),
        folders=("doughrolling", "dough"),
    ),
    EpicTask(
        name="hand_drawing",
        family="drawing",
        names=_LETTER_AND_NUMBER,
        participant=_PARTICIPANT_LETTER,
        stems=_STATIONARY_STEMS,
        folders=("handdrawing", "hand"),
    ),
    EpicTask(
        name="sonic_drawing",
        family="drawing",
        names=_LETTER_AND_NUMBER,
        participant=_PARTICIPANT_LETTER,
        stems=_STATIONARY_STEMS,
        folders=("sonicdrawing", "sonic"),
    ),
    _surgical_task("Knot_Tying"),
    _surgical_task("Needle_Passing"),
    _surgical_task("Suturing"),
)

FAMILY_SIZE: Mapping[str, int] = MappingProxyType(Counter(task.family for task in EPIC_TASKS))
"""Number of tasks in each pooled family."""


def epic_task(name: str) -> EpicTask | None:
    """Return the task with a name in any spelling, or None."""
    key = simplify_name(name)
    for task in EPIC_TASKS:
        if key == simplify_name(task.name) or key in task.folders:
            return task
    return None


def folders_of_other_tasks(tasks: Sequence[EpicTask]) -> tuple[str, ...]:
    """Return the simplified names of folders of other tasks, which may hold videos of the same names (A1, B2, ...)."""
    other_tasks = [task for task in EPIC_TASKS if task not in tasks]
    return tuple(folder for task in other_tasks for folder in task.folders)
