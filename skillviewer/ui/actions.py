"""Everything a person can do, once: menus, toolbar, palette and shortcut sheet are made from this table."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QObject, Qt, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from skillviewer.core.registry import table
from skillviewer.ui.icons import Icons
from skillviewer.ui.theme import Theme


class Scope(StrEnum):
    """Where a key counts. Text fields come first everywhere."""

    WINDOW = "window"
    PLAYER = "player"  # the picture and the curve, and the list of videos
    PICTURE = "picture"  # the picture and the curve: a list needs these keys itself


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One thing a person can do.

    Attributes:
        name: Identity.
        menu: Menu that it stands in.
        text: Words, for translation.
        keys: Shortcuts in Qt's portable form.
        scope: Where the keys count.
        section: A line is drawn in the menu where it changes.
        icon: Name of its icon, or "".
        checkable: Whether it is on or off.
    """

    name: str
    menu: str
    text: str
    keys: tuple[str, ...] = ()
    scope: Scope = Scope.WINDOW
    section: int = 0
    icon: str = ""
    checkable: bool = False


def _marked(text: object) -> str:
    return str(text)


FILE = _marked(QT_TRANSLATE_NOOP("actions", "&File"))
VIEW = _marked(QT_TRANSLATE_NOOP("actions", "&View"))
PLAYER = _marked(QT_TRANSLATE_NOOP("actions", "&Player"))
MODEL = _marked(QT_TRANSLATE_NOOP("actions", "&Model"))
HELP = _marked(QT_TRANSLATE_NOOP("actions", "&Help"))
MENUS = (FILE, VIEW, PLAYER, MODEL, HELP)


def _window(name: str, menu: str, text: object, *keys: str, section: int = 0, icon: str = "") -> ActionSpec:
    return ActionSpec(name, menu, _marked(text), keys, Scope.WINDOW, section, icon)


def _player(
    name: str, text: object, *keys: str, section: int = 0, icon: str = "", menu: str = PLAYER, checkable: bool = False
) -> ActionSpec:
    return ActionSpec(name, menu, _marked(text), keys, Scope.PLAYER, section, icon, checkable)


def _picture(name: str, text: object, key: str, section: int) -> ActionSpec:
    return ActionSpec(name, PLAYER, _marked(text), (key,), Scope.PICTURE, section)


ACTIONS: tuple[ActionSpec, ...] = table(
    _window("open_videos", FILE, QT_TRANSLATE_NOOP("actions", "&Open videos…"), "Ctrl+O", icon="open"),
    _window("open_folder", FILE, QT_TRANSLATE_NOOP("actions", "Open a &folder…"), "Ctrl+Shift+O"),
    _window("open_sample", FILE, QT_TRANSLATE_NOOP("actions", "Open the &sample study")),
    _window("close_videos", FILE, QT_TRANSLATE_NOOP("actions", "&Close all videos"), "Ctrl+W", section=1),
    _window("quit", FILE, QT_TRANSLATE_NOOP("actions", "&Quit"), "Ctrl+Q", section=2),
    _window("palette", VIEW, QT_TRANSLATE_NOOP("actions", "&All actions…"), "Ctrl+K", icon="search"),
    _window("find_video", VIEW, QT_TRANSLATE_NOOP("actions", "&Find a video"), "Ctrl+F"),
    _player(
        "overlay",
        QT_TRANSLATE_NOOP("actions", "Show the &map"),
        "H",
        menu=VIEW,
        section=1,
        icon="overlay",
        checkable=True,
    ),
    _player("zoom_in", QT_TRANSLATE_NOOP("actions", "Zoom &in"), "+", "=", menu=VIEW, section=2),
    _player("zoom_out", QT_TRANSLATE_NOOP("actions", "Zoom &out"), "-", menu=VIEW, section=2),
    _window("zoom_fit", VIEW, QT_TRANSLATE_NOOP("actions", "Fit the &picture"), "Ctrl+0", section=2),
    _window("curve_fit", VIEW, QT_TRANSLATE_NOOP("actions", "Show the whole &curve"), "Ctrl+9", section=2),
    _window("full_screen", VIEW, QT_TRANSLATE_NOOP("actions", "F&ull screen"), "F11", section=3),
    _player("play", QT_TRANSLATE_NOOP("actions", "&Play or pause"), "Space", "K", icon="play"),
    _player("previous_sample", QT_TRANSLATE_NOOP("actions", "Previous sampled frame"), "Left", icon="previous_sample"),
    _player("next_sample", QT_TRANSLATE_NOOP("actions", "Next sampled frame"), "Right", icon="next_sample"),
    _player("previous_frame", QT_TRANSLATE_NOOP("actions", "Previous frame"), ",", icon="previous_frame"),
    _player("next_frame", QT_TRANSLATE_NOOP("actions", "Next frame"), ".", icon="next_frame"),
    _player("back_second", QT_TRANSLATE_NOOP("actions", "Back 1 s"), "Shift+Left", section=1),
    _player("on_second", QT_TRANSLATE_NOOP("actions", "Forward 1 s"), "Shift+Right", section=1),
    _player("back_ten", QT_TRANSLATE_NOOP("actions", "Back 10 s"), "J", section=1),
    _player("on_ten", QT_TRANSLATE_NOOP("actions", "Forward 10 s"), "L", section=1),
    _picture("first_frame", QT_TRANSLATE_NOOP("actions", "First frame"), "Home", 1),
    _picture("last_frame", QT_TRANSLATE_NOOP("actions", "Last frame"), "End", 1),
    _window("go_to", PLAYER, QT_TRANSLATE_NOOP("actions", "&Go to time or frame…"), "Ctrl+G", section=1),
    _picture("previous_video", QT_TRANSLATE_NOOP("actions", "Previous video"), "PgUp", 2),
    _picture("next_video", QT_TRANSLATE_NOOP("actions", "Next video"), "PgDown", 2),
    _player("slower", QT_TRANSLATE_NOOP("actions", "Slower"), "[", section=3),
    _player("faster", QT_TRANSLATE_NOOP("actions", "Faster"), "]", section=3),
    _player("normal_speed", QT_TRANSLATE_NOOP("actions", "Normal speed"), "Backspace", section=3),
    _player("mark_in", QT_TRANSLATE_NOOP("actions", "Selection starts here"), "I", section=4),
    _player("mark_out", QT_TRANSLATE_NOOP("actions", "Selection ends here"), "O", section=4),
    _window("clear_marks", PLAYER, QT_TRANSLATE_NOOP("actions", "Select nothing"), section=4),
    _player(
        "loop", QT_TRANSLATE_NOOP("actions", "&Loop the selection"), "Shift+L", section=4, icon="loop", checkable=True
    ),
    _window("assess", MODEL, QT_TRANSLATE_NOOP("actions", "&Assess this video again"), "Ctrl+R", icon="assess"),
    _window("assess_all", MODEL, QT_TRANSLATE_NOOP("actions", "Assess a&ll videos"), "Ctrl+Shift+R", icon="assess"),
    _window("stop", MODEL, QT_TRANSLATE_NOOP("actions", "&Stop"), "Ctrl+.", icon="stop"),
    ActionSpec(
        "automatic",
        MODEL,
        _marked(QT_TRANSLATE_NOOP("actions", "Assess the video on screen a&utomatically")),
        section=1,
        checkable=True,
    ),
    _player("next_model", QT_TRANSLATE_NOOP("actions", "&Next model"), "T", menu=MODEL, section=2),
    _player("previous_model", QT_TRANSLATE_NOOP("actions", "&Previous model"), "Shift+T", menu=MODEL, section=2),
    _window("open_model", MODEL, QT_TRANSLATE_NOOP("actions", "&Open a checkpoint folder…"), section=2),
    _window("shortcuts", HELP, QT_TRANSLATE_NOOP("actions", "&Keys"), "F1", "?"),
    _window("open_log", HELP, QT_TRANSLATE_NOOP("actions", "Show the &log")),
    _window("about", HELP, QT_TRANSLATE_NOOP("actions", "&About SkillViewer"), section=1),
)


def words(text: str) -> str:
    """Return the translated words of an action or menu."""
    return QCoreApplication.translate("actions", text)


def plain(text: str) -> str:
    """Return words without the marks of menu letters."""
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&")


def key_text(key: str) -> str:
    """Return a shortcut as it is written on this system."""
    return QKeySequence(key, QKeySequence.SequenceFormat.PortableText).toString(QKeySequence.SequenceFormat.NativeText)


def conflicts(specs: Iterable[ActionSpec]) -> list[tuple[str, str, str]]:
    """Return (key, action, action) for every key that would mean two things at one place.

    A key of the window counts everywhere, so it conflicts with the player's as well.
    """
    taken: dict[str, str] = {}
    found = []
    for spec in specs:
        for key in spec.keys:
            written = QKeySequence(key, QKeySequence.SequenceFormat.PortableText).toString()
            other = taken.setdefault(written, spec.name)
            if other != spec.name:
                found.append((key, other, spec.name))
    return found


class Actions(QObject):
    """The actions of one window, as QActions.

    Args:
        window: The window that they belong to.
        icons: Icons by name.
        keys: Keys that a person has changed, by action.
    """

    def __init__(self, window: QWidget, icons: Icons, keys: Mapping[str, tuple[str, ...]] | None = None) -> None:
        super().__init__(window)
        self._window, self._icons = window, icons
        self._actions: dict[str, QAction] = {}
        self._bound: set[str] = set()
        for spec in ACTIONS:
            action = QAction(words(spec.text), window)
            action.setObjectName(spec.name)
            action.setCheckable(spec.checkable)
            action.setIconVisibleInMenu(not spec.checkable)  # the mark stands in its place
            chosen = (keys or {}).get(spec.name, spec.keys)
            action.setShortcuts([QKeySequence(k, QKeySequence.SequenceFormat.PortableText) for k in chosen])
            if spec.scope is Scope.WINDOW:
                action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
                window.addAction(action)
            else:
                action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            hint = key_text(chosen[0]) if chosen else ""
            action.setToolTip(f"{plain(action.text())}  {hint}".rstrip())
            self._actions[spec.name] = action

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    @property
    def unbound(self) -> set[str]:
        """Actions that do nothing yet; empty once the window is wired."""
        return set(self._actions) - self._bound

    def bind(self, name: str, act: Callable[[], object]) -> None:
        """Say what an action does."""
        self._bound.add(name)
        self._actions[name].triggered.connect(lambda _checked: act())

    def bind_switch(self, name: str, act: Callable[[bool], object]) -> None:
        """Say what a switch does; it is given whether it is on."""
        self._bound.add(name)
        self._actions[name].triggered.connect(act)

    def set_enabled(self, enabled: bool, *names: str) -> None:
        """Make actions possible or not."""
        for name in names:
            self._actions[name].setEnabled(enabled)

    def attach_player(self, *widgets: QWidget, lists: bool = False) -> None:
        """Make the player's keys count in these widgets and what is inside them.

        Args:
            widgets: Where.
            lists: Whether they are lists, which keep the keys that they need themselves.
        """
        scopes = {Scope.PLAYER} if lists else {Scope.PLAYER, Scope.PICTURE}
        for spec in ACTIONS:
            if spec.scope in scopes:
                for widget in widgets:
                    widget.addAction(self._actions[spec.name])

    @Slot(object)
    def on_theme(self, theme: Theme) -> None:
        """Draw the icons in the colours of a theme."""
        for spec in ACTIONS:
            if spec.icon:
                self._actions[spec.name].setIcon(self._icons.icon(spec.icon, theme))

    def fill(self, bar: QMenuBar, submenus: Mapping[str, list[QMenu]]) -> None:
        """Make the menus.

        Args:
            bar: Where they go.
            submenus: Further menus, by the menu at whose end they stand.
        """
        for title in MENUS:
            menu = bar.addMenu(words(title))
            section = 0
            for spec in (s for s in ACTIONS if s.menu == title):
                if spec.section != section:
                    menu.addSeparator()
                    section = spec.section
                menu.addAction(self._actions[spec.name])
            if submenus.get(title):
                menu.addSeparator()
                for submenu in submenus[title]:
                    menu.addMenu(submenu)
