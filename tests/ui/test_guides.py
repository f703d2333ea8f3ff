"""The guides in the window: all that ship, links that lead somewhere, search, and no address opened."""

import re

import pytest
from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QGuiApplication, QTextTable
from pytestqt.qtbot import QtBot

from skillviewer.core.places import docs_dir
from skillviewer.ui.app import Composition
from skillviewer.ui.guides import NAMES, Guides, anchor, guides
from skillviewer.ui.theme import ThemeChoice
from tests.ui.hands import click, key, type_text


@pytest.fixture
def shown(qtbot: QtBot, window: Composition) -> Guides:
    window.window.actions_["guides"].trigger()
    found = window.window.findChild(Guides)
    assert isinstance(found, Guides)
    qtbot.waitExposed(found)
    return found


def read(shown: Guides) -> str:
    item = shown.list.currentItem()
    return "" if item is None else item.text()


def listed(shown: Guides) -> list[str]:
    items = [shown.list.item(at) for at in range(shown.list.count())]
    return [item.text() for item in items if not item.isHidden()]


def test_every_guide_that_ships_is_listed() -> None:
    assert sorted(NAMES) == sorted(path.stem for path in docs_dir().glob("*.md"))
    assert all(guide.title and len(guide.title) < 60 for guide in guides())


@pytest.mark.parametrize("name", NAMES)
def test_links_between_guides_and_files_lead_somewhere(name: str) -> None:
    text = (docs_dir() / f"{name}.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        url = QUrl(target)
        if not url.isRelative():
            assert target.startswith("https://"), target
            continue
        path = (docs_dir() / url.path()).resolve() if url.path() else docs_dir() / f"{name}.md"
        assert path.exists(), target
        if url.fragment():
            headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert url.fragment() in {anchor(heading) for heading in headings}, target


def test_all_guides_can_be_read(shown: Guides) -> None:
    for at, guide in enumerate(guides()):
        shown.list.setCurrentRow(at)
        text = shown.page.toPlainText()
        assert text.startswith(guide.title)
        assert "](" not in text
        assert shown.page.verticalScrollBar().value() == 0
        tables = [f for f in shown.page.document().rootFrame().childFrames() if isinstance(f, QTextTable)]
        assert len(tables) == len(re.findall(r"^\|[-:|]+\|$", guide.text, re.MULTILINE))


def test_links_are_followed_and_addresses_only_copied(shown: Guides) -> None:
    shown.show_guide("judging")
    assert shown.page.find("ranking.md")
    place = shown.page.cursorRect().center() - QPoint(8, 0)
    click(shown.page.viewport(), place)
    assert read(shown) == "What pairs are asked, and what the votes say"
    assert shown.page.verticalScrollBar().value() == 0
    shown.page.anchorClicked.emit(QUrl("#what-votes-buy"))
    shown.page.anchorClicked.emit(QUrl("ranking.md#what-votes-buy"))
    assert read(shown) == "What pairs are asked, and what the votes say"
    assert shown.page.textCursor().block().text() == "What votes buy"
    assert shown.page.verticalScrollBar().value() > 0
    shown.page.anchorClicked.emit(QUrl("https://arxiv.org/abs/1112.5745"))
    assert QGuiApplication.clipboard().text() == "https://arxiv.org/abs/1112.5745"
    assert "opens no address" in shown.said.text()
    assert read(shown) == "What pairs are asked, and what the votes say"
    shown.page.anchorClicked.emit(QUrl("../benchmarks/simulated/raters.py"))
    assert shown.said.text() == "benchmarks/simulated/raters.py is a file of the program's source."


def test_search_leaves_guides_that_have_all_words_and_goes_round(qtbot: QtBot, shown: Guides) -> None:
    key(shown, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(shown.search.hasFocus)
    type_text(shown.search, "bootstrap halves")
    wanted = [g.title for g in guides() if "bootstrap" in g.text.casefold() and "halves" in g.text.casefold()]
    assert wanted == listed(shown)
    assert read(shown) == wanted[0]
    assert shown.page.textCursor().selectedText().casefold() == "bootstrap"
    places = []
    for _ in range(100):
        places.append(shown.page.textCursor().position())
        key(shown.search, Qt.Key.Key_Return)
        if shown.page.textCursor().position() == places[0]:
            break
    n_times = shown.page.toPlainText().casefold().count("bootstrap")
    assert len(places) == len(set(places)) == n_times > 1
    shown.search.setText("xylophone")
    assert listed(shown) == []
    assert "No guide" in shown.said.text()
    shown.search.clear()
    assert len(listed(shown)) == len(NAMES)
    assert shown.said.text() == ""


def test_the_theme_is_followed_where_one_reads(shown: Guides, window: Composition) -> None:
    shown.show_guide("method")
    shown.page.verticalScrollBar().setValue(400)
    window.program.themes.choose(ThemeChoice.DARK)
    assert shown.page.verticalScrollBar().value() == 400
    window.program.themes.choose(ThemeChoice.LIGHT)


def test_a_second_wish_shows_the_same_window(shown: Guides, window: Composition) -> None:
    window.window.actions_["guides"].trigger()
    assert window.window.findChildren(Guides) == [shown]
