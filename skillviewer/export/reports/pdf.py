"""PDF pages by reportlab: embedded fonts, styles, and parts of a page."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
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
"""(width, height) of each paper in points."""

MARGIN_PT = 42.0
FOOTER_PT = 26.0
_UNLIMITED_PT = 1e6
REGULAR = "Inter"
BOLD = "Inter-SemiBold"
FAINT = blend(WHITE.muted, WHITE.background, 0.88)
"""Colour of greyed text; contrast to white at least 4.5 to 1."""


@cache
def _inter_fonts() -> dict[str, "TTFont"]:
    from reportlab.pdfbase.ttfonts import TTFont

    folder = resources_dir() / "report"
    files = {REGULAR: "Inter-Regular.ttf", BOLD: "Inter-SemiBold.ttf"}
    return {name: TTFont(name, str(folder / file)) for name, file in files.items()}


@cache
def register_fonts() -> None:
    """Register the fonts with reportlab."""
    from reportlab.lib.fonts import addMapping
    from reportlab.pdfbase.pdfmetrics import registerFont

    for font in _inter_fonts().values():
        registerFont(font)
    for italic in (0, 1):
        addMapping(REGULAR, 0, italic, REGULAR)
        addMapping(REGULAR, 1, italic, BOLD)
    for bold in (0, 1):
        addMapping(BOLD, bold, 0, BOLD)


@cache
def code_points_of(font: str) -> frozenset[int]:
    """Return the code points of a font of the reports, ``REGULAR`` or ``BOLD``."""
    return frozenset(_inter_fonts()[font].face.charToGlyph)


@cache
def _fallback_font(text: str) -> tuple[str, str]:
    """Return a text that can be drawn, and the name of a registered font that has all of its characters."""
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFError, TTFont

    drawable, file = text_and_font_file(text)
    name = f"other-{file.stem}"
    try:
        registerFont(TTFont(name, str(file)))
    except (TTFError, OSError):  # reportlab cannot embed the outlines of this font
        return "\N{REPLACEMENT CHARACTER}" * len(drawable), REGULAR
    return drawable, name


def to_markup(text: str, font: str = REGULAR) -> str:
    """Return plain text as markup of a paragraph: escaped, with another font for words that Inter cannot write."""
    code_points = code_points_of(font)
    pieces = []
    for word_or_space in re.findall(r"\s+|\S+", printable(text)):
        if all(ord(character) in code_points or character.isspace() for character in word_or_space):
            pieces.append(escape(word_or_space))
        else:
            drawable, name = _fallback_font(word_or_space)
            pieces.append(f'<font name="{name}">{escape(drawable)}</font>')
    return "".join(pieces)


def pdf_colour(rgb: Colour) -> "Color":
    """Return a colour for reportlab."""
    from reportlab.lib.colors import Color

    return Color(rgb[0] / 255, rgb[1] / 255, rgb[2] / 255)


def text_style(
    size_pt: float = 8.6,
    *,
    bold: bool = False,
    text_colour: Colour = WHITE.text,
    leading: float = 1.38,
    after_pt: float = 0.0,
    right: bool = False,
) -> "ParagraphStyle":
    """Return a paragraph style.

    Args:
        size_pt: Size of the text.
        bold: Whether the text is bold.
        text_colour: Colour of the text.
        leading: Distance of lines, relative to the size.
        after_pt: Space after the paragraph.
        right: Whether the text is aligned to the right.
    """
    from reportlab.lib.enums import TA_LEFT, TA_RIGHT
    from reportlab.lib.styles import ParagraphStyle

    register_fonts()
    font_name = BOLD if bold else REGULAR
    return ParagraphStyle(
        "text",
        fontName=font_name,
        fontSize=size_pt,
        leading=size_pt * leading,
        textColor=pdf_colour(text_colour),
        spaceAfter=after_pt,
        alignment=TA_RIGHT if right else TA_LEFT,
        splitLongWords=1,
    )


def page_header(kind: str, origin: str, title: str, subtitle: str, width_pt: float) -> "list[Flowable]":
    """Return the header of the first page.

    Args:
        kind: Kind of report.
        origin: Origin of the numbers, on the right.
        title: Large title.
        subtitle: Subtitle, or "" for none.
        width_pt: Width of the page between the margins.
    """
    left = paragraph(f"SkillViewer · {kind}", size_pt=8.2, text_colour=WHITE.muted)
    right = paragraph(origin, size_pt=8.2, text_colour=WHITE.muted, right=True)
    header = [
        grid([[left, right]], (width_pt / 2, width_pt / 2), pad_pt=0),
        paragraph(title, size_pt=17, bold=True, leading=1.25),
    ]
    if subtitle:
        header.append(paragraph(subtitle, size_pt=9, text_colour=WHITE.muted))
    return header


def facts_table(facts: "Iterable[tuple[str, str]]", width_pt: float) -> "Flowable":
    """Return a table of names and values, in small print."""
    name_width_pt = 84
    rows = [
        [paragraph(name, size_pt=7.4, text_colour=WHITE.muted), paragraph(value, size_pt=7.4)] for name, value in facts
    ]
    return grid(rows, (name_width_pt, width_pt - name_width_pt), pad_pt=0.6)


class StyleArguments(TypedDict, total=False):
    """Arguments of ``text_style``."""

    size_pt: float
    bold: bool
    text_colour: Colour
    leading: float
    after_pt: float
    right: bool


def paragraph(text: str, **style_arguments: Unpack[StyleArguments]) -> "Flowable":
    """Return plain text as a paragraph; the keywords are those of ``text_style``."""
    from reportlab.platypus import Paragraph

    style = text_style(**style_arguments)
    return Paragraph(to_markup(text, style.fontName), style)


def heading(text: str, note: str = "", *, keep_with_next: bool = True) -> "Flowable":
    """Return the heading of a part of a page, followed by a muted note on the same line.

    ``keep_with_next`` keeps the heading and the whole next part on one page; choose False before a table that may be
    split.
    """
    from reportlab.platypus import Paragraph

    style = text_style(9.4, bold=True, after_pt=3.0)
    style.spaceBefore = 9.0
    style.keepWithNext = int(keep_with_next)
    markup = to_markup(text, BOLD)
    if note:
        grey = "#{:02x}{:02x}{:02x}".format(*WHITE.muted)
        markup += f'&nbsp;&nbsp;<font name="{REGULAR}" size="7.8" color="{grey}">{to_markup(note)}</font>'
    return Paragraph(markup, style)


def list_item(text: str, size_pt: float = 8.2) -> "Flowable":
    """Return plain text as an item of a list, with a bullet and a hanging indent."""
    from reportlab.platypus import Paragraph

    style = text_style(size_pt, after_pt=1.5)
    style.leftIndent = 9.0
    style.bulletIndent = 0.0
    style.bulletFontName = REGULAR
    style.bulletFontSize = size_pt
    return Paragraph(to_markup(text), style, bulletText="•")


def spacer(height_pt: float) -> "Flowable":
    """Return empty space."""
    from reportlab.platypus import Spacer

    return Spacer(1, height_pt)


def image(jpeg: bytes, width_pt: float, height_pt: float) -> "Flowable":
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
    """Return flowables as a table.

    Args:
        rows: Flowables, or lists of flowables, by row.
        widths_pt: Widths of the columns; None for the remaining width.
        pad_pt: Space above and below each cell.
        lines: Whether there are fine lines between the rows.
        repeat: Number of header rows, which are repeated on every page.
        middle: Whether cells are centred vertically.
    """
    from reportlab.platypus import Table, TableStyle

    vertical_alignment = "MIDDLE" if middle else "TOP"
    commands: list[tuple[Any, ...]] = [
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), pad_pt),
        ("BOTTOMPADDING", (0, 0), (-1, -1), pad_pt),
        ("VALIGN", (0, 0), (-1, -1), vertical_alignment),
    ]
    if lines:
        commands.append(("LINEBELOW", (0, 0), (-1, -1), 0.4, pdf_colour(WHITE.line)))
    return Table(
        [list(row) for row in rows],
        colWidths=list(widths_pt),
        style=TableStyle(commands),
        repeatRows=repeat,
        hAlign="LEFT",
    )


@dataclass(frozen=True, slots=True)
class PageFrame:
    """Size, title and footer of the pages of a document."""

    paper: Paper
    title: str  # title in the properties of the PDF
    footer: str  # text at the bottom of every page

    @property
    def width_pt(self) -> float:
        """Width between the margins."""
        return SIZES_PT[self.paper][0] - 2 * MARGIN_PT

    @property
    def height_pt(self) -> float:
        """Height between the margins, without the footer."""
        return SIZES_PT[self.paper][1] - 2 * MARGIN_PT - FOOTER_PT

    def build(self, story: Iterable["Flowable"]) -> bytes:
        """Return flowables as a PDF.

        Raises:
            ExportError: A flowable is larger than a page.
        """
        from reportlab import rl_config
        from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate
        from reportlab.platypus.doctemplate import LayoutError

        buffer = BytesIO()
        # binary pictures instead of text: a quarter smaller and many times quicker
        rl_config.useA85 = 0
        document = BaseDocTemplate(
            buffer, pagesize=SIZES_PT[self.paper], title=printable(self.title), invariant=1, lang="en"
        )
        frame = Frame(
            MARGIN_PT,
            MARGIN_PT + FOOTER_PT,
            self.width_pt,
            self.height_pt,
            leftPadding=0,
            rightPadding=0,
            topPadding=0,
            bottomPadding=0,
        )
        document.addPageTemplates(PageTemplate(frames=[frame], onPage=self._draw_footer))
        try:
            document.build(list(story))
        except LayoutError as error:
            raise ExportError(f"The report does not fit on its pages: {str(error).splitlines()[0]}.") from error
        # the name of the library is replaced by as many spaces, since a PDF stores the offsets of its objects
        producer = rb"(?<=% |\x9e )ReportLab generated PDF document[^\n]*"
        return re.sub(producer, lambda match: b" " * len(match.group()), buffer.getvalue(), flags=re.IGNORECASE)

    def _draw_footer(self, canvas: "Canvas", document: Any) -> None:  # noqa: ANN401 - not typed
        from reportlab.pdfbase.pdfdoc import PDFDictionary, PDFString
        from reportlab.platypus import Paragraph

        # no author, program or date in the properties: the page itself states them
        title_only = PDFDictionary({"Title": PDFString(printable(self.title))})
        cast("Any", canvas)._doc.info.format = title_only.format  # noqa: SLF001 - the only way to leave them out
        line_y = MARGIN_PT + FOOTER_PT - 8
        canvas.setStrokeColor(pdf_colour(WHITE.line))
        canvas.setLineWidth(0.5)
        canvas.line(MARGIN_PT, line_y, MARGIN_PT + self.width_pt, line_y)
        footer = Paragraph(to_markup(self.footer), text_style(7.0, text_colour=WHITE.muted))
        _, height = footer.wrap(self.width_pt - 70, 40)
        footer.drawOn(canvas, MARGIN_PT, line_y - 4 - height)
        page_number = Paragraph(f"page {document.page}", text_style(7.0, text_colour=WHITE.muted, right=True))
        _, height = page_number.wrap(60, 20)
        page_number.drawOn(canvas, MARGIN_PT + self.width_pt - 60, line_y - 4 - height)


def first_that_fits(
    frame: PageFrame, make_stories: Iterable[Callable[[], Sequence["Flowable"]]]
) -> Sequence["Flowable"]:
    """Return the first version of a page that fits on one page; versions come in decreasing size.

    Raises:
        ExportError: No version fits.
    """
    for make_story in make_stories:
        story = make_story()
        if _height_of(story, frame.width_pt) <= frame.height_pt:
            return story
    raise ExportError("The report does not fit on its pages: shorten the title or the notes.")


def _height_of(story: Sequence["Flowable"], width_pt: float) -> float:
    """Return the height of flowables on a page, with the larger of the spaces after one and before the next."""
    height_pt = 0.0
    space_after_pt = 0.0
    for index, flowable in enumerate(story):
        _, flowable_height_pt = flowable.wrap(width_pt, _UNLIMITED_PT)
        if index > 0:
            height_pt += max(flowable.getSpaceBefore(), space_after_pt)
        height_pt += flowable_height_pt
        space_after_pt = flowable.getSpaceAfter()
    return height_pt
