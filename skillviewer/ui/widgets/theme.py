"""Colours, font and style of the window, light and dark: one accent, and the picture is the brightest thing."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from string import Template
from typing import Any, Protocol, TypeVar

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QStyledItemDelegate, QWidget

from skillviewer.core.paths import resources_dir

MethodT = TypeVar("MethodT", bound=Callable[..., Any])

FONT_SIZE_PT = 10
LETTERS = {
    "fine": (0.85, 400),
    "chip": (0.9, 400),
    "plain": (1.0, 400),  # since a font of its own would not follow
    "lead": (1.15, 600),
    "figure": (1.35, 600),
    "question": (1.4, 600),
    "page": (1.6, 600),
    "brand": (2.2, 600),
}
"""Text of another size: share of the usual size, and weight. A widget asks for it by its property ``letters``."""
FONT_FAMILY = "Inter"


class ThemeChoice(StrEnum):
    """Choices of the theme."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


def theme_choices() -> list[tuple[ThemeChoice, str]]:
    """Return the choices of the theme, each with its words."""
    return [(ThemeChoice.SYSTEM, "Follow system"), (ThemeChoice.LIGHT, "Light"), (ThemeChoice.DARK, "Dark")]


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours as ``#rrggbb``."""

    dark: bool  # true if it is the dark one
    window: str  # behind everything
    base: str  # lists, fields and plots
    raised: str  # buttons and what the mouse is over
    line: str  # thin lines between parts, for the eye alone
    edge: str  # borders of fields and of what is switched on, tracks, and lines with a meaning
    text: str  # words and numbers
    muted: str  # words that matter less
    accent: str  # the one accent
    on_accent: str  # words on the accent
    chosen: str  # behind the chosen row
    stage: str  # around the picture, dark in both themes
    on_stage: str  # words on the stage
    warn: str  # warnings
    bad: str  # failures


_COLOURS = {  # light, dark
    "window": ("#f3f4f6", "#1d2025"),
    "base": ("#ffffff", "#16181c"),
    "raised": ("#e8eaee", "#2b2f36"),
    "line": ("#d5d9df", "#363b44"),
    "edge": ("#7d8591", "#707885"),
    "text": ("#1b1f26", "#e4e7eb"),
    "muted": ("#5b6470", "#9ba3ae"),
    "accent": ("#1f62c8", "#7fb0ff"),
    "on_accent": ("#ffffff", "#0d1b33"),
    "chosen": ("#dbe7fa", "#26374f"),
    "stage": ("#16181c", "#0e0f12"),
    "on_stage": ("#aab1bb", "#9ba3ae"),
    "warn": ("#7a3d9e", "#cfa8f2"),  # not orange, which means that a score rose
    "bad": ("#b3261e", "#ff8f85"),
}
LIGHT = Theme(dark=False, **{name: pair[False] for name, pair in _COLOURS.items()})
DARK = Theme(dark=True, **{name: pair[True] for name, pair in _COLOURS.items()})


def load_fonts(folder: Path) -> None:
    """Add the fonts that ship with the program, so that it looks alike everywhere, also where no font is installed."""
    for path in sorted(folder.glob("*.otf")):
        QFontDatabase.addApplicationFont(str(path))


def app_font(percent: int = 100) -> QFont:
    """Return the window's font at ``percent`` of its usual size, with figures of equal width: numbers do not dance."""
    font = QFont(FONT_FAMILY)
    font.setPointSizeF(FONT_SIZE_PT * percent / 100)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def by_text(px: int) -> int:
    """Return a length for text of the usual size, in pixels, grown with a larger text that is in force."""
    return max(px, round(px * QApplication.font().pointSizeF() / FONT_SIZE_PT))


def icon_size(px: int) -> QSize:
    """Return the size of a square icon next to text of the usual size, grown by half at most with a larger text."""
    grown = min(by_text(px), round(1.5 * px))
    return QSize(grown, grown)


def palette_of(theme: Theme) -> QPalette:
    """Return Qt's palette of a theme."""
    roles = QPalette.ColorRole
    palette = QPalette()
    for role, colour in (
        (roles.Window, theme.window),
        (roles.WindowText, theme.text),
        (roles.Base, theme.base),
        (roles.AlternateBase, theme.window),
        (roles.Text, theme.text),
        (roles.Button, theme.window),
        (roles.ButtonText, theme.text),
        (roles.BrightText, theme.bad),
        (roles.Highlight, theme.accent),
        (roles.HighlightedText, theme.on_accent),
        (roles.Link, theme.accent),
        (roles.LinkVisited, theme.accent),
        (roles.ToolTipBase, theme.raised),
        (roles.ToolTipText, theme.text),
        (roles.PlaceholderText, theme.muted),
        (roles.Light, theme.raised),
        (roles.Midlight, theme.raised),
        (roles.Mid, theme.line),
        (roles.Dark, theme.line),
        (roles.Shadow, theme.stage),
        (roles.Accent, theme.accent),
    ):
        palette.setColor(role, QColor(colour))
    faint = QColor(theme.muted)
    faint.setAlphaF(0.6)
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, faint)
    return palette


def url(name: str) -> str:
    """Return a file of the style as style sheets name it."""
    return f'url("{(resources_dir() / "style" / name).as_posix()}")'


def style_sheet(theme: Theme, percent: int = 100) -> str:
    """Return the style that Fusion's palette cannot express: flat buttons, fields and headers, a visible focus.

    Words are ``percent`` of their usual size.
    """
    kind = "dark" if theme.dark else "light"
    chevron = url(f"{'chevron'}-{kind}.svg")
    chevron_up = url(f"{'chevron-up'}-{kind}.svg")
    check = url(f"{'check'}-{kind}.svg")
    letters = "\n".join(
        f'*[letters="{name}"] {{ font-size: {FONT_SIZE_PT * percent / 100 * share:.2f}pt; font-weight: {weight}; }}'
        for name, (share, weight) in LETTERS.items()
    )
    sheet = Template((resources_dir() / "style" / "window.qss").read_text(encoding="utf-8"))
    box = round(14 * min(max(percent / 100, 1), 1.5))  # side of a tick box, as ``icon_size``
    return sheet.substitute(
        asdict(theme), chevron=chevron, chevron_up=chevron_up, check=check, letters=letters, box=box
    )


class Themed(Protocol):
    """A widget that paints with colours of its own."""

    def on_theme(self, theme: Theme) -> None:
        """Take the colours of a theme: first, and when another is chosen. ``apply_theme`` reaches the parts inside."""


def themed(method: MethodT) -> MethodT:
    """Mark a method that is documented in ``Themed``."""
    return method


class PaintedWidget(QWidget):
    """A widget that draws itself in the colours of a theme."""

    _theme = LIGHT

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()


def apply_theme(widget: QWidget, theme: Theme) -> None:
    """Give a widget, and all widgets and delegates inside it, their colours."""
    for part in (widget, *widget.findChildren(QWidget), *widget.findChildren(QStyledItemDelegate)):
        if hasattr(part, "on_theme"):
            part.on_theme(theme)


class ThemeSource(QObject):
    """The theme in force: that of the system, as ``scheme`` reads it, or the one that the user chose."""

    changed = Signal(object)

    def __init__(
        self, app: QApplication, scheme: Callable[[], Qt.ColorScheme] | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._app = app
        self._scheme = scheme if scheme is not None else app.styleHints().colorScheme
        self.choice = ThemeChoice.SYSTEM
        self._percent = 100
        self.theme = self._resolve()
        app.styleHints().colorSchemeChanged.connect(self._on_scheme)

    def choose(self, choice: ThemeChoice) -> None:
        self.choice = choice
        self._on_scheme()

    def resize_text(self, percent: int) -> None:
        """Make words larger or smaller, in per cent of the usual size."""
        if percent != self._percent:
            self._percent = percent
            self._app.setFont(app_font(percent))
            self._apply()  # widgets under a style sheet take another font only together with it
            self.changed.emit(self.theme)  # it takes away the colours of what stays dark in both

    def apply_theme(self) -> None:
        self._app.setStyle("Fusion")
        self._app.setFont(app_font(self._percent))
        self._apply()

    def _resolve(self) -> Theme:
        if self.choice is ThemeChoice.SYSTEM:
            return DARK if self._scheme() == Qt.ColorScheme.Dark else LIGHT
        return DARK if self.choice is ThemeChoice.DARK else LIGHT

    def _apply(self) -> None:
        self._app.setPalette(palette_of(self.theme))
        self._app.setStyleSheet(style_sheet(self.theme, self._percent))

    def _on_scheme(self) -> None:
        theme = self._resolve()
        if theme != self.theme:
            self.theme = theme
            self._apply()
            self.changed.emit(theme)
