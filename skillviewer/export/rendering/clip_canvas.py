"""Canvas of clips and stills: pictures with their maps, and below them the strip with text, score curve and bars.

Static parts are drawn once. For each frame only the pictures, the cursor of the curve and changed text are drawn.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.map_style import MapStyle
from skillviewer.core.analysis.scene import Scene, resolve
from skillviewer.core.analysis.score_text import HIDDEN, format_sampled, format_source, score_decimals, score_so_far
from skillviewer.core.arrays import RGBImage
from skillviewer.core.explanation.alignment import Alignment
from skillviewer.core.text import clock, format_number, signed
from skillviewer.core.tracks.track_drawing import TrackDrawing
from skillviewer.export.rendering.clip_curve import ClipCurve
from skillviewer.export.rendering.colour_bar import BarScale, bar_colours, bar_scale, format_ticks, gradient
from skillviewer.export.rendering.common_scales import colour_bar_indices, common_map_styles
from skillviewer.export.rendering.layout import BAR_EM, BAR_TITLE_EM, BIG_EM, LINE_EM, Box, Layout
from skillviewer.export.rendering.text_renderer import TextRenderer, copy_onto
from skillviewer.export.rendering.theme import Colour, ExportTheme
from skillviewer.media.overlay.painter import Painter
from skillviewer.media.overlay.track_overlay import paint_tracks


@dataclass(frozen=True, slots=True)
class Span:
    """Presentation times that a clip shows, and its speed."""

    start_s: float  # presentation time at the left end of the curve
    stop_s: float  # presentation time at its right end
    speed: float = 1.0  # speed of the clip; stated where it is not 1


class ClipCanvas:
    """Canvas on which the frames of one or more analysed videos are painted, with the strip below.

    Args:
        analyses: Analyses, one for each pane.
        title: Title above the strip; "" for none.
        captions: Captions below the panes, if there are several.
        layout: Layout of the canvas.
        span: Interval of the curve, and speed of the clip.
        map_style: Style of the maps; several analyses get common scales.
        theme: Colours.
        alignments: Alignment of the first video with each video, or None.
        unfamiliar_scores: Whether to show scores of videos that are unfamiliar to the model.
        track_drawings: For each analysis, a function that returns the drawings of the tracks at a frame; () for none.
    """

    def __init__(
        self,
        analyses: Sequence[Analysis],
        title: str,
        captions: Sequence[str],
        layout: Layout,
        span: Span,
        map_style: MapStyle,
        theme: ExportTheme,
        alignments: Sequence[Alignment | None],
        *,
        unfamiliar_scores: bool = False,
        track_drawings: Sequence[Callable[[int], Sequence[TrackDrawing]]] = (),
    ) -> None:
        self._track_drawings = track_drawings
        self._hides_scores = [analysis.unfamiliar and not unfamiliar_scores for analysis in analyses]
        self._analyses = analyses
        self.layout = layout
        self._span = span
        self._theme = theme
        self._map_styles = common_map_styles(analyses, map_style)
        self._painters = [Painter() for _ in analyses]
        self._digits = score_decimals(analyses)
        # a row of pixels: copying it to clear a box is ten times as fast as filling with one colour
        self._blank_row: RGBImage = np.array([theme.background] * layout.width, np.uint8)
        self._canvas: RGBImage = np.empty((layout.height, layout.width, 3), np.uint8)
        self._canvas[:] = self._blank_row
        self._contents: dict[Box, object] = {}  # text or colour scale that each box shows
        self._text = self._make_renderer(1.0, theme.text)
        self._bold = self._make_renderer(1.0, theme.text, bold=True)
        self._big = self._make_renderer(BIG_EM, theme.text, bold=True)
        self._muted = self._make_renderer(0.9, theme.muted)
        self._small = self._make_renderer(0.8, theme.muted)
        self._captions_fit = self._longest_caption_fits()
        durations_s = [analysis.video.duration_s for analysis in analyses]
        longest_clock = clock(max(span.stop_s, *durations_s))
        self._clock_px = self._big.width(max("00:00.000", longest_clock, key=len))  # all digits have one width
        self._score_label, self._score_renderer = self._choose_score_style()
        # a canvas without text has no bars
        self._bar_boxes = dict(zip(colour_bar_indices(analyses, map_style), layout.bars, strict=False))
        self._first_scenes: dict[int, Scene] = {}  # scene of the first map of each analysis with a bar
        for index in self._bar_boxes:
            first_frame = int(analyses[index].samples.min())
            self._first_scenes[index] = resolve(analyses[index], first_frame, self._map_styles[index])
        self._curve: ClipCurve | None = None
        if layout.curve is not None:
            self._curve = ClipCurve(
                analyses,
                span.start_s,
                span.stop_s,
                size=(layout.curve.width, layout.curve.height),
                em=layout.em,
                theme=theme,
                alignments=alignments,
                show_scores=not any(self._hides_scores),  # the axis is common to all curves
            )
        self._draw_static_text(title, captions)

    def _make_renderer(self, size_em: float, colour: Colour, *, bold: bool = False) -> TextRenderer:
        return TextRenderer(round(self.layout.em * size_em), colour, self._theme.background, bold=bold)

    def _longest_caption_fits(self) -> bool:
        """Return True if the longest caption fits on one line; all captions of a clip then have the same form."""
        n_frames = max(analysis.video.n_frames for analysis in self._analyses)
        n_sampled = max(analysis.samples.size for analysis in self._analyses)
        longest_caption = f"frame {n_frames}/{n_frames} · sampled {n_sampled}/{n_sampled} · map interpolated"
        return all(self._text.width(longest_caption) <= box.width for box in self.layout.captions)

    def _choose_score_style(self) -> tuple[str, TextRenderer]:
        """Return label and renderer of the score. Every score fits, since a shortened number would be wrong."""
        box = self.layout.score
        if box is None:
            return "", self._big
        curve = self._analyses[0].score_curve
        extreme_texts = [signed(float(score), self._digits) for score in (curve.min(), curve.max())]
        score_px = max(self._big.width(text) for text in extreme_texts)
        label_px = box.width - score_px
        renderer = self._big if label_px >= 0 else self._bold
        gap_px = self.layout.em // 2
        for label in ("score so far", "score"):
            if self._muted.width(label) + gap_px <= label_px:
                return label, renderer
        return "", renderer

    def paint(self, clock_s: float, frames: Sequence[int], pictures: Sequence[RGBImage]) -> RGBImage:
        """Paint one frame of the clip.

        Args:
            clock_s: Presentation time.
            frames: Frame of each analysis on screen, from 0.
            pictures: RGB picture of each analysis, at the size of its pane.

        Returns:
            (height, width, 3) uint8 RGB; memory of the canvas, which the next call overwrites.
        """
        scenes = [
            resolve(analysis, frame, map_style)
            for analysis, frame, map_style in zip(self._analyses, frames, self._map_styles, strict=True)
        ]
        for scene, painter, pane, picture in zip(scenes, self._painters, self.layout.panes, pictures, strict=True):
            painter.paint(scene, picture, self._pixels_of(pane.picture))
        self._paint_tracks(frames)
        if self._curve is not None and self.layout.curve is not None:
            self._curve.paint(self._canvas, self.layout.curve, clock_s, frames)
        if self.layout.time is not None:
            self._paint_text(clock_s, frames, scenes)
        for owner, box in self._bar_boxes.items():
            # before the first map the bar shows the scale of later maps
            scene = scenes[owner] if scenes[owner].values is not None else self._first_scenes[owner]
            self._paint_bar(box, bar_scale(scene), scene)
        return self._canvas

    def _pixels_of(self, box: Box) -> RGBImage:
        return self._canvas[box.top : box.bottom, box.left : box.right]

    def _paint_tracks(self, frames: Sequence[int]) -> None:
        for index, drawings_at in enumerate(self._track_drawings):
            drawings = drawings_at(frames[index])
            if drawings:
                video = self._analyses[index].video
                pixels = self._pixels_of(self.layout.panes[index].picture)
                paint_tracks(pixels, drawings, (video.width_px, video.height_px))

    def _draw_static_text(self, title: str, captions: Sequence[str]) -> None:
        layout = self.layout
        if layout.title is not None:
            self._write(layout.title, self._bold, self._bold.elided(title, layout.title.width))
        if layout.score is not None:
            self._write(layout.score, self._muted, self._score_label)
        if layout.time is None:
            return
        if self._span.speed != 1:
            speed_box = _indented(layout.time, self._clock_px + layout.em)
            self._write(speed_box, self._muted, f"{format_number(self._span.speed)}×")
        for index, (caption, pane) in enumerate(zip(captions, layout.panes, strict=True)):
            if pane.caption.height:
                self._draw_caption(index, caption, pane.caption)

    def _draw_caption(self, index: int, caption: str, box: Box) -> None:
        """Draw a square in the colour of the curve, and the caption next to it."""
        line = self._caption_line(box, 0)
        side = round(self.layout.em * 0.7)
        top = line.top + (line.height - side) // 2
        colour = self._theme.series[index % len(self._theme.series)]
        self._canvas[top : top + side, line.left : line.left + side] = colour
        left = line.left + round(self.layout.em * 1.1)
        width = line.right - left - self._caption_score_px()
        self._write(Box(left, line.top, width, line.height), self._bold, self._bold.elided(caption, width))

    def _caption_score_px(self) -> int:
        """Return the width that is reserved for a score at the end of a caption."""
        return self._bold.width(signed(-1.0, self._digits) + "00")

    def _caption_line(self, box: Box, row: int) -> Box:
        em = self.layout.em
        return Box(box.left, box.top + round(em * (0.2 + row * 1.45)), box.width, round(em * LINE_EM))

    def _paint_text(self, clock_s: float, frames: Sequence[int], scenes: Sequence[Scene]) -> None:
        assert self.layout.time is not None
        clock_box = replace(self.layout.time, width=self._clock_px)
        if len(scenes) == 1:
            self._write(clock_box, self._big, clock(scenes[0].time_s))
            self._paint_single_caption(scenes[0], frames[0])
            return
        self._write(clock_box, self._big, clock(clock_s))
        for index, (scene, pane) in enumerate(zip(scenes, self.layout.panes, strict=True)):
            self._paint_caption(index, scene, pane.caption)

    def _paint_single_caption(self, scene: Scene, frame: int) -> None:
        """Paint the text about the frame and the score of a canvas with one picture."""
        layout = self.layout
        frame_text = f"frame {scene.frame_index + 1}/{self._analyses[0].video.n_frames}"
        texts = [frame_text, format_sampled(scene), format_source(scene)]
        if len(layout.captions) == 1:
            if not self._captions_fit:
                texts = [frame_text, format_source(scene)]
            texts = [" · ".join(texts)]
        for box, text in zip(layout.captions, texts, strict=True):
            self._write(box, self._text, self._text.elided(text, box.width))
        if layout.score is not None:
            score_box = _indented(layout.score, self._muted.width(self._score_label))
            self._write(score_box, self._score_renderer, self.format_score(0, frame), align_right=True)

    def format_score(self, index: int, frame: int) -> str:
        """Return the score of an analysis up to a frame, or a question mark if the video is unfamiliar."""
        if self._hides_scores[index]:
            return HIDDEN
        _, score = score_so_far(self._analyses[index], frame)
        return signed(score, self._digits)

    def _paint_caption(self, index: int, scene: Scene, box: Box) -> None:
        """Paint the score, the frame and the source of the map of one of several pictures."""
        first_line = self._caption_line(box, 0)
        score_px = self._caption_score_px()
        score_box = replace(first_line, left=first_line.right - score_px, width=score_px)
        self._write(score_box, self._bold, self.format_score(index, scene.frame_index), align_right=True)
        second_line = self._caption_line(box, 1)
        text = f"frame {scene.frame_index + 1}/{self._analyses[index].video.n_frames} · {format_source(scene)}"
        self._write(second_line, self._muted, self._muted.elided(text, second_line.width))

    def _paint_bar(self, box: Box, scale: BarScale, scene: Scene) -> None:
        if self._contents.get(box) == scale:
            return
        self._contents[box] = scale
        em = self.layout.em
        self._clear(box)
        title = self._muted.draw(self._muted.elided(scale.title, box.width))
        copy_onto(self._canvas, title, box.left, box.top)
        bar_top = box.top + round(em * BAR_TITLE_EM)
        bar_height = round(em * BAR_EM)
        bar_bottom = bar_top + bar_height
        copy_onto(self._canvas, gradient(bar_colours(scene), box.width, bar_height), box.left, bar_top)
        tick_width = max(1, round(em / 10))
        tick_height = round(em * 0.3)
        for value, label in zip(scale.ticks, format_ticks(scale), strict=True):
            x = box.left + round(scale.position(value) * (box.width - 1))
            tick_left = min(max(x - tick_width // 2, box.left), box.right - tick_width)
            tick = self._canvas[bar_bottom : bar_bottom + tick_height, tick_left : tick_left + tick_width]
            tick[:] = self._theme.muted
            label_picture = self._small.draw(label)
            label_width = label_picture.shape[1]
            label_left = min(max(x - label_width // 2, box.left), box.right - label_width)
            copy_onto(self._canvas, label_picture, label_left, bar_bottom + round(em * 0.35))

    def _write(self, box: Box, renderer: TextRenderer, text: str, *, align_right: bool = False) -> None:
        """Replace the content of a box by a line of text, unless the box already shows this text."""
        if self._contents.get(box) == text:
            return
        self._contents[box] = text
        picture = renderer.draw(text)[:, : box.width]
        self._clear(box)
        left = box.right - picture.shape[1] if align_right else box.left
        copy_onto(self._canvas, picture, left, box.top + (box.height - picture.shape[0]) // 2)

    def _clear(self, box: Box) -> None:
        self._pixels_of(box)[:] = self._blank_row[: box.width]


def _indented(box: Box, indent_px: int) -> Box:
    """Return a box without its leftmost ``indent_px`` columns."""
    return replace(box, left=box.left + indent_px, width=box.width - indent_px)
