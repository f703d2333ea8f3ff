"""Subtitles with the annotations of a video: WebVTT and SubRip, which players show."""

from collections.abc import Iterator, Sequence

from skillviewer.core.timelines.annotation import Annotation, whole
from skillviewer.core.video.info import VideoInfo

_BRACKETS = str.maketrans("[]", "()")


def _clock(milliseconds: int, point: str) -> str:
    seconds, milliseconds_left = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{point}{milliseconds_left:03d}"


def _cues(video: VideoInfo, annotations: Sequence[Annotation], point: str) -> Iterator[tuple[str, str]]:
    """Yield the times and the text of each cue; an arrow in a text would be read as times."""
    for start, stop, annotation in sorted(
        ((*whole(video, annotation), annotation) for annotation in annotations), key=lambda cue: cue[:2]
    ):
        text = f"[{annotation.full_tier.translate(_BRACKETS)}] {annotation.line}".rstrip().replace("-->", "→")
        yield f"{_clock(start, point)} --> {_clock(stop, point)}", text


def vtt_text(video: VideoInfo, annotations: Sequence[Annotation]) -> str:
    """Return annotations as WebVTT (https://www.w3.org/TR/webvtt1), the tier in brackets before each text."""
    escape = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
    cues = _cues(video, annotations, ".")
    return "WEBVTT\n\n" + "".join(f"{times}\n{text.translate(escape)}\n\n" for times, text in cues)


def srt_text(video: VideoInfo, annotations: Sequence[Annotation]) -> str:
    """Return annotations as SubRip, the tier in brackets before each text."""
    cues = enumerate(_cues(video, annotations, ","), start=1)
    return "".join(f"{n}\n{times}\n{text}\n\n" for n, (times, text) in cues)
