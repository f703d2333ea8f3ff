"""Loading of the agreement of the models over the study."""

from PySide6.QtCore import QObject, Signal

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.model_agreement import MIN_VIDEOS
from skillviewer.core.video.clips import VideoClip
from skillviewer.ui.comparing.compared_models import UNIFORM
from skillviewer.ui.comparing.contrast import StudyAgreement, agree
from skillviewer.ui.comparing.model_set import ModelSet
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.threads.throttle import LatestOnly, single_shot

UPDATE_DELAY_MS = 250  # changes within this time cause one update
AnalysesByModel = dict[str, dict[str, Analysis]]
"""Analyses by key of the model and name of the video."""


class AgreementLoader(QObject):
    """Computes the agreement of the models over the study's videos in a worker thread."""

    changed = Signal()

    def __init__(self, app_context: AppContext, models: ModelSet, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._models = models
        self.agreement: StudyAgreement | None = None  # None if too few analyses are known
        self._mailbox: LatestOnly[AnalysesByModel] = LatestOnly(
            app_context.compare_worker,
            lambda _model_cache, analyses, superseded, _report: agree(analyses, superseded),
            self,
        )
        self._mailbox.delivered.connect(self._on_agreement)
        self._mailbox.failed.connect(app_context.messages.fail)
        self._update_soon = single_shot(self, UPDATE_DELAY_MS, self._update)
        models.study_changed.connect(self._on_changed)
        models.busy_changed.connect(self._on_changed)
        for signal in (app_context.videos.added, app_context.videos.removed, app_context.videos.cleared):
            signal.connect(self._on_changed)
        self._task = ""  # task of the video on screen
        app_context.state.current_changed.connect(self._on_current)
        app_context.videos.changed.connect(self._on_current)

    def _on_current(self, *_: object) -> None:
        """Compare again if a video of another task is on screen."""
        entry = self._app_context.videos.get(self._app_context.state.current_clip)
        if entry is not None and entry.task != self._task:
            self._task = entry.task
            self.agreement = None
            self._on_changed()

    @property
    def keys(self) -> tuple[str, ...]:
        """The models that give a score, without those that cannot be loaded."""
        unloadable = self._models.results.load_failures
        return tuple(key for key in self._models.keys if key != UNIFORM and key not in unloadable)

    @property
    def has_several_tasks(self) -> bool:
        """True if the listed videos are of several tasks, whose scores have no common order."""
        return len({entry.task for entry in self._app_context.videos}) > 1

    @property
    def names(self) -> dict[VideoClip, str]:
        """Unique names of the readable videos of the current video's task, or of all tasks without a current video."""
        videos = self._app_context.videos
        current_entry = videos.get(self._app_context.state.current_clip)
        clip_by_name: dict[str, VideoClip] = {}
        for entry in videos:
            is_of_task = current_entry is None or entry.task == current_entry.task
            if entry.state.has_picture and is_of_task:
                name = entry.name if entry.name not in clip_by_name else str(entry.path)
                clip_by_name[name] = entry.clip
        return {clip: name for name, clip in clip_by_name.items()}

    @property
    def n_shared(self) -> int:
        """Number of videos that all models have assessed."""
        assessed_clips = [set(self._models.results.analyses.get(key, {})) for key in self.keys]
        return len(set(self.names).intersection(*assessed_clips)) if assessed_clips else 0

    @property
    def is_incomplete(self) -> bool:
        """True if a model has not assessed a video."""
        return any(self._models.results.needs_assessment(key, clip) for key in self.keys for clip in self.names)

    def clip(self, name: str) -> VideoClip | None:
        """Return the video with a name, or None."""
        return next((clip for clip, other_name in self.names.items() if other_name == name), None)

    def spreads(self) -> dict[str, tuple[float, float]]:
        """Return mean and standard deviation of the scores of each model that has scored enough videos."""
        clips = tuple(self.names)
        spread_by_key = {key: self._models.results.score_spread(key, clips) for key in self.keys}
        return {key: spread for key, spread in spread_by_key.items() if spread is not None}

    def _on_changed(self, *_: object) -> None:
        keys = self.keys
        if self.agreement is not None and not set(self.agreement.keys) <= set(keys):
            self.agreement = None
        self._update_soon.start()
        self.changed.emit()

    def _update(self) -> None:
        if self._models.is_busy or self._app_context.compare_worker.stopped:
            return  # the agreement is computed after the assessments
        all_analyses = self._models.results.analyses_by_name(self.keys, self.names)
        analyses = {key: by_name for key, by_name in all_analyses.items() if len(by_name) >= MIN_VIDEOS}
        if len(analyses) < 2:
            self.agreement = None
            self.changed.emit()
        else:
            self._mailbox.post(analyses, interrupt=True)

    def _on_agreement(self, agreement: StudyAgreement) -> None:
        if set(agreement.keys) <= set(self.keys):
            self.agreement = agreement
            self.changed.emit()
