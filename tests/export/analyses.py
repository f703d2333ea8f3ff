"""Analyses with known numbers for videos of any kind."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from skillviewer.core.analysis.analysis import Analysis, MapKind, MapRect, Provenance
from skillviewer.core.explanation.alignment import Alignment
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.video.clips import ClipRange, VideoClip
from skillviewer.core.video.info import VideoInfo, sample_positions, segments


def info(n_frames: int = 60, rate_hz: float = 30.0, path: str = "videos/one.mp4") -> VideoInfo:
    """Return a video that is nowhere on disk."""
    times_s = np.arange(n_frames) / rate_hz
    return VideoInfo(Path(path), "d" * 64, times_s, 160, 96, n_frames / rate_hz, rate_hz)


def even_maps(one: Analysis) -> Analysis:
    """Return an analysis with the same weight in every cell."""
    return replace(one, attention=np.full_like(one.attention, 1 / one.attention[0, 0].size))


def analysis(
    video: VideoInfo,
    *,
    passes: int = 1,
    n_segments: int = 5,
    grid: tuple[int, int] = (3, 4),
    kind: MapKind = MapKind.DISTRIBUTION,
    rect: MapRect | None = None,
    model: str = "tiny",
    shift: float = 0.0,
    clip_range: ClipRange | None = None,
) -> Analysis:
    """Return an analysis in which step n of pass k has the score (n - 2) / 4 + k / 8 + ``shift``.

    The largest cell of its map is cell n + k, counted along the rows.
    """
    h, w = grid
    values = np.ones((passes, n_segments, h * w), np.float32)
    for k in range(passes):
        for n in range(n_segments):
            values[k, n, (n + k) % (h * w)] = 6.0
    if kind is MapKind.DISTRIBUTION:
        values /= values.sum(axis=-1, keepdims=True)
    elif kind is MapKind.GATE:
        values /= 8.0
    elif kind is MapKind.SIGNED:
        values -= 2.0
    elif kind is MapKind.NONE:
        values[:] = 1 / (h * w)
    steps, every = np.arange(n_segments), np.arange(passes)
    frames = VideoClip(video.path, clip_range).frames(video)
    return Analysis(
        video=video,
        clip_range=clip_range,
        samples=frames.start + sample_positions(len(frames), n_segments, 4, passes),
        attention=values.reshape(passes, n_segments, h, w),
        map_kind=kind,
        map_rect=rect if rect is not None else MapRect(),
        task_state=np.zeros((passes, n_segments, 2), np.float32),
        score_curve=(steps[None, :] - 2) / 4 + every[:, None] / 8 + shift,
        segment_stops=np.array([frames.start + s.stop_frame for s in segments(len(frames), n_segments, 4)]),
        n_segments=n_segments,
        provenance=Provenance("SkillViewer test", model, "e" * 64, "full", "tvl1", "tiny", "cpu", "float32"),
    )


def evidence(of: Analysis) -> Evidence:
    """Return evidence in which segment n contributes n / 10 and cell (y, x) contributes (y - x) / 10, in every pass."""
    k, n = of.score_curve.shape
    h, w = of.attention.shape[2:]
    y, x = np.mgrid[:h, :w]
    return Evidence(
        video_digest=of.video.digest,
        model_digest=of.provenance.model_digest,
        map_kind=of.map_kind,
        score=of.score,
        baseline=-1.0,
        segments=np.tile(np.arange(n) / 10, (k, 1)),
        cells=np.tile((y - x) / 10, (k, 1, 1)),
        cell_steps=np.zeros((k, n, h, w)),
        faithfulness=None,
        n_random=20,
        seed=0,
        clip_range=of.clip_range,
    )


def evenly(own: Analysis, other: Analysis) -> Alignment:
    """Align two videos at an even pace, as if they were alike."""
    return Alignment(np.array([own.start_s, own.stop_s]), np.array([other.start_s, other.stop_s]), 0.4)
