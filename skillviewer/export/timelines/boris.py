"""Annotations of videos as a BORIS project (https://www.boris.unito.it, project format 7.0)."""

import json
from collections.abc import Sequence
from operator import itemgetter

from skillviewer.core.paths import reserve_name
from skillviewer.core.text import printable
from skillviewer.core.timelines.annotation import Annotation, Tier, lane_name, lanes
from skillviewer.core.video.info import VideoInfo

_NO_TIME = "1970-01-01T00:00:00"
_LABELLED = frozenset({Tier.MOMENTS, Tier.ATTEMPTS})
"""Tiers whose texts are behaviors; in the others the tier is the behavior, and the text its comment."""


def boris_project(videos: Sequence[tuple[VideoInfo, Sequence[Annotation]]]) -> str:
    """Return a project with an observation a video; authors are subjects.

    A subject does one thing of a kind at a time in BORIS: where annotations overlap, an author is several subjects.
    """
    codes: dict[tuple[str, str], str] = {}  # (behavior, type): tier
    subjects: dict[str, None] = {}
    observations: dict[str, object] = {}
    codes_used: set[str] = set()
    for video, annotations in videos:
        events: list[tuple[float, str, str, str, str, int]] = []
        for (_, lane), timed in lanes(annotations, lambda a: f"{a.author}\0{_code(a)}", _ends).items():
            for start_s, stop_s, annotation in timed:
                subject = lane_name(printable(annotation.author), lane) if annotation.author or lane > 1 else ""
                code = _code(annotation)
                is_point = annotation.stop_s <= annotation.start_s
                codes.setdefault((code, "Point event" if is_point else "State event"), annotation.tier)
                subjects |= {subject: None} if subject else {}
                text = "" if annotation.tier in _LABELLED else printable(annotation.text)
                ends_s = (start_s,) if is_point else (start_s, stop_s)
                events += [(time_s, subject, code, "", text, video.frame_at(time_s)) for time_s in ends_s]
        name = reserve_name(printable(video.path.stem), codes_used)
        events.sort(key=itemgetter(0))
        observations[name] = _observation(video, events)
    unset: dict[str, object] = {"key": "", "description": "", "modifiers": {}, "excluded": "", "coding map": ""}
    behaviors = {
        str(n): unset | {"type": kind, "code": code, "category": tier}
        for n, ((code, kind), tier) in enumerate(sorted(codes.items()))
    }
    project = {
        "time_format": "hh:mm:ss",
        "project_date": _NO_TIME,
        "project_name": "SkillViewer",
        "project_description": "",
        "project_format_version": "7.0",
        "subjects_conf": {str(n): {"key": "", "name": name, "description": ""} for n, name in enumerate(subjects)},
        "behaviors_conf": behaviors,
        "observations": observations,
        "behavioral_categories": sorted(set(codes.values())),
        "independent_variables": {},
        "coding_map": {},
        "behaviors_coding_map": [],
        "converters": {},
    }
    return json.dumps(project, indent=1) + "\n"


def _ends(annotation: Annotation) -> tuple[float, float]:
    return round(annotation.start_s, 6), round(max(annotation.start_s, annotation.stop_s), 6)


def _code(annotation: Annotation) -> str:
    kind = " (point)" if annotation.stop_s <= annotation.start_s else ""  # a behavior is a point or a state
    return f"{annotation.label if annotation.tier in _LABELLED else annotation.tier}{kind}".replace("|", "/")


def _observation(video: VideoInfo, events: Sequence[object]) -> dict[str, object]:
    path = printable(video.path.name)  # found in the folder of the project; exports name no folders
    facts = {"length": video.duration_s, "fps": video.rate_hz, "hasVideo": True, "hasAudio": False}
    return {
        "file": {str(player): [path] if player == 1 else [] for player in range(1, 9)},
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
