"""Options of clips and stills."""

from dataclasses import dataclass

from skillviewer.core.analysis.map_style import MapStyle
from skillviewer.export.options import TRACKS_HELP, TRACKS_TITLE, UNFAMILIAR_HELP, UNFAMILIAR_TITLE, option_field
from skillviewer.export.pictures.blurring import BLUR_HELP, BLUR_TITLE
from skillviewer.export.rendering.theme import DARK, THEMES, WHITE, ExportTheme
from skillviewer.media.writing.writer import Quality


@dataclass(frozen=True, slots=True)
class ClipOptions:
    """Options of a clip.

    Several videos share one scale of the maps. Small pictures are scaled up until the text is readable. With
    ``blur_faces`` the videos need their faces, for which ``Exporter.export`` searches.
    """

    start: int = option_field(0, "First frame", "Counted from 0", low=0, screen_offset=1)
    stop: int | None = option_field(
        None, "Stop before frame", "Counted from 0; empty for the end", low=1, screen_title="Last frame"
    )
    speed: float = option_field(1.0, "Speed", "2 plays twice as fast; stated in the clip", low=0.05, high=16, unit="×")
    look: MapStyle = option_field(MapStyle(), "Map")
    size: tuple[int, int] | None = option_field(None, "Size of a picture", "Filled as far as the proportions allow")
    columns: int = option_field(0, "Pictures in a row", "0 to choose the number automatically", low=0, high=9)
    title: str = option_field("", "Title")
    curve: bool = option_field(default=True, title="Score curve")
    labels: bool = option_field(default=True, title="Words and colour bar")
    theme: ExportTheme = option_field(DARK, "Background", choices=THEMES)
    quality: Quality = option_field("good", "Quality", "Better quality gives a larger file")
    align: bool = option_field(
        default=False, title="Align in time", help="The other videos show the same moment of the task as the first"
    )
    cameras: bool = option_field(
        default=False, title="Show the other cameras", help="Further cameras of the first video in the study"
    )
    sound: bool = option_field(
        default=True, title="Keep the sound", help="Of the first video, at speeds from 0.5 to 2; a GIF has none"
    )
    blur_faces: bool = option_field(default=False, title=BLUR_TITLE, help=BLUR_HELP)
    unfamiliar_scores: bool = option_field(default=False, title=UNFAMILIAR_TITLE, help=UNFAMILIAR_HELP)
    sound_with_blur: bool = option_field(
        default=False,
        title="Keep the sound with blurred faces",
        help="A voice identifies its speaker as well as a face does",
    )
    tracks: bool = option_field(default=False, title=TRACKS_TITLE, help=TRACKS_HELP)


@dataclass(frozen=True, slots=True)
class StillOptions:
    """Options of a still.

    ``frame`` is a frame of the first video; further videos show the frame at the same time. Without ``labels`` and
    ``curve`` the still has no strip below the picture.
    """

    frame: int | None = option_field(
        None, "Frame", "Counted from 0; empty for the last sampled one", low=0, screen_offset=1
    )
    look: MapStyle = option_field(MapStyle(), "Map")
    size: tuple[int, int] | None = option_field(None, "Size of a picture", "Filled as far as the proportions allow")
    columns: int = option_field(0, "Pictures in a row", "0 to choose the number automatically", low=0, high=9)
    title: str = option_field("", "Title")
    curve: bool = option_field(default=True, title="Score curve")
    labels: bool = option_field(default=True, title="Words and colour bar")
    theme: ExportTheme = option_field(WHITE, "Background", choices=THEMES)
    unfamiliar_scores: bool = option_field(default=False, title=UNFAMILIAR_TITLE, help=UNFAMILIAR_HELP)
    blur_faces: bool = option_field(default=False, title=BLUR_TITLE, help=BLUR_HELP)
    tracks: bool = option_field(default=False, title=TRACKS_TITLE, help=TRACKS_HELP)
