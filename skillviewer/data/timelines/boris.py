"""Reader of BORIS projects."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

import msgspec

from skillviewer.core.text import counted, short
from skillviewer.core.timelines.annotation import Annotation, without_lane
from skillviewer.core.timelines.contents import TimelineContents
from skillviewer.data.tables.rows import abbreviated, plain

MAX_TIME_S = 1e8
"""Later times are dates: BORIS can count from the day on which a video was made."""
_OBSERVERS = frozenset({"observer", "coder", "rater", "annotator", "scorer"})
"""Names of the independent variable that says who observed."""


class _Behavior(msgspec.Struct):
    code: str
    type: str = ""


class _Observation(msgspec.Struct):
    events: list[list[Any]] = []
    file: Any = None
    type: str = "MEDIA"
    media_info: Any = None
    offset_s: float | None = msgspec.field(name="time offset", default=None)
    second_s: float | None = msgspec.field(name="time offset second player", default=None)  # before project format 5
    variables: dict[str, Any] = msgspec.field(name="independent_variables", default={})

    @property
    def players(self) -> dict[str, list[str]]:
        """Paths of the files that each player plays, in turn."""
        files = self.file if isinstance(self.file, dict) else {}
        return {player: [str(path) for path in paths] for player, paths in files.items() if isinstance(paths, list)}

    def plays(self, file_name: str) -> bool:
        """Return True if one of the players plays a file of that name."""
        return any(_name_of(path) == file_name for paths in self.players.values() for path in paths)

    @property
    def observer(self) -> str:
        """The person who observed, if the project states it."""
        stated = (str(value).strip() for name, value in self.variables.items() if plain(name) in _OBSERVERS)
        return next(filter(None, stated), "")

    def fact(self, kind: str, path: str) -> float | None:
        """Return a number that BORIS measured, such as the length of a file."""
        numbers = self.media_info.get(kind) if isinstance(self.media_info, dict) else None
        number = numbers.get(path) if isinstance(numbers, dict) else None
        return float(number) if isinstance(number, int | float) and math.isfinite(number) else None


class _Project(msgspec.Struct):
    observations: dict[str, _Observation]
    behaviors_conf: dict[str, _Behavior] = {}


@dataclass(frozen=True, slots=True)
class _Place:
    """The part of an observation's clock during which it plays one file."""

    start_s: float
    stop_s: float = math.inf


def read_boris(path: Path, file_name: str, observations: Collection[str] = ()) -> TimelineContents:
    """Return the events of observations: behaviors are tiers. The text is the comment, else the modifiers.

    Without ``observations``, those are read that play the video; without a ``file_name`` too, the only one. The author
    is the observer, if the project states one or several observations are read (then it is the name of each): a
    subject is part of the tier then. Else the author is the subject. Two events of a state, by one subject and with the
    same modifiers, are its start and its end. The video may play in any player, before and after other files.

    Raises:
        ValueError: It is no project, or it has no observation of such a name.
    """
    project = msgspec.json.decode(path.read_bytes(), type=_Project)
    names = tuple(project.observations)
    missing = [name for name in observations if name not in project.observations]
    if missing:
        raise ValueError(f"it has no observation “{missing[0]}”: it has {abbreviated(names) or 'none'}")
    chosen_names = list(dict.fromkeys(observations)) or [
        name for name, observation_ in project.observations.items() if observation_.plays(file_name)
    ]
    if not chosen_names and not file_name and len(names) == 1:
        chosen_names = list(names)
    if not chosen_names:
        refusal = (
            f"None of its {len(names)} observations ({abbreviated(names) or 'none'}) plays {file_name or 'the video'}."
        )
        return TimelineContents(warnings=(f"{refusal} Choose one of them.",), observations=names)
    states = {annotation.code for annotation in project.behaviors_conf.values() if annotation.type.startswith("State")}
    annotations: list[Annotation] = []
    rejected: list[str] = []
    warnings: list[str] = []
    for name in chosen_names:
        observation = project.observations[name]
        place = _place(observation, file_name)
        if place is None:
            place = _Place(observation.offset_s or 0.0)
            if file_name:
                warnings.append(
                    f"The observation “{name}” does not play {file_name}: its times are taken as they stand."
                )
        if observation.second_s and file_name not in map(_name_of, observation.players.get("1", [])):
            warnings.append(
                f"“{name}” has an offset of {observation.second_s:g} s of its second player in an old form of BORIS: "
                "it is not taken off. Save the project in a newer BORIS, or check the times."
            )
        observer = observation.observer or (name if len(chosen_names) > 1 else "")
        read, left_out = _paired(observation.events, states, observer)
        inside, outside, n_elsewhere = _inside(read, place)
        annotations += inside
        about = f" (observation “{name}”)" if len(names) > 1 else ""
        rejected += [f"{sentence}{about}." for sentence in (*left_out, *outside)]
        if n_elsewhere:
            warnings.append(f"{counted(n_elsewhere, 'event')} of “{name}” are of the other files that it plays.")
    return TimelineContents(tuple(annotations), tuple(rejected), tuple(warnings), names)


def _name_of(path: str) -> str:
    return PureWindowsPath(path).name


def _place(observation: _Observation, file_name: str) -> _Place | None:
    """Return the place of a file on the clock of an observation, or None if it does not play it."""
    for player, paths in observation.players.items():
        names = [_name_of(path) for path in paths]
        if file_name not in names:
            continue
        file_index = names.index(file_name)
        lengths = [observation.fact("length", path) for path in paths[: file_index + 1]]
        if None in lengths and len(paths) > 1:
            raise ValueError(f"it plays {file_name} together with other files, and does not say how long they are")
        *before, own_length = [length or 0.0 for length in lengths]
        start_s = (observation.offset_s or 0.0) + (observation.fact("offset", player) or 0.0) + sum(before)
        return _Place(start_s, start_s + own_length if len(paths) > 1 else math.inf)
    return None


def _inside(annotations: Sequence[Annotation], place: _Place) -> tuple[list[Annotation], list[str], int]:
    """Return annotations on the clock of the video, sentences on those that cross its ends, and how many are outside.

    A point at which one file ends and the next one begins is of the next.
    """
    inside = []
    outside = []
    n_elsewhere = 0
    for annotation in annotations:
        start_s, stop_s = annotation.start_s - place.start_s, annotation.stop_s - place.start_s
        if start_s >= 0 and annotation.stop_s <= place.stop_s and annotation.start_s < place.stop_s:
            inside.append(Annotation(annotation.tier, start_s, stop_s, annotation.text, annotation.author))
        elif math.isfinite(place.stop_s) and (stop_s < 0 or annotation.start_s >= place.stop_s):
            n_elsewhere += 1
        else:
            times_text = f"from {start_s:g} s to {stop_s:g} s" if stop_s > start_s else f"at {start_s:g} s"
            outside.append(f"“{annotation.tier}” {times_text} lies outside the video")
    return inside, outside, n_elsewhere


def _paired(
    events: Sequence[Sequence[Any]], states: Collection[str], observer: str
) -> tuple[list[Annotation], list[str]]:
    """Return the annotations that events make, on the clock of the observation, and sentences on those left out."""
    timed = [(event, _time(event)) for event in events]
    rejected = [_no_time(event) for event, time_s in timed if time_s is None]
    read = [(event, time_s) for event, time_s in timed if time_s is not None]
    subjects = {str(event[1]) for event, _ in read} | {""}
    begun: dict[tuple[str, str, str], float] = {}
    annotations = []
    for event, time_s in sorted(read, key=lambda event_and_time: event_and_time[1]):
        subject = str(event[1])
        code = str(event[2])
        modifiers = _text(event, 3)
        key = subject, code, modifiers
        if code in states and key not in begun:
            begun[key] = time_s
            continue
        start_s = begun.pop(key, time_s)
        tier = code.removesuffix(" (point)")
        author = without_lane(subject, subjects).strip()
        if observer:
            tier = f"{tier} – {author}" if author else tier
            author = observer
        annotations.append(Annotation(tier, start_s, time_s, _text(event, 4) or modifiers, author))
    for (subject, code, _), time_s in begun.items():
        of_subject = f" of {subject}" if subject else ""
        rejected.append(
            f"“{code}”{of_subject} begins at {time_s:g} s of the observation and does not end: end it in BORIS"
        )
    return annotations, rejected


def _text(event: Sequence[Any], place: int) -> str:
    text = str(event[place]) if len(event) > place and event[place] is not None else ""
    return "" if text == "None" else text


def _time(event: Sequence[Any]) -> float | None:
    if len(event) < 3 or not isinstance(event[0], int | float) or not math.isfinite(event[0]):
        return None
    return float(event[0]) if abs(event[0]) < MAX_TIME_S else None


def _no_time(event: Sequence[Any]) -> str:
    about: Mapping[bool, str] = {True: "has a date and no time of the video", False: "has no time and behavior"}
    return f"The event {short(str(list(event)))} {about[len(event) > 2 and isinstance(event[0], int | float)]}"
