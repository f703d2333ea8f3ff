"""Tracks of hands and tools as the regions in which skill shows."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from skillviewer.core.errors import VideoError
from skillviewer.core.evaluation.track_attention import track_regions
from skillviewer.data.tables.regions import Regions
from skillviewer.data.tracks_file import TrackStore
from skillviewer.engine.features.video_facts import VideoFacts

if TYPE_CHECKING:
    from skillviewer.core.evaluation.localisation import Region


def regions_of_tracks(facts: Mapping[str, VideoFacts]) -> Regions:
    """Return the regions around the tracks saved with the videos, in their sampled frames.

    The first of the problems counts the videos with tracks; the others name videos with unusable tracks.
    """
    store = TrackStore()
    by_video: dict[str, Mapping[int, tuple[Region, ...]]] = {}
    problems = []
    for name, video in facts.items():
        frame_range = None if video.part is None else range(*video.part)
        try:
            tracks = store.get(video.file_digest, frame_range)
        except VideoError as error:
            problems.append(f"{name}: {error}")
            continue
        if tracks is None:
            continue
        if (tracks.width_px, tracks.height_px) != video.size_px:
            problems.append(f"{name}: its tracks were made in a picture of another size, and are left out.")
            continue
        by_video[name] = track_regions(tracks, video.frames)
    n_with_regions = sum(1 for regions in by_video.values() if regions)
    summary = (
        f"Regions are the tracks of {len(by_video)} of {len(facts)} videos; {n_with_regions} have one in a sampled "
        "frame (skillviewer tracks hands finds hands)."
    )
    return Regions(by_video, (summary, *problems))
