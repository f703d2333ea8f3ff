"""The table of actions: a new action is one line here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from PySide6.QtCore import QT_TRANSLATE_NOOP

from skillviewer.core.registry import table


class Scope(StrEnum):
    """Places where the keys of an action work. Text fields come first everywhere."""

    WINDOW = "window"
    PLAYER = "player"  # the picture and the curve, and the list of videos
    PICTURE = "picture"  # the picture and the curve: the list needs these keys itself
    SCREEN = "screen"  # anywhere on the screen of the action


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """An action of the window.

    Attributes:
        name: Identity.
        menu: Menu that it stands in.
        text: Words, for translation.
        keys: Shortcuts in Qt's portable form.
        scope: Where the keys count.
        section: A line is drawn in the menu where it changes.
        icon: Name of its icon, or "".
        checkable: Whether it is on or off.
        screen: The screen that carries it out (``handlers``), or ""; for ``Scope.SCREEN`` its keys count there.
        repeats: Whether it is done again and again while its key is held down.
        at_first: Whether it is possible before its screen is made.
    """

    name: str
    menu: str
    text: str
    keys: tuple[str, ...] = ()
    scope: Scope = Scope.WINDOW
    section: int = 0
    icon: str = ""
    checkable: bool = False
    screen: str = ""
    repeats: bool = True
    at_first: bool = True


def _marked(text: object) -> str:
    return str(text)


FILE = _marked(QT_TRANSLATE_NOOP("actions", "&File"))
EDIT = _marked(QT_TRANSLATE_NOOP("actions", "&Edit"))
VIEW = _marked(QT_TRANSLATE_NOOP("actions", "&View"))
PLAYER = _marked(QT_TRANSLATE_NOOP("actions", "&Player"))
MODEL = _marked(QT_TRANSLATE_NOOP("actions", "&Model"))
COMPARE = _marked(QT_TRANSLATE_NOOP("actions", "&Compare"))
RANK = _marked(QT_TRANSLATE_NOOP("actions", "&Rank"))
FINETUNE = _marked(QT_TRANSLATE_NOOP("actions", "Fine-&tune"))
HELP = _marked(QT_TRANSLATE_NOOP("actions", "&Help"))
MENUS = (FILE, EDIT, VIEW, PLAYER, MODEL, COMPARE, RANK, FINETUNE, HELP)
PLAYER_SCREENS = frozenset({"inspect", "compare"})
"""Screens that show the current video with the player's keys."""
PREFIX_OF_SCREENS = "show_"
"""Actions that go to a screen are called ``show_`` and its name."""


def _window(name: str, menu: str, text: object, *keys: str, section: int = 0, icon: str = "") -> ActionSpec:
    return ActionSpec(name, menu, _marked(text), keys, Scope.WINDOW, section, icon)


def _player(
    name: str, text: object, *keys: str, section: int = 0, icon: str = "", menu: str = PLAYER, checkable: bool = False
) -> ActionSpec:
    return ActionSpec(name, menu, _marked(text), keys, Scope.PLAYER, section, icon, checkable)


def _screen(
    name: str,
    screen: str,
    menu: str,
    text: object,
    *keys: str,
    section: int = 0,
    icon: str = "",
    checkable: bool = False,
) -> ActionSpec:
    return ActionSpec(name, menu, _marked(text), keys, Scope.SCREEN, section, icon, checkable, screen)


def _rank(
    name: str, text: object, *keys: str, section: int = 0, icon: str = "", checkable: bool = False, repeats: bool = True
) -> ActionSpec:
    spec = _screen(name, "rank", RANK, text, *keys, section=section, icon=icon, checkable=checkable)
    return replace(spec, repeats=repeats, at_first=False)  # enabled while a pair is shown to a rater


def _once(name: str, text: object, *keys: str, section: int = 0, checkable: bool = False) -> ActionSpec:
    """Return an action of the Rank screen that is done once while its key is held down."""
    return _rank(name, text, *keys, section=section, checkable=checkable, repeats=False)


def _compare(name: str, text: object, *keys: str, section: int = 0, checkable: bool = False) -> ActionSpec:
    return _screen(name, "compare", COMPARE, text, *keys, section=section, checkable=checkable)


def _picture(name: str, text: object, key: str, section: int) -> ActionSpec:
    return ActionSpec(name, PLAYER, _marked(text), (key,), Scope.PICTURE, section)


ACTIONS: tuple[ActionSpec, ...] = table(
    _window("new_study", FILE, QT_TRANSLATE_NOOP("actions", "&New study…"), "Ctrl+N"),
    _window("open_videos", FILE, QT_TRANSLATE_NOOP("actions", "&Open…"), "Ctrl+O", icon="open"),
    _window("open_folder", FILE, QT_TRANSLATE_NOOP("actions", "Open a &folder…"), "Ctrl+Shift+O"),
    _window("open_sample", FILE, QT_TRANSLATE_NOOP("actions", "Open the &sample study")),
    _window("save_study", FILE, QT_TRANSLATE_NOOP("actions", "Save study &as…"), "Ctrl+S", section=1),
    _window("import_ratings", FILE, QT_TRANSLATE_NOOP("actions", "&Import ratings…"), "Ctrl+I", section=1),
    _window("import_timeline", FILE, QT_TRANSLATE_NOOP("actions", "Import &timeline…"), section=1),
    _window("locate_videos", FILE, QT_TRANSLATE_NOOP("actions", "Find &missing videos…"), section=1),
    _window("name_person", FILE, QT_TRANSLATE_NOOP("actions", "Set &participant…"), section=1),
    _window("remove_video", FILE, QT_TRANSLATE_NOOP("actions", "&Remove this video from the study"), section=1),
    _window("forget_video", FILE, QT_TRANSLATE_NOOP("actions", "&Delete everything kept about this video…"), section=1),
    _window("close_study", FILE, QT_TRANSLATE_NOOP("actions", "&Close the study"), "Ctrl+W", section=1),
    ActionSpec(
        "export_now", FILE, _marked(QT_TRANSLATE_NOOP("actions", "&Export")), ("Ctrl+E",), section=2, screen="export"
    ),
    _screen("export_browse", "export", FILE, QT_TRANSLATE_NOOP("actions", "Choose &where to export to…"), section=2),
    _window("quit", FILE, QT_TRANSLATE_NOOP("actions", "&Quit"), "Ctrl+Q", section=3),
    _window("undo", EDIT, QT_TRANSLATE_NOOP("actions", "&Undo"), "Ctrl+Z"),
    _window("redo", EDIT, QT_TRANSLATE_NOOP("actions", "&Redo"), "Ctrl+Shift+Z"),
    _window("settings", EDIT, QT_TRANSLATE_NOOP("actions", "&Settings…"), "Ctrl+,", section=1),
    _window("change_keys", EDIT, QT_TRANSLATE_NOOP("actions", "Change &keys…"), section=1),
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
    ActionSpec(
        "cell_evidence",
        VIEW,
        _marked(QT_TRANSLATE_NOOP("actions", "Show how ea&ch area changed the score")),
        section=1,
        checkable=True,
        screen="inspect",
        at_first=False,
    ),
    ActionSpec(
        "rating_axis",
        VIEW,
        _marked(QT_TRANSLATE_NOOP("actions", "Label the curve with &ratings")),
        section=1,
        checkable=True,
        screen="inspect",
        at_first=False,
    ),
    _player("zoom_in", QT_TRANSLATE_NOOP("actions", "Zoom &in"), "+", "=", menu=VIEW, section=2),
    _player("zoom_out", QT_TRANSLATE_NOOP("actions", "Zoom &out"), "-", menu=VIEW, section=2),
    _window("zoom_fit", VIEW, QT_TRANSLATE_NOOP("actions", "Fit the &picture"), "Ctrl+0", section=2),
    _window("curve_fit", VIEW, QT_TRANSLATE_NOOP("actions", "Show the &whole curve"), "Ctrl+9", section=2),
    _window("full_screen", VIEW, QT_TRANSLATE_NOOP("actions", "F&ull screen"), "F11", section=3),
    replace(_player("play", QT_TRANSLATE_NOOP("actions", "&Play or pause"), "Space", "K", icon="play"), repeats=False),
    _player("previous_sample", QT_TRANSLATE_NOOP("actions", "Previous sampled frame"), "Left", icon="previous_sample"),
    _player("next_sample", QT_TRANSLATE_NOOP("actions", "Next sampled frame"), "Right", icon="next_sample"),
    _player("previous_frame", QT_TRANSLATE_NOOP("actions", "Previous frame"), ",", icon="previous_frame"),
    _player("next_frame", QT_TRANSLATE_NOOP("actions", "Next frame"), ".", icon="next_frame"),
    _player("back_second", QT_TRANSLATE_NOOP("actions", "Back 1 s"), "Shift+Left", section=1),
    _player("on_second", QT_TRANSLATE_NOOP("actions", "Forward 1 s"), "Shift+Right", section=1),
    _player("back_ten", QT_TRANSLATE_NOOP("actions", "Back 10 s"), "J", section=1),
    _player("on_ten", QT_TRANSLATE_NOOP("actions", "Forward 10 s"), "L", section=1),
    _player("previous_moment", QT_TRANSLATE_NOOP("actions", "Previous moment"), "Ctrl+Left", section=1),
    _player("next_moment", QT_TRANSLATE_NOOP("actions", "Next moment"), "Ctrl+Right", section=1),
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
    ActionSpec(
        "keep_moment",
        PLAYER,
        _marked(QT_TRANSLATE_NOOP("actions", "&Keep the selection as a moment")),
        ("Return", "Enter"),
        Scope.PICTURE,
        section=4,
        repeats=False,
    ),
    ActionSpec(
        "split_off",
        PLAYER,
        _marked(QT_TRANSLATE_NOOP("actions", "Make the selection a separate &video")),
        ("Ctrl+Shift+V",),
        section=4,
        repeats=False,
    ),
    _window("clear_marks", PLAYER, QT_TRANSLATE_NOOP("actions", "Clear selection"), section=4),
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
    _window("open_model", MODEL, QT_TRANSLATE_NOOP("actions", "&Open a model folder…"), section=2),
    _compare("compare_models", QT_TRANSLATE_NOOP("actions", "Choose &models…"), "M"),
    _compare("compare_difference", QT_TRANSLATE_NOOP("actions", "Show the &difference"), "D", checkable=True),
    _compare("compare_all", QT_TRANSLATE_NOOP("actions", "Assess all &videos with these models"), section=1),
    _compare("save_comparison", QT_TRANSLATE_NOOP("actions", "Save the numbers as a &table…"), section=2),
    _compare("save_comparison_figure", QT_TRANSLATE_NOOP("actions", "Save the panes as a &figure…"), section=2),
    _compare("save_agreement", QT_TRANSLATE_NOOP("actions", "Save the a&greement over the study…"), section=2),
    _compare("save_ranks", QT_TRANSLATE_NOOP("actions", "Save the &ranks of the videos…"), section=2),
    _once("rank_left", QT_TRANSLATE_NOOP("actions", "&Left is better"), "1"),
    _once("rank_right", QT_TRANSLATE_NOOP("actions", "&Right is better"), "2"),
    _once("rank_neither", QT_TRANSLATE_NOOP("actions", "&No difference"), "0"),
    _once("rank_skip", QT_TRANSLATE_NOOP("actions", "S&kip this pair"), "X"),
    _once("rank_reason", QT_TRANSLATE_NOOP("actions", "Write a r&eason"), "R", section=1),
    _once("rank_mark", QT_TRANSLATE_NOOP("actions", "&Mark current time"), "M", section=1),
    _once("rank_swap", QT_TRANSLATE_NOOP("actions", "&Swap sides"), "S", section=1),
    _once("rank_together", QT_TRANSLATE_NOOP("actions", "Play &both together"), "F", section=1, checkable=True),
    _once("rank_other", QT_TRANSLATE_NOOP("actions", "Switch keys to the other &video"), "A", section=1),
    _rank(
        "rank_play", QT_TRANSLATE_NOOP("actions", "&Play or pause"), "Space", "K", section=2, icon="play", repeats=False
    ),
    _rank("rank_previous_frame", QT_TRANSLATE_NOOP("actions", "Previous frame"), ",", section=2, icon="previous_frame"),
    _rank("rank_next_frame", QT_TRANSLATE_NOOP("actions", "Next frame"), ".", section=2, icon="next_frame"),
    _rank("rank_back_second", QT_TRANSLATE_NOOP("actions", "Back 1 s"), "Left", "Shift+Left", section=3),
    _rank("rank_on_second", QT_TRANSLATE_NOOP("actions", "Forward 1 s"), "Right", "Shift+Right", section=3),
    _rank("rank_back_ten", QT_TRANSLATE_NOOP("actions", "Back 10 s"), "J", section=3),
    _rank("rank_on_ten", QT_TRANSLATE_NOOP("actions", "Forward 10 s"), "L", section=3),
    _rank("rank_first", QT_TRANSLATE_NOOP("actions", "To the beginning"), "Home", section=3),
    _rank("rank_last", QT_TRANSLATE_NOOP("actions", "To the end"), "End", section=3),
    _window("shortcuts", HELP, QT_TRANSLATE_NOOP("actions", "&Keys"), "F1", "?"),
    _window("guides", HELP, QT_TRANSLATE_NOOP("actions", "&Guides"), "Shift+F1"),
    _window("open_log", HELP, QT_TRANSLATE_NOOP("actions", "Show the &log")),
    _window("about", HELP, QT_TRANSLATE_NOOP("actions", "&About SkillViewer"), section=1),
)


def with_screens(screens: Sequence[tuple[str, str]]) -> tuple[ActionSpec, ...]:
    """Return all actions: first in the View menu one for each screen (name, title), by Ctrl+1 to Ctrl+8."""
    shows = [
        ActionSpec(f"{PREFIX_OF_SCREENS}{name}", VIEW, title, (f"Ctrl+{n}",) * (n < 9), section=-1, checkable=True)
        for n, (name, title) in enumerate(screens, start=1)
    ]
    at = next(at for at, spec in enumerate(ACTIONS) if spec.menu == VIEW)
    return (*ACTIONS[:at], *shows, *ACTIONS[at:])
