"""Colours and style sheet of the window, in a light and a dark theme."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from string import Template
from typing import Any, Protocol, TypeVar

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QStyledItemDelegate, QWidget

from skillviewer.core.paths import resources_dir
from skillviewer.ui.widgets.fonts import FONT_SIZE_PT, LETTERS, app_font

MethodT = TypeVar("MethodT", bound=Callable[..., Any])


class ThemeChoice(StrEnum):
    """Choices of the theme."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


def theme_choices() -> list[tuple[ThemeChoice, str]]:
    """Return the choices of the theme, each as (value, text)."""
    return [(ThemeChoice.SYSTEM, "Follow system"), (ThemeChoice.LIGHT, "Light"), (ThemeChoice.DARK, "Dark")]


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours as ``#rrggbb``."""

    dark: bool  # True for the dark theme
    window: str  # background of the window
    base: str  # background of lists, fields and plots
    raised: str  # background of buttons, and of items under the mouse
    line: str  # decorative lines between parts
    edge: str  # borders of fields and checked items, and lines with a meaning
    text: str
    muted: str  # less important text
    accent: str
    on_accent: str  # text on the accent
    chosen: str  # background of the selected row
    stage: str  # background of the picture, dark in both themes
    on_stage: str  # text on the stage
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
LIGHT = Theme(dark=False, **{name: light for name, (light, _) in _COLOURS.items()})
DARK = Theme(dark=True, **{name: dark for name, (_, dark) in _COLOURS.items()})


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
    disabled_text = QColor(theme.muted)
    disabled_text.setAlphaF(0.6)
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, disabled_text)
    return palette


def url(name: str) -> str:
    """Return the address of a file of the style, as style sheets write it."""
    return f'url("{(resources_dir() / "style" / name).as_posix()}")'


def style_sheet(theme: Theme, percent: int = 100) -> str:
    """Return the style sheet of the window, for what Fusion's palette cannot express.

    Args:
        theme: The theme.
        percent: Size of text in percent of the default size.
    """
    suffix = "dark" if theme.dark else "light"
    letter_rules = []
    for name, (ratio, weight) in LETTERS.items():
        size_pt = FONT_SIZE_PT * percent / 100 * ratio
        letter_rules.append(f'*[letters="{name}"] {{ font-size: {size_pt:.2f}pt; font-weight: {weight}; }}')
    check_box_px = round(14 * min(max(percent / 100, 1), 1.5))  # scaled like ``icon_size``
    sheet = Template((resources_dir() / "style" / "window.qss").read_text(encoding="utf-8"))
    return sheet.substitute(
        asdict(theme),
        chevron=url(f"chevron-{suffix}.svg"),
        chevron_up=url(f"chevron-up-{suffix}.svg"),
        check=url(f"check-{suffix}.svg"),
        letters="\n".join(letter_rules),
        box=check_box_px,
    )


class Themed(Protocol):
    """A widget or delegate that paints in the colours of the theme."""

    def on_theme(self, theme: Theme) -> None:
        """Use the colours of a theme. ``apply_theme`` calls this for a widget and all widgets inside it."""


def themed(method: MethodT) -> MethodT:
    """Mark an implementation of ``Themed.on_theme``, which needs no docstring."""
    return method


class PaintedWidget(QWidget):
    """Base of widgets that draw themselves in the colours of the theme."""

    _theme = LIGHT

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()


def apply_theme(widget: QWidget, theme: Theme) -> None:
    """Apply a theme to a widget, and to all widgets and delegates inside it."""
    for themed_object in (widget, *widget.findChildren(QWidget), *widget.findChildren(QStyledItemDelegate)):
        if hasattr(themed_object, "on_theme"):
            themed_object.on_theme(theme)


class ThemeSource(QObject):
    """The present theme: the theme of the system, or the user's choice.

    Args:
        app: The application, whose palette, font and style sheet are set.
        scheme: Returns the colour scheme of the system; by default as Qt reports it.
        parent: Owner of the object.
    """

    changed = Signal(object)  # ``Theme``

    def __init__(
        self, app: QApplication, scheme: Callable[[], Qt.ColorScheme] | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._app = app
        self._system_scheme = scheme if scheme is not None else app.styleHints().colorScheme
        self.choice = ThemeChoice.SYSTEM
        self._percent = 100
        self.theme = self._resolve()
        app.styleHints().colorSchemeChanged.connect(self._on_scheme)

    def choose(self, choice: ThemeChoice) -> None:
        self.choice = choice
        self._on_scheme()

    def resize_text(self, percent: int) -> None:
        """Set the size of text, in percent of the default size."""
        if percent != self._percent:
            self._percent = percent
            self._app.setFont(app_font(percent))
            self._apply()  # widgets under a style sheet change their font only together with it
            self.changed.emit(self.theme)  # a new style sheet resets colours that widgets have set

    def apply_theme(self) -> None:
        self._app.setStyle("Fusion")
        self._app.setFont(app_font(self._percent))
        self._apply()

    def _resolve(self) -> Theme:
        if self.choice is ThemeChoice.SYSTEM:
            return DARK if self._system_scheme() == Qt.ColorScheme.Dark else LIGHT
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
