"""Reader of BORIS projects."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

import msgspec

from skillviewer.core.text import counted, join_names, shorten
from skillviewer.core.timelines.annotation import Annotation, without_lane
from skillviewer.core.timelines.contents import TimelineContents
from skillviewer.data.tables.name_spelling import simplify_name

MAX_TIME_S = 1e8
"""Largest time of an event. Later ones are dates: BORIS can count from the day on which a video was made."""
_OBSERVERS = frozenset({"observer", "coder", "rater", "annotator", "scorer"})
"""Names of the independent variable that states the observer."""


class _Behavior(msgspec.Struct):
    code: str
    type: str = ""


class _Observation(msgspec.Struct):
    events: list[list[Any]] = []
    file: Any = None
    type: str = "MEDIA"
    media_info: Any = None
    offset_s: float | None = msgspec.field(name="time offset", default=None)
    second_player_offset_s: float | None = msgspec.field(
        name="time offset second player", default=None
    )  # before project format 5
    variables: dict[str, Any] = msgspec.field(name="independent_variables", default={})

    @property
    def start_offset_s(self) -> float:
        """Time offset of the observation in seconds; 0 if the project does not state it."""
        return 0.0 if self.offset_s is None else self.offset_s

    @property
    def players(self) -> dict[str, list[str]]:
        """Paths of the files of each player, in the order in which it plays them."""
        files = self.file if isinstance(self.file, dict) else {}
        paths_by_player = {}
        for player, paths in files.items():
            if isinstance(paths, list):
                paths_by_player[player] = [str(path) for path in paths]
        return paths_by_player

    def plays(self, file_name: str) -> bool:
        """Return True if one of the players plays a file of that name."""
        return any(_name_of(path) == file_name for paths in self.players.values() for path in paths)

    @property
    def observer(self) -> str:
        """Name of the observer, or "" if the project does not state it."""
        for name, value in self.variables.items():
            observer = str(value).strip()
            if observer and simplify_name(name) in _OBSERVERS:
                return observer
        return ""

    def measured_number(self, kind: str, key: str) -> float | None:
        """Return a number that BORIS measured, such as the length of the file ``key``, or None."""
        numbers = self.media_info.get(kind) if isinstance(self.media_info, dict) else None
        number = numbers.get(key) if isinstance(numbers, dict) else None
        if not isinstance(number, int | float) or not math.isfinite(number):
            return None
        return float(number)


class _Project(msgspec.Struct):
    observations: dict[str, _Observation]
    behaviors_conf: dict[str, _Behavior] = {}


@dataclass(frozen=True, slots=True)
class _PlayedSpan:
    """Part of the clock of an observation in which one file plays."""

    start_s: float
    stop_s: float = math.inf


def read_boris(path: Path, file_name: str, observations: Collection[str] = ()) -> TimelineContents:
    """Return the events of observations as annotations.

    The tier is the behavior, and the text is the comment, or else the modifiers. Two events of a state by one subject
    with the same modifiers are its start and its end. The author is the observer that the project states. Without one
    it is the name of the observation if several are read, or else the subject. If the author is not the subject, the
    tier names the subject too. The video may play in any player, before or after other files.

    Args:
        path: The project.
        file_name: Name of the file of the video, or "".
        observations: Names of the observations to read. If there are none, those are read that play the video; without
            a ``file_name`` the only observation of the project.

    Raises:
        ValueError: The file is no project, or has no observation with one of the names.
    """
    project = msgspec.json.decode(path.read_bytes(), type=_Project)
    names = tuple(project.observations)
    names_text = join_names(names) if names else "none"
    missing = [name for name in observations if name not in project.observations]
    if missing:
        raise ValueError(f"it has no observation “{missing[0]}”: it has {names_text}")
    chosen_names = list(dict.fromkeys(observations))
    if not chosen_names:
        chosen_names = [name for name in names if project.observations[name].plays(file_name)]
    if not chosen_names and not file_name and len(names) == 1:
        chosen_names = list(names)
    if not chosen_names:
        video_text = file_name or "the video"
        warning = f"None of its {len(names)} observations ({names_text}) plays {video_text}."
        return TimelineContents(warnings=(f"{warning} Choose one of them.",), observations=names)
    states = {behavior.code for behavior in project.behaviors_conf.values() if behavior.type.startswith("State")}
    annotations: list[Annotation] = []
    rejected_events: list[str] = []
    warnings: list[str] = []
    for name in chosen_names:
        observation = project.observations[name]
        span = _played_span(observation, file_name)
        if span is None:
            span = _PlayedSpan(start_s=observation.start_offset_s)
            if file_name:
                warnings.append(
                    f"The observation “{name}” does not play {file_name}: its times are taken as they stand."
                )
        second_offset_s = observation.second_player_offset_s
        if second_offset_s and file_name not in map(_name_of, observation.players.get("1", [])):
            warnings.append(
                f"“{name}” has an offset of {second_offset_s:g} s of its second player in an old form of BORIS: "
                "it is not taken off. Save the project in a newer BORIS, or check the times."
            )
        default_observer = name if len(chosen_names) > 1 else ""
        observer = observation.observer or default_observer
        all_annotations, problems = _pair_events(observation.events, states, observer)
        annotations_inside, crossing, n_elsewhere = _within_span(all_annotations, span)
        annotations += annotations_inside
        observation_text = f" (observation “{name}”)" if len(names) > 1 else ""
        rejected_events += [f"{problem}{observation_text}." for problem in (*problems, *crossing)]
        if n_elsewhere:
            warnings.append(f"{counted(n_elsewhere, 'event')} of “{name}” are of the other files that it plays.")
    return TimelineContents(tuple(annotations), tuple(rejected_events), tuple(warnings), names)


def _name_of(path: str) -> str:
    return PureWindowsPath(path).name


def _played_span(observation: _Observation, file_name: str) -> _PlayedSpan | None:
    """Return the span in which an observation plays a file, or None if it does not play the file."""
    for player, paths in observation.players.items():
        names = [_name_of(path) for path in paths]
        if file_name not in names:
            continue
        file_index = names.index(file_name)
        lengths_s = [observation.measured_number("length", path) for path in paths[: file_index + 1]]
        if None in lengths_s and len(paths) > 1:
            raise ValueError(f"it plays {file_name} together with other files, and does not say how long they are")
        known_lengths_s = [0.0 if length_s is None else length_s for length_s in lengths_s]
        player_offset_s = observation.measured_number("offset", player)
        if player_offset_s is None:
            player_offset_s = 0.0
        start_s = observation.start_offset_s + player_offset_s + sum(known_lengths_s[:-1])
        stop_s = math.inf
        if len(paths) > 1:
            stop_s = start_s + known_lengths_s[-1]
        return _PlayedSpan(start_s, stop_s)
    return None


def _within_span(annotations: Sequence[Annotation], span: _PlayedSpan) -> tuple[list[Annotation], list[str], int]:
    """Separate the annotations of one file from those of other files.

    A point at which one file ends and the next one begins belongs to the next.

    Returns:
        Annotations on the clock of the file, problems of those that cross its ends, and the number of those outside.
    """
    annotations_inside = []
    crossing = []
    n_elsewhere = 0
    for annotation in annotations:
        start_s = annotation.start_s - span.start_s
        stop_s = annotation.stop_s - span.start_s
        if start_s >= 0 and annotation.stop_s <= span.stop_s and annotation.start_s < span.stop_s:
            annotations_inside.append(Annotation(annotation.tier, start_s, stop_s, annotation.text, annotation.author))
        elif math.isfinite(span.stop_s) and _is_outside(annotation, span):
            n_elsewhere += 1
        else:
            times_text = f"from {start_s:g} s to {stop_s:g} s" if stop_s > start_s else f"at {start_s:g} s"
            crossing.append(f"“{annotation.tier}” {times_text} lies outside the video")
    return annotations_inside, crossing, n_elsewhere


def _is_outside(annotation: Annotation, span: _PlayedSpan) -> bool:
    """Return True if an annotation ends before a file is played, or begins after it."""
    return annotation.stop_s - span.start_s < 0 or annotation.start_s >= span.stop_s


def _pair_events(
    events: Sequence[Sequence[Any]], states: Collection[str], observer: str
) -> tuple[list[Annotation], list[str]]:
    """Return the annotations of events, on the clock of the observation, and the problems of rejected events."""
    timed = []
    problems = []
    for event in events:
        time_s = _time(event)
        if time_s is None:
            problems.append(_time_problem(event))
        else:
            timed.append((event, time_s))
    subjects = {str(event[1]) for event, _ in timed} | {""}
    begun: dict[tuple[str, str, str], float] = {}
    annotations = []
    for event, time_s in sorted(timed, key=lambda event_and_time: event_and_time[1]):
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
        text = _text(event, 4)
        if not text:
            text = modifiers
        annotations.append(Annotation(tier, start_s, stop_s=time_s, text=text, author=author))
    for (subject, code, _), time_s in begun.items():
        of_subject = f" of {subject}" if subject else ""
        problems.append(
            f"“{code}”{of_subject} begins at {time_s:g} s of the observation and does not end: end it in BORIS"
        )
    return annotations, problems


def _text(event: Sequence[Any], index: int) -> str:
    if len(event) <= index or event[index] is None:
        return ""
    text = str(event[index])
    return "" if text == "None" else text


def _time(event: Sequence[Any]) -> float | None:
    if len(event) < 3 or not isinstance(event[0], int | float) or not math.isfinite(event[0]):
        return None
    return float(event[0]) if abs(event[0]) < MAX_TIME_S else None


def _time_problem(event: Sequence[Any]) -> str:
    is_date = len(event) > 2 and isinstance(event[0], int | float)
    problem = "has a date and no time of the video" if is_date else "has no time and behavior"
    return f"The event {shorten(str(list(event)))} {problem}"
