"""Annotations of a video as subtitles, in WebVTT and SubRip."""

from collections.abc import Iterator, Sequence

from skillviewer.core.timelines.annotation import Annotation, interval_ms
from skillviewer.core.video.info import VideoInfo

_BRACKETS = str.maketrans("[]", "()")
_XML_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def _format_time(time_ms: int, decimal_mark: str) -> str:
    seconds, ms = divmod(time_ms, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{decimal_mark}{ms:03d}"


def _iter_cues(video: VideoInfo, annotations: Sequence[Annotation], decimal_mark: str) -> Iterator[tuple[str, str]]:
    """Yield the line of times and the text of each subtitle, in order of time."""
    timed = [(*interval_ms(video, annotation), annotation) for annotation in annotations]
    timed.sort(key=lambda cue: cue[:2])
    for start_ms, stop_ms, annotation in timed:
        tier = annotation.full_tier.translate(_BRACKETS)
        text = f"[{tier}] {annotation.line}".rstrip().replace("-->", "→")  # players read --> as times
        yield f"{_format_time(start_ms, decimal_mark)} --> {_format_time(stop_ms, decimal_mark)}", text


def vtt_text(video: VideoInfo, annotations: Sequence[Annotation]) -> str:
    """Return annotations as WebVTT (https://www.w3.org/TR/webvtt1), with the tier in brackets before each text."""
    cues = [f"{times}\n{text.translate(_XML_ESCAPES)}\n\n" for times, text in _iter_cues(video, annotations, ".")]
    return "WEBVTT\n\n" + "".join(cues)


def srt_text(video: VideoInfo, annotations: Sequence[Annotation]) -> str:
    """Return annotations as SubRip, with the tier in brackets before each text."""
    cues = enumerate(_iter_cues(video, annotations, ","), start=1)
    return "".join(f"{number}\n{times}\n{text}\n\n" for number, (times, text) in cues)
