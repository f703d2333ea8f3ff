"""The status bar."""

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QStatusBar, QWidget

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.text import clock, printable
from skillviewer.core.video.info import VideoInfo
from skillviewer.ui.player.transport import speed_text
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.threads.jobs import Job
from skillviewer.ui.widgets.labels import ElidingLabel, changes_sizes, fix_size
from skillviewer.ui.widgets.layout import as_tip, tool_button
from skillviewer.ui.widgets.text_scaling import scaled_px
from skillviewer.ui.widgets.theme import Theme, themed

VIDEO_FIELDS = ("frame", "sampled", "time", "rate", "speed")  # fields about the video on screen
REDUNDANT_FIELDS = ("sampled", "rate", "speed")  # fields that other widgets show too
MIN_WIDTH_WITH_JOBS_PX = 1000  # width below which they are hidden while jobs run, for text of the default size
LARGE_TEXT_PERCENT = 130  # size of text above which redundant fields are hidden
MAX_MODEL_WIDTH_PX = 220
MIN_WIDTH_WITH_MODEL_PX = 520  # below it, running jobs take the place of model and device
MODEL_FIELDS = frozenset({"model", "device"})


def time_left_text(seconds: float) -> str:
    """Return a remaining time as ``14 s`` or ``3 min``."""
    return f"{max(round(seconds), 1)} s" if seconds < 100 else f"{round(seconds / 60)} min"


class StatusBar(QStatusBar):
    """Fields of the video, the frame, the time, the rate, the speed, the model, the device and the running jobs."""

    jobs_asked = Signal()  # the user asked for the panel of jobs
    stop_asked = Signal()  # the user asked to stop the jobs

    def __init__(self, app_context: AppContext, parent: QWidget) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._replacement: str | None = None  # text that replaces the fields about the video
        self.setSizeGripEnabled(False)
        self.setContentsMargins(8, 0, 8, 0)
        self._video_label = ElidingLabel(self)
        self._configure(self._video_label, "Video")
        self.addWidget(self._video_label, 1)
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
            field = QLabel(self)
            self._fields[name] = field
            self._configure(field, title)
            self.addPermanentWidget(field)
        self._job_button = tool_button("", self, self.jobs_asked)
        self._stop_button = tool_button("", self, self.stop_asked, tip="Stop")
        self._stop_button.setAccessibleName("Stop the job")
        self.addPermanentWidget(self._job_button)
        self.addPermanentWidget(self._stop_button)
        playback = app_context.playback
        state = app_context.state
        models = app_context.models
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
    def _configure(field: QLabel, title: str) -> None:
        field.setProperty("muted", True)
        field.setToolTip(title)
        field.setContentsMargins(6, 0, 6, 0)

    @property
    def text(self) -> str:
        """Texts of all fields that may be shown, for tests and screen readers."""
        texts = [self._video_label.longest_text]
        texts += [field.text() for name, field in self._fields.items() if self._is_allowed(name)]
        texts.append(self._job_button.text())
        return " | ".join(text for text in texts if text)

    def set_replacement(self, text: str | None) -> None:
        """Show a text instead of the fields about the video and the titles of jobs; None shows them again."""
        self._replacement = text
        self._job_button.setEnabled(text is None)  # the panel of jobs names videos
        self._on_jobs()
        if text is None:
            self._video_label.set_forms("")
            self._on_video(self._app_context.playback.video)
        else:
            self._video_label.set_forms(text)
        for name in VIDEO_FIELDS:
            self._update_visibility(name)

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._stop_button.setIcon(self._app_context.icons.icon("stop", theme))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if changes_sizes(event):
            QTimer.singleShot(0, self, self._fix_sizes)  # the fields get the font or style after this event

    def _fix_sizes(self) -> None:
        """Give the fields that change with every frame the width of their longest text."""
        playback = self._app_context.playback
        if playback.video is not None:
            fix_size(self._fields["frame"], self._frame_text(playback.frames.stop))
            fix_size(self._fields["time"], clock(playback.stop_s))

    def _frame_text(self, number: int) -> str:
        return f"frame {number}/{self._app_context.playback.frames.stop}"

    def _update_visibility(self, name: str) -> None:
        if name in REDUNDANT_FIELDS:
            has_large_text = scaled_px(100) > LARGE_TEXT_PERCENT
            has_space = not has_large_text and not self._is_crowded
        elif name in MODEL_FIELDS:
            has_space = not self._is_full
        else:
            has_space = True
        field = self._fields[name]
        field.setVisible(bool(field.text()) and has_space and self._is_allowed(name))

    @property
    def _is_crowded(self) -> bool:
        """True if jobs are running in a window that is too narrow for all fields."""
        return bool(self._app_context.jobs.running) and self.width() < scaled_px(MIN_WIDTH_WITH_JOBS_PX)

    @property
    def _is_full(self) -> bool:
        """True if jobs are running in a window that is too narrow for the model too."""
        return bool(self._app_context.jobs.running) and self.width() < scaled_px(MIN_WIDTH_WITH_MODEL_PX)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._on_jobs()

    def _is_allowed(self, name: str) -> bool:
        """Return True unless a replacement hides a field."""
        return self._replacement is None or name not in VIDEO_FIELDS

    def _show(self, name: str, text: str) -> None:
        field = self._fields[name]
        if field.text() != text:
            field.setText(text)
            self._update_visibility(name)
            if name == "sampled":  # the field never shrinks, so that the other fields do not move
                width = max(field.minimumWidth(), field.sizeHint().width()) if text else 0
                field.setMinimumWidth(width)

    def _on_video(self, video: VideoInfo | None) -> None:
        self._fields["sampled"].setMinimumWidth(0)
        rate_text = ""
        if video is not None:
            rate_text = f"{video.rate_hz:.2f} fps (varies)" if video.variable_rate else f"{video.rate_hz:.2f} fps"
        if self._replacement is None:
            self._show_title(video, rate_text)
        self._fix_sizes()
        self._show("rate", rate_text)
        self._on_speed(self._app_context.playback.speed)
        self._on_analysis(self._app_context.state.analysis)
        self._on_frame(self._app_context.playback.frame)

    def _show_title(self, video: VideoInfo | None, rate_text: str) -> None:
        current = self._app_context.state.current_clip
        title = ""
        tip_lines = []
        if video is not None:
            title = printable(self._app_context.videos.title(current)) if current is not None else ""
            tip_lines = [printable(str(video.path)), video.note, rate_text]
        self._video_label.set_forms(title, tip="\n".join(line for line in tip_lines if line))

    def _on_frame(self, frame: int) -> None:
        video = self._app_context.playback.video
        frame_text = self._frame_text(frame + 1) if video else ""
        time_text = clock(self._app_context.playback.time_s) if video else ""
        self._show("frame", frame_text)
        self._show("time", time_text)

    def _on_speed(self, speed: float) -> None:
        text = speed_text(speed) if self._app_context.playback.video is not None else ""
        self._show("speed", text)

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
            self._show("model", self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, MAX_MODEL_WIDTH_PX))
            self._fields["model"].setToolTip(as_tip(text))
            self._show("device", f"{model.device} {model.memory}".rstrip())
            return
        self._fields["model"].setToolTip("Model")
        is_loading = self._app_context.models.requested_folder is not None
        text = "loading the model" if is_loading else "no model"
        self._show("model", text)
        self._show("device", "")

    def _on_jobs(self) -> None:
        running = self._app_context.jobs.running
        self._job_button.setVisible(bool(running))
        self._stop_button.setVisible(bool(running))
        text = self._job_text(running) if running else ""
        self._job_button.setText(text)
        for name in (*REDUNDANT_FIELDS, *MODEL_FIELDS):
            self._update_visibility(name)

    def _job_text(self, running: tuple[Job, ...]) -> str:
        job = running[-1]
        if job.stopping:
            return "stopping…"
        count = "1 job" if len(running) == 1 else f"{len(running)} jobs"
        hides_title = self._replacement is not None  # the title of a job may contain the name of a video
        tip = "" if hides_title else as_tip(f"{job.title} {job.stage}".rstrip())
        self._job_button.setToolTip(tip)
        share = job.share
        if share is None:
            if hides_title or self._is_crowded:
                return count
            return f"{count} · {job.title}"
        left_s = job.left_s
        text = f"{count} {share * 100:.0f} %"
        if left_s is None or self._is_full:
            return text
        step = " in this step" if job.stage else ""  # the time of a job with stages is that of the present one
        return f"{text}, {time_left_text(left_s)} left{step}"
