"""A window over a decoder that dies: one video is unreadable, in one sentence, and the others open."""

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from skillviewer.core.paths import HOME_VARIABLE
from skillviewer.engine.runtime.first_look import FirstLook
from skillviewer.media.files import CHECKS_BEFORE_OPENING
from skillviewer.ui.app import real_backend
from skillviewer.ui.session.video_entry import VideoState
from tests.engine.runtime.decoders import look
from tests.facts import missing
from tests.ui.conftest import MakeWindow
from tests.videos import write_barcode_video


def test_a_decoder_that_dies_takes_no_window_along(
    qtbot: QtBot, make_window: MakeWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    files = [write_barcode_video(tmp_path / f"{name}.mp4", 12).path for name in ("abort", "fine")]
    with FirstLook(look) as first:
        CHECKS_BEFORE_OPENING.append(first.check)
        try:
            app_context = make_window(real_backend()).app_context
            app_context.assessments.set_automatic(on=False)
            app_context.open(files)  # no model is loaded
            qtbot.waitUntil(lambda: [e.info is not None for e in app_context.videos] == [False, True])
            qtbot.waitUntil(lambda: app_context.videos[0].state is VideoState.UNREADABLE)
            assert not missing(app_context.videos[0].reason, "abort.mp4", "decoder died")
            qtbot.waitUntil(lambda: not app_context.index_worker._tasks and not app_context.frames_worker._tasks)
        finally:
            CHECKS_BEFORE_OPENING.remove(first.check)
