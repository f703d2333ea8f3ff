"""Nothing in a panel is wider than the panel, at 280 pixels and with the longest texts."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractItemView, QLabel, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.data.study import Study, Vote
from skillviewer.ui.app import Composition
from skillviewer.ui.session.study_controller import VOTES
from tests.ui.conftest import flush
from tests.ui.driving import open_and_load
from tests.ui.fakes import FakeWorld
from tests.ui.inspect_driving import assess_all, by_score, choose, findings_of

pytestmark = pytest.mark.styled

WIDTH_PX = 280
LONG = "Teilnehmer_{:02d}_Übung_mit_der_linken_Hand_zweiter_Durchgang_nach_der_Pause_Kamera_vorn"
WORD = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverleihung_" * 2
WARNING = (
    "This video looks unlike those the model was trained on: 1.8 times as far from them as the most unusual of the 40 "
    "training videos. Its score may mean little."
)


def too_wide(panel: QWidget) -> list[str]:
    """Return what reaches beyond the right edge of a panel, or of what scrolls in it."""
    found = []
    for part in panel.findChildren(QWidget):
        if not part.isVisible() or part.width() == 0:
            continue
        frame = next((p for p in _parents(part, panel) if isinstance(p, QAbstractItemView)), None)
        if frame is not None:
            continue  # cells of tables are shortened by the table
        right = part.mapTo(panel, QPoint(part.width(), 0)).x()
        if right > panel.width():
            text = part.text() if isinstance(part, QLabel) else ""
            found.append(f"{type(part).__name__} to {right} px: {text}")
    for area in panel.findChildren(QScrollArea):
        inside, room = area.widget(), area.viewport().width()
        if inside is not None and area.isVisible() and inside.width() > room:
            found.append(f"{area.accessibleName()}: {inside.width()} px in {room}")
    return found


def _parents(part: QWidget, panel: QWidget) -> list[QWidget]:
    found = [part]
    while found[-1] is not panel:
        above = found[-1].parentWidget()
        if above is None:
            break
        found.append(above)
    return found


@pytest.fixture
def crowded(qtbot: QtBot, window: Composition, world: FakeWorld) -> Composition:
    """The lowest of six videos with long names, notes, moments, reasons and jobs."""
    app_context = window.app_context
    world.warning = WARNING
    world.model_warning = WARNING
    files = world.touch(*(f"{LONG.format(i)}.mp4" for i in range(1, 7)))
    world.n_frames = {path.stem: 150 for path in files}
    app_context.assessments.set_automatic(on=False)
    app_context.state.set_passes(2)
    open_and_load(qtbot, window, files)
    qtbot.waitUntil(
        lambda: app_context.state.model is not None and all(entry.study_name for entry in app_context.videos)
    )
    assess_all(qtbot, window)
    choose(qtbot, window, by_score(window)[0].path)
    app_context.show_unfamiliar(True)
    found = findings_of(qtbot, window)
    other = next(entry.name for entry in app_context.videos if entry.name != found.name)

    def write(study: Study) -> None:
        study.votes.cast(Vote(found.name, other, Verdict.RIGHT, WORD[:60], reason=WORD, left_mark_s=1.0))
        study.annotations.write_note(WORD, author=WORD[:60], video=found.name, time_s=1.0)
        study.annotations.save_moment(found.name, 0.5, 1.5, author=WORD[:60], label=WORD[:60])

    app_context.studies.submit_write(write, VOTES)
    qtbot.waitUntil(
        lambda: app_context.why_loader.findings is not None and bool(app_context.why_loader.findings.video_judgements)
    )
    app_context.jobs.begin(f"Exporting {LONG}").set_progress(WORD, 3, 10)
    return window


def test_nothing_is_wider_than_its_panel(qtbot: QtBot, crowded: Composition) -> None:
    window = crowded.window
    for spec in window.panel_specs:
        dock = window._docks[spec.name]
        dock.show()
        dock.raise_()
        flush()
        panel = dock.widget()
        assert panel.minimumSizeHint().width() <= WIDTH_PX, spec.name
        width = max(WIDTH_PX, panel.minimumWidth())  # the list of videos has a least width, in which its columns fit
        assert width < 330, spec.name
        window.resizeDocks([dock], [width], Qt.Orientation.Horizontal)
        qtbot.waitUntil(lambda: panel.width() <= 330)  # noqa: B023 - asked at once
        flush()
        assert too_wide(panel) == [], spec.name
