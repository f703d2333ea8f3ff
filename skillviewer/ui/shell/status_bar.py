"""The status bar."""

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtWidgets import QLabel, QStatusBar, QWidget

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.text import clock, printable
from skillviewer.core.video.info import VideoInfo
from skillviewer.ui.player.transport import speed_text
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.threads.jobs import Job
from skillviewer.ui.widgets.labels import ElidingLabel, changes_sizes, fix_size
from skillviewer.ui.widgets.layout import as_tip, tool_button
from skillviewer.ui.widgets.theme import Theme, by_text, themed

ABOUT_VIDEO = ("frame", "sampled", "time", "rate", "speed")  # fields about the video on screen


ELSEWHERE = ("sampled", "rate", "speed")
ROOMY = 130
"""Fields that other parts show too: they give way to text that is larger than ``ROOMY`` per cent."""


LONGEST_MODEL_PX = 220


def left_text(seconds: float) -> str:
    """Return a time left as ``14 s`` or ``3 min``."""
    return f"{max(round(seconds), 1)} s" if seconds < 100 else f"{round(seconds / 60)} min"


class StatusBar(QStatusBar):
    """Video, frame, sampled frame, time, rate, speed, model, device, jobs with a button to stop them."""

    jobs_asked = Signal()
    stop_asked = Signal()

    def __init__(self, app_context: AppContext, parent: QWidget) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._instead: str | None = None
        self.setSizeGripEnabled(False)
        self.setContentsMargins(8, 0, 8, 0)
        self._video = ElidingLabel(self)
        self._dressed(self._video, "Video")
        self.addWidget(self._video, 1)
        self._fields: dict[str, QLabel] = {}
        for name, title in (
            ("frame", "Frame"),
            ("sampled", "Sampled frames (seen by the model)"),
            ("time", "Time"),
            ("rate", "Frame rate"),
            ("speed", "Playing speed"),
            ("model", "Model"),
            ("device", "Device"),
        ):
            field = self._fields[name] = QLabel(self)
            self._dressed(field, title)
            self.addPermanentWidget(field)
        self._job = tool_button("", self, self.jobs_asked)
        self._stop = tool_button("", self, self.stop_asked, tip="Stop")
        self._stop.setAccessibleName("Stop the job")
        self.addPermanentWidget(self._job)
        self.addPermanentWidget(self._stop)
        playback, state, models = app_context.playback, app_context.state, app_context.models
        playback.video_changed.connect(self._on_video)
        playback.frame_changed.connect(self._on_frame)
        playback.speed_changed.connect(self._on_speed)
        state.analysis_changed.connect(self._on_analysis)
        state.model_changed.connect(self._on_model)
        models.entries_changed.connect(self._on_model)
        models.requested_changed.connect(self._on_model)
        app_context.jobs.changed.connect(self._on_jobs)
        self._on_video(playback.video)
        self._on_model()
        self._on_jobs()

    @staticmethod
    def _dressed(field: QLabel, title: str) -> None:
        field.setProperty("muted", True)
        field.setToolTip(title)
        field.setContentsMargins(6, 0, 6, 0)

    @property
    def text(self) -> str:
        """All fields that are shown, for tests and screen readers."""
        fields = [f for n, f in self._fields.items() if self._instead is None or n not in ABOUT_VIDEO]
        texts = [self._video.longest, *(f.text() for f in fields), self._job.text()]
        return " | ".join(text for text in texts if text)

    def speak_for(self, text: str | None) -> None:
        """Show this text instead of all fields about videos, jobs too; None shows the fields again."""
        self._instead = text
        self._job.setEnabled(text is None)  # the panel of jobs names videos
        self._on_jobs()
        self._video.set_forms(text or "")
        if text is None:
            self._on_video(self._app_context.playback.video)
        for name in ABOUT_VIDEO:
            self._reveal(name)

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._stop.setIcon(self._app_context.icons.icon("stop", theme))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if changes_sizes(event):
            QTimer.singleShot(0, self, self._fix_sizes)  # the fields get the font or style after this event

    def _fix_sizes(self) -> None:
        """Give the fields that change with every frame the room of their longest text."""
        playback = self._app_context.playback
        if playback.video is not None:
            fix_size(self._fields["frame"], self._frame_text(playback.frames.stop))
            fix_size(self._fields["time"], clock(playback.stop_s))

    def _frame_text(self, number: int) -> str:
        return f"frame {number}/{self._app_context.playback.frames.stop}"

    def _reveal(self, name: str) -> None:
        room = name not in ELSEWHERE or by_text(100) <= ROOMY
        may = self._instead is None or name not in ABOUT_VIDEO
        self._fields[name].setVisible(bool(self._fields[name].text()) and room and may)

    def _show(self, name: str, text: str) -> None:
        field = self._fields[name]
        if field.text() != text:
            field.setText(text)
            self._reveal(name)
            if name == "sampled":  # so that the line does not jump
                field.setMinimumWidth(max(field.minimumWidth(), field.sizeHint().width()) if text else 0)

    def _on_video(self, video: VideoInfo | None) -> None:
        self._fields["sampled"].setMinimumWidth(0)
        rate = ""
        if video is not None:
            text = "{:.2f} fps (varies)" if video.variable_rate else "{:.2f} fps"
            rate = text.format(video.rate_hz)
        if self._instead is None:
            current = self._app_context.state.current
            title = printable(self._app_context.videos.title(current)) if video is not None and current else ""
            about = (printable(str(video.path)), video.note, rate) if video is not None else ()
            self._video.set_forms(title, tip="\n".join(filter(None, about)))
        self._fix_sizes()
        self._show("rate", rate)
        self._on_speed(self._app_context.playback.speed)
        self._on_analysis(self._app_context.state.analysis)
        self._on_frame(self._app_context.playback.frame)

    def _on_frame(self, frame: int) -> None:
        video = self._app_context.playback.video
        self._show("frame", self._frame_text(frame + 1) if video else "")
        self._show("time", clock(self._app_context.playback.time_s) if video else "")

    def _on_speed(self, speed: float) -> None:
        self._show("speed", speed_text(speed) if self._app_context.playback.video else "")

    def _on_analysis(self, analysis: Analysis | None) -> None:
        text = ""
        if analysis is not None:
            total = analysis.n_segments * analysis.n_passes
            text = f"{analysis.n_samples * analysis.n_passes} of {total} frames analysed"
        self._show("sampled", text)

    def _on_model(self, *_: object) -> None:
        model = self._app_context.state.model
        if model is not None:
            text = f"model {printable(model.name)}"
            self._show("model", self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, LONGEST_MODEL_PX))
            self._fields["model"].setToolTip(as_tip(text))
            self._show("device", f"{model.device} {model.memory}".rstrip())
            return
        self._fields["model"].setToolTip("Model")
        loading = self._app_context.models.requested is not None
        self._show("model", "loading the model" if loading else "no model")
        self._show("device", "")

    def _on_jobs(self) -> None:
        running = self._app_context.jobs.running
        self._job.setVisible(bool(running))
        self._stop.setVisible(bool(running))
        self._job.setText(self._job_text(running) if running else "")

    def _job_text(self, running: tuple[Job, ...]) -> str:
        job = running[-1]
        if job.stopping:
            return "stopping…"
        count = "1 job" if len(running) == 1 else f"{len(running)} jobs"
        share, left_s = job.share, job.left_s
        blind = self._instead is not None  # the title of a job may contain the name of a video
        self._job.setToolTip("" if blind else as_tip(f"{job.title} {job.stage}".rstrip()))
        if share is None:
            return count if blind else f"{count} · {job.title}"
        text = f"{count} {share * 100:.0f} %"
        return text if left_s is None else f"{text}, {left_text(left_s)} left"
