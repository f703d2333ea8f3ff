"""The QActions of the window, made from the table of actions, and their shortcuts."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from PySide6.QtCore import QObject, Qt, Signal, SignalInstance
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from skillviewer.ui.actions.table import MENUS, PLAYER_SCREENS, ActionSpec, Scope
from skillviewer.ui.widgets.icons import Icons
from skillviewer.ui.widgets.theme import Theme

INSIDE_WORD_PENALTY = 100  # distance added by a match inside a word


@dataclass(frozen=True, slots=True, eq=False)
class Handlers:
    """Functions by which a screen or a panel carries out actions, by name of the action.

    A screen or a panel with actions returns them from its method ``handlers(dialogs)``.
    """

    commands: Mapping[str, Callable[[], object]] = field(default_factory=dict)
    switches: Mapping[str, Callable[[bool], object]] = field(default_factory=dict)  # called with the new state
    conditions: Mapping[str, Callable[[], bool]] = field(default_factory=dict)  # True if an action is possible now
    change_signals: tuple[SignalInstance, ...] = ()  # signals after which ``conditions`` are evaluated again
    only_show_screen: frozenset[str] = frozenset()  # actions that only show their screen if another screen is shown
    # actions of the player on a screen that shows the current video; "focus" moves the focus to its picture
    player_commands: Mapping[str, Callable[[], object]] = field(default_factory=dict)


def without_mnemonic(text: str) -> str:
    """Return the text of a menu entry without the marks of its access key."""
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&")


def key_text(key: str) -> str:
    """Return a shortcut in the notation of this system."""
    return QKeySequence(key, QKeySequence.SequenceFormat.PortableText).toString(QKeySequence.SequenceFormat.NativeText)


def portable_key(key: str) -> str:
    """Return a shortcut in Qt's portable form, or "" if Qt does not know it."""
    form = QKeySequence.SequenceFormat.PortableText
    return QKeySequence(key, form).toString(form)


class ActionTip(QObject):
    """Keeps the tooltip of a widget equal to that of an action, whose shortcut may change."""

    def __init__(self, widget: QWidget, action: QAction) -> None:
        super().__init__(widget)
        self._widget = widget
        self._action = action
        action.changed.connect(self._update)
        self._update()

    def _update(self) -> None:
        self._widget.setToolTip(self._action.toolTip())


def conflicts(specs: Iterable[ActionSpec]) -> list[tuple[str, str, str]]:
    """Return (key, action, action) for every key with two meanings in one place.

    Keys of the window work everywhere, so they conflict with all others. Keys of the player conflict with those of
    ``PLAYER_SCREENS``. Keys of different screens do not conflict.
    """
    specs_by_key: dict[str, list[ActionSpec]] = {}
    clashes = []
    for spec in specs:
        for key in spec.keys:
            earlier_specs = specs_by_key.setdefault(portable_key(key), [])
            other_specs = [other for other in earlier_specs if other.name != spec.name and _can_clash(other, spec)]
            clashes += [(key, other.name, spec.name) for other in other_specs]
            earlier_specs.append(spec)
    return clashes


def _screens_of(spec: ActionSpec) -> frozenset[str]:
    """Return the screens on which the keys of an action work, unless its scope is the window."""
    return frozenset({spec.screen}) if spec.scope is Scope.SCREEN else PLAYER_SCREENS


def _can_clash(first: ActionSpec, second: ActionSpec) -> bool:
    return Scope.WINDOW in {first.scope, second.scope} or bool(_screens_of(first) & _screens_of(second))


def with_chosen_keys(specs: Iterable[ActionSpec], chosen_keys: Mapping[str, tuple[str, ...]]) -> tuple[ActionSpec, ...]:
    """Return the actions with the keys that the user chose.

    A chosen key is removed from other actions, so that no key has two meanings. Keys unknown to Qt are dropped.
    """
    keys_by_name = {name: _valid_keys(keys) for name, keys in chosen_keys.items()}
    specs_by_name = {spec.name: replace(spec, keys=keys_by_name.get(spec.name, spec.keys)) for spec in specs}
    for key, first, second in conflicts(specs_by_name.values()):
        loser = first if first not in keys_by_name else second  # a default key gives way to a chosen one
        spec = specs_by_name[loser]
        other_keys = tuple(other for other in spec.keys if portable_key(other) != portable_key(key))
        specs_by_name[loser] = replace(spec, keys=other_keys)
    return tuple(specs_by_name.values())


def _valid_keys(keys: Iterable[str]) -> tuple[str, ...]:
    """Return the distinct keys that Qt knows, in its portable form."""
    portable_keys = [portable_key(key) for key in keys]
    return tuple(dict.fromkeys(key for key in portable_keys if key))


class Actions(QObject):
    """The actions of one window, as QActions: those of the table, and those that show the screens."""

    keys_changed = Signal()

    def __init__(
        self,
        window: QWidget,
        icons: Icons,
        specs: tuple[ActionSpec, ...],
        keys: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._icons = icons
        self._table = specs  # the actions with their default keys
        names = {spec.name for spec in specs}
        self._chosen_keys: dict[str, tuple[str, ...]] = {}
        if keys is not None:
            self._chosen_keys = {name: action_keys for name, action_keys in keys.items() if name in names}
        self.specs = specs  # the actions with their present keys
        self._actions: dict[str, QAction] = {}
        self._bound: set[str] = set()
        for spec in specs:
            action = QAction(spec.text, window)
            action.setObjectName(spec.name)
            action.setCheckable(spec.checkable)
            action.setAutoRepeat(spec.repeats)
            action.setEnabled(spec.at_first)
            action.setIconVisibleInMenu(not spec.checkable)  # the check mark takes the place of the icon
            if spec.scope is Scope.WINDOW:
                action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
                window.addAction(action)
            else:
                action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            self._actions[spec.name] = action
        self._apply_keys()

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    @property
    def chosen_keys(self) -> dict[str, tuple[str, ...]]:
        """Keys that the user has changed, by action."""
        return dict(self._chosen_keys)

    def keys(self, name: str) -> tuple[str, ...]:
        """Return the keys of an action, in Qt's portable form."""
        return next(spec.keys for spec in self.specs if spec.name == name)

    def set_keys(self, changes: Mapping[str, tuple[str, ...] | None]) -> None:
        """Change the keys of actions, by name; None restores the default keys."""
        for name, keys in changes.items():
            default_keys = next(spec.keys for spec in self._table if spec.name == name)
            default_portable_keys = [portable_key(key) for key in default_keys]
            if keys is None or [portable_key(key) for key in keys] == default_portable_keys:
                self._chosen_keys.pop(name, None)
            else:
                self._chosen_keys[name] = tuple(keys)
        self._apply_keys()
        self.keys_changed.emit()

    def _apply_keys(self) -> None:
        self.specs = with_chosen_keys(self._table, self._chosen_keys)
        for spec in self.specs:
            action = self._actions[spec.name]
            action.setShortcuts([QKeySequence(key, QKeySequence.SequenceFormat.PortableText) for key in spec.keys])
            first_key = key_text(spec.keys[0]) if spec.keys else ""
            action.setToolTip(f"{without_mnemonic(spec.text)}  {first_key}".rstrip())

    def bind(self, name: str, run: Callable[[], object]) -> None:
        """Run a function when an action is triggered."""
        self._bound.add(name)
        self._actions[name].triggered.connect(lambda _checked: run())

    def bind_switch(self, name: str, run: Callable[[bool], object]) -> None:
        """Run a function with the new state when a switch is triggered."""
        self._bound.add(name)
        self._actions[name].triggered.connect(lambda on: run(on))  # noqa: PLW0108 - Qt gives a partial no argument

    def set_enabled(self, enabled: bool, *names: str) -> None:
        for name in names:
            self._actions[name].setEnabled(enabled)

    def attach_player(self, *widgets: QWidget, lists: bool = False) -> None:
        """Make the keys of the player work in widgets; ``lists`` excludes the keys that lists need themselves."""
        scopes = {Scope.PLAYER} if lists else {Scope.PLAYER, Scope.PICTURE}
        for spec in self._table:
            if spec.scope in scopes:
                for widget in widgets:
                    widget.addAction(self._actions[spec.name])

    def attach_screen(self, name: str, widget: QWidget) -> None:
        """Make the keys of a screen work in its widget."""
        for spec in self._table:
            if spec.scope is Scope.SCREEN and spec.screen == name:
                widget.addAction(self._actions[spec.name])

    def on_theme(self, theme: Theme) -> None:
        for spec in self._table:
            if spec.icon:
                self._actions[spec.name].setIcon(self._icons.icon(spec.icon, theme))

    def fill(self, bar: QMenuBar, submenus: Mapping[str, list[QMenu]]) -> None:
        """Add all menus to a menu bar, each with its ``submenus`` (by title of the menu) at the end."""
        for title in MENUS:
            menu_specs = [spec for spec in self._table if spec.menu == title]
            if not menu_specs:
                continue
            menu = bar.addMenu(title)
            section = menu_specs[0].section
            for spec in menu_specs:
                if spec.section != section:
                    menu.addSeparator()
                    section = spec.section
                menu.addAction(self._actions[spec.name])
            if submenus.get(title):
                menu.addSeparator()
                for submenu in submenus[title]:
                    menu.addMenu(submenu)


def match_distance(text: str, typed: str) -> int | None:
    """Return the distance of a name from the typed text; smaller is better, and None means no match.

    The name must contain every typed word. Matches at the start of a word are closer than matches inside one.
    """
    text = text.casefold()
    distance = 0
    for word in typed.casefold().split():
        index = text.find(word)
        if index < 0:
            return None
        begins_word = index == 0 or not text[index - 1].isalnum()
        distance += index
        if not begins_word:
            distance += INSIDE_WORD_PENALTY
    return distance
