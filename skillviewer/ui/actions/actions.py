"""The QActions of the table: menus, toolbar, palette and sheet of keys are made from them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from PySide6.QtCore import QObject, Qt, Signal, SignalInstance
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from skillviewer.ui.actions.table import MENUS, PLAYER_SCREENS, ActionSpec, Scope
from skillviewer.ui.widgets.icons import Icons
from skillviewer.ui.widgets.theme import Theme


@dataclass(frozen=True, slots=True, eq=False)
class Handlers:
    """The actions that a screen or a panel carries out, by name.

    A screen or a panel that has any returns them from ``handlers(dialogs)``. It knows nothing of the window.
    """

    run: Mapping[str, Callable[[], object]] = field(default_factory=dict)  # what an action does
    # what a switch does; it is given whether the switch is on
    switch: Mapping[str, Callable[[bool], object]] = field(default_factory=dict)
    # true if an action is possible now; actions that are not named always are
    enabled: Mapping[str, Callable[[], bool]] = field(default_factory=dict)
    changed: tuple[SignalInstance, ...] = ()  # signals after which ``enabled`` is asked again
    arrive: frozenset[str] = frozenset()  # actions that only show their screen while another screen is shown
    # what actions of the player do while this screen is shown, which shows the current video; "focus" gives its picture
    # the focus
    player: Mapping[str, Callable[[], object]] = field(default_factory=dict)


def plain(text: str) -> str:
    """Return words without the marks of menu letters."""
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&")


def key_text(key: str) -> str:
    """Return a shortcut as it is written on this system."""
    return QKeySequence(key, QKeySequence.SequenceFormat.PortableText).toString(QKeySequence.SequenceFormat.NativeText)


def written(key: str) -> str:
    """Return a key in Qt's portable form; "" where Qt does not know it."""
    form = QKeySequence.SequenceFormat.PortableText
    return QKeySequence(key, form).toString(form)


class Tip(QObject):
    """Gives a widget the tooltip of an action, also when its keys change."""

    def __init__(self, widget: QWidget, action: QAction) -> None:
        super().__init__(widget)
        self._widget = widget
        self._action = action
        action.changed.connect(self._update)
        self._update()

    def _update(self) -> None:
        self._widget.setToolTip(self._action.toolTip())


def conflicts(specs: Iterable[ActionSpec]) -> list[tuple[str, str, str]]:
    """Return (key, action, action) for every key that would mean two things at one place.

    A key of the window counts everywhere, so it conflicts with those of the player and of all screens. Screens do not
    conflict with each other; those that show the player's video, ``PLAYER_SCREENS``, conflict with its keys.
    """
    specs_by_key: dict[str, list[ActionSpec]] = {}
    clashes = []
    for spec in specs:
        for key in spec.keys:
            others = specs_by_key.setdefault(written(key), [])
            clashes += [
                (key, other.name, spec.name) for other in others if other.name != spec.name and _meet(other, spec)
            ]
            others.append(spec)
    return clashes


def _places(spec: ActionSpec) -> frozenset[str]:
    """Return the screens on which the keys of an action work, if it is no action of the window."""
    return frozenset({spec.screen}) if spec.scope is Scope.SCREEN else PLAYER_SCREENS


def _meet(first: ActionSpec, second: ActionSpec) -> bool:
    return Scope.WINDOW in {first.scope, second.scope} or bool(_places(first) & _places(second))


def settled(specs: Iterable[ActionSpec], chosen_keys: Mapping[str, tuple[str, ...]]) -> tuple[ActionSpec, ...]:
    """Return the actions with the keys that the user chose, by action; no key has two meanings.

    A key that was chosen is taken from actions that have it of old. Keys that Qt does not know are left out.
    """
    keys_by_name = {name: tuple(dict.fromkeys(filter(None, map(written, keys)))) for name, keys in chosen_keys.items()}
    changed_specs = [replace(spec, keys=keys_by_name.get(spec.name, spec.keys)) for spec in specs]
    for key, *names in conflicts(changed_specs):
        loser = next((name for name in names if name not in keys_by_name), names[-1])
        place = next(i for i, spec in enumerate(changed_specs) if spec.name == loser)
        changed_specs[place] = replace(
            changed_specs[place], keys=tuple(k for k in changed_specs[place].keys if written(k) != written(key))
        )
    return tuple(changed_specs)


class Actions(QObject):
    """The actions of one window, as QActions: those of the table, and those that show the screens."""

    keys_changed = Signal()  # an action has other keys now

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
        self._table = specs
        names = {spec.name for spec in specs}
        self._chosen_keys = {name: action_keys for name, action_keys in (keys or {}).items() if name in names}
        self.specs = specs  # the actions with the keys that they have now
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
        self._give_keys()

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
        """Give actions other keys, or those of old for None; menus, tooltips, palette and the sheet of keys follow."""
        for name, keys in changes.items():
            default_keys = next(spec.keys for spec in self._table if spec.name == name)
            if keys is None or tuple(map(written, keys)) == tuple(map(written, default_keys)):
                self._chosen_keys.pop(name, None)
            else:
                self._chosen_keys[name] = tuple(keys)
        self._give_keys()
        self.keys_changed.emit()

    def _give_keys(self) -> None:
        self.specs = settled(self._table, self._chosen_keys)
        for spec in self.specs:
            action = self._actions[spec.name]
            action.setShortcuts([QKeySequence(k, QKeySequence.SequenceFormat.PortableText) for k in spec.keys])
            hint = key_text(spec.keys[0]) if spec.keys else ""
            action.setToolTip(f"{plain(spec.text)}  {hint}".rstrip())

    def bind(self, name: str, act: Callable[[], object]) -> None:
        self._bound.add(name)
        self._actions[name].triggered.connect(lambda _checked: act())

    def bind_switch(self, name: str, act: Callable[[bool], object]) -> None:
        """Bind a switch to its code, which gets True when it is on."""
        self._bound.add(name)
        self._actions[name].triggered.connect(lambda on: act(on))  # noqa: PLW0108 - Qt gives a partial no argument

    def set_enabled(self, enabled: bool, *names: str) -> None:
        for name in names:
            self._actions[name].setEnabled(enabled)

    def attach_player(self, *widgets: QWidget, lists: bool = False) -> None:
        """Let the keys of the player work in and inside widgets; lists keep the keys that they need themselves."""
        scopes = {Scope.PLAYER} if lists else {Scope.PLAYER, Scope.PICTURE}
        for spec in self._table:
            if spec.scope in scopes:
                for widget in widgets:
                    widget.addAction(self._actions[spec.name])

    def attach_screen(self, name: str, widget: QWidget) -> None:
        for spec in self._table:
            if spec.scope is Scope.SCREEN and spec.screen == name:
                widget.addAction(self._actions[spec.name])

    def on_theme(self, theme: Theme) -> None:
        for spec in self._table:
            if spec.icon:
                self._actions[spec.name].setIcon(self._icons.icon(spec.icon, theme))

    def fill(self, bar: QMenuBar, submenus: Mapping[str, list[QMenu]]) -> None:
        """Make the menus; further ones stand at the end of the menu that ``submenus`` names."""
        for title in MENUS:
            inside = [spec for spec in self._table if spec.menu == title]
            if not inside:
                continue
            menu = bar.addMenu(title)
            section = inside[0].section
            for spec in inside:
                if spec.section != section:
                    menu.addSeparator()
                    section = spec.section
                menu.addAction(self._actions[spec.name])
            if submenus.get(title):
                menu.addSeparator()
                for submenu in submenus[title]:
                    menu.addMenu(submenu)


def fits(text: str, typed: str) -> int | None:
    """Return the distance of a name from the typed text, smaller is better, or None if it does not match.

    Every word typed must begin a word of the name, or stand inside it.
    """
    text = text.casefold()
    total = 0
    for word in typed.casefold().split():
        place = text.find(word)
        if place < 0:
            return None
        begins = place == 0 or not text[place - 1].isalnum()
        total += place if begins else place + 100
    return total
