"""States of the Rank screen after judging: results of the votes and of the raters."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from PySide6.QtWidgets import QAbstractButton, QWidget

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.data.study import NewVideo, Study, StudySettings, Vote
from skillviewer.ui.app import begin
from skillviewer.ui.ranking.sitting_controller import SittingPhase

if TYPE_CHECKING:
    from skillviewer.ui.ranking.screen import RankScreen
    from tests.ui.states import Stage

WAIT_MS = 300_000
LONG = "Dr. Clara von Hohenstein-Oberwaldkirchen, Kinder- und Jugendmedizin"


def cast_votes(study: Study, names: list[str], raters: dict[str, float], n_votes: int, seed: int = 0) -> None:
    """Let raters vote: each has a noise added to the true order of the names; the last one favours the left."""
    rng = np.random.default_rng(seed)
    skill = np.linspace(-1.5, 1.5, len(names))
    votes = []
    for rater, noise in raters.items():
        pairs: list[tuple[int, int]] = []
        for _ in range(n_votes):
            i, j = (int(k) for k in rng.choice(len(names), 2, replace=False))
            lead = skill[i] - skill[j] + noise * rng.normal() + (0.6 if rater == list(raters)[-1] else 0)
            verdict = Verdict.NEITHER if abs(lead) < 0.15 else Verdict.LEFT if lead > 0 else Verdict.RIGHT
            known = {frozenset(p) for p in pairs}
            purpose = "repeat" if frozenset((i, j)) in known else "test" if (i + j) % 7 == 0 else "informative"
            pairs.append((i, j))
            watched, taken_s = float(rng.uniform(0.2, 1)), float(rng.uniform(4, 15))
            votes.append(Vote(names[i], names[j], verdict, rater, taken_s=taken_s, watched=watched, purpose=purpose))
    votes.append(Vote(names[0], names[1], None, next(iter(raters))))
    study.votes.import_votes(votes)


def opened(stage: "Stage", make: Callable[[Study, list[str]], None], n: int, stem: str, tab: int) -> QWidget:
    app_context = stage.made.app_context
    app_context.assessments.set_automatic(on=False)
    files = stage.world.touch(*(f"{stem.format(i)}.mp4" for i in range(1, n + 1)))
    stage.world.n_frames = {path.stem: 240 for path in files}
    path = Path(stage.world.folder).parent / "grasping.skillstudy"
    with Study.create(path, StudySettings(title="Grasping")) as study:
        study.videos.add([NewVideo(file) for file in files])
        make(study, [file.stem for file in files])
    begin(app_context, [], None)
    app_context.studies.open(path)
    stage.wait(lambda: app_context.studies.current_study is not None, WAIT_MS)
    stage.made.window.screens.show("rank")
    screen = cast("RankScreen", stage.made.window.screens.get_page("rank"))
    stage.wait(lambda: screen.judging.phase is SittingPhase.RATER, WAIT_MS)
    titles = ("Results", "Raters")
    button = next(b for b in screen.findChildren(QAbstractButton) if b.text() == titles[tab])
    button.click()
    view = (screen.results_view, screen.raters_view)[tab]
    stage.wait(lambda: view.pages.currentWidget() is not view.message_label, WAIT_MS)
    return stage.made.window


def votes_results(stage: "Stage") -> QWidget:
    """Twelve videos by four raters; some votes contradict each other."""
    raters = {"Ann": 0.5, "Ben": 0.7, LONG: 0.6, "Dea": 1.2}
    return opened(stage, lambda study, names: cast_votes(study, names, raters, 40, 13), 12, "grasp_{:02d}", 0)


def votes_queued(stage: "Stage") -> QWidget:
    """A pair is back in the queue."""
    window = votes_results(stage)
    screen = cast("RankScreen", stage.made.window.screens.get_page("rank"))
    again = screen.results_view.cycles_view.rows[0].queue_button
    again.click()
    stage.wait(lambda: again.text() == "Take out of the queue", WAIT_MS)
    return window


def votes_many(stage: "Stage") -> QWidget:
    """Many videos with long names, sparsely judged."""
    stem = "Krankenhaus_Nord_2026-11-03_Raum_4_Aufnahme_{:03d}_Naht_linke_Hand"
    raters = {"Ann": 0.5, "Ben": 0.8}
    return opened(stage, lambda study, names: cast_votes(study, names[:70], raters, 60, 2), 80, stem, 0)


def votes_none(stage: "Stage") -> QWidget:
    """No judgements."""
    return opened(stage, lambda _study, _names: None, 5, "grasp_{:02d}", 0)


def votes_raters(stage: "Stage") -> QWidget:
    """Numbers and warnings of the raters."""
    raters = {"Ann": 0.5, "Ben": 0.7, LONG: 0.6, "Eve, who has just begun": 0.6, "Dea": 1.2}
    return opened(stage, lambda study, names: cast_votes(study, names, raters, 60), 12, "grasp_{:02d}", 1)


def votes_no_raters(stage: "Stage") -> QWidget:
    """No judgements, hence no raters."""
    return opened(stage, lambda _study, _names: None, 5, "grasp_{:02d}", 1)


VOTES_STATES: dict[str, Callable[["Stage"], QWidget]] = {
    make.__name__: make for make in (votes_results, votes_queued, votes_many, votes_none, votes_raters, votes_no_raters)
}
