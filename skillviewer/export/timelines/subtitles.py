"""Subtitles with the annotations of a video: WebVTT and SubRip, which players show."""

from collections.abc import Sequence

from skillviewer.core.timelines.annotation import Annotation, whole
from skillviewer.core.video.info import VideoInfo


def _clock(milliseconds: int, point: str) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{point}{rest:03d}"


def _cues(video: VideoInfo, annotations: Sequence[Annotation], point: str) -> list[tuple[str, str]]:
    """Return the times and the text of each cue; an arrow in a text would be read as times."""
    timed = sorted(((*whole(video, one), one) for one in annotations), key=lambda each: each[:2])
    return [
        (
            f"{_clock(start, point)} --> {_clock(stop, point)}",
            f"[{one.full_tier.translate(_BRACKETS)}] {one.line}".rstrip().replace("-->", "→"),
        )
        for start, stop, one in timed
    ]


_BRACKETS = str.maketrans("[]", "()")


def vtt_text(video: VideoInfo, annotations: Sequence[Annotation]) -> str:
    """Return annotations as WebVTT (https://www.w3.org/TR/webvtt1), the tier in brackets before each text."""
    escape = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
    cues = _cues(video, annotations, ".")
    return "WEBVTT\n\n" + "".join(f"{times}\n{text.translate(escape)}\n\n" for times, text in cues)


def srt_text(video: VideoInfo, annotations: Sequence[Annotation]) -> str:
    """Return annotations as SubRip, the tier in brackets before each text."""
    cues = enumerate(_cues(video, annotations, ","), start=1)
    return "".join(f"{n}\n{times}\n{text}\n\n" for n, (times, text) in cues)
