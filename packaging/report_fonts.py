"""Make the fonts of reports from those of the window, as TrueType outlines for the PDF library and with fewer letters.

    python packaging/report_fonts.py

Reads resources/style/fonts/Inter-*.otf and writes resources/report/Inter-*.ttf: Latin, Greek, Cyrillic, punctuation,
arrows and mathematical signs, with tabular figures. Needs fonttools, which matplotlib installs.
"""

from pathlib import Path

from fontTools import subset
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, newTable

ROOT = Path(__file__).resolve().parent.parent
LETTERS = (
    *range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x1E00, 0x1F00), *range(0x218, 0x21C), *range(0x370, 0x400),
    *range(0x400, 0x530), *range(0x2010, 0x2060), *range(0x20A0, 0x20C0), *range(0x2100, 0x2150),
    *range(0x2190, 0x21A0), *range(0x2200, 0x2270), *range(0x25A0, 0x2600), 0x2713, 0x2717, 0xFFFD,
)  # fmt: skip
GREATEST_ERROR = 1.0
"""Tolerance of an outline, in font units."""


def with_tabular_figures(font: TTFont) -> None:
    """Replace the figures with tabular ones."""
    names = set(font.getGlyphOrder())
    for table in font["cmap"].tables:
        for code in range(ord("0"), ord("9") + 1):
            name = table.cmap.get(code)
            if name is not None and f"{name}.tf" in names:
                table.cmap[code] = f"{name}.tf"


def to_truetype(font: TTFont) -> None:
    """Replace cubic outlines by quadratic ones."""
    glyphs = font.getGlyphSet()
    order = font.getGlyphOrder()
    outlines = {}
    for name in order:
        pen = TTGlyphPen(glyphs)
        glyphs[name].draw(Cu2QuPen(pen, GREATEST_ERROR, reverse_direction=True))
        outlines[name] = pen.glyph()
    font["loca"] = newTable("loca")
    font["glyf"] = glyf = newTable("glyf")
    glyf.glyphOrder, glyf.glyphs = order, outlines
    del font["CFF "]
    glyf.compile(font)
    for name in order:
        width, _ = font["hmtx"][name]
        font["hmtx"][name] = (width, getattr(outlines[name], "xMin", 0))
    maxp = font["maxp"] = newTable("maxp")
    maxp.tableVersion, maxp.maxZones = 0x00010000, 1
    for field in (
        "maxTwilightPoints", "maxStorage", "maxFunctionDefs", "maxInstructionDefs", "maxStackElements",
        "maxSizeOfInstructions", "maxComponentElements", "maxComponentDepth", "maxPoints", "maxContours",
        "maxCompositePoints", "maxCompositeContours",
    ):  # fmt: skip
        setattr(maxp, field, 0)
    maxp.numGlyphs = len(order)
    font["post"].formatType = 3.0
    font.sfntVersion = "\0\1\0\0"


def main() -> None:
    """Write the fonts."""
    for path in sorted((ROOT / "resources" / "style" / "fonts").glob("Inter-*.otf")):
        font = TTFont(path)
        with_tabular_figures(font)
        options = subset.Options(layout_features=[], name_IDs=["*"], notdef_outline=True, hinting=False)
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=LETTERS)
        cutter.subset(font)
        to_truetype(font)
        target = ROOT / "resources" / "report" / f"{path.stem}.ttf"
        font.save(target)
        print(target, target.stat().st_size)


if __name__ == "__main__":
    main()
