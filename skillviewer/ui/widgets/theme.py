"""Colours, font and style of the window, light and dark: one accent, and the picture is the brightest thing."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QStyledItemDelegate, QWidget

from skillviewer.core.paths import resources_dir

MethodT = TypeVar("MethodT", bound=Callable[..., Any])

FONT_SIZE_PT = 10
LETTERS = {
    "fine": (0.85, 400),
    "chip": (0.9, 400),
    "plain": (1.0, 400),  # where a font of its own would not follow
    "lead": (1.15, 600),
    "figure": (1.35, 600),
    "question": (1.4, 600),
    "page": (1.6, 600),
    "brand": (2.2, 600),
}
"""Words of other than the usual size: share of it, and weight. A widget asks by its property ``letters``."""
FONT_FAMILY = "Inter"


class ThemeChoice(StrEnum):
    """What a person can choose."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours as ``#rrggbb``.

    Attributes:
        dark: Whether it is the dark one.
        window: Behind everything.
        base: Lists, fields and plots.
        raised: Buttons and what the mouse is over.
        line: Thin lines between parts.
        text: Words and numbers.
        muted: Words that matter less.
        accent: The one accent.
        on_accent: Words on the accent.
        chosen: Behind the chosen row.
        stage: Around the picture, dark in both themes.
        on_stage: Words on the stage.
        warn: Warnings.
        bad: Failures.
    """

    dark: bool
    window: str
    base: str
    raised: str
    line: str
    text: str
    muted: str
    accent: str
    on_accent: str
    chosen: str
    stage: str
    on_stage: str
    warn: str
    bad: str


LIGHT = Theme(
    dark=False,
    window="#f3f4f6",
    base="#ffffff",
    raised="#e8eaee",
    line="#d5d9df",
    text="#1b1f26",
    muted="#5b6470",
    accent="#1f62c8",
    on_accent="#ffffff",
    chosen="#dbe7fa",
    stage="#16181c",
    on_stage="#aab1bb",
    warn="#8a5a00",
    bad="#b3261e",
)
DARK = Theme(
    dark=True,
    window="#1d2025",
    base="#16181c",
    raised="#2b2f36",
    line="#363b44",
    text="#e4e7eb",
    muted="#9ba3ae",
    accent="#7fb0ff",
    on_accent="#0d1b33",
    chosen="#26374f",
    stage="#0e0f12",
    on_stage="#9ba3ae",
    warn="#e8b04a",
    bad="#ff8f85",
)


def load_fonts(folder: Path) -> None:
    """Add the fonts that ship with the program, so that it looks alike everywhere, also where no font is installed."""
    for path in sorted(folder.glob("*.otf")):
        QFontDatabase.addApplicationFont(str(path))


def app_font(percent: int = 100) -> QFont:
    """Return the window's font, with figures of equal width so that numbers do not dance.

    Args:
        percent: Of the usual size.
    """
    font = QFont(FONT_FAMILY)
    font.setPointSizeF(FONT_SIZE_PT * percent / 100)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


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
    """Return what Fusion does not do by palette alone: flat buttons, fields and headers, a visible focus.

    Args:
        theme: The colours.
        percent: Size of words, in per cent of the usual one.
    """
    kind = "dark" if theme.dark else "light"
    chevron, chevron_up, check = (url(f"{name}-{kind}.svg") for name in ("chevron", "chevron-up", "check"))
    letters = "\n".join(
        f'*[letters="{name}"] {{ font-size: {FONT_SIZE_PT * percent / 100 * share:.2f}pt; font-weight: {weight}; }}'
        for name, (share, weight) in LETTERS.items()
    )
    return f"""
QToolTip {{ color: {theme.text}; background: {theme.raised}; border: 1px solid {theme.line}; padding: 4px 6px; }}
QMenuBar {{ background: {theme.window}; padding: 2px 4px; }}
QMenuBar::item {{ padding: 4px 10px; border-radius: 4px; background: transparent; }}
QMenuBar::item:selected {{ background: {theme.raised}; }}
QMenu {{ background: {theme.base}; border: 1px solid {theme.line}; padding: 4px; }}
QMenu::item {{ padding: 6px 28px 6px 26px; border-radius: 4px; }}
QMenu::item:selected {{ background: {theme.chosen}; color: {theme.text}; }}
QMenu::item:disabled {{ color: {theme.muted}; }}
QMenu::separator {{ height: 1px; background: {theme.line}; margin: 4px 8px; }}
QMenu::icon {{ padding-left: 8px; }}
QMenu::indicator {{ width: 14px; height: 14px; left: 7px; }}
QToolBar {{ background: {theme.window}; border: none; border-bottom: 1px solid {theme.line}; padding: 4px 8px;
  spacing: 4px; }}
QToolButton {{ border: 1px solid transparent; border-radius: 6px; padding: 4px 8px; background: transparent; }}
QToolButton:hover {{ background: {theme.raised}; }}
QToolButton:pressed, QToolButton:checked {{ background: {theme.chosen}; }}
QToolButton:focus {{ border-color: {theme.accent}; }}
QToolButton::menu-indicator {{ image: none; }}
QToolButton[chip="true"] {{ border-color: {theme.line}; padding: 2px 4px; color: {theme.muted}; }}
QToolButton[chip="true"]:checked {{ color: {theme.text}; border-color: {theme.chosen}; }}
QToolButton[chip="true"]:focus {{ border-color: {theme.accent}; }}
QPushButton {{ border: 1px solid {theme.line}; border-radius: 6px; padding: 6px 14px; background: {theme.base}; }}
QPushButton:hover {{ background: {theme.raised}; }}
QPushButton:focus {{ border-color: {theme.accent}; }}
QPushButton[primary="true"] {{ background: {theme.accent}; color: {theme.on_accent}; border-color: {theme.accent}; }}
QPushButton[primary="true"]:focus {{ border: 2px solid {theme.text}; padding: 5px 13px; }}
QPushButton:disabled {{ color: {theme.muted}; background: {theme.raised}; border-color: {theme.line}; }}
QPushButton[flat="true"] {{ border-color: transparent; background: transparent; text-align: left; padding: 6px 0; }}
QPushButton[flat="true"]:hover {{ color: {theme.accent}; }}
QPushButton[flat="true"]:focus {{ border-color: {theme.accent}; }}
QLineEdit {{ border: 1px solid {theme.line}; border-radius: 6px; padding: 5px 8px; background: {theme.base}; }}
QLineEdit:focus {{ border-color: {theme.accent}; }}
QPlainTextEdit {{ border: 1px solid {theme.line}; border-radius: 6px; padding: 2px 4px; background: {theme.base}; }}
QPlainTextEdit:focus {{ border-color: {theme.accent}; }}
QTextBrowser {{ border: 1px solid transparent; background: {theme.base}; }}
QTextBrowser:focus {{ border-color: {theme.accent}; }}
QComboBox {{ border: 1px solid {theme.line}; border-radius: 6px; padding: 5px 4px 5px 8px; background: {theme.base}; }}
QComboBox:hover {{ background: {theme.raised}; }}
QComboBox:focus {{ border-color: {theme.accent}; }}
QComboBox:disabled {{ color: {theme.muted}; background: {theme.raised}; }}
QComboBox::drop-down {{ border: none; width: 20px; }}
QComboBox::down-arrow {{ image: {chevron}; width: 12px; height: 12px; }}
QAbstractSpinBox {{ border: 1px solid {theme.line}; border-radius: 6px; padding: 4px 4px 4px 0;
  background: {theme.base}; }}
QAbstractSpinBox:hover {{ background: {theme.raised}; }}
QAbstractSpinBox:focus {{ border-color: {theme.accent}; }}
QAbstractSpinBox:disabled {{ color: {theme.muted}; background: {theme.raised}; }}
QAbstractSpinBox::up-button {{ subcontrol-origin: border; subcontrol-position: top right; width: 20px; border: none; }}
QAbstractSpinBox::down-button {{ subcontrol-origin: border; subcontrol-position: bottom right; width: 20px;
  border: none; }}
QAbstractSpinBox::up-arrow {{ image: {chevron_up}; width: 12px; height: 12px; }}
QAbstractSpinBox::down-arrow {{ image: {chevron}; width: 12px; height: 12px; }}
QComboBox QAbstractItemView {{ border: 1px solid {theme.line}; padding: 2px; }}
QCheckBox, QRadioButton {{ spacing: 8px; }}
QCheckBox::indicator, QRadioButton::indicator {{ width: 14px; height: 14px; border: 1px solid {theme.muted};
  background: {theme.base}; }}
QCheckBox::indicator {{ border-radius: 4px; }}
QRadioButton::indicator {{ border-radius: 8px; }}
QCheckBox::indicator:checked {{ background: {theme.accent}; border-color: {theme.accent}; image: {check}; }}
QRadioButton::indicator:checked {{ width: 6px; height: 6px; border: 5px solid {theme.accent};
  background: {theme.on_accent}; }}
QCheckBox::indicator:focus, QRadioButton::indicator:focus {{ border-color: {theme.accent}; }}
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled {{ border-color: {theme.line};
  background: {theme.raised}; }}
QAbstractItemView {{ border: none; background: {theme.base}; selection-background-color: {theme.chosen};
  selection-color: {theme.text}; outline: none; }}
QTableView::item {{ padding-right: 10px; }}
QHeaderView {{ background: {theme.base}; border: none; }}
QHeaderView::section {{ background: {theme.base}; color: {theme.muted}; border: none;
  border-bottom: 1px solid {theme.line}; padding: 6px 8px; }}
QDockWidget {{ titlebar-close-icon: none; titlebar-normal-icon: none; }}
QMainWindow > QTabBar {{ background: {theme.base}; border-bottom: 1px solid {theme.line}; }}
QMainWindow > QTabBar::tab {{ background: transparent; color: {theme.muted}; border: none; padding: 9px 4px 7px 4px;
  border-bottom: 2px solid transparent; margin: 0 8px; font-weight: 600; }}
QMainWindow > QTabBar::tab:selected {{ color: {theme.text}; border-bottom-color: {theme.accent}; }}
QMainWindow > QTabBar::tab:hover, QMainWindow > QTabBar::tab:focus {{ color: {theme.text}; }}
QMainWindow::separator {{ background: {theme.line}; width: 1px; height: 1px; }}
QSplitter::handle {{ background: {theme.line}; }}
QSplitter::handle:vertical {{ height: 1px; }}
QStatusBar {{ background: {theme.window}; border-top: 1px solid {theme.line}; }}
QStatusBar::item {{ border: none; }}
QProgressBar {{ border: none; border-radius: 3px; background: {theme.raised}; max-height: 6px; }}
QProgressBar::chunk {{ border-radius: 3px; background: {theme.accent}; }}
QScrollBar:vertical {{ background: transparent; width: 12px; margin: 0; }}
QScrollBar::handle:vertical {{ background: {theme.line}; border-radius: 4px; min-height: 32px; margin: 2px; }}
QScrollBar::handle:vertical:hover {{ background: {theme.muted}; }}
QScrollBar:horizontal {{ background: transparent; height: 12px; margin: 0; }}
QScrollBar::handle:horizontal {{ background: {theme.line}; border-radius: 4px; min-width: 32px; margin: 2px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
#sheet {{ background: {theme.window}; border: 1px solid {theme.line}; border-radius: 10px; }}
QLabel[muted="true"] {{ color: {theme.muted}; }}
QLabel[heading="true"] {{ font-weight: 600; }}
{letters}
"""


class Themed(Protocol):
    """A widget that paints with colours of its own."""

    def on_theme(self, theme: Theme) -> None:
        """Take the colours of a theme: at first, and whenever another is chosen. ``dress`` reaches the parts inside."""
        ...


def themed(method: MethodT) -> MethodT:
    """Mark a method that is documented in ``Themed``."""
    return method


def dress(widget: QWidget, theme: Theme) -> None:
    """Give a widget, and all widgets and delegates inside it, their colours."""
    for part in (widget, *widget.findChildren(QWidget), *widget.findChildren(QStyledItemDelegate)):
        if hasattr(part, "on_theme"):
            part.on_theme(theme)


class ThemeSource(QObject):
    """The theme in force: that of the system, or the one a person chose.

    Args:
        app: The application that is dressed.
        scheme: Reads the system's colour scheme; tests give their own. Unknown counts as light.
        parent: Owner.
    """

    changed = Signal(object)

    def __init__(
        self,
        app: QApplication,
        scheme: Callable[[], Qt.ColorScheme] | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._app = app
        self._scheme = scheme if scheme is not None else app.styleHints().colorScheme
        self._choice = ThemeChoice.SYSTEM
        self._percent = 100
        self._theme = self._resolve()
        app.styleHints().colorSchemeChanged.connect(self._on_scheme)

    @property
    def theme(self) -> Theme:
        """The colours in force."""
        return self._theme

    @property
    def choice(self) -> ThemeChoice:
        """What the person chose."""
        return self._choice

    def choose(self, choice: ThemeChoice) -> None:
        """Follow the system, or take one."""
        self._choice = choice
        self._on_scheme()

    def resize_text(self, percent: int) -> None:
        """Make words larger or smaller, in per cent of the usual size."""
        if percent != self._percent:
            self._percent = percent
            self._app.setFont(app_font(percent))
            self._apply()  # widgets under a style sheet take another font only together with it
            self.changed.emit(self._theme)  # it takes away the colours of what stays dark in both

    def dress(self) -> None:
        """Give the application its style, palette and font."""
        self._app.setStyle("Fusion")
        self._app.setFont(app_font(self._percent))
        self._apply()

    def _resolve(self) -> Theme:
        if self._choice is ThemeChoice.SYSTEM:
            return DARK if self._scheme() == Qt.ColorScheme.Dark else LIGHT
        return DARK if self._choice is ThemeChoice.DARK else LIGHT

    def _apply(self) -> None:
        self._app.setPalette(palette_of(self._theme))
        self._app.setStyleSheet(style_sheet(self._theme, self._percent))

    @Slot()
    def _on_scheme(self) -> None:
        theme = self._resolve()
        if theme != self._theme:
            self._theme = theme
            self._apply()
            self.changed.emit(theme)
