"""Annotations of videos as a BORIS project (https://www.boris.unito.it, project format 7.0)."""

import json
from collections.abc import Sequence
from operator import itemgetter
from typing import TypeAlias

from skillviewer.core.paths import reserve_name
from skillviewer.core.text import printable
from skillviewer.core.timelines.annotation import Annotation, Tier, lane_name, lanes
from skillviewer.core.video.info import VideoInfo

_NO_TIME = "1970-01-01T00:00:00"
_Event: TypeAlias = tuple[float, str, str, str, str, int]
"""Time, subject, behavior, modifier, comment and frame of an event."""
_TIERS_WITH_LABELS = frozenset({Tier.MOMENTS, Tier.ATTEMPTS})
"""Tiers whose labels become behaviors. The name of any other tier becomes a behavior, and its texts become comments."""


def boris_project(videos: Sequence[tuple[VideoInfo, Sequence[Annotation]]]) -> str:
    """Return a project with one observation for each video. Authors become subjects.

    In BORIS, behaviors of one kind of one subject cannot overlap, so an author of overlapping annotations becomes
    several subjects.
    """
    tier_by_behavior: dict[tuple[str, str], str] = {}  # by code and type of the behavior
    subjects: dict[str, None] = {}  # names, without duplicates and in order
    observations: dict[str, object] = {}
    observation_names: set[str] = set()
    for video, annotations in videos:
        events: list[_Event] = []
        for (_, lane), timed_annotations in lanes(annotations, _overlap_key, _ends).items():
            for start_s, stop_s, annotation in timed_annotations:
                subject = ""
                if annotation.author or lane > 1:
                    subject = lane_name(printable(annotation.author), lane)
                    subjects[subject] = None
                code = _behavior_code(annotation)
                event_type = "Point event" if _is_point(annotation) else "State event"
                tier_by_behavior.setdefault((code, event_type), annotation.tier)
                comment = "" if annotation.tier in _TIERS_WITH_LABELS else printable(annotation.text)
                times_s = (start_s,) if _is_point(annotation) else (start_s, stop_s)
                events += [(time_s, subject, code, "", comment, video.frame_at(time_s)) for time_s in times_s]
        name = reserve_name(printable(video.path.stem), observation_names)
        events.sort(key=itemgetter(0))
        observations[name] = _observation(video, events)
    no_details: dict[str, object] = {"key": "", "description": "", "modifiers": {}, "excluded": "", "coding map": ""}
    behaviors = {
        str(number): no_details | {"type": event_type, "code": code, "category": tier}
        for number, ((code, event_type), tier) in enumerate(sorted(tier_by_behavior.items()))
    }
    subjects_conf = {str(number): {"key": "", "name": name, "description": ""} for number, name in enumerate(subjects)}
    project = {
        "time_format": "hh:mm:ss",
        "project_date": _NO_TIME,
        "project_name": "SkillViewer",
        "project_description": "",
        "project_format_version": "7.0",
        "subjects_conf": subjects_conf,
        "behaviors_conf": behaviors,
        "observations": observations,
        "behavioral_categories": sorted(set(tier_by_behavior.values())),
        "independent_variables": {},
        "coding_map": {},
        "behaviors_coding_map": [],
        "converters": {},
    }
    return json.dumps(project, indent=1) + "\n"


def _is_point(annotation: Annotation) -> bool:
    return annotation.stop_s <= annotation.start_s


def _ends(annotation: Annotation) -> tuple[float, float]:
    return round(annotation.start_s, 6), round(max(annotation.start_s, annotation.stop_s), 6)


def _behavior_code(annotation: Annotation) -> str:
    text = annotation.label if annotation.tier in _TIERS_WITH_LABELS else annotation.tier
    suffix = " (point)" if _is_point(annotation) else ""  # a behavior cannot be both a point and a state
    return f"{text}{suffix}".replace("|", "/")


def _overlap_key(annotation: Annotation) -> str:
    """Return a key that is shared by annotations that must not overlap: of one author and one behavior."""
    return f"{annotation.author}\0{_behavior_code(annotation)}"


def _observation(video: VideoInfo, events: Sequence[_Event]) -> dict[str, object]:
    path = printable(video.path.name)  # BORIS searches the folder of the project; exports name no folders
    facts = {"length": video.duration_s, "fps": video.rate_hz, "hasVideo": True, "hasAudio": False}
    files_by_player: dict[str, list[str]] = {str(player): [] for player in range(1, 9)}
    files_by_player["1"].append(path)
    return {
        "file": files_by_player,
        "type": "MEDIA",
        "date": _NO_TIME,
        "description": "",
        "time offset": 0.0,
        "events": events,
        "observation time interval": [0, 0],
        "independent_variables": {},
        "visualize_spectrogram": False,
        "close_behaviors_between_videos": False,
        "scan_sampling_time": 0,
        "media_info": {name: {path: fact} for name, fact in facts.items()} | {"offset": {"1": 0.0}},
    }
