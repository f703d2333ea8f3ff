"""The Compare screen through the real window: several models, one clock, one scale."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.analysis.difference import difference
from skillviewer.core.analysis.map_comparison import VideoComparison, compare_video
from skillviewer.core.analysis.map_style import ColourLimits, Overlay
from skillviewer.core.analysis.scene import Scene, clipped_limit, resolve
from skillviewer.core.evaluation.track_attention import track_attention
from skillviewer.core.text import format_number
from skillviewer.data.tracks_file import TrackStore
from skillviewer.ui.app import Composition
from skillviewer.ui.comparing.compared_models import UNIFORM, ComparedModel, ModelProgress
from skillviewer.ui.comparing.contrast import Contrast
from skillviewer.ui.comparing.curve_lines import MAX_MODELS, VerticalScale
from skillviewer.ui.comparing.models_menu import OPEN_FOLDER
from skillviewer.ui.comparing.numbers import NumbersView, number_text
from skillviewer.ui.comparing.pane import PaneCanvas
from skillviewer.ui.comparing.screen import DIFFERENCE, CompareScreen
from skillviewer.ui.player.map_menu import MapMenu
from skillviewer.ui.player.video_canvas import DisplayedFrame
from skillviewer.ui.session.video_entry import VideoState
from tests.facts import missing
from tests.ui.fake_hands import hands
from tests.ui.fakes import FakeDialogs, FakeWorld, read_number
from tests.ui.hands import click, key, wheel

CTRL = Qt.KeyboardModifier.ControlModifier
LONG_MS = 90_000
"""Many models on a busy machine."""
KINDS = ("full", "gate-cbam", "signed-pool", "mapless-tsn")


def compare(made: Composition) -> CompareScreen:
    screen = made.window.screens.get_page("compare")
    assert isinstance(screen, CompareScreen)
    return screen


def shown_with(
    qtbot: QtBot, made: Composition, world: FakeWorld, models: tuple[str, ...], n_videos: int = 1
) -> CompareScreen:
    """Open videos, go to Compare with these models, and wait until all have looked."""
    world.models = models
    app_context = made.app_context
    app_context.models.refresh()
    app_context.assessments.set_automatic(on=False)
    app_context.open(world.touch(*(f"v{i}.mp4" for i in range(1, n_videos + 1))))
    qtbot.waitUntil(lambda: app_context.playback.video is not None and app_context.feed.settled)
    qtbot.waitUntil(lambda: len(app_context.videos) == n_videos)
    app_context.settings.compared_models = tuple(str(entry.folder) for entry in app_context.models.entries)
    made.window.screens.show("compare")
    screen = compare(made)
    asked = [k for k in screen.model_set.keys if k != UNIFORM and "broken" not in k]
    qtbot.waitUntil(lambda: all(screen.model_set.row(k).complete_analysis is not None for k in asked), timeout=LONG_MS)
    return screen


def go_to(qtbot: QtBot, made: Composition, frame: int) -> None:
    made.app_context.playback.seek(frame)
    qtbot.waitUntil(lambda: made.app_context.feed.settled)


def canvases(screen: CompareScreen) -> dict[str, PaneCanvas]:
    return {Path(k).name: pane.canvas for k, pane in screen.pane_grid.panes.items()}


def scene_of(canvas: PaneCanvas) -> Scene:
    shown = canvas.displayed_frame
    assert shown is not None
    assert shown.scene is not None
    return shown.scene


def assess_study(qtbot: QtBot, screen: CompareScreen) -> None:
    screen.model_set.assess_all()
    qtbot.waitUntil(
        lambda: not screen.model_set.is_busy and screen.agreement_loader.agreement is not None, timeout=LONG_MS
    )


def test_every_pane_shows_the_same_frame_with_its_own_model_s_map_at_every_paint(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    screen = shown_with(qtbot, window, world, KINDS)
    wrong: list[str] = []
    n_painted = 0

    def witness(canvas: PaneCanvas, model: str) -> None:
        def on_painted(shown: DisplayedFrame) -> None:
            nonlocal n_painted
            n_painted += 1
            number = read_number(shown.picture.pixels)
            analysis = next(row.analysis for row in screen.model_set.rows if row.name == model)
            assert analysis is not None
            truth = resolve(analysis, number, window.app_context.state.map_style)
            scene = shown.scene
            if number != shown.picture.frame_index or scene is None or scene.frame_index != number:
                wrong.append(f"{model}: picture {number}")
            elif (scene.sample_frame, scene.source) != (truth.sample_frame, truth.source):
                wrong.append(f"{model}: map of {scene.sample_frame} over frame {number}")
            elif (
                scene.values is not None and truth.values is not None and not np.array_equal(scene.values, truth.values)
            ):
                wrong.append(f"{model}: another model's map over frame {number}")

        canvas.painted.connect(on_painted)

    for model, canvas in canvases(screen).items():
        witness(canvas, model)
    for frame in (5, 41, 88, 3, 60):
        go_to(qtbot, window, frame)
        assert {
            read_number(c.displayed_frame.picture.pixels)
            for c in canvases(screen).values()
            if c.displayed_frame is not None
        } == {frame}
    window.app_context.playback.play()
    qtbot.wait(200)
    window.app_context.playback.pause()
    qtbot.waitUntil(lambda: window.app_context.feed.settled)
    assert not wrong
    assert n_painted >= 5 * len(KINDS)


@pytest.mark.slow
def test_maps_of_one_kind_share_one_scale_and_each_can_have_its_own(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    screen = shown_with(qtbot, window, world, ("full", "other-net", "gate-cbam", "signed-pool"))
    go_to(qtbot, window, 60)
    whole = {row.name: row.complete_analysis for row in screen.model_set.rows}
    clipped = {name: clipped_limit(a) for name, a in whole.items() if a is not None}
    highs = {
        name: canvas.displayed_frame.scene.high
        for name, canvas in canvases(screen).items()
        if canvas.displayed_frame and canvas.displayed_frame.scene
    }
    assert highs["full"] == highs["other-net"] == pytest.approx(min(clipped["full"], clipped["other-net"]))
    assert highs["gate-cbam"] == 1
    assert highs["signed-pool"] == pytest.approx(clipped["signed-pool"])
    labels = tuple(label.text() for label, _ in screen.colour_bars._labelled_bars if not label.isHidden())
    assert len(labels) == 3
    assert "distribution" in labels[0]
    screen.header.scale_box.setCurrentIndex(screen.header.scale_box.findData(ColourLimits.CLIPPED))
    for name in ("full", "other-net"):
        assert scene_of(canvases(screen)[name]).high == pytest.approx(clipped[name])
    assert not tuple(label.text() for label, _ in screen.colour_bars._labelled_bars if not label.isHidden())
    assert "its own scale" in screen.colour_bars._caption_label.longest_text
    assert f"0…{format_number(clipped['full'])}×" in screen.pane_grid.panes[screen.model_set.keys[0]].caption.text


def test_numbers_are_those_of_the_two_models_at_the_frame_and_over_the_video(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    screen = shown_with(qtbot, window, world, ("full", "xbar", "gate-cbam"))
    qtbot.waitUntil(
        lambda: screen.contrast_loader.contrast is not None and len(screen.contrast_loader.contrast.comparisons) == 3
    )
    first, second = (screen.model_set.rows[i].complete_analysis for i in (0, 1))
    assert first is not None
    assert second is not None
    truth = compare_video(first, second)
    go_to(qtbot, window, 60)
    at = int(np.searchsorted(truth.frames, 60, side="right")) - 1
    for view, numbers in (
        (screen.numbers_column.frame_numbers_view, truth.numbers[at]),
        (screen.numbers_column.video_numbers_view, truth.mean),
    ):
        screen.numbers_column.setCurrentWidget(view)
        texts = view.table.shown_rows[1].texts
        wanted = (numbers.correlation, numbers.similarity, numbers.divergence, numbers.divergence_back,
                  numbers.top_overlap, numbers.centre_distance, numbers.entropy_other)  # fmt: skip
        assert texts[:2] == ("2", "xbar")
        assert texts[2:] == tuple(number_text(value) for value in wanted)
        assert view.table.shown_rows[0].texts[2] == "–", "a model is not compared with itself"
    assert "map kinds differ" in screen.numbers_column.video_numbers_view._note_label.longest_text
    screen.numbers_column.frame_numbers_view.table.row_chosen.emit(screen.model_set.keys[2])
    assert screen.header.pair == (screen.model_set.keys[0], screen.model_set.keys[2])


def test_attention_on_hands_is_a_column_where_there_are_tracks(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    (path,) = world.touch("v1.mp4")
    tracks = hands(world.info(path))
    TrackStore().put(tracks)
    screen = shown_with(qtbot, window, world, ("full", "xbar"))
    qtbot.waitUntil(
        lambda: screen.contrast_loader.contrast is not None and len(screen.contrast_loader.contrast.comparisons) == 2
    )
    view = screen.numbers_column.video_numbers_view
    screen.numbers_column.setCurrentWidget(view)
    header = view.table.horizontalHeaderItem(view.table.columnCount() - 1)
    assert header is not None
    assert header.text() == "On hands"
    for row, cells in zip(screen.model_set.rows, view.table.shown_rows, strict=True):
        assert row.complete_analysis is not None
        wanted = track_attention({"v": (row.complete_analysis, tracks)})["v"].times_uniform
        assert cells.texts[-1] == f"{number_text(wanted)}×"
        assert not missing(cells.tips[len(cells.texts) - 1], "Attention lay on the hands")


def test_the_difference_is_the_first_less_the_second(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    screen = shown_with(qtbot, window, world, ("full", "xbar"))
    screen.header.difference_box.click()
    assert window.window.actions_["compare_difference"].isChecked()
    pane = screen.pane_grid.panes[DIFFERENCE]
    go_to(qtbot, window, 60)
    qtbot.waitUntil(lambda: pane.canvas.displayed_frame is not None and pane.canvas.displayed_frame.scene is not None
                    and pane.canvas.displayed_frame.scene.kind is MapKind.SIGNED)  # fmt: skip
    first, second = (row.complete_analysis for row in screen.model_set.rows)
    assert first is not None
    assert second is not None
    truth = difference(first, second).scene(60, window.app_context.state.map_style)
    values = scene_of(pane.canvas).values
    assert values is not None
    assert truth.values is not None
    assert np.array_equal(values, truth.values)
    turned = -truth.values
    assert pane.caption.text.startswith("1 minus 2")
    screen.header.first_box.setCurrentIndex(1)
    qtbot.waitUntil(lambda: pane.caption.text.startswith("2 minus 1"))
    qtbot.waitUntil(lambda: pane.canvas.displayed_frame is not None and pane.canvas.displayed_frame.scene is not None
                    and pane.canvas.displayed_frame.scene.values is not None
                    and np.allclose(pane.canvas.displayed_frame.scene.values, turned, atol=1e-6))  # fmt: skip
    click(pane.close_button)
    assert DIFFERENCE not in screen.pane_grid.panes
    assert not screen.header.difference_box.isChecked()


def test_a_model_without_a_map_gets_no_numbers_and_no_difference(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    screen = shown_with(qtbot, window, world, ("full", "mapless-none", "xbar"))
    screen.header.difference_box.click()
    view = screen.numbers_column.video_numbers_view
    screen.numbers_column.setCurrentWidget(view)
    qtbot.waitUntil(
        lambda: screen.contrast_loader.contrast is not None and len(screen.contrast_loader.contrast.comparisons) == 3
    )
    qtbot.waitUntil(lambda: any(row.tip == "no map" for row in view.table.shown_rows))  # drawn a moment later
    rows = {row.texts[1]: row for row in view.table.shown_rows}
    assert rows["mapless-none"].texts[2:] == ("–",) * 7
    assert rows["mapless-none"].tip == "no map"
    assert "–" not in rows["xbar"].texts
    assert "map kinds differ" not in view._note_label.longest_text, "no map is no kind"
    pane, keys = screen.pane_grid.panes[DIFFERENCE], screen.model_set.keys
    screen.numbers_column.frame_numbers_view.table.row_chosen.emit(keys[1])
    qtbot.waitUntil(lambda: "one of them has no map" in pane.caption.text)
    assert pane.caption.text.startswith("1 minus 2")
    assert pane.canvas.displayed_frame is not None
    assert pane.canvas.displayed_frame.scene is None or pane.canvas.displayed_frame.scene.values is None
    screen.header.first_box.setCurrentIndex(1)
    qtbot.waitUntil(lambda: "has no map to compare" in view._note_label.longest_text)
    rows = {row.texts[1]: row for row in view.table.shown_rows}
    assert rows["xbar"].texts[2:8] == ("–",) * 6
    assert rows["xbar"].texts[8] != "–", "its entropy is its own"
    assert rows["xbar"].tip == "one of the two has no map"


def test_models_are_added_and_taken_away_and_remembered(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    screen = shown_with(qtbot, window, world, ("full", "xbar"))
    assert [row.name for row in screen.model_set.rows] == ["full", "xbar"]
    screen.header.models_menu.aboutToShow.emit()
    uniform = next(a for a in screen.header.models_menu.actions() if a.data() == UNIFORM)
    uniform.trigger()
    assert screen.model_set.keys[-1] == UNIFORM
    go_to(qtbot, window, 60)
    values = scene_of(canvases(screen)[UNIFORM]).values
    assert values is not None
    assert np.allclose(values, 1)
    click(screen.pane_grid.panes[screen.model_set.keys[1]].close_button)
    assert [row.name for row in screen.model_set.rows] == ["full", "Uniform"]
    assert window.app_context.settings.compared_models == screen.model_set.keys
    assert screen.header.pair == screen.model_set.keys


def test_a_model_of_another_folder_is_compared(
    qtbot: QtBot, window: Composition, world: FakeWorld, dialogs: FakeDialogs, tmp_path: Path
) -> None:
    screen = shown_with(qtbot, window, world, ("alpha", "beta"))
    menu = screen.header.models_menu
    menu.aboutToShow.emit()
    entry = next(a for a in menu.actions() if a.data() == OPEN_FOLDER)
    entry.trigger()  # the dialog is cancelled
    assert len(screen.model_set.keys) == 2
    dialogs.folder_answer = tmp_path / "gamma"
    entry.trigger()
    key = str(tmp_path / "gamma")
    assert screen.model_set.keys[-1] == key
    qtbot.waitUntil(lambda: screen.model_set.row(key).complete_analysis is not None, timeout=LONG_MS)
    assert screen.model_set.row(key).name == "gamma"


def test_the_pictures_of_a_row_are_level_at_every_width(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    """Also where the width is no multiple of the number of panes, or captions get a third line."""
    grid = shown_with(qtbot, window, world, KINDS).pane_grid
    for width_px in range(grid.width(), grid.width() - 240, -7):
        grid.resize(width_px, grid.height())
        panes = list(grid.panes.values())
        n_columns = len({pane.x() for pane in panes})
        places = []
        for pane in panes:
            layout = pane.layout()
            assert layout is not None
            layout.activate()
            places.append((pane.y() + pane.canvas.y(), pane.canvas.height()))
        for start in range(0, len(places), n_columns):
            assert len(set(places[start : start + n_columns])) == 1, width_px


@pytest.mark.slow
def test_nine_at_most(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    names = tuple(f"model-{i}" for i in range(1, 12))
    screen = shown_with(qtbot, window, world, names)
    assert len(screen.model_set.keys) == MAX_MODELS == 9
    screen.header.models_menu.aboutToShow.emit()
    offered = {a.data(): a.isEnabled() for a in screen.header.models_menu.actions() if a.isCheckable()}
    assert [offered[k] for k in screen.model_set.keys] == [True] * 9
    assert not offered[str(world.folder / "models" / "model-10")]
    screen.model_set.add("more", "more")
    assert len(screen.model_set.keys) == 9
    rects = [pane.geometry() for pane in screen.pane_grid.panes.values()]
    assert all(screen.pane_grid.rect().contains(r) for r in rects)
    assert not any(a.intersects(b) for i, a in enumerate(rects) for b in rects[i + 1 :])
    numbers = [label for label, _ in screen.line_styles.values()]
    assert numbers == [str(i) for i in range(1, 10)]
    strokes = {(stroke.on_dark, stroke.dashes) for _, stroke in screen.line_styles.values()}
    assert len(strokes) == 9


def test_curves_follow_the_playhead_and_never_claim_a_common_scale(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    screen = shown_with(qtbot, window, world, ("full", "xbar"), n_videos=6)
    panel = screen.curves_panel
    assert panel.shown_heights is VerticalScale.OWN
    assert panel.scale_box.currentData() == VerticalScale.OWN, "the box must say what is drawn"
    assert panel._note_label.text() == "not comparable"
    go_to(qtbot, window, 45)
    assert panel.plot.cursor_s == pytest.approx(1.5)
    assess_study(qtbot, screen)
    qtbot.waitUntil(lambda: panel.shown_heights is VerticalScale.STANDARD)
    assert panel.scale_box.currentData() == VerticalScale.STANDARD
    assert panel._note_label.text() == ""
    scores = np.array(
        [screen.model_set.results.analyses[screen.model_set.keys[0]][e.clip].score for e in window.app_context.videos]
    )
    line = panel.plot.lines[0]
    assert np.allclose(line.heights, (line.scores - scores.mean()) / scores.std(ddof=1))
    panel.scale_box.setCurrentIndex(panel.scale_box.findData(VerticalScale.OWN))
    panel.scale_box.activated.emit(panel.scale_box.currentIndex())
    assert panel.shown_heights is VerticalScale.OWN
    click(panel.plot.viewport(), QPoint(panel.plot.width() // 2, panel.plot.height() // 2))
    assert window.app_context.playback.frame not in {0, 45}


@pytest.mark.slow
def test_the_videos_on_which_models_disagree_most_come_first_and_are_a_click_away(
    qtbot: QtBot, window: Composition, world: FakeWorld, dialogs: FakeDialogs, tmp_path: Path
) -> None:
    screen = shown_with(qtbot, window, world, ("full", "xbar", "other-net"), n_videos=6)
    view = screen.numbers_column.disagreements_view
    screen.numbers_column.setCurrentWidget(view)
    assert not view.table.shown_rows
    assert "1 of 6" in view.message_label.text()
    click(view.assess_all_button)
    qtbot.waitUntil(lambda: len(view.table.shown_rows) == 6, timeout=LONG_MS)
    apart = [float(row.texts[1]) for row in view.table.shown_rows]
    assert all(a >= b for a, b in pairwise(apart))
    top = view.table.shown_rows[0]
    ranks = []
    for model in screen.model_set.keys:
        known = screen.model_set.results.analyses[model]
        order = sorted(known, key=lambda clip: -known[clip].score)
        ranks.append(order.index(next(f for f in order if f.path.stem in top.key)) + 1)
    assert top.texts[1] == str(max(ranks) - min(ranks))
    assert top.texts[2:] == tuple(str(rank) for rank in ranks)
    view.table.row_chosen.emit(view.table.shown_rows[-1].key)
    wanted = screen.agreement_loader.clip(view.table.shown_rows[-1].key)
    assert window.app_context.state.current_clip == wanted
    matrix = screen.numbers_column.matrix_view
    screen.numbers_column.setCurrentWidget(matrix)
    qtbot.waitUntil(lambda: len(matrix.table.shown_rows) == 3)
    assert [matrix.table.shown_rows[i].texts[2 + i] for i in range(3)] == ["1.00"] * 3
    assert matrix.table.shown_rows[0].texts[3] == matrix.table.shown_rows[1].texts[2]
    for action, n_rows in (("save_agreement", 3), ("save_ranks", 18)):
        dialogs.save_answer = tmp_path / f"{action}.csv"
        with qtbot.waitSignal(screen.comparison_saver.saved):
            window.window.actions_[action].trigger()
        assert len(dialogs.save_answer.read_text(encoding="utf-8").splitlines()) == 1 + n_rows


def test_a_model_that_cannot_be_loaded_says_why_and_the_others_go_on(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    screen = shown_with(qtbot, window, world, ("full", "broken-download", "xbar"))
    broken = screen.model_set.keys[1]
    qtbot.waitUntil(lambda: screen.model_set.row(broken).progress is ModelProgress.FAILED)
    assert "config.json" in screen.model_set.row(broken).reason
    screen.header.difference_box.click()
    qtbot.waitUntil(
        lambda: screen.contrast_loader.contrast is not None and screen.contrast_loader.contrast.second_key == broken
    )
    pane = screen.pane_grid.panes[DIFFERENCE]
    assert pane.caption.text.startswith("1 minus 2")
    assert "no map" not in pane.caption.text, "it has not looked, which is another thing"
    assert "failed" in screen.pane_grid.panes[broken].caption.text
    qtbot.waitUntil(screen.header.retry_button.isVisible)
    qtbot.waitUntil(lambda: screen.contrast_loader.contrast is not None)
    assert screen.agreement_loader.keys == (screen.model_set.keys[0], screen.model_set.keys[2])


def test_what_failed_can_be_tried_again(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    world.failing = {"v1"}
    world.models = ("full", "xbar")
    window.app_context.models.refresh()
    window.app_context.assessments.set_automatic(on=False)
    window.app_context.open(world.touch("v1.mp4"))
    qtbot.waitUntil(lambda: window.app_context.playback.video is not None)
    window.window.screens.show("compare")
    screen = compare(window)
    qtbot.waitUntil(lambda: [row.progress for row in screen.model_set.rows] == [ModelProgress.FAILED] * 2)
    assert "GPU ran out of memory" in screen.model_set.rows[0].reason
    world.failing = set()
    qtbot.waitUntil(screen.header.retry_button.isVisible)
    click(screen.header.retry_button)
    qtbot.waitUntil(lambda: all(row.complete_analysis is not None for row in screen.model_set.rows))
    qtbot.waitUntil(lambda: not screen.header.retry_button.isVisible())


def test_models_are_compared_within_the_task_of_the_video_on_screen(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    screen = shown_with(qtbot, window, world, ("full", "xbar"), n_videos=7)
    view, videos = screen.numbers_column.disagreements_view, window.app_context.videos
    for entry in list(videos)[4:]:
        videos.update(entry.clip, task="knots")
    assert len(screen.agreement_loader.names) == 4
    click(view.assess_all_button)
    qtbot.waitUntil(lambda: len(view.table.shown_rows) == 4, timeout=LONG_MS)
    assert "4 of 4 videos of this task" in view.message_label.text()
    window.app_context.state.set_current(videos[4].clip)
    assert set(screen.agreement_loader.names) == {entry.clip for entry in videos if entry.task == "knots"}
    assert screen.agreement_loader.agreement is None, "what was said of the other task is gone"


def test_the_list_of_videos_knows_what_the_loaded_model_said_here(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    window.app_context.models.choose_default("alpha")
    qtbot.waitUntil(lambda: window.app_context.state.model is not None)
    screen = shown_with(qtbot, window, world, ("alpha", "beta"))
    entry = window.app_context.videos[0]
    qtbot.waitUntil(lambda: window.app_context.videos[0].state is VideoState.DONE)
    entry = window.app_context.videos[0]
    assert entry.analysis is screen.model_set.rows[0].complete_analysis
    assert [name for name, _, _ in world.assessed] == ["alpha", "beta"], "nothing is computed twice"


def test_a_model_that_inspect_has_asked_is_not_asked_again(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    app_context = window.app_context
    app_context.models.choose_default("alpha")
    app_context.open(world.touch("v1.mp4"))
    qtbot.waitUntil(lambda: app_context.state.analysis is not None and app_context.state.analysis.complete)
    app_context.settings.compared_models = tuple(str(entry.folder) for entry in app_context.models.entries)
    window.window.screens.show("compare")
    screen = compare(window)
    qtbot.waitUntil(lambda: all(row.complete_analysis is not None for row in screen.model_set.rows))
    assert [name for name, _, _ in world.assessed] == ["alpha", "beta"]


def test_more_passes_are_not_replaced_by_fewer(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    app_context = window.app_context
    app_context.state.set_passes(4)
    app_context.models.choose_default("alpha")
    app_context.open(world.touch("v1.mp4"))
    qtbot.waitUntil(lambda: app_context.state.analysis is not None and app_context.state.analysis.complete)
    app_context.assessments.set_automatic(on=False)
    app_context.state.set_passes(1)
    app_context.settings.compared_models = tuple(str(entry.folder) for entry in app_context.models.entries)
    window.window.screens.show("compare")
    screen = compare(window)
    qtbot.waitUntil(lambda: all(row.complete_analysis is not None for row in screen.model_set.rows))
    assert [name for name, _, _ in world.assessed] == ["alpha", "beta"]
    entry = app_context.videos[0]
    assert entry.analysis is not None
    assert entry.analysis.n_passes == 4


def test_the_player_s_keys_count_on_this_screen_too(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    screen = shown_with(qtbot, window, world, ("full", "xbar"))
    go_to(qtbot, window, 0)
    qtbot.waitUntil(screen.pane_grid.hasFocus)
    key(screen.pane_grid, Qt.Key.Key_Period)
    assert window.app_context.playback.frame == 1
    zooms = [c.viewport.zoom for c in canvases(screen).values()]
    key(screen.pane_grid, Qt.Key.Key_Plus)
    after = [c.viewport for c in canvases(screen).values()]
    assert [round(v.zoom / z, 6) for v, z in zip(after, zooms, strict=True)] == [1.25, 1.25]
    key(window.window, Qt.Key.Key_0, CTRL)
    assert {c.viewport.zoom for c in canvases(screen).values()} == {1}
    first, second = canvases(screen).values()
    wheel(first, QPoint(10, 10), 2)
    assert second.viewport.zoom == first.viewport.zoom > 1
    assert (second.viewport.centre_x, second.viewport.centre_y) == (first.viewport.centre_x, first.viewport.centre_y)
    key(screen.pane_grid, Qt.Key.Key_H)
    assert window.app_context.state.map_style.overlay is Overlay.OFF
    qtbot.waitUntil(lambda: screen.colour_bars._caption_label.longest_text == "maps hidden")
    key(screen.pane_grid, Qt.Key.Key_H)
    key(screen.pane_grid, Qt.Key.Key_D)
    assert DIFFERENCE in screen.pane_grid.panes
    key(window.window, Qt.Key.Key_G, CTRL)
    field = QApplication.focusWidget()
    assert field is not None
    assert screen.isVisible()
    key(field, Qt.Key.Key_Escape)


def test_without_a_model_there_is_one_thing_to_do(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    world.models = ()
    window.app_context.models.refresh()
    window.app_context.open(world.touch("v1.mp4"))
    qtbot.waitUntil(lambda: window.app_context.playback.video is not None)
    window.window.screens.show("compare")
    screen = compare(window)
    assert screen.choose_button.isVisible()
    assert not screen.header.first_box.isVisible()
    assert not screen.header.save_button.isVisible()


def test_with_one_model_the_uniform_baseline_stands_beside_it(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    world.models = ("full",)
    window.app_context.models.refresh()
    window.app_context.open(world.touch("v1.mp4"))
    qtbot.waitUntil(lambda: window.app_context.playback.video is not None)
    window.window.screens.show("compare")
    screen = compare(window)
    assert [row.name for row in screen.model_set.rows] == ["full", "Uniform"]
    qtbot.waitUntil(lambda: screen.contrast_loader.contrast is not None)
    screen.numbers_column.setCurrentWidget(screen.numbers_column.models_view)
    qtbot.waitUntil(lambda: screen.numbers_column.models_view.table.shown_rows[0].texts[2] != "–")
    assert screen.numbers_column.models_view.table.shown_rows[1].texts[2:] == ("–",) * 5


def test_nothing_is_saved_of_fewer_than_two_models(
    qtbot: QtBot, window: Composition, world: FakeWorld, dialogs: FakeDialogs, tmp_path: Path
) -> None:
    shown_with(qtbot, window, world, ("full",))
    dialogs.save_answer = tmp_path / "c.csv"
    window.window.actions_["save_comparison"].trigger()
    qtbot.waitUntil(lambda: "two models" in window.window.message_bar.text)
    assert not (tmp_path / "c.csv").exists()


def test_the_numbers_are_saved_as_a_table(
    qtbot: QtBot, window: Composition, world: FakeWorld, dialogs: FakeDialogs, tmp_path: Path
) -> None:
    screen = shown_with(qtbot, window, world, ("full", "xbar"))
    dialogs.save_answer = tmp_path / "compared"
    with qtbot.waitSignal(screen.comparison_saver.saved):
        window.window.actions_["save_comparison"].trigger()
    lines = (tmp_path / "compared.csv").read_text(encoding="utf-8").splitlines()
    first, second = (row.complete_analysis for row in screen.model_set.rows)
    assert first is not None
    assert second is not None
    assert len(lines) == 1 + 1 + len(compare_video(first, second).frames)
    assert f"{compare_video(first, second).mean.correlation!r}" in lines[1]


def test_the_dialog_says_whether_faces_are_blurred(
    qtbot: QtBot, window: Composition, world: FakeWorld, dialogs: FakeDialogs
) -> None:
    screen = shown_with(qtbot, window, world, ("full", "xbar"))
    for blurs in (False, True):
        screen.blur_faces_action.setChecked(blurs)
        window.window.actions_["save_comparison_figure"].trigger()
        title, name = dialogs.saves[-1]
        assert ("faces blurred" in title) is blurs
        assert name == "v1 compared.png"


def test_closing_during_a_comparison_asks_and_ends_in_time(
    qtbot: QtBot, window: Composition, world: FakeWorld, dialogs: FakeDialogs
) -> None:
    screen = shown_with(qtbot, window, world, ("full", "xbar"), n_videos=4)
    world.held = True
    screen.model_set.assess_all()
    qtbot.waitUntil(lambda: window.app_context.jobs.confirm_stop)
    dialogs.confirm_answer = False
    window.window.close()
    assert window.window.isVisible()
    assert dialogs.asked
    dialogs.confirm_answer = True
    window.window.close()
    qtbot.waitUntil(lambda: not window.window.isVisible())


def test_a_table_is_replaced_only_after_a_question_and_says_who_is_not_in_it(
    qtbot: QtBot, window: Composition, world: FakeWorld, dialogs: FakeDialogs, tmp_path: Path
) -> None:
    screen = shown_with(qtbot, window, world, ("full", "beta"))
    old = tmp_path / "numbers.csv"
    old.write_text("my own table")
    dialogs.save_answer = tmp_path / "numbers"  # the dialog looked for a file of this name alone
    dialogs.confirm_answer = False
    screen.comparison_saver.table(dialogs, screen.model_set.rows)
    assert dialogs.asked == ["numbers.csv exists already. Replace it?"]
    assert old.read_text() == "my own table"
    dialogs.save_answer = tmp_path / "P 1.5 versions"
    with qtbot.waitSignal(screen.comparison_saver.saved):
        screen.comparison_saver.table(dialogs, screen.model_set.rows)
    assert (tmp_path / "P 1.5 versions.csv").is_file()


@pytest.mark.parametrize(
    ("counts", "said"), [((25, 25), "mean over 25 frames"), ((25, 44), "mean over 25 to 44 frames, by model")]
)
def test_means_are_over_as_many_frames_as_is_said(qtbot: QtBot, counts: tuple[int, int], said: str) -> None:
    view = NumbersView(over_video=True)
    qtbot.addWidget(view)
    kinds = (MapKind.DISTRIBUTION, MapKind.DISTRIBUTION)
    videos = {
        key: VideoComparison(kinds, np.arange(n), ()) for key, n in zip(("a", "b", "c"), (25, *counts), strict=True)
    }
    rows = [ComparedModel(key, f"model {key}", pane_number=str(i)) for i, key in enumerate("abc", 1)]
    view.show_contrast(Contrast("a", "b", videos, None), rows)
    assert view._note_label.longest_text == f"Compared with 1 model a: {said}."


def test_a_right_click_on_a_pane_opens_the_menu_of_the_map(
    qtbot: QtBot, window: Composition, world: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[MapMenu] = []
    monkeypatch.setattr(MapMenu, "popup", lambda menu, _at: opened.append(menu))  # the display of tests has no menus
    screen = shown_with(qtbot, window, world, KINDS[:2])
    canvas = next(iter(canvases(screen).values()))
    at = canvas.rect().center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, canvas.mapToGlobal(at))
    QApplication.sendEvent(canvas, event)
    assert opened == [screen.map_menu]
    titles = [menu.title() for menu in screen.map_menu.menus]
    assert "Map as" in titles
    assert "Colour scale" not in titles, "the header has it"
