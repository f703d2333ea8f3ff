"""The canvas of clips and stills: pictures with their maps, and the strip that says what is seen.

What stays from frame to frame is drawn once. A frame costs its pictures, a cursor, and the words that changed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.analysis.map_style import ColourLimits, MapStyle, Overlay
from skillviewer.core.analysis.scene import Scene, clipped_limit, display_limit, resolve
from skillviewer.core.analysis.score_text import HIDDEN, format_sampled, format_source, score_digits, score_so_far
from skillviewer.core.arrays import RGBImage
from skillviewer.core.explanation.alignment import Alignment
from skillviewer.core.text import clock, plain, signed
from skillviewer.core.tracks.track_drawing import TrackDrawing
from skillviewer.export.rendering.clip_curve import ClipCurve
from skillviewer.export.rendering.colour_bar import BarScale, bar_colours, bar_scale, format_ticks, gradient
from skillviewer.export.rendering.layout import BAR_EM, BAR_TITLE_EM, BIG_EM, LINE_EM, Box, Layout
from skillviewer.export.rendering.lettering import TextRenderer, place
from skillviewer.export.rendering.theme import Colour, ExportTheme
from skillviewer.media.overlay.overlay import Painter
from skillviewer.media.overlay.track_overlay import paint_tracks


@dataclass(frozen=True, slots=True)
class Span:
    """The part of the clock that a canvas shows."""

    start_s: float  # presentation time at the left end of the curve
    stop_s: float  # presentation time at its right end
    speed: float = 1.0  # speed of the clip; stated where it is not 1


def common_map_styles(analyses: Sequence[Analysis], map_style: MapStyle) -> tuple[MapStyle, ...]:
    """Return a look for each analysis such that maps of one kind have one scale.

    A single analysis keeps the scale that was asked for. Gates end at 1. A clipped scale ends at the smallest limit of
    any analysis, so that the maps of all of them can be seen, any other at the largest. Maps of different kinds cannot
    be compared, and each kind has a scale of its own.
    """
    if len(analyses) == 1:
        return (map_style,)
    limits = {kind: _common_limit(kind, analyses, map_style) for kind in {a.map_kind for a in analyses}}
    return tuple(replace(map_style, scale=ColourLimits.COMMON, common_limit=limits[a.map_kind]) for a in analyses)


def _common_limit(kind: MapKind, analyses: Sequence[Analysis], map_style: MapStyle) -> float:
    of_kind = [a for a in analyses if a.map_kind is kind]
    if kind in (MapKind.GATE, MapKind.NONE):
        return 1.0
    if map_style.scale is ColourLimits.CLIPPED:
        uneven = [a for a in of_kind if not a.spread_evenly] or of_kind
        return min(clipped_limit(a) for a in uneven) or 1.0
    return max(display_limit(a) for a in of_kind) or 1.0


def bar_owners(analyses: Sequence[Analysis], map_style: MapStyle) -> tuple[int, ...]:
    """Return the first analysis of each kind of map that is shown: each has a colour bar."""
    if map_style.overlay is Overlay.OFF:
        return ()
    kinds = [a.map_kind for a in analyses]
    return tuple(index for index, kind in enumerate(kinds) if kind is not MapKind.NONE and kinds.index(kind) == index)


class ClipCanvas:
    """Paints frames of one or more analysed videos with their strip.

    The title stands above the strip where the layout has room for it, and captions next to several pictures.
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
        self._track_drawings = track_drawings  # the tracks of a frame, for each analysis; none for no tracks
        self._hidden = [analysis.unfamiliar and not unfamiliar_scores for analysis in analyses]
        self._analyses = analyses
        self.layout = layout
        self._span = span
        self._theme = theme
        self._map_styles = common_map_styles(analyses, map_style)
        self._painters = [Painter() for _ in analyses]
        self._digits = score_digits(analyses)
        # a row, so that wiping is copying: spreading one colour costs ten times as much
        self._blank: RGBImage = np.array([theme.background] * layout.width, np.uint8)
        self._canvas: RGBImage = np.empty((layout.height, layout.width, 3), np.uint8)
        self._canvas[:] = self._blank
        self._written: dict[Box, object] = {}
        em = layout.em
        self._text = self._letters(1.0, theme.text)
        self._bold = self._letters(1.0, theme.text, bold=True)
        self._big = self._letters(BIG_EM, theme.text, bold=True)
        self._muted = self._letters(0.9, theme.muted)
        self._small = self._letters(0.8, theme.muted)
        n, sampled = max(a.video.n_frames for a in analyses), max(a.samples.size for a in analyses)
        longest = f"frame {n}/{n} · sampled {sampled}/{sampled} · map interpolated"
        # decided once, so that words in one line do not come and go
        self._has_room = all(self._text.width(longest) <= box.width for box in layout.captions)
        longest_clock = clock(max(span.stop_s, *(a.video.duration_s for a in analyses)))
        self._clock_px = self._big.width(max("00:00.000", longest_clock, key=len))  # all digits are of one width
        self._score_label, self._score_letters = self._fitting_score()
        # a canvas without words has no bars
        self._bars = dict(zip(bar_owners(analyses, map_style), layout.bars, strict=False))
        self._first_maps = {
            index: resolve(analyses[index], int(analyses[index].samples.min()), self._map_styles[index])
            for index in self._bars
        }
        self._plot: ClipCurve | None = None
        if layout.curve is not None:
            size = (layout.curve.width, layout.curve.height)
            numbers = not any(self._hidden)  # the axis is common to all curves
            self._plot = ClipCurve(analyses, span.start_s, span.stop_s, size, em, theme, alignments, numbers=numbers)
        self._draw_once(title, captions)

    def _letters(self, ems: float, colour: Colour, *, bold: bool = False) -> TextRenderer:
        return TextRenderer(round(self.layout.em * ems), colour, self._theme.background, bold=bold)

    def _fitting_score(self) -> tuple[str, TextRenderer]:
        """Return label and letters of the score that leave room for every score: a number that is cut is another."""
        box = self.layout.score
        if box is None:
            return "", self._big
        curve = self._analyses[0].score_curve
        ends = [signed(float(end), self._digits) for end in (curve.min(), curve.max())]
        room = box.width - max(self._big.width(end) for end in ends)
        gap = self.layout.em // 2
        label = next((label for label in ("score so far", "score") if self._muted.width(label) + gap <= room), "")
        return label, self._big if room >= 0 else self._bold

    def paint(self, clock_s: float, frames: Sequence[int], pictures: Sequence[RGBImage]) -> RGBImage:
        """Paint one moment: for each analysis its frame on screen, from 0, and its RGB picture at the size of its pane.

        Returns:
            (height, width, 3) uint8 RGB; the canvas's own memory, painted over by the next call.
        """
        scenes = [resolve(a, f, k) for a, f, k in zip(self._analyses, frames, self._map_styles, strict=True)]
        for scene, painter, pane, picture in zip(scenes, self._painters, self.layout.panes, pictures, strict=True):
            box = pane.picture
            painter.paint(scene, picture, self._canvas[box.top : box.bottom, box.left : box.right])
        for analysis, track_drawings, frame, pane in zip(
            self._analyses, self._track_drawings, frames, self.layout.panes, strict=False
        ):
            part = self._canvas[pane.picture.top : pane.picture.bottom, pane.picture.left : pane.picture.right]
            if drawn := track_drawings(frame):
                paint_tracks(part, drawn, (analysis.video.width_px, analysis.video.height_px))
        if self._plot is not None and self.layout.curve is not None:
            self._plot.paint(self._canvas, self.layout.curve, clock_s, frames)
        if self.layout.time is not None:
            self._paint_text(clock_s, frames, scenes)
        for owner, box in self._bars.items():
            # before the first map the bar already has the scale of the maps to come
            scene = scenes[owner] if scenes[owner].values is not None else self._first_maps[owner]
            self._paint_bar(box, bar_scale(scene), scene)
        return self._canvas

    def _draw_once(self, title: str, captions: Sequence[str]) -> None:
        layout, span = self.layout, self._span
        if layout.title is not None:
            self._write(layout.title, self._bold, self._bold.elided(title, layout.title.width))
        if layout.time is not None and span.speed != 1:
            box = _from(layout.time, self._clock_px + layout.em)
            self._write(box, self._muted, f"{plain(span.speed)}×")
        if layout.score is not None:
            self._write(layout.score, self._muted, self._score_label)
        if layout.time is None:
            return
        for index, (caption, pane) in enumerate(zip(captions, layout.panes, strict=True)):
            if pane.caption.height:
                self._draw_caption(index, caption, pane.caption)

    def _draw_caption(self, index: int, title: str, box: Box) -> None:
        line = self._caption_line(box, 0)
        side = round(self.layout.em * 0.7)
        top = line.top + (line.height - side) // 2
        self._canvas[top : top + side, line.left : line.left + side] = self._theme.series[
            index % len(self._theme.series)
        ]
        left = line.left + round(self.layout.em * 1.1)
        room = line.right - left - self._bold.width(signed(-1.0, self._digits) + "00")
        self._write(Box(left, line.top, room, line.height), self._bold, self._bold.elided(title, room))

    def _caption_line(self, box: Box, row: int) -> Box:
        em = self.layout.em
        return Box(box.left, box.top + round(em * (0.2 + row * 1.45)), box.width, round(em * LINE_EM))

    def _paint_text(self, clock_s: float, frames: Sequence[int], scenes: Sequence[Scene]) -> None:
        layout = self.layout
        assert layout.time is not None
        width = self._clock_px
        if len(scenes) > 1:
            self._write(replace(layout.time, width=width), self._big, clock(clock_s))
            for index, (scene, pane) in enumerate(zip(scenes, layout.panes, strict=True)):
                self._paint_caption(index, scene, pane.caption)
            return
        scene = scenes[0]
        analysis = self._analyses[0]
        self._write(replace(layout.time, width=width), self._big, clock(scene.time_s))
        captions = [
            f"frame {scene.frame_index + 1}/{analysis.video.n_frames}",
            format_sampled(scene),
            format_source(scene),
        ]
        if len(layout.captions) == 1:
            captions = [" · ".join(captions if self._has_room else [captions[0], captions[2]])]
        for box, caption in zip(layout.captions, captions, strict=True):
            self._write(box, self._text, self._text.elided(caption, box.width))
        if layout.score is not None:
            text = self.score_text(0, frames[0])
            box = _from(layout.score, self._muted.width(self._score_label))
            self._write(box, self._score_letters, text, right=True)

    def score_text(self, index: int, frame: int) -> str:
        """Return the score of an analysis so far, or a sign where it means nothing."""
        return HIDDEN if self._hidden[index] else signed(score_so_far(self._analyses[index], frame)[1], self._digits)

    def _paint_caption(self, index: int, scene: Scene, box: Box) -> None:
        first, second = self._caption_line(box, 0), self._caption_line(box, 1)
        score = self.score_text(index, scene.frame_index)
        width = self._bold.width(signed(-1.0, self._digits) + "00")
        self._write(replace(first, left=first.right - width, width=width), self._bold, score, right=True)
        text = f"frame {scene.frame_index + 1}/{self._analyses[index].video.n_frames} · {format_source(scene)}"
        self._write(second, self._muted, self._muted.elided(text, second.width))

    def _paint_bar(self, box: Box, scale: BarScale, scene: Scene) -> None:
        if self._written.get(box) == scale:
            return
        self._written[box] = scale
        em = self.layout.em
        canvas = self._canvas
        self._wipe(box)
        top = box.top + round(em * BAR_TITLE_EM)
        height = round(em * BAR_EM)
        place(canvas, self._muted.tile(self._muted.elided(scale.title, box.width)), box.left, box.top)
        place(canvas, gradient(bar_colours(scene), box.width, height), box.left, top)
        for value, label in zip(scale.ticks, format_ticks(scale), strict=True):
            x = box.left + round(scale.share(value) * (box.width - 1))
            tick = max(1, round(em / 10))
            start = min(max(x - tick // 2, box.left), box.right - tick)
            canvas[top + height : top + height + round(em * 0.3), start : start + tick] = self._theme.muted
            tile = self._small.tile(label)
            left = min(max(x - tile.shape[1] // 2, box.left), box.right - tile.shape[1])
            place(canvas, tile, left, top + height + round(em * 0.35))

    def _write(self, box: Box, letters: TextRenderer, text: str, *, right: bool = False) -> None:
        """Write a line into a box, centred upright, over what stood there; nothing to do if it is the same."""
        if self._written.get(box) == text:
            return
        self._written[box] = text
        tile = letters.tile(text)[:, : box.width]
        self._wipe(box)
        left = box.right - tile.shape[1] if right else box.left
        place(self._canvas, tile, left, box.top + (box.height - tile.shape[0]) // 2)

    def _wipe(self, box: Box) -> None:
        self._canvas[box.top : box.bottom, box.left : box.right] = self._blank[: box.width]


def _from(box: Box, indent: int) -> Box:
    """Return a box without an indent on its left."""
    return replace(box, left=box.left + indent, width=box.width - indent)
