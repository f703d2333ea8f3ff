"""Options of exporters as people choose them: every field of every exporter is offered, with words and bounds."""

from dataclasses import fields

import pytest

from skillviewer.core.analysis.map_style import MapStyle, Overlay
from skillviewer.core.errors import ExportError
from skillviewer.engine.exporting.study_exporters import STUDY_EXPORTERS, StudyExporter
from skillviewer.export.exporters import EXPORTERS, Exporter
from skillviewer.export.options import OptionKind, map_style_options, options_of, parse_frames, parse_size
from skillviewer.export.pictures.picture_options import ClipOptions
from skillviewer.export.rendering.theme import DARK, WHITE

EVERY: tuple[Exporter | StudyExporter, ...] = (*EXPORTERS, *STUDY_EXPORTERS)
WITH_OPTIONS = [made for made in EVERY if made.options is not None]


@pytest.mark.parametrize("made", WITH_OPTIONS, ids=lambda made: made.name)
def test_what_is_offered_has_words_and_a_default_within_its_bounds(made: Exporter | StudyExporter) -> None:
    assert made.options is not None
    defaults = made.options()
    offered = options_of(made.options)
    assert offered
    for option in offered:
        assert option.title[0].isupper()
        assert not option.help.endswith(".")
        assert option.default == getattr(defaults, option.name)
        if option.default is not None and option.low is not None:
            assert option.default >= option.low
        if option.default is not None and option.high is not None:
            assert option.default <= option.high
        if option.kind is OptionKind.CHOICE:
            assert option.default in [value for _, value in option.choices]
    assert {option.name for option in offered} <= {field.name for field in fields(made.options)}


def test_kinds_come_from_types() -> None:
    kinds = {option.name: option.kind for option in options_of(ClipOptions)}
    assert kinds["start"] is kinds["stop"] is kinds["columns"] is OptionKind.WHOLE
    assert kinds["speed"] is OptionKind.NUMBER
    assert kinds["look"] is OptionKind.LOOK
    assert kinds["size"] is OptionKind.SIZE
    assert kinds["title"] is OptionKind.TEXT
    assert kinds["theme"] is kinds["quality"] is OptionKind.CHOICE
    assert kinds["sound"] is OptionKind.FLAG
    by_name = {option.name: option for option in options_of(ClipOptions)}
    assert by_name["stop"].optional
    assert not by_name["start"].optional
    assert (by_name["start"].screen_offset, by_name["stop"].screen_offset) == (1, 0)
    assert by_name["stop"].screen_title == "Last frame"
    assert by_name["theme"].choice_name(DARK) == "dark"
    assert dict(by_name["theme"].choices)["white"] is WHITE


def test_a_look_is_made_of_all_its_parts() -> None:
    look = MapStyle(overlay=Overlay.CONTOUR, strength=0.3)
    parts = map_style_options(look)
    assert [part.name for part in parts] == [field.name for field in fields(MapStyle)]
    assert MapStyle(**{part.name: part.default for part in parts}) == look


@pytest.mark.parametrize(("text", "size"), [("1280x720", (1280, 720)), (" 640 × 480 ", (640, 480)), ("1X2", (1, 2))])
def test_sizes_are_read(text: str, size: tuple[int, int]) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "big", "0x5", "1x2x3", "-1x5", "1.5x2"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ExportError, match="is no size: write it as 1280x720"):
        parse_size(text)


def test_a_size_that_no_picture_can_have_is_refused() -> None:
    assert parse_size("16384x2") == (16384, 2)
    with pytest.raises(ExportError, match="16384 pixels"):
        parse_size("99999x99999")


def test_frames_are_read() -> None:
    assert parse_frames("3, 7 12,,1") == (3, 7, 12, 1)
    assert parse_frames(" ") == ()
    with pytest.raises(ExportError, match="are no frames"):
        parse_frames("3 -1")
