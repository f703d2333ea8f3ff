"""The guides in the window: all that ship, links that lead somewhere, search, and no address opened."""

import re
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QSize, Qt, QUrl
from PySide6.QtGui import QGuiApplication, QTextDocument, QTextTable
from pytestqt.qtbot import QtBot

from skillviewer.core.paths import docs_dir
from skillviewer.ui.app import Composition
from skillviewer.ui.shell.guide_page import _blocks as iterate
from skillviewer.ui.shell.guide_page import anchor
from skillviewer.ui.shell.guides import NAMES, Guides, load_guides
from skillviewer.ui.shell.page_spec import SCREENS
from skillviewer.ui.widgets.theme import ThemeChoice
from tests.facts import missing
from tests.ui.hands import click, key, type_text

pytestmark = pytest.mark.styled

RANKING = "Votes and ranking"


@pytest.fixture
def shown(qtbot: QtBot, window: Composition) -> Guides:
    window.window.actions_["guides"].trigger()
    found = window.window.findChild(Guides)
    assert isinstance(found, Guides)
    qtbot.waitExposed(found)
    return found


def read(shown: Guides) -> str:
    item = shown.guide_list.currentItem()
    return "" if item is None else item.text()


def listed(shown: Guides) -> list[str]:
    items = [shown.guide_list.item(at) for at in range(shown.guide_list.count())]
    return [item.text() for item in items if not item.isHidden()]


def test_every_guide_that_ships_is_listed() -> None:
    assert sorted(NAMES) == sorted(
        path.relative_to(docs_dir()).with_suffix("").as_posix() for path in docs_dir().rglob("*.md")
    )
    assert all(guide.title and len(guide.title) < 60 for guide in load_guides())


@pytest.mark.parametrize("name", NAMES)
def test_links_between_guides_and_files_lead_somewhere(name: str) -> None:
    text = (docs_dir() / f"{name}.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        url = QUrl(target)
        if not url.isRelative():
            assert target.startswith("https://"), target
            continue
        page = docs_dir() / f"{name}.md"
        path = (page.parent / url.path()).resolve() if url.path() else page
        assert path.exists(), target
        if url.fragment():
            headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert url.fragment() in {anchor(heading) for heading in headings}, target


@pytest.mark.slow
def test_all_guides_can_be_read(shown: Guides) -> None:
    for at, guide in enumerate(load_guides()):
        shown.guide_list.setCurrentRow(at)
        text = shown.guide_page.toPlainText()
        assert text.startswith(guide.title)
        assert "](" not in text
        assert shown.guide_page.verticalScrollBar().value() == 0
        tables = [f for f in shown.guide_page.document().rootFrame().childFrames() if isinstance(f, QTextTable)]
        assert len(tables) == len(re.findall(r"^\|[-:| ]+\|$", guide.text, re.MULTILINE))
        for table in tables:
            cell = table.cellAt(0, 0)
            assert cell.firstCursorPosition().block() == cell.lastCursorPosition().block(), "an empty line in a header"


def test_only_the_guide_that_is_read_is_kept(qtbot: QtBot, shown: Guides) -> None:
    for at in (1, 2, 3, 4, 5):
        shown.guide_list.setCurrentRow(at)
    qtbot.waitUntil(lambda: len(shown.guide_page.findChildren(QTextDocument)) == 1)


def test_links_are_followed_and_lead_back_and_addresses_are_only_copied(shown: Guides) -> None:
    shown.show_guide("judging")
    assert shown.guide_page.find("Votes and ranking")
    place = shown.guide_page.cursorRect().center() - QPoint(8, 0)
    click(shown.guide_page.viewport(), place)
    assert read(shown) == RANKING
    assert shown.guide_page.verticalScrollBar().value() == 0
    shown.guide_page.anchorClicked.emit(QUrl("#json"))
    at_heading = shown.guide_page.verticalScrollBar().value()
    assert at_heading > 0
    shown.guide_page.anchorClicked.emit(QUrl("ranking.md"))
    assert shown.guide_page.verticalScrollBar().value() == 0
    shown.guide_page.anchorClicked.emit(QUrl("data.md"))
    assert read(shown) == "Your own data"
    click(shown.back_button)
    assert (read(shown), shown.guide_page.verticalScrollBar().value()) == (RANKING, 0)
    key(shown, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert shown.guide_page.verticalScrollBar().value() == at_heading
    for _ in range(2):
        shown.go_back()
    assert read(shown).startswith("Judging pairs")
    assert not shown.back_button.isEnabled()
    shown.guide_page.anchorClicked.emit(QUrl("https://arxiv.org/abs/1112.5745"))
    assert QGuiApplication.clipboard().text() == "https://arxiv.org/abs/1112.5745"
    assert "does not open web addresses" in shown.message_label.text()
    assert read(shown).startswith("Judging pairs")
    shown.guide_page.anchorClicked.emit(QUrl("../benchmarks/simulated/raters.py"))
    assert not missing(shown.message_label.text(), "benchmarks/simulated/raters.py", "program's source")
    shown.guide_list.setCurrentRow(0)
    assert shown.message_label.text() == ""


def test_search_lists_guides_that_have_all_words_and_goes_round(qtbot: QtBot, shown: Guides) -> None:
    key(shown, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(shown.search_edit.hasFocus)
    type_text(shown.search_edit, "bootstrap halves")
    wanted = [g.title for g in load_guides() if "bootstrap" in g.searchable_text and "halves" in g.searchable_text]
    assert wanted == listed(shown)
    assert read(shown) == wanted[0]
    text = shown.guide_page.toPlainText().lower()
    n = text.count("bootstrap") + text.count("halves")
    assert shown.guide_page.n_hits == n > 2
    assert shown.message_label.text() == f"1 of {n}"
    seen = []
    for _ in range(n):
        seen.append(shown.guide_page.textCursor().selectedText().lower())
        assert 0 < shown.guide_page.cursorRect().top() < shown.guide_page.viewport().height()
        key(shown.search_edit, Qt.Key.Key_Return)
    assert set(seen) == {"bootstrap", "halves"}
    assert shown.message_label.text() == f"1 of {n}", "round at the end"
    key(shown, Qt.Key.Key_F3, Qt.KeyboardModifier.ShiftModifier)
    assert shown.message_label.text() == f"{n} of {n}"
    shown.show_guide("ranking")
    shown.search_edit.setText("Which pair comes")
    assert shown.guide_page.textCursor().selectedText() == "Which pair comes", "words that stand in one piece are one"
    place = shown.guide_page.verticalScrollBar().value()
    shown.search_edit.setText("xylophone")
    assert listed(shown) == []
    assert "No guide" in shown.message_label.text()
    key(shown.search_edit, Qt.Key.Key_Escape)
    assert shown.isVisible()
    assert len(listed(shown)) == len(NAMES)
    assert (shown.message_label.text(), shown.guide_page.n_hits) == ("", 0)
    assert shown.guide_page.verticalScrollBar().value() == place
    key(shown.search_edit, Qt.Key.Key_Escape)
    assert not shown.isVisible()
    shown.show()
    shown.search_edit.setText("votes")
    shown.close()
    assert not shown.isVisible(), "what is searched does not keep it open"


def test_pictures_follow_the_width_of_the_page(qtbot: QtBot, shown: Guides) -> None:
    def widths() -> list[float]:
        found = []
        for block in iterate(shown.guide_page.document()):
            at = block.begin()
            while not at.atEnd():
                characters = at.fragment().charFormat()
                if characters.isImageFormat():
                    found.append(characters.toImageFormat().width())
                at += 1
        return found

    shown.show_guide("first-steps")
    for size in (QSize(1200, 600), QSize(700, 500)):
        shown.resize(size)
        qtbot.waitUntil(lambda: set(widths()) == {shown.guide_page.viewport().width() - 48})
        assert shown.guide_page.horizontalScrollBar().maximum() == 0


@pytest.mark.slow
def test_the_theme_is_followed_where_one_reads(qtbot: QtBot, shown: Guides, window: Composition) -> None:
    shown.show_guide("method")
    shown.search_edit.setText("weights")
    shown.guide_page.verticalScrollBar().setValue(400)
    before = shown.guide_page.textCursor().selectionStart(), shown.message_label.text()
    for choice in (ThemeChoice.DARK, ThemeChoice.LIGHT):
        window.app_context.themes.choose(choice)
        assert shown.guide_page.verticalScrollBar().value() == 400
        assert (shown.guide_page.textCursor().selectionStart(), shown.message_label.text()) == before
    shown.search_edit.clear()
    shown.close()
    window.app_context.themes.choose(ThemeChoice.DARK)
    window.window.actions_["guides"].trigger()
    qtbot.waitExposed(shown)
    assert read(shown) == "Method", "it is opened again where it was closed"
    line = shown.guide_page.document().rootFrame().childFrames()[0]
    assert isinstance(line, QTextTable)
    colour = line.cellAt(0, 0).format().toTableCellFormat().bottomBorderBrush().color().name()
    assert colour == window.app_context.themes.theme.line
    window.app_context.themes.choose(ThemeChoice.LIGHT)


def test_words_grow_with_those_of_the_window(qtbot: QtBot, shown: Guides, window: Composition) -> None:
    before = shown.guide_page.document().defaultFont().pointSizeF()
    window.app_context.themes.resize_text(130)
    qtbot.waitUntil(lambda: shown.guide_page.document().defaultFont().pointSizeF() == pytest.approx(1.3 * before))
    window.app_context.themes.resize_text(100)
    qtbot.waitUntil(lambda: shown.guide_page.document().defaultFont().pointSizeF() == pytest.approx(before))


def test_the_guide_of_the_shown_screen_opens(shown: Guides, window: Composition) -> None:
    main_window = window.window
    asks = main_window.actions_["guides"].trigger
    for screen, title in (("inspect", "Why this score"), ("compare", "Compare"), ("export", "Export")):
        main_window.screens.show(screen)
        asks()
        assert title in read(shown)
    shown.show_guide("method")
    shown.close()
    asks()
    assert read(shown) == "Method", "the guides stay where they were closed, until they are asked for on another screen"
    main_window.screens.show("inspect")
    asks()
    assert "Why" in read(shown)


def test_every_screen_has_a_guide() -> None:
    assert {spec.guide for spec in SCREENS} <= set(NAMES)


def test_a_second_wish_shows_the_same_window(shown: Guides, window: Composition) -> None:
    window.window.actions_["guides"].trigger()
    assert window.window.findChildren(Guides) == [shown]


def test_a_guide_that_is_missing_is_told(window: Composition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skillviewer.ui.shell.guides.docs_dir", lambda: tmp_path)
    window.window.actions_["guides"].trigger()
    assert window.window.findChild(Guides) is None
    assert "guides cannot be read" in window.app_context.messages.waiting[-1].text
