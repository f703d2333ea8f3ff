"""Loads the contents of the Why page of the video on screen and keeps them up to date."""

from enum import Enum, auto
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from skillviewer.core.progress import CancelToken, Report
from skillviewer.ui.session.backend import Backend
from skillviewer.ui.session.insight.evidence_loader import EvidenceLoader
from skillviewer.ui.session.insight.findings import (
    Findings,
    StudyFacts,
    VideoJudgements,
    WhyQuestion,
    facts_of,
    findings_of,
    judged_by,
    ratings_of,
)
from skillviewer.ui.session.insight.video_annotations import MomentCard, VideoAnnotations, cards_of
from skillviewer.ui.session.studies import MODELS, PAIRS, SETTINGS, VIDEOS, VOTES, StudyController
from skillviewer.ui.session.video_entry import VideoEntry, VideoState
from skillviewer.ui.session.video_list import VideoList
from skillviewer.ui.session.viewer_state import ViewerState
from skillviewer.ui.threads.messages import Messages
from skillviewer.ui.threads.throttle import LatestOnly, single_shot
from skillviewer.ui.threads.worker_thread import WorkerThread

if TYPE_CHECKING:
    from skillviewer.core.video.clips import VideoClip

SOON_MS = 60  # changes within this time are answered once
FACTS_MS = 400
"""The study is read again this long after it was changed: a run over all videos changes it every few seconds."""


class WhyStage(Enum):
    """The state of the page."""

    NOTHING = auto()  # no video on screen
    UNREADABLE = auto()
    NO_MODEL = auto()
    LOADING = auto()  # the model
    NEW = auto()  # not assessed
    WORKING = auto()  # being assessed, or waiting for that
    FAILED = auto()
    BLIND = auto()  # not yet judged by the user, in a blind study
    COMING = auto()  # assessed; its findings are being computed
    READY = auto()


def _answer(_backend: Backend, question: WhyQuestion, _superseded: CancelToken, _report: Report) -> Findings:
    return findings_of(question)


class WhyLoader(QObject):
    """Loads the contents of the Why page of the video on screen."""

    changed = Signal()  # stage, findings or moments

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
        self._explanations = explanations
        self._annotations = annotations
        self._facts: StudyFacts | None = None
        self._ratings: dict[str, VideoJudgements] = {}
        self._findings: Findings | None = None
        self._cards: tuple[MomentCard, ...] | None = None
        self._judged_here: list[str] = []
        self._loading_model = False
        self._holders: set[QObject] = set()
        self._held: Findings | None = None  # whose moments are listed while they are held
        # unfamiliar video, and its warning, whose moments are shown
        self._revealed: tuple[VideoClip, str] | None = None
        self._mailbox: LatestOnly[WhyQuestion] = LatestOnly(index, _answer, self)
        self._mailbox.delivered.connect(self._on_findings)
        self._mailbox.failed.connect(messages.fail)
        self._soon = single_shot(self, SOON_MS, self._ask)
        self._later = single_shot(self, SOON_MS, self._ask)
        self._read_soon = single_shot(self, FACTS_MS, self._read_facts)
        for signal in (
            state.current_changed, state.analysis_changed, state.model_changed, videos.added, videos.removed,
            videos.cleared,
        ):  # fmt: skip
            signal.connect(self._on_screen)
        videos.changed.connect(self._on_entry)
        explanations.changed.connect(self._on_screen)
        annotations.changed.connect(self._notify)
        studies.changed.connect(self._on_study_changed)
        studies.opened.connect(self._read_soon.start)
        studies.replaced.connect(self._on_replaced)

    @property
    def entry(self) -> VideoEntry | None:
        return self._videos.get(self._state.current)

    @property
    def stage(self) -> WhyStage:
        entry = self.entry
        analysis = self._state.analysis
        if entry is None:
            return WhyStage.NOTHING
        if not entry.state.has_picture:
            return WhyStage.UNREADABLE
        if analysis is None or not analysis.complete:
            return self._why_none(entry)
        if self._facts is not None and self._facts.blind and not judged_by(self._facts, entry.name, self.raters):
            return WhyStage.BLIND
        return WhyStage.READY if self.findings is not None else WhyStage.COMING

    def _why_none(self, entry: VideoEntry) -> WhyStage:
        if self._state.model is None:
            return WhyStage.LOADING if self._loading_model else WhyStage.NO_MODEL
        if entry.state in {VideoState.WORKING, VideoState.WAITING}:
            return WhyStage.WORKING
        return WhyStage.FAILED if entry.state is VideoState.FAILED else WhyStage.NEW

    @property
    def raters(self) -> tuple[str, ...]:
        """Names that the user may go by: the one in the settings, and raters who judged in this window."""
        author = self._annotations.author
        return tuple(dict.fromkeys((*((author,) if author else ()), *self._judged_here)))

    def on_judged(self, rater: str) -> None:
        """Note that a rater has judged a pair in this window."""
        if rater not in self._judged_here:
            self._judged_here.append(rater)
            self._notify()

    def on_wanted(self, folder: Path | None) -> None:
        """Learn whether a model is being loaded."""
        self._loading_model = folder is not None
        self._on_screen()

    @property
    def findings(self) -> Findings | None:
        """The findings on the analysis on screen, or None before they are known."""
        findings, entry = self._findings, self.entry
        same = findings is not None and entry is not None and findings.analysis is self._state.analysis
        return findings if same else None

    @property
    def listed(self) -> Findings | None:
        """The findings whose moments are listed: those from before the latest evidence while they are held."""
        findings, held = self.findings, self._held
        return held if held is not None and findings is not None and held.analysis is findings.analysis else findings

    @property
    def holding(self) -> bool:
        """True while the list of moments is kept as it is."""
        return bool(self._holders)

    def hold(self, holder: QObject, on: bool) -> None:
        """Keep the list of moments as it is while the user points at it, or let the present moments take its place."""
        if on and not self._holders:
            self._held = self.findings
        if on:
            self._holders.add(holder)
        else:
            self._holders.discard(holder)
        if not self._holders and self._held is not None:
            changed = self._held is not self._findings
            self._held = None
            if changed:
                self._notify()

    def hides_moments(self, findings: Findings) -> bool:
        """Return True if the moments found are hidden: the model does not know such videos, and none were asked for."""
        analysis = findings.analysis
        return analysis.unfamiliar and self._revealed != (analysis.clip, analysis.warning)

    def reveal_moments(self, findings: Findings) -> None:
        """Show the moments found in a video that the model does not know."""
        self._revealed = findings.analysis.clip, findings.analysis.warning
        self._notify()

    @property
    def cards(self) -> tuple[MomentCard, ...]:
        """The moments of the video on screen: found ones, where they may be seen, and kept ones."""
        if self._cards is None:
            self._cards = self._joined()
        return self._cards

    def _joined(self) -> tuple[MomentCard, ...]:
        entry, findings = self.entry, self.listed
        if entry is None or entry.info is None:
            return ()
        visible = findings is not None and self.stage is WhyStage.READY and not self.hides_moments(findings)
        saved = self._annotations.moments
        digest = ""
        if findings is not None:
            digest = findings.analysis.provenance.model_digest
        if not visible:
            saved = tuple(moment for moment in saved if not moment.model_digest)
        moments = findings.moments if findings is not None and visible else ()
        return cards_of(entry.info, moments, saved, self._annotations.notes, digest, self._annotations.author)

    def _notify(self) -> None:
        self._cards = None
        self.changed.emit()

    def _on_screen(self, *_: object) -> None:
        self._soon.start()
        self._notify()

    def _on_entry(self, row: int) -> None:
        if self._videos[row].clip == self._state.current:
            self._on_screen()
        elif not self._later.isActive():  # others matter by their scores, which come by the thousand
            self._later.start(max(SOON_MS, len(self._videos) // 10))

    def _ask(self) -> None:
        entry = self.entry
        analysis = self._state.analysis
        if entry is None or analysis is None or not analysis.complete or self._index.stopped:
            return
        task = entry.task
        current = self._studies.current
        if not task and current is not None:
            task = current.settings.task
        model = self._state.model
        model_warning = model.warning if model is not None and model.digest == analysis.provenance.model_digest else ""
        question = WhyQuestion(
            name=entry.name,
            analysis=analysis,
            evidence=self._explanations.evidence,
            task=task,
            others=tuple(self._cohorts.others(entry)),
            n_unassessed=self._cohorts.n_unassessed(entry),
            facts=self._facts,
            ratings=self._ratings,
            model_warning=model_warning,
        )
        self._mailbox.post(question, interrupt=False)

    def _on_findings(self, findings: Findings) -> None:
        if self._holders and (self._held is None or self._held.analysis is not findings.analysis):
            self._held = findings
        self._findings = findings
        self._notify()

    # the study

    def _on_replaced(self) -> None:
        self._facts = None
        self._ratings = {}
        self._on_screen()

    def _on_study_changed(self, changes: frozenset[str]) -> None:
        if changes & {VOTES, SETTINGS}:
            self._read_facts()
        elif changes & {VIDEOS, PAIRS, MODELS}:
            self._read_soon.start()

    def _read_facts(self, *_: object) -> None:
        if self._studies.current is not None and not self._index.stopped:
            self._studies.read(facts_of).then(succeeded=self._on_facts)

    def _on_facts(self, facts: StudyFacts) -> None:
        if self._studies.current is None:
            return
        before = self._facts
        self._facts = facts
        compared = attrgetter("judgements", "stated_pairs", "tasks")
        if (before is None or compared(before) != compared(facts)) and not self._index.stopped:
            self._index.submit(lambda _backend, _token, _report: ratings_of(facts)).then(succeeded=self._on_ratings)
        self._on_screen()

    def _on_ratings(self, ratings: dict[str, VideoJudgements]) -> None:
        self._ratings = ratings
        self._soon.start()
