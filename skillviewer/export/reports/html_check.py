"""Check of a written web page: complete, with its sentences, and without anything that a browser would fetch."""

import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

from skillviewer.core.errors import ExportError

_TEXT_ATTRIBUTES = frozenset({"alt", "aria-label", "title"})
"""Attributes that hold text for people, and never a link."""

_LINK_ATTRIBUTES = frozenset({"src", "href", "xlink:href", "srcset", "poster", "action", "data"})
_LOCAL_TARGET = re.compile(r"\s*(data:|#)")
_EXTERNAL_STYLE = re.compile(r"""url\(\s*["']?(?!data:|#)|@import""")


class _PageParser(HTMLParser):
    """Parser that collects the texts of a page, and everything that a browser would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.external_links: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        for name, value in attrs:
            if not value or name in _TEXT_ATTRIBUTES:
                continue
            if name in _LINK_ATTRIBUTES and _LOCAL_TARGET.match(value) is None:
                self._add_link(value)
            else:
                self._search_style(value)

    def handle_endtag(self, tag: str) -> None:
        if tag == "style":
            self._in_style = False

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self._search_style(data)
        else:
            self.texts.append(data)

    def _search_style(self, text: str) -> None:
        match = _EXTERNAL_STYLE.search(text)
        if match is not None:
            self._add_link(text[match.start() :])

    def _add_link(self, text: str) -> None:
        self.external_links.append(text[:60])


def check_html(file: Path, path: Path, sentences: Sequence[str]) -> None:
    """Check that a written web page is complete, contains the sentences, and fetches nothing.

    Args:
        file: The file.
        path: Final path of the file, for messages.
        sentences: Sentences that must be in the text; line breaks and spaces are ignored.

    Raises:
        ExportError: The page is incomplete, lacks a sentence, or would fetch something.
    """
    text = file.read_text(encoding="utf-8")
    if not text.rstrip().endswith("</html>"):
        raise ExportError(f"{path} was not written: the page is incomplete.")
    parser = _PageParser()
    parser.feed(text)
    parser.close()
    if parser.external_links:
        raise ExportError(f"{path} was not written: the page would fetch something: {parser.external_links[0]}.")
    page_text = _without_spaces("".join(parser.texts))
    for sentence in sentences:
        if _without_spaces(sentence) not in page_text:
            raise ExportError(f"{path} was not written: the page does not say “{sentence}”.")


def _without_spaces(text: str) -> str:
    return "".join(text.split())
