"""Reader of BORIS projects."""

from pathlib import Path, PureWindowsPath
from typing import Any

import msgspec

from skillviewer.core.timelines.annotation import Annotation, without_lane
from skillviewer.data.tables.rows import some


class _Behavior(msgspec.Struct):
    code: str
    type: str = ""


class _Observation(msgspec.Struct):
    events: list[list[Any]] = []
    file: Any = None
    offset_s: float = msgspec.field(name="time offset", default=0.0)

    @property
    def files(self) -> list[str]:
        """Names of the files that the first player plays, one after the other."""
        first = self.file.get("1", []) if isinstance(self.file, dict) else []
        return [PureWindowsPath(str(path)).name for path in first] if isinstance(first, list) else []


class _Project(msgspec.Struct):
    observations: dict[str, _Observation]
    behaviors_conf: dict[str, _Behavior] = {}


def read_boris(path: Path, file_name: str) -> list[Annotation]:
    """Return the events of the observation of a video: behaviors are tiers, and subjects authors.

    The text is the comment, else the modifiers. Two events of a state, by one subject, are its start and its end.

    Raises:
        ValueError: It is no project, no observation or several are of the video, or a state does not end.
    """
    project = msgspec.json.decode(path.read_bytes(), type=_Project)
    of_video = [one for one in project.observations.values() if file_name in one.files]
    chosen = of_video or ([] if file_name else list(project.observations.values()))
    if len(chosen) != 1:
        names = some(list(project.observations)) or "none"
        raise ValueError(f"{len(chosen)} of its observations ({names}) are of {file_name or 'one video'}")
    if len(chosen[0].files) > 1:
        raise ValueError(f"it plays {file_name} together with other files, so its times are not those of the video")
    states = {one.code for one in project.behaviors_conf.values() if one.type.startswith("State")}
    return _paired(chosen[0], states)


def _paired(observation: _Observation, states: set[str]) -> list[Annotation]:
    subjects = {str(event[1]) for event in observation.events if len(event) > 1}
    begun: dict[tuple[str, str], float] = {}
    found = []
    for event in sorted(observation.events, key=lambda event: _time(event, 0.0)):
        time_s, subject, code = _time(event, observation.offset_s), str(event[1]), str(event[2])
        if code in states and (subject, code) not in begun:
            begun[subject, code] = time_s
            continue
        start_s = begun.pop((subject, code), time_s)
        said = [str(each) for each in (event[4:5], event[3:4]) for each in each if each not in ("", "None", None)]
        author, tier = without_lane(subject, subjects | {""}).strip(), code.removesuffix(" (point)")
        found.append(Annotation(tier, start_s, time_s, said[0] if said else "", author))
    if begun:
        (subject, code), time_s = next(iter(begun.items()))
        raise ValueError(f"“{code}” begins at {time_s:g} s and does not end: end it in BORIS")
    return found


def _time(event: list[Any], offset_s: float) -> float:
    if len(event) < 3 or not isinstance(event[0], int | float):
        raise ValueError(f"the event {str(event)[:60]} has no time, subject and behavior")
    return float(event[0]) - offset_s
