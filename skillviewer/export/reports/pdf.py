"""Pages: fonts that are embedded, styles, the frame of a page, and reading back what was written."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack, cast
from xml.sax.saxutils import escape

from skillviewer.core.errors import ExportError
from skillviewer.core.paths import resources_dir
from skillviewer.core.text import printable
from skillviewer.export.rendering.matplotlib_figure import text_and_font_file
from skillviewer.export.rendering.theme import WHITE, Colour, blend

if TYPE_CHECKING:
    from reportlab.lib.colors import Color
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas
    from reportlab.platypus import Flowable

Paper = Literal["a4", "letter"]
SIZES_PT: dict[Paper, tuple[float, float]] = {"a4": (595.28, 841.89), "letter": (612.0, 792.0)}
"""(width, height) in points."""

MARGIN_PT = 42.0
FOOT_PT = 26.0
_ENDLESS_PT = 1e6
REGULAR, BOLD = "Inter", "Inter-SemiBold"
FAINT = blend(WHITE.muted, WHITE.background, 0.88)
"""Greyed text; contrast to white at least 4.5 to 1."""


@cache
def _fonts() -> dict[str, "TTFont"]:
    from reportlab.pdfbase.ttfonts import TTFont

    folder = resources_dir() / "report"
    files = {REGULAR: "Inter-Regular.ttf", BOLD: "Inter-SemiBold.ttf"}
    return {name: TTFont(name, str(folder / file)) for name, file in files.items()}


@cache
def register_fonts() -> None:
    """Make the fonts known to the PDF library."""
    from reportlab.lib.fonts import addMapping
    from reportlab.pdfbase.pdfmetrics import registerFont

    for font in _fonts().values():
        registerFont(font)
    for bold in (0, 1):
        for italic in (0, 1):
            addMapping(REGULAR, bold, italic, BOLD if bold else REGULAR)
        addMapping(BOLD, bold, 0, BOLD)


@cache
def _own_letters(name: str) -> frozenset[int]:
    return frozenset(_fonts()[name].face.charToGlyph)


@cache
def _other_font(text: str) -> tuple[str, str]:
    """Return a text that can be drawn, and the name of a font that has its letters and that a PDF can hold."""
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFError, TTFont

    drawable, file = text_and_font_file(text)
    name = f"other-{file.stem}"
    try:
        registerFont(TTFont(name, str(file)))
    except (TTFError, OSError):  # outlines that the library cannot embed
        return "\N{REPLACEMENT CHARACTER}" * len(drawable), REGULAR
    return drawable, name


def marked(text: str, font: str = REGULAR) -> str:
    """Return plain text as a paragraph's markup: escaped, and letters that Inter lacks in a font that has them."""
    font_letters = _own_letters(font)
    parts = re.findall(r"\s+|\S+", printable(text))
    out = []
    for part in parts:
        if all(ord(c) in font_letters or c.isspace() for c in part):
            out.append(escape(part))
        else:
            drawable, name = _other_font(part)
            out.append(f'<font name="{name}">{escape(drawable)}</font>')
    return "".join(out)


def colour(rgb: Colour) -> "Color":
    """Return a colour for the PDF library."""
    from reportlab.lib.colors import Color

    return Color(rgb[0] / 255, rgb[1] / 255, rgb[2] / 255)


def style(
    size_pt: float = 8.6,
    *,
    bold: bool = False,
    text_colour: Colour = WHITE.text,
    leading: float = 1.38,
    after_pt: float = 0.0,
    right: bool = False,
) -> "ParagraphStyle":
    """Return a style of text."""
    from reportlab.lib.enums import TA_LEFT, TA_RIGHT
    from reportlab.lib.styles import ParagraphStyle

    register_fonts()
    return ParagraphStyle(
        "text",
        fontName=BOLD if bold else REGULAR,
        fontSize=size_pt,
        leading=size_pt * leading,
        textColor=colour(text_colour),
        spaceAfter=after_pt,
        alignment=TA_RIGHT if right else TA_LEFT,
        splitLongWords=1,
    )


def page_head(kind: str, origin: str, title: str, subtitle: str, width: float) -> "list[Flowable]":
    """Return the head of the first page: its kind and the origin of the numbers, a large title, a subtitle or ""."""
    left = paragraph(f"SkillViewer · {kind}", size_pt=8.2, text_colour=WHITE.muted)
    right = paragraph(origin, size_pt=8.2, text_colour=WHITE.muted, right=True)
    head = [grid([[left, right]], (width / 2, width / 2), pad_pt=0)]
    head.append(paragraph(title, size_pt=17, bold=True, leading=1.25))
    return [*head, *([paragraph(subtitle, size_pt=9, text_colour=WHITE.muted)] if subtitle else [])]


def facts_table(facts: "Iterable[tuple[str, str]]", width: float) -> "Flowable":
    """Return names with their values, in small print."""
    rows = [
        [paragraph(name, size_pt=7.4, text_colour=WHITE.muted), paragraph(value, size_pt=7.4)] for name, value in facts
    ]
    return grid(rows, (84, width - 84), pad_pt=0.6)


class StyleArguments(TypedDict, total=False):
    """The arguments of ``style``."""

    size_pt: float
    bold: bool
    text_colour: Colour
    leading: float
    after_pt: float
    right: bool


def paragraph(text: str, **style_arguments: Unpack[StyleArguments]) -> "Flowable":
    """Return plain text as a paragraph; the keywords are those of ``style``."""
    from reportlab.platypus import Paragraph

    text_style = style(**style_arguments)
    return Paragraph(marked(text, text_style.fontName), text_style)


def heading(text: str, note: str = "", *, keep_with_next: bool = True) -> "Flowable":
    """Return the heading of a part of a page, with a few muted words behind it.

    If ``keep_with_next``, all of what follows stands on the same page; a table that may be split does not.
    """
    from reportlab.platypus import Paragraph

    text_style = style(9.4, bold=True, after_pt=3.0)
    text_style.spaceBefore = 9.0
    text_style.keepWithNext = int(keep_with_next)
    grey = "#{:02x}{:02x}{:02x}".format(*WHITE.muted)
    behind = f'&nbsp;&nbsp;<font name="{REGULAR}" size="7.8" color="{grey}">{marked(note)}</font>' if note else ""
    return Paragraph(marked(text, BOLD) + behind, text_style)


def point(text: str, size_pt: float = 8.2) -> "Flowable":
    """Return plain text as one point of a list; its lines stand below each other, right of the mark."""
    from reportlab.platypus import Paragraph

    text_style = style(size_pt, after_pt=1.5)
    text_style.leftIndent = 9.0
    text_style.bulletIndent = 0.0
    text_style.bulletFontName = REGULAR
    text_style.bulletFontSize = size_pt
    return Paragraph(marked(text), text_style, bulletText="•")


def gap(height_pt: float) -> "Flowable":
    """Return empty space."""
    from reportlab.platypus import Spacer

    return Spacer(1, height_pt)


def picture(jpeg: bytes, width_pt: float, height_pt: float) -> "Flowable":
    """Return a picture."""
    from reportlab.platypus import Image

    return Image(BytesIO(jpeg), width_pt, height_pt)


def grid(
    rows: Sequence[Sequence[Any]],
    widths_pt: Sequence[float | None],
    *,
    pad_pt: float = 2.0,
    lines: bool = False,
    repeat: int = 0,
    middle: bool = False,
) -> "Flowable":
    """Return flowables side by side in rows: quiet, with fine lines between the rows where they are asked for."""
    from reportlab.platypus import Table, TableStyle

    commands: list[tuple[Any, ...]] = [
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), pad_pt),
        ("BOTTOMPADDING", (0, 0), (-1, -1), pad_pt),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE" if middle else "TOP"),
    ]
    if lines:
        commands.append(("LINEBELOW", (0, 0), (-1, -1), 0.4, colour(WHITE.line)))
    return Table(
        [list(row) for row in rows],
        colWidths=list(widths_pt),
        style=TableStyle(commands),
        repeatRows=repeat,
        hAlign="LEFT",
    )


@dataclass(frozen=True, slots=True)
class PageFrame:
    """The frame of the pages of one document."""

    paper: Paper
    title: str
    foot: str

    @property
    def width_pt(self) -> float:
        """Width between the margins."""
        return SIZES_PT[self.paper][0] - 2 * MARGIN_PT

    @property
    def height_pt(self) -> float:
        """Height between the margins, above the foot."""
        return SIZES_PT[self.paper][1] - 2 * MARGIN_PT - FOOT_PT

    def build(self, story: Iterable["Flowable"]) -> bytes:
        """Return a story as PDF.

        Raises:
            ExportError: Something on a page is larger than the page.
        """
        from reportlab import rl_config
        from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate
        from reportlab.platypus.doctemplate import LayoutError

        target = BytesIO()
        # pictures as they are, not as text: a quarter smaller and many times quicker
        rl_config.useA85 = 0
        document = BaseDocTemplate(
            target, pagesize=SIZES_PT[self.paper], title=printable(self.title), invariant=1, lang="en"
        )
        frame = Frame(
            MARGIN_PT,
            MARGIN_PT + FOOT_PT,
            self.width_pt,
            self.height_pt,
            leftPadding=0,
            rightPadding=0,
            topPadding=0,
            bottomPadding=0,
        )
        document.addPageTemplates(PageTemplate(frames=[frame], onPage=self._foot))
        try:
            document.build(list(story))
        except LayoutError as error:
            raise ExportError(f"The report does not fit on its pages: {str(error).splitlines()[0]}.") from error
        # as long as before: a PDF says where in the file its parts begin
        producer = rb"(?<=% |\x9e )ReportLab generated PDF document[^\n]*"
        return re.sub(producer, lambda match: b" " * len(match.group()), target.getvalue(), flags=re.IGNORECASE)

    def _foot(self, canvas: "Canvas", document: Any) -> None:  # noqa: ANN401 - not typed
        from reportlab.pdfbase.pdfdoc import PDFDictionary, PDFString
        from reportlab.platypus import Paragraph

        # no name, no program, no date: who made it and when is on the page, where it can be read
        title_only = PDFDictionary({"Title": PDFString(printable(self.title))})
        cast("Any", canvas)._doc.info.format = title_only.format  # noqa: SLF001 - nothing else leaves them out
        y = MARGIN_PT + FOOT_PT - 8
        canvas.setStrokeColor(colour(WHITE.line))
        canvas.setLineWidth(0.5)
        canvas.line(MARGIN_PT, y, MARGIN_PT + self.width_pt, y)
        left = Paragraph(marked(self.foot), style(7.0, text_colour=WHITE.muted))
        _, height = left.wrap(self.width_pt - 70, 40)
        left.drawOn(canvas, MARGIN_PT, y - 4 - height)
        right = Paragraph(f"page {document.page}", style(7.0, text_colour=WHITE.muted, right=True))
        _, height = right.wrap(60, 20)
        right.drawOn(canvas, MARGIN_PT + self.width_pt - 60, y - 4 - height)


def fitted(sheet: PageFrame, stories: Iterable[Callable[[], Sequence["Flowable"]]]) -> Sequence["Flowable"]:
    """Return the first of some versions of one page, each smaller than the one before, that fits on a page.

    Raises:
        ExportError: Not even the smallest fits.
    """
    for make in stories:
        story = make()
        if _height(story, sheet.width_pt) <= sheet.height_pt:
            return story
    raise ExportError("The report does not fit on its pages: shorten the title or the notes.")


def _height(story: Sequence["Flowable"], width_pt: float) -> float:
    """Return the height of flowables on a page; between two of them counts the larger of their spaces."""
    total = after = 0.0
    for index, flowable in enumerate(story):
        _, height = flowable.wrap(width_pt, _ENDLESS_PT)
        total += height + (max(flowable.getSpaceBefore(), after) if index else 0.0)
        after = flowable.getSpaceAfter()
    return total


def check_pdf(file: Path, path: Path, sentences: Sequence[str], n_pages: int | None = None) -> None:
    """Read a PDF back: it has its pages (None for any number), and a search finds the sentences, however broken.

    ``path`` is the name that the file is to get, for messages.

    Raises:
        ExportError: Something is missing.
    """
    from pypdf import PdfReader
    from pypdf.errors import PdfReadError

    try:
        pages = PdfReader(file).pages
        page_text = "".join(page.extract_text() for page in pages)
    except (PdfReadError, OSError) as error:
        raise ExportError(f"{path} was not written: the pages cannot be read back: {error}.") from error
    if n_pages is not None and len(pages) != n_pages:
        raise ExportError(f"{path} was not written: it has {len(pages)} pages instead of {n_pages}.")
    for sentence in sentences:
        right_to_left = any(unicodedata.bidirectional(c) in {"R", "AL"} for c in sentence)
        if _bare(sentence, right_to_left=right_to_left) not in _bare(page_text, right_to_left=right_to_left):
            raise ExportError(f"{path} was not written: a search in it does not find “{sentence}”.")


def _bare(text: str, *, right_to_left: bool) -> str:
    """Return the letters of a text that the report's own font has; others are drawn in another font, or as �.

    With words from right to left (``right_to_left``): they come back turned, and signs next to them elsewhere.
    """
    left = "\N{REPLACEMENT CHARACTER}“”.,()" if right_to_left else "\N{REPLACEMENT CHARACTER}"
    font_letters = _own_letters(REGULAR)
    return "".join(c for c in text if ord(c) in font_letters and c not in left and not c.isspace())
