"""Loading of the contents of the Why page of the video on screen."""

from enum import Enum, auto
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from skillviewer.core.progress import CancelToken, Report
from skillviewer.ui.session.backend import Backend
from skillviewer.ui.session.insight.evidence_loader import EvidenceLoader
from skillviewer.ui.session.insight.findings import Findings, WhyQuestion, findings_of
from skillviewer.ui.session.insight.video_annotations import MomentCard, VideoAnnotations, cards_of
from skillviewer.ui.session.insight.video_judgements import (
    StudyFacts,
    VideoJudgements,
    facts_of,
    judged_by,
    judgements_of,
)
from skillviewer.ui.session.study_controller import MODELS, PAIRS, SETTINGS, VIDEOS, VOTES, StudyController
from skillviewer.ui.session.video_entry import VideoEntry, VideoState
from skillviewer.ui.session.video_list import VideoList
from skillviewer.ui.session.viewer_state import ViewerState
from skillviewer.ui.threads.messages import Messages
from skillviewer.ui.threads.throttle import LatestOnly, single_shot
from skillviewer.ui.threads.worker_thread import WorkerThread

if TYPE_CHECKING:
    from skillviewer.core.video.clips import VideoClip

UPDATE_DELAY_MS = 60  # changes within this time cause one update
FACTS_DELAY_MS = 400
"""Delay before the facts of a changed study are read, since scoring of many videos changes it every few seconds."""


class WhyStage(Enum):
    """The state of the page."""

    NOTHING = auto()  # no video on screen
    UNREADABLE = auto()
    NO_MODEL = auto()
    LOADING = auto()  # the model is being loaded
    NEW = auto()  # not assessed
    WORKING = auto()  # being assessed, or waiting in the queue
    FAILED = auto()
    BLIND = auto()  # not yet judged by the user, in a blind study
    COMING = auto()  # assessed; the findings are being computed
    READY = auto()


def _answer(_backend: Backend, question: WhyQuestion, _superseded: CancelToken, _report: Report) -> Findings:
    return findings_of(question)


class WhyLoader(QObject):
    """Loads the contents of the Why page of the video on screen, and keeps them up to date."""

    changed = Signal()  # stage, findings or moments have changed

    def __init__(
        self,
        index: WorkerThread[Backend],
        state: ViewerState,
        videos: VideoList,
        studies: StudyController,
        explanations: EvidenceLoader,
        annotations: VideoAnnotations,
        messages: Messages,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._index = index
        self._state = state
        self._videos = videos
        self._cohorts = videos.cohorts
        self._studies = studies
        self._evidence_loader = explanations
        self._annotations = annotations
        self._facts: StudyFacts | None = None
        self._judgements: dict[str, VideoJudgements] = {}
        self._findings: Findings | None = None
        self._cards: tuple[MomentCard, ...] | None = None
        self._raters_here: list[str] = []  # raters who have judged in this window
        self._is_loading_model = False
        self._holders: set[QObject] = set()  # widgets that keep the list of moments as it is
        self._held_findings: Findings | None = None  # findings whose moments are listed meanwhile
        self._revealed: tuple[VideoClip, str] | None = None  # unfamiliar video with shown moments, and its warning
        self._mailbox: LatestOnly[WhyQuestion] = LatestOnly(index, _answer, self)
        self._mailbox.delivered.connect(self._on_findings)
        self._mailbox.failed.connect(messages.fail)
        self._update_soon = single_shot(self, UPDATE_DELAY_MS, self._update)
        self._update_later = single_shot(self, UPDATE_DELAY_MS, self._update)
        self._read_facts_soon = single_shot(self, FACTS_DELAY_MS, self._read_facts)
        for signal in (state.current_changed, state.analysis_changed, state.model_changed):
            signal.connect(self._on_screen_changed)
        for signal in (videos.added, videos.removed, videos.cleared):
            signal.connect(self._on_screen_changed)
        videos.changed.connect(self._on_entry)
        explanations.changed.connect(self._on_screen_changed)
        annotations.changed.connect(self._notify)
        studies.changed.connect(self._on_study_changed)
        studies.opened.connect(self._read_facts_soon.start)
        studies.replaced.connect(self._on_replaced)

    @property
    def entry(self) -> VideoEntry | None:
        return self._videos.get(self._state.current_clip)

    @property
    def stage(self) -> WhyStage:
        entry = self.entry
        analysis = self._state.analysis
        if entry is None:
            return WhyStage.NOTHING
        if not entry.state.has_picture:
            return WhyStage.UNREADABLE
        if analysis is None or not analysis.complete:
            return self._stage_without_analysis(entry)
        if self._facts is not None and self._facts.blind and not judged_by(self._facts, entry.name, self.raters):
            return WhyStage.BLIND
        return WhyStage.READY if self.findings is not None else WhyStage.COMING

    def _stage_without_analysis(self, entry: VideoEntry) -> WhyStage:
        if self._state.model is None:
            return WhyStage.LOADING if self._is_loading_model else WhyStage.NO_MODEL
        if entry.state in {VideoState.WORKING, VideoState.WAITING}:
            return WhyStage.WORKING
        return WhyStage.FAILED if entry.state is VideoState.FAILED else WhyStage.NEW

    @property
    def raters(self) -> tuple[str, ...]:
        """Possible names of the user: the name in the settings, and raters who have judged in this window."""
        author = self._annotations.author
        names = [author, *self._raters_here] if author else self._raters_here
        return tuple(dict.fromkeys(names))

    def on_judged(self, rater: str) -> None:
        """Note that a rater has judged a pair in this window."""
        if rater not in self._raters_here:
            self._raters_here.append(rater)
            self._notify()

    def on_model_requested(self, folder: Path | None) -> None:
        """Note that a model is loaded from a folder, or that loading failed (None)."""
        self._is_loading_model = folder is not None
        self._on_screen_changed()

    @property
    def findings(self) -> Findings | None:
        """The findings on the analysis on screen, or None before they are known."""
        findings = self._findings
        if findings is None or self.entry is None or findings.analysis is not self._state.analysis:
            return None
        return findings

    @property
    def listed_findings(self) -> Findings | None:
        """The findings whose moments are listed. While a widget holds the list, these may be earlier findings."""
        findings = self.findings
        held = self._held_findings
        if held is not None and findings is not None and held.analysis is findings.analysis:
            return held
        return findings

    @property
    def holding(self) -> bool:
        """True while a widget holds the list of moments."""
        return bool(self._holders)

    def hold(self, holder: QObject, on: bool) -> None:
        """Keep the list of moments unchanged for a widget, as while the mouse points at it (``on``), or release it."""
        if on and not self._holders:
            self._held_findings = self.findings
        if on:
            self._holders.add(holder)
        else:
            self._holders.discard(holder)
        if not self._holders and self._held_findings is not None:
            is_outdated = self._held_findings is not self._findings
            self._held_findings = None
            if is_outdated:
                self._notify()

    def hides_moments(self, findings: Findings) -> bool:
        """Return True if the moments of an unfamiliar video are hidden, because the user has not asked for them."""
        analysis = findings.analysis
        return analysis.unfamiliar and self._revealed != (analysis.clip, analysis.warning)

    def reveal_moments(self, findings: Findings) -> None:
        """Show the moments of an unfamiliar video."""
        self._revealed = (findings.analysis.clip, findings.analysis.warning)
        self._notify()

    @property
    def cards(self) -> tuple[MomentCard, ...]:
        """The shown moments of the video on screen: by the model, and saved by users."""
        if self._cards is None:
            self._cards = self._join_cards()
        return self._cards

    def _join_cards(self) -> tuple[MomentCard, ...]:
        entry = self.entry
        findings = self.listed_findings
        annotations = self._annotations
        if entry is None or entry.info is None:
            return ()
        digest = findings.analysis.provenance.model_digest if findings is not None else ""
        if findings is not None and self.stage is WhyStage.READY and not self.hides_moments(findings):
            moments = findings.moments
            saved = annotations.moments
        else:
            moments = ()
            saved = tuple(moment for moment in annotations.moments if not moment.model_digest)
        return cards_of(entry.info, moments, saved, annotations.notes, digest, annotations.author)

    def _notify(self) -> None:
        self._cards = None
        self.changed.emit()

    def _on_screen_changed(self, *_: object) -> None:
        self._update_soon.start()
        self._notify()

    def _on_entry(self, row: int) -> None:
        if self._videos[row].clip == self._state.current_clip:
            self._on_screen_changed()
        elif not self._update_later.isActive():  # the scores of other videos may come by the thousand
            self._update_later.start(max(UPDATE_DELAY_MS, len(self._videos) // 10))

    def _update(self) -> None:
        entry = self.entry
        analysis = self._state.analysis
        if entry is None or analysis is None or not analysis.complete or self._index.stopped:
            return
        task = entry.task
        current = self._studies.current_study
        if not task and current is not None:
            task = current.settings.task
        model = self._state.model
        model_warning = ""
        model_folder = None
        if model is not None and model.digest == analysis.provenance.model_digest:
            model_warning = model.warning
            model_folder = model.folder
        question = WhyQuestion(
            name=entry.name,
            analysis=analysis,
            evidence=self._evidence_loader.evidence,
            task=task,
            comparable_entries=tuple(self._cohorts.comparable_entries(entry)),
            n_unassessed=self._cohorts.n_unassessed(entry),
            facts=self._facts,
            judgements=self._judgements,
            model_warning=model_warning,
            model_folder=model_folder,
        )
        self._mailbox.post(question, interrupt=False)

    def _on_findings(self, findings: Findings) -> None:
        is_held = self._held_findings is not None and self._held_findings.analysis is findings.analysis
        if self._holders and not is_held:
            self._held_findings = findings
        self._findings = findings
        self._notify()

    # Facts of the study

    def _on_replaced(self) -> None:
        self._facts = None
        self._judgements = {}
        self._on_screen_changed()

    def _on_study_changed(self, changes: frozenset[str]) -> None:
        if changes & {VOTES, SETTINGS}:
            self._read_facts()
        elif changes & {VIDEOS, PAIRS, MODELS}:
            self._read_facts_soon.start()

    def _read_facts(self, *_: object) -> None:
        if self._studies.current_study is not None and not self._index.stopped:
            self._studies.read(facts_of).then(succeeded=self._on_facts)

    def _on_facts(self, facts: StudyFacts) -> None:
        if self._studies.current_study is None:
            return
        previous_facts = self._facts
        self._facts = facts
        ranking_inputs = attrgetter("judgements", "stated_pairs", "tasks")
        must_rank = previous_facts is None or ranking_inputs(previous_facts) != ranking_inputs(facts)
        if must_rank and not self._index.stopped:
            task = self._index.submit(lambda _backend, _token, _report: judgements_of(facts))
            task.then(succeeded=self._on_judgements)
        self._on_screen_changed()

    def _on_judgements(self, judgements: dict[str, VideoJudgements]) -> None:
        self._judgements = judgements
        self._update_soon.start()
