"""A well-scored video of the same task, shown next to the one on screen."""

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSlider, QToolButton, QWidget

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.wording import score_digits
from skillviewer.core.text import clock, signed
from skillviewer.core.video.extents import VideoClip
from skillviewer.core.video.info import VideoInfo
from skillviewer.ui.session.frame_feed import FrameFeed
from skillviewer.ui.session.insight.findings import Findings
from skillviewer.ui.session.playback import Playback
from skillviewer.ui.session.program import Program
from skillviewer.ui.widgets.empty_state import Section
from skillviewer.ui.widgets.layout import NONE, Wrapped, add_all, text_label, vertical
from skillviewer.ui.widgets.theme import LIGHT, Theme, dress, themed


class SmallPlayer(QWidget):
    """A separate second player: exact frames with the map of the same frame, play and a slider."""

    def __init__(self, program: Program, parent: QWidget) -> None:
        from skillviewer.ui.player.canvas import VideoCanvas  # it brings OpenCV, and a reference is rarely shown

        super().__init__(parent)
        self.playback = Playback(parent=self)
        self.feed = FrameFeed(program.frames, self)
        self._footage: VideoClip | None = None
        self._analysis: Analysis | None = None
        self.canvas = VideoCanvas(self)
        self.canvas.setMinimumSize(160, 90)
        self.canvas.setFixedHeight(160)
        self.canvas.setAccessibleName(self.tr("Picture of the reference video"))
        self.canvas.set_look(program.state.look)
        self.play = QToolButton(self)
        self.play.setText(self.tr("Play"))
        self.play.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.play.clicked.connect(self.playback.toggle)
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setAccessibleName(self.tr("Frame of the reference video"))
        self.slider.valueChanged.connect(self.playback.seek)
        self._time = text_label("", self, muted=True)
        row = add_all(QHBoxLayout(), self.play, (self.slider, 1), self._time)
        add_all(vertical(self, NONE, 4), self.canvas, row)
        program.state.look_changed.connect(self.canvas.set_look)
        self.feed.opened.connect(self._on_opened)
        self.feed.arrived.connect(self.canvas.set_shot)
        self.feed.failed.connect(self._on_failed)
        self.playback.frame_changed.connect(self._on_frame)
        self.playback.playing_changed.connect(self._on_playing)

    def open(self, footage: VideoClip, analysis: Analysis | None) -> None:
        """Show a video from its first frame, with what the model on screen says of it."""
        self._footage, self._analysis = footage, analysis
        self.canvas.set_video(None)
        self.playback.open(None)
        self.feed.open(footage.path)

    def close_video(self) -> None:
        self.playback.open(None)
        self.feed.close()
        self.canvas.set_video(None)

    @Slot(object)
    def _on_opened(self, video: VideoInfo) -> None:
        assert self._footage is not None
        frames = self._footage.frames(video)
        self.canvas.set_video(video)
        self.canvas.set_analysis(self._analysis)
        self.slider.setRange(frames[0], frames[-1])
        self.playback.open(video, frames)
        self.feed.request(frames[0])

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        self.canvas.set_words(str(error))

    @Slot(int)
    def _on_frame(self, frame: int) -> None:
        if self.playback.video is None:
            return
        with QSignalBlocker(self.slider):
            self.slider.setValue(frame)
        self._time.setText(clock(self.playback.time_s))
        self.feed.request(frame, playing=self.playback.playing)

    @Slot(bool)
    def _on_playing(self, playing: bool) -> None:
        self.play.setText(self.tr("Pause") if playing else self.tr("Play"))
        if not playing:
            self.feed.request(self.playback.frame)


class ReferenceBlock(Section):
    """Names the reference, and shows it on a separate player when asked to."""

    def __init__(self, program: Program, parent: QWidget) -> None:
        super().__init__(self.tr("Example of good skill"), parent)
        self._program = program
        self._footage: VideoClip | None = None
        self._theme: Theme = LIGHT
        self.player: SmallPlayer | None = None
        self.words = Wrapped(self)
        self.side_by_side = QPushButton(self.tr("Show side by side"), self)
        self.side_by_side.setCheckable(True)
        add_all(self.column, self.words, add_all(QHBoxLayout(), self.side_by_side, 1))
        self.side_by_side.toggled.connect(self._on_side_by_side)

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._theme = theme

    def show_findings(self, found: Findings) -> None:
        reference = found.reference
        self.side_by_side.setVisible(reference is not None)
        if reference is None:
            none = self.tr("No comparable video in the top 25 % scores higher than this one.")
            self.words.set_plain(none if found.standing.n else self.tr("There are no comparable videos yet."))
        else:
            why = self.tr("it looks most similar") if reference.near_by == "looks" else self.tr("its score is nearest")
            score = signed(reference.score, score_digits([found.analysis]))
            words = self.tr("{} scores {}. Chosen from the top 25 %: {}.")
            self.words.set_plain(words.format(reference.name, score, why))
        footage = found.reference_footage
        if footage != self._footage:
            self._footage = footage
            self._show()

    def close_player(self) -> None:
        """Show no reference: the page is of nothing."""
        self._footage = None
        self._show()

    @Slot(bool)
    def _on_side_by_side(self, on: bool) -> None:
        self.side_by_side.setText(self.tr("Hide the reference") if on else self.tr("Show side by side"))
        self._show()

    def _show(self) -> None:
        wanted = self.side_by_side.isChecked() and self._footage is not None
        if not wanted or self._footage is None:
            if self.player is not None:
                self.player.close_video()
                self.player.hide()
            return
        if self.player is None:
            self.player = SmallPlayer(self._program, self)
            dress(self.player, self._theme)
            self.column.addWidget(self.player)
        entry = self._program.videos.get(self._footage)
        self.player.open(self._footage, entry.analysis if entry is not None else None)
        self.player.show()
