"""The Why page: its sentences, its sums, and what it says of itself."""

from dataclasses import fields, replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.dataset.pairs import UNNAMED, Verdict
from skillviewer.core.explanation.why import format_fifths
from skillviewer.data.study import Study, Vote
from skillviewer.data.trained_pairs import PAIRS_FILE, TrainedPair, TrainedVideo, write_pairs
from skillviewer.ui.app import Composition
from skillviewer.ui.inspecting.moment_row import MomentRow
from skillviewer.ui.inspecting.rater_judgements import RatersBlock, ReasonRow
from skillviewer.ui.ranking.screen import RankScreen
from skillviewer.ui.ranking.sitting_controller import SittingPhase
from skillviewer.ui.session.insight import findings as findings_module
from skillviewer.ui.session.insight.findings import WhyQuestion, _other_models
from skillviewer.ui.session.insight.why_loader import WhyStage
from skillviewer.ui.session.study_controller import SETTINGS, VOTES
from skillviewer.ui.widgets.signed_bar import sign_colour
from tests.facts import missing
from tests.ui.driving import inspect, open_and_load
from tests.ui.evidence import contributions
from tests.ui.fakes import N_SEGMENTS, FakeDialogs, FakeWorld
from tests.ui.hands import click, key
from tests.ui.inspect_driving import (
    assess_all,
    by_score,
    choose,
    findings_of,
    lowest,
    open_assessed,
    score_of,
    unseen,
    why_of,
)


def told_number(value: float, digits: int = 2) -> str:
    return f"{value:+.{digits}f}".replace("-", "−")


@pytest.mark.slow
def test_the_sentence_of_the_lowest_and_of_one_in_between(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_assessed(qtbot, window, world, 24)
    found = lowest(qtbot, window)
    low, high = found.analysis.interval or (np.nan, np.nan)
    page = why_of(window)
    assert not missing(
        page.position_block.score_label.plain_text,
        f"{told_number(found.analysis.score)}",
        "95 %",
        f"{told_number(low)}",
        f"{told_number(high)}",
        "23 comparable",
    )
    others = by_score(window)
    entry = others[4]
    assert entry.analysis is not None
    assert entry.analysis.interval is not None
    choose(qtbot, window, entry.path)
    findings_of(qtbot, window)
    median = float(np.median([score_of(e) for e in others if e is not entry]))
    expected = f"lower than {round(100 * 19 / 23)} % of the 23 comparable videos of this task."
    if entry.analysis.interval[0] <= median <= entry.analysis.interval[1]:
        expected = "not distinguishable from the median of the 23 comparable videos of this task."
    assert page.position_block.score_label.plain_text.endswith(expected)
    assert "as scored by alpha" in page.position_block.cohort_label.plain_text
    strip = page.position_block.cohort_strip
    assert strip.isVisible()
    assert strip.x_of(score_of(others[0])) < strip.x_of(score_of(entry)) < strip.x_of(score_of(others[-1]))


def test_below_twenty_videos_no_percentile_is_given(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_assessed(qtbot, window, world, 5, passes=1)
    found = lowest(qtbot, window)
    words = why_of(window).position_block.score_label.plain_text
    assert words.startswith(f"Score {told_number(found.analysis.score)[:3]}")
    assert not missing(words, "4 comparable", "20")
    assert "no interval" in why_of(window).uncertainty_block.message_label.plain_text


def test_what_is_not_assessed_yet_is_told_and_can_be_asked_for(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    window.app_context.assessments.set_automatic(on=False)
    open_and_load(qtbot, window, world.touch("a.mp4", "b.mp4", "c.mp4"))
    page = why_of(window)
    qtbot.waitUntil(lambda: window.app_context.why_loader.stage is WhyStage.NEW)
    assert page.empty_state.message_label.plain_text == "This video is not assessed yet."
    click(page.empty_state.action_button)
    qtbot.waitUntil(page.position_block.isVisible)
    qtbot.waitUntil(lambda: "no comparable videos of this task" in page.position_block.score_label.plain_text)
    assert not missing(page.position_block.missing_label.plain_text, "assessed")
    assert not page.position_block.cohort_strip.isVisible()
    click(page.position_block.assess_all_button)
    qtbot.waitUntil(lambda: not window.app_context.assessments.is_busy and findings_of(qtbot, window).n_unassessed == 0)
    qtbot.waitUntil(lambda: not page.position_block.missing_label.isVisible())


def test_contributions_and_what_is_left_over_add_up_to_the_score(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    open_assessed(qtbot, window, world, 3)
    found = lowest(qtbot, window)
    page = why_of(window)
    parts = [float(label.text().replace("−", "-")) for label in page.contributions_block.sum_labels]
    assert parts[0] == pytest.approx(0.125)
    assert parts[1] == pytest.approx(contributions(N_SEGMENTS).sum(), abs=5e-4)
    assert sum(parts[:3]) == pytest.approx(parts[3], abs=1e-9), "as they are written"
    assert parts[3] == pytest.approx(found.analysis.score, abs=5e-4)


@pytest.mark.slow
def test_a_segment_is_read_and_gone_to(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_assessed(qtbot, window, world, 3)
    found = lowest(qtbot, window)
    bars = why_of(window).contributions_block.segment_bars
    at = QPoint(round(bars._slot(5).center().x()), 40)
    click(bars, at)
    assert window.app_context.playback.frame == int(found.analysis.samples[0, 5])
    bars.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(bars.hasFocus)
    key(bars, Qt.Key.Key_Right)
    assert "Segment 7 of 25" in why_of(window).contributions_block.description_label.plain_text
    assert "−0.060" in why_of(window).contributions_block.description_label.plain_text
    key(bars, Qt.Key.Key_Return)
    assert window.app_context.playback.frame == int(found.analysis.samples[0, 6])


def test_places_that_moved_the_score_are_told_and_shown_over_the_picture(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    open_assessed(qtbot, window, world, 3)
    found = lowest(qtbot, window)
    block = why_of(window).cell_block
    assert not missing(block.message_label.plain_text, "picture raised", "+0")
    assert "The upper left lowered it most (−0." in block.message_label.plain_text
    assert found.evidence is not None
    assert told_number(found.evidence.cell_remainder, 3) in block.method_note.plain_text
    canvas = inspect(window).player.canvas
    window.app_context.playback.seek(int(found.analysis.samples[0, 3]))
    qtbot.waitUntil(lambda: window.app_context.feed.settled)
    click(block.overlay_chip)
    qtbot.waitUntil(lambda: canvas.displayed_frame is not None and canvas.displayed_frame.scene is not None
                    and canvas.displayed_frame.scene.kind is MapKind.SIGNED)  # fmt: skip
    click(block.overlay_chip)
    qtbot.waitUntil(lambda: canvas.displayed_frame is not None and canvas.displayed_frame.scene is not None
                    and canvas.displayed_frame.scene.kind is MapKind.DISTRIBUTION)  # fmt: skip


def test_a_page_whose_attention_is_no_better_than_random_is_grey_and_says_so(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    world.explaining.faithful = 0.0
    open_assessed(qtbot, window, world, 3)
    lowest(qtbot, window)
    page = why_of(window)
    assert page.is_grey
    assert page.model_warning_label.isVisible()
    assert not missing(page.model_warning_label.plain_text, "Attention")
    assert not page.faithfulness_block.gauge.isVisible()
    theme = window.app_context.themes.theme
    assert sign_colour(-1.0, theme, grey=True) == sign_colour(1.0, theme, grey=True) == QColor(theme.muted)


def test_a_faithful_one_is_not(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_assessed(qtbot, window, world, 3)
    lowest(qtbot, window)
    page = why_of(window)
    assert not page.is_grey
    assert not page.model_warning_label.isVisible()
    assert not missing(page.faithfulness_block.sentence_label.plain_text, "mostly faithful", "0.71")


def test_an_unfamiliar_video_warns_first_and_folds_the_moments_away(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    open_assessed(qtbot, window, world, 3)
    found, page = lowest(qtbot, window), why_of(window)
    assert not page.warning_label.isVisible()
    assert page.moment_column.isVisible()
    page._show_findings(replace(found, analysis=replace(found.analysis, warning="Unlike them.")))
    assert page.warning_label.plain_text == "Unlike them."
    qtbot.waitUntil(lambda: page.warning_label.isVisible() and page.warning_label.y() < page.position_block.y())
    assert not page.moment_column.isVisible()
    assert not page.basis_label.isVisible()
    for moment in list(page.moment_column._rows):  # as if the video had been unfamiliar from the beginning
        page.moment_column._remove_row(moment)
    click(page.reveal_button)
    assert page.moment_column.isVisible()
    assert len(page.moment_column.rows) == len(found.moments) > 0
    assert not page.reveal_button.isVisible()
    page._show_findings(replace(found, analysis=replace(found.analysis, warning="Unlike them.")))
    assert page.moment_column.isVisible(), "the user asked for them"
    page._show_findings(replace(found, analysis=replace(found.analysis, warning="Unlike others.")))
    assert not page.moment_column.isVisible()
    page._show_findings(found)
    assert page.moment_column.isVisible(), "another model knows the video"


def test_a_meaningless_score_is_shown_by_one_click_that_is_remembered(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    open_assessed(qtbot, window, world, 3)
    found, page = lowest(qtbot, window), why_of(window)
    score = page.position_block.score_label.plain_text
    unfamiliar = replace(found, analysis=replace(found.analysis, warning="Unlike them."))
    page._show_findings(unfamiliar)
    assert "does not know" in page.position_block.score_label.plain_text
    assert not page.position_block.cohort_strip.isVisible()
    click(page.position_block.show_score_button)
    assert window.app_context.settings.unfamiliar_scores
    page._show_findings(replace(unfamiliar))
    assert page.position_block.score_label.plain_text == score
    assert not page.position_block.show_score_button.isVisible()
    window.window.actions_["unfamiliar_scores"].trigger()
    assert not window.app_context.settings.unfamiliar_scores


def test_the_page_says_that_the_model_learnt_from_the_video(
    qtbot: QtBot, window: Composition, world: FakeWorld, tmp_path: Path
) -> None:
    open_assessed(qtbot, window, world, 3)
    found, page = lowest(qtbot, window), why_of(window)
    assert not found.was_trained_on
    assert not page.position_block.learnt_label.isVisible()
    info = found.analysis.video
    this, other = TrainedVideo("a", Path(), info.digest), TrainedVideo("b", Path(), "0" * 64)
    asked = {field.name: getattr(found, field.name) for field in fields(WhyQuestion)} | {"model_folder": tmp_path}
    write_pairs(tmp_path / PAIRS_FILE, [TrainedPair(this, other, "old")])
    assert not findings_module.findings_of(WhyQuestion(**asked)).was_trained_on, "no training used the pair"
    write_pairs(tmp_path / PAIRS_FILE, [TrainedPair(this, other, "trained")])
    learnt = findings_module.findings_of(WhyQuestion(**asked))
    page._show_findings(learnt)
    assert page.position_block.learnt_label.isVisible()
    assert not missing(page.position_block.learnt_label.plain_text, "learnt")


def test_even_maps_and_a_detector_of_the_outcome_are_told(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_assessed(qtbot, window, world, 3)
    found, page = lowest(qtbot, window), why_of(window)
    flat = replace(found.analysis, attention=np.full_like(found.analysis.attention, 1 / 49))
    page._show_findings(replace(found, analysis=flat, model_warning="It decides at the end."))
    assert not missing(page.model_warning_label.plain_text, "spread evenly")
    assert found.evidence is not None
    assert page.contributions_block.fifths_label.plain_text == format_fifths(found.analysis, found.evidence) != ""


def test_the_player_stands_where_the_score_moved_most_until_the_user_moves(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    open_assessed(qtbot, window, world, 2)
    playback, why_loader = window.app_context.playback, window.app_context.why_loader
    qtbot.waitUntil(lambda: why_loader.findings is not None and playback.frame != playback.frames[0])

    def strongest() -> int:
        found = why_loader.findings
        return max(found.moments, key=lambda moment: abs(moment.amount)).key_frame if found is not None else -1

    assert playback.frame == strongest()
    qtbot.waitUntil(lambda: window.app_context.evidence_loader.evidence is not None)
    qtbot.waitUntil(lambda: playback.frame == strongest())
    playback.to_first_frame()
    why_loader.changed.emit()
    assert playback.frame == playback.frames[0], "the user went back"


def test_the_evidence_is_told_while_it_is_measured_stopped_and_asked_again(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    open_assessed(qtbot, window, world, 3)
    findings_of(qtbot, window)
    world.explaining.held = True
    entry = unseen(window)
    choose(qtbot, window, entry.path)
    block, explanations = why_of(window).contributions_block, window.app_context.evidence_loader
    qtbot.waitUntil(lambda: block.progress_bar.isVisible() and block.progress_bar.maximum() > 0)
    assert not missing(block.message_label.plain_text, "Measuring")
    assert f"Explaining {entry.name}" in [job.title for job in window.app_context.jobs.running]
    click(block.stop_button)
    qtbot.waitUntil(lambda: not explanations.working)
    qtbot.waitUntil(lambda: block.message_label.plain_text == "The evidence was stopped.")
    qtbot.waitUntil(lambda: not window.app_context.jobs.running)
    world.explaining.hold.set()
    click(block.explain_button)
    assert findings_of(qtbot, window).evidence is not None
    qtbot.waitUntil(block.segment_bars.isVisible)
    assert not block.progress_bar.isVisible()


def test_closing_while_the_evidence_is_measured_ends_it_unasked(
    qtbot: QtBot, window: Composition, world: FakeWorld, dialogs: FakeDialogs
) -> None:
    open_assessed(qtbot, window, world, 3)
    world.explaining.held = True
    choose(qtbot, window, unseen(window).path)
    block = why_of(window).contributions_block
    qtbot.waitUntil(lambda: block.progress_bar.isVisible() and block.progress_bar.maximum() > 0)
    window.window.close()
    qtbot.waitUntil(lambda: not window.window.isVisible())
    assert dialogs.asked == [], "it is measured again when somebody looks"
    assert not any(worker._thread.isRunning() for worker in window.app_context.workers)
    qtbot.waitUntil(lambda: not window.app_context.jobs.running)
    assert not window.window.message_bar.text


@pytest.mark.slow
def test_evidence_that_fails_is_told_in_place_and_tried_again(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    world.explaining.failing = True
    open_assessed(qtbot, window, world, 3)
    lowest(qtbot, window, evidence=False)
    block = why_of(window).contributions_block
    qtbot.waitUntil(lambda: "ran out of memory" in block.message_label.plain_text)
    assert block.explain_button.text() == "Try again"
    world.explaining.failing = False
    click(block.explain_button)
    assert findings_of(qtbot, window).evidence is not None


@pytest.mark.slow
def test_paging_through_explains_only_where_one_stays(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_assessed(qtbot, window, world, 7)
    findings_of(qtbot, window)  # of the video that is on screen at first
    world.explaining.asked.clear()
    *passed, stays = [entry for entry in by_score(window) if entry.clip != window.app_context.state.current_clip]
    assert len(passed) == 5
    for entry in passed:
        window.window.panel.show_chosen(entry.clip)
    choose(qtbot, window, stays.path)
    findings_of(qtbot, window)
    assert world.explaining.asked == [stays.name]


@pytest.mark.slow
def test_the_page_follows_as_more_videos_are_assessed(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_assessed(qtbot, window, world, 21)
    found = lowest(qtbot, window)
    assert found.position.percentile == 0
    window.app_context.open(world.touch("late_1.mp4", "late_2.mp4"))
    qtbot.waitUntil(lambda: len(window.app_context.videos) == 23)
    choose(qtbot, window, found.analysis.video.path)
    qtbot.waitUntil(why_of(window).position_block.missing_label.isVisible)
    assert not missing(why_of(window).position_block.missing_label.plain_text, "22 comparable")
    assess_all(qtbot, window)
    qtbot.waitUntil(lambda: findings_of(qtbot, window).position.n_compared == 22)


@pytest.mark.slow
def test_limits_name_the_passes_the_training_and_the_other_models(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    open_assessed(qtbot, window, world, 4)
    found = lowest(qtbot, window)
    limits = why_of(window).uncertainty_block
    assert "comes from 2 passes" in limits.message_label.plain_text
    assert not missing(limits.message_label.plain_text, "looks like")
    assert "no scores of this video by other models" in limits.message_label.plain_text
    limits.show_findings(replace(found, analysis=replace(found.analysis, novelty=0.62)))
    assert not missing(limits.message_label.plain_text, "not flagged", "0.62 times")
    cut_off = replace(found.analysis.video, note="The file is cut off.")
    limits.show_findings(replace(found, analysis=replace(found.analysis, video=cut_off)))
    assert "The file is cut off." in limits.message_label.plain_text, "its score is of half a video"
    own = [score_of(e) for e in by_score(window)]
    first = [e.name for e in by_score(window)]
    window.app_context.models.choose(next(e.folder for e in window.app_context.models.entries if e.name == "beta"))
    qtbot.waitUntil(
        lambda: window.app_context.state.model is not None and window.app_context.state.model.name == "beta"
    )
    assess_all(qtbot, window)
    path = next(e.path for e in window.app_context.videos if e.name == first[0])
    choose(qtbot, window, path)
    qtbot.waitUntil(lambda: "alpha v1 ranks it 4 of 4, this model" in limits.message_label.plain_text)
    assert len(own) == 4


def test_another_version_of_the_model_is_no_other_model() -> None:
    """A child that was fine-tuned from it agrees with it by birth: that speaks for neither."""
    names = ("a", "b", "c")
    versions = [
        SimpleNamespace(digest=d, name=n, number=v, added_at=v)
        for d, n, v in (("d1", "full", 1), ("d2", "full", 2), ("d3", "pool", 1))
    ]
    scores = {d: {name: at + 0.5 for at, name in enumerate(names)} for d in ("d1", "d2", "d3")}
    question = SimpleNamespace(
        name="b",
        analysis=SimpleNamespace(provenance=SimpleNamespace(model_digest="d1"), score=1.5),
        comparable_entries=[
            SimpleNamespace(name=n, analysis=SimpleNamespace(score=scores["d1"][n])) for n in ("a", "c")
        ],
        facts=SimpleNamespace(models=versions, scores=scores),
    )
    found, other_versions = _other_models(cast("WhyQuestion", question))
    assert [(model.name, model.rank, model.n) for model in found] == [("pool v1", 2, 3)]
    assert other_versions == ((2, 1.5),)


def test_a_reference_is_named_in_two_lines(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_assessed(qtbot, window, world, 8)
    found = lowest(qtbot, window, evidence=False)
    block = why_of(window).reference_block
    assert found.reference is not None
    best = by_score(window)[-2:]
    assert found.reference.name in {entry.name for entry in best}
    assert block.message_label.plain_text.startswith(
        f"{found.reference.name} scores {told_number(found.reference.score)}"
    )
    assert not block.show_both_button.isHidden()


@pytest.mark.slow
def test_raters_are_quoted_with_their_reasons(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_assessed(qtbot, window, world, 3)
    found = lowest(qtbot, window)
    names = [found.name, *(e.name for e in window.app_context.videos if e.name != found.name)]

    def judge(study: Study) -> object:
        votes = study.votes
        votes.cast(Vote(names[0], names[1], Verdict.RIGHT, "Ann", reason="the grip slips twice"))
        gone = votes.cast(Vote(names[0], names[1], Verdict.LEFT, "Ann", reason="taken back"))
        votes.withdraw(gone.id)
        votes.cast(Vote(names[0], names[1], None, "Ann", reason="skipped"))
        votes.cast(Vote(names[2], names[0], Verdict.RIGHT, "Bob"))
        votes.cast(Vote(names[0], names[2], Verdict.NEITHER, "Bob", right_mark_s=0.2))
        votes.cast(Vote(names[0], names[2], Verdict.NEITHER, "Cem", left_mark_s=0.4))
        votes.cast(Vote(names[2], names[0], Verdict.RIGHT, UNNAMED, reason="calmer", left_mark_s=0.3))
        return votes.cast(Vote(names[1], names[2], Verdict.LEFT, "Bob", reason="of others"))

    window.app_context.studies.submit_write(judge, VOTES)
    block = why_of(window).raters_block
    rows = block.reason_rows
    qtbot.waitUntil(lambda: rows[0].message_label.plain_text != "")
    quoted = [
        (row.message_label.plain_text, row.time_button.text() if row.time_button.isVisibleTo(row) else "")
        for row in shown_rows(block)
    ]
    assert quoted == [
        (f"A rater without a name, better than {names[2]}: “calmer”", ""),
        (f"Cem, no difference to {names[2]}", "00:00.400"),
        (f"Ann, worse than {names[1]}: “the grip slips twice”", ""),
    ]
    assert not block.more_label.isVisibleTo(block)
    playback = window.app_context.playback
    playback.play()
    click(rows[1].time_button)
    assert not playback.playing
    assert playback.video is not None
    assert playback.frame == playback.video.frame_at(0.4)

    def more(study: Study) -> object:
        return [study.votes.cast(Vote(names[0], names[1], Verdict.LEFT, "Dee", reason=str(i))) for i in range(4)]

    window.app_context.studies.submit_write(more, VOTES)
    qtbot.waitUntil(lambda: block.more_label.isVisibleTo(block))
    assert block.more_label.plain_text == "… and 2 more, in the exported votes"
    assert len(shown_rows(block)) == len(rows)


def shown_rows(block: RatersBlock) -> list[ReasonRow]:
    return [row for row in block.reason_rows if row.isVisibleTo(block)]


def test_a_blind_study_opens_the_page_after_ones_own_judgement(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    window.app_context.settings.user_name = "R. Rater"
    open_assessed(qtbot, window, world, 3)
    lowest(qtbot, window)

    def shut(study: Study) -> None:
        study.settings = replace(study.settings, blind=True)

    window.app_context.studies.submit_write(shut, SETTINGS)
    page, why_loader = why_of(window), window.app_context.why_loader
    qtbot.waitUntil(lambda: why_loader.stage is WhyStage.BLIND)
    assert page.currentWidget() is page.empty_state
    assert "until R. Rater has judged this video" in page.empty_state.message_label.plain_text
    assert not why_loader.cards, "flags on the curve would say it as well"
    video = window.app_context.annotations.video
    other = next(e.name for e in window.app_context.videos if e.name != video)

    def judge(study: Study) -> None:
        study.votes.cast(Vote(video, other, Verdict.RIGHT, "R. Rater"))

    window.app_context.studies.submit_write(judge, VOTES)
    qtbot.waitUntil(lambda: why_loader.stage is WhyStage.READY)
    qtbot.waitUntil(lambda: page.currentWidget() is not page.empty_state)


def test_a_blind_study_opens_the_page_to_whoever_judged_in_this_window(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    open_assessed(qtbot, window, world, 3)
    lowest(qtbot, window)

    def shut(study: Study) -> None:
        study.settings = replace(study.settings, blind=True)
        for one, other in ((0, 1), (1, 2), (0, 2)):
            names = [video.name for video in study.videos.all()]
            study.votes.cast(Vote(names[one], names[other], Verdict.LEFT, "Ben"))

    window.app_context.studies.submit_write(shut, SETTINGS, VOTES)
    page, why_loader = why_of(window), window.app_context.why_loader
    qtbot.waitUntil(lambda: why_loader.stage is WhyStage.BLIND)
    assert not missing(page.empty_state.message_label.plain_text, "video yourself")
    window.window.screens.show("rank")
    screen = window.window.screens.get_page("rank")
    assert isinstance(screen, RankScreen)
    qtbot.waitUntil(lambda: screen.judging.phase is SittingPhase.RATER)
    screen.rater_page.name_edit.setText("R. Rater")
    click(screen.rater_page.begin_button)
    video = window.app_context.annotations.video

    def judge(verdict: Verdict | None) -> frozenset[str]:
        qtbot.waitUntil(lambda: screen.judging.accepts_answers)
        turn = screen.judging.session.turn
        assert turn is not None
        screen.judging_view.vote(verdict)
        qtbot.waitUntil(lambda: screen.judging.phase is not SittingPhase.STORING)
        return turn.names

    judge(None)
    assert not why_loader.raters, "a skipped pair is no judgement"
    if video not in judge(Verdict.LEFT):
        window.window.screens.show("inspect")
        qtbot.waitUntil(lambda: "until R. Rater has judged this video" in page.empty_state.message_label.plain_text)
        window.window.screens.show("rank")
        assert video in judge(Verdict.LEFT)
    assert why_loader.raters == ("R. Rater",)
    window.window.screens.show("inspect")
    qtbot.waitUntil(lambda: why_loader.stage is WhyStage.READY and page.currentWidget() is not page.empty_state)


def test_who_works_here_is_proposed_to_the_first_who_judges(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    window.app_context.settings.user_name = "R. Rater"
    open_assessed(qtbot, window, world, 3)
    window.window.screens.show("rank")
    screen = window.window.screens.get_page("rank")
    assert isinstance(screen, RankScreen)
    field = screen.rater_page.name_edit
    qtbot.waitUntil(lambda: screen.judging.phase is SittingPhase.RATER and field.hasFocus())
    assert field.text() == field.selectedText() == "R. Rater"
    click(screen.rater_page.begin_button)
    qtbot.waitUntil(lambda: screen.judging.accepts_answers)
    click(screen.finish_button)
    qtbot.waitUntil(lambda: screen.judging.phase is SittingPhase.RATER)
    assert field.text() == "", "the next one is likely to be another"


@pytest.mark.slow
@pytest.mark.parametrize("width", [240, 300, 420])
def test_nothing_is_cut_at_the_right(qtbot: QtBot, window: Composition, world: FakeWorld, width: int) -> None:
    open_assessed(qtbot, window, world, 3)
    lowest(qtbot, window)
    page = why_of(window)
    window.window.resizeDocks([window.window._docks["why"]], [width], Qt.Orientation.Horizontal)
    room = page.page.viewport()

    def is_whole(row: MomentRow) -> bool:
        """Return whether all buttons of a row lie inside it."""
        corners = [(b, b.rect().bottomRight()) for b in (*row.opinion_chips.values(), row.note_button)]
        right = max(button.mapTo(page.content, corner).x() for button, corner in corners)
        return right < room.width() and all(button.mapTo(row, corner).y() < row.height() for button, corner in corners)

    qtbot.waitUntil(lambda: page.content.width() == room.width() and all(map(is_whole, page.moment_column.rows)))
