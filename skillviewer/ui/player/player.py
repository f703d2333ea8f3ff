"""Player of the video on screen: picture, caption and transport."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.video.info import VideoInfo
from skillviewer.ui.actions.actions import Actions
from skillviewer.ui.player.caption import Caption
from skillviewer.ui.player.map_menu import MapMenu
from skillviewer.ui.player.point_picker import PointPicker
from skillviewer.ui.player.track_layer import TrackLayer
from skillviewer.ui.player.transport import Transport
from skillviewer.ui.player.video_canvas import DisplayedFrame, VideoCanvas
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.widgets.layout import NO_MARGINS, add_all, growing, vertical


class Player(QWidget):
    """Canvas, caption and transport of the video on screen."""

    def __init__(self, app_context: AppContext, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        state = app_context.state
        self._state = state
        self._feed = app_context.feed
        self.canvas = VideoCanvas(self)
        self.caption = Caption(self)
        self.transport = Transport(app_context, actions, self)
        add_all(vertical(self, margins=NO_MARGINS, spacing=0), growing(self.canvas), self.caption, self.transport)
        self.map_menu = MapMenu(state, (actions["overlay"], actions["next_look"]), self)
        self.caption.menu_asked.connect(self._on_legend)
        self.canvas.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.canvas.customContextMenuRequested.connect(self._on_picture)
        self._contributions: Analysis | None = None
        self.canvas.shown_changed.connect(self.caption.set_shown)
        self.canvas.painted.connect(self._on_painted)
        self.canvas.set_map_style(state.map_style)
        self._tracks = app_context.tracks
        self.track_layer = TrackLayer(self.canvas)
        self.picker = PointPicker(self.canvas, app_context.point_requests)
        self.canvas.layers += [self.track_layer, self.picker]
        self._tracks.changed.connect(self._on_tracks)
        self._tracks.visible_changed.connect(self.track_layer.set_visible)
        self.track_layer.set_visible(self._tracks.are_visible)
        self._on_tracks()
        app_context.playback.video_changed.connect(self._on_video)
        app_context.feed.arrived.connect(self.canvas.set_picture)
        app_context.feed.lost.connect(self.canvas.set_message)  # instead of the picture of another frame
        state.analysis_changed.connect(self._on_analysis)
        state.map_style_changed.connect(self.canvas.set_map_style)
        self._on_video(app_context.playback.video)  # a screen may be made while a video is open

    def _on_legend(self) -> None:
        self.map_menu.open_at(self.caption)

    def _on_picture(self, position: QPoint) -> None:
        self.map_menu.open_at(self.canvas, position)

    def _on_tracks(self) -> None:
        self.track_layer.set_tracks(self._tracks.tracks)

    def _on_video(self, video: VideoInfo | None) -> None:
        self.canvas.set_video(video)
        self._on_analysis(self._state.analysis)

    def _on_painted(self, _shown: DisplayedFrame) -> None:
        self._feed.width_px = self.canvas.width_px

    def set_contributions(self, contributions: Analysis | None) -> None:
        """Show an analysis whose maps are signed contributions of cells; None shows the maps again."""
        if contributions is not self._contributions:
            self._contributions = contributions
            self._on_analysis(self._state.analysis)

    def _on_analysis(self, analysis: Analysis | None) -> None:
        contributions = self._contributions
        shows_contributions = (
            contributions is not None and analysis is not None and contributions.score_curve is analysis.score_curve
        )
        self.caption.set_contributions(shows_contributions)
        self.caption.set_analysis(analysis)
        shown_analysis = contributions if shows_contributions else analysis
        self.canvas.set_analysis(shown_analysis)
