"""Loads the agreement of the models over the study in a worker thread."""

from PySide6.QtCore import QObject, Signal

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.model_agreement import MIN_VIDEOS
from skillviewer.core.video.clips import VideoClip
from skillviewer.ui.comparing.compared_models import UNIFORM
from skillviewer.ui.comparing.contrast import StudyAgreement, agree
from skillviewer.ui.comparing.model_set import ModelSet
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.threads.throttle import LatestOnly, single_shot

SETTLE_MS = 250


ByModel = dict[str, dict[str, Analysis]]


class AgreementLoader(QObject):
    """Disagreements between the models on the study's videos, computed in a worker thread."""

    changed = Signal()

    def __init__(self, app_context: AppContext, models: ModelSet, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._models = models
        self.agreement: StudyAgreement | None = None  # the agreement, or None if too little is known
        self._mailbox: LatestOnly[ByModel] = LatestOnly(
            app_context.compared, lambda _, analyses, stop, __: agree(analyses, stop), self
        )
        self._mailbox.delivered.connect(self._on_agreement)
        self._mailbox.failed.connect(app_context.messages.fail)
        self._timer = single_shot(self, SETTLE_MS, self._ask)
        models.study_changed.connect(self._on_changed)
        models.busy_changed.connect(self._on_changed)
        for signal in (app_context.videos.added, app_context.videos.removed, app_context.videos.cleared):
            signal.connect(self._on_changed)
        self._task = ""
        app_context.state.current_changed.connect(self._on_current)
        app_context.videos.changed.connect(self._on_current)

    def _on_current(self, *_: object) -> None:
        """Compare anew if another task is on screen."""
        entry = self._app_context.videos.get(self._app_context.state.current)
        if entry is not None and entry.task != self._task:
            self._task = entry.task
            self.agreement = None
            self._on_changed()

    @property
    def keys(self) -> tuple[str, ...]:
        """The models that give a score, without those that cannot be loaded."""
        failed = self._models.results.broken
        return tuple(key for key in self._models.keys if key != UNIFORM and key not in failed)

    @property
    def one_of_several_tasks(self) -> bool:
        """True if the listed videos are of several tasks, whose scores have no common order."""
        return len({entry.task for entry in self._app_context.videos}) > 1

    @property
    def names(self) -> dict[VideoClip, str]:
        """Names of the videos of the task of the video on screen, each once."""
        videos = self._app_context.videos
        current = self._app_context.state.current
        current_entry = videos.get(current)
        tasks = {entry.task for entry in videos} if current_entry is None else {current_entry.task}
        entries = [entry for entry in videos if entry.state.has_picture and entry.task in tasks]
        clip_by_name: dict[str, VideoClip] = {}
        for entry in entries:
            name = entry.name if entry.name not in clip_by_name else str(entry.path)
            clip_by_name[name] = entry.clip
        return {clip: name for name, clip in clip_by_name.items()}

    @property
    def n_shared(self) -> int:
        analysed = [set(self._models.results.analyses.get(key, {})) for key in self.keys]
        return len(set(self.names).intersection(*analysed)) if analysed else 0

    @property
    def missing(self) -> bool:
        return any(self._models.results.lacks(key, clip) for key in self.keys for clip in self.names)

    def clip(self, name: str) -> VideoClip | None:
        return next((clip for clip, other in self.names.items() if other == name), None)

    def spreads(self) -> dict[str, tuple[float, float]]:
        """Return mean and standard deviation of each model's scores over the study, where enough are known."""
        paths = tuple(self.names)
        spread_by_key = {key: self._models.results.spread(key, paths) for key in self.keys}
        return {key: spread for key, spread in spread_by_key.items() if spread is not None}

    def _on_changed(self, *_: object) -> None:
        keys = self.keys
        if self.agreement is not None and not set(self.agreement.keys) <= set(keys):
            self.agreement = None
        self._timer.start()
        self.changed.emit()

    def _ask(self) -> None:
        if self._models.busy or self._app_context.compared.stopped:
            return  # computed when all analyses are there
        analyses = {k: v for k, v in self._models.results.over(self.keys, self.names).items() if len(v) >= MIN_VIDEOS}
        if len(analyses) < 2:
            self.agreement = None
            self.changed.emit()
        else:
            self._mailbox.post(analyses, interrupt=True)

    def _on_agreement(self, agreement: StudyAgreement) -> None:
        if set(agreement.keys) <= set(self.keys):
            self.agreement = agreement
            self.changed.emit()
