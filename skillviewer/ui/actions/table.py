"""Table of the window's actions."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from skillviewer.core.registry import table


class Scope(StrEnum):
    """Places where the keys of an action work. Text fields keep their own keys everywhere."""

    WINDOW = "window"
    PLAYER = "player"  # picture, curve and list of videos
    PICTURE = "picture"  # picture and curve; the list of videos needs these keys itself
    SCREEN = "screen"  # everywhere on the screen of the action


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """An action of the window."""

    name: str
    menu: str  # title of its menu
    text: str  # text in the menu, with "&" before the access key
    keys: tuple[str, ...] = ()  # shortcuts in Qt's portable form
    scope: Scope = Scope.WINDOW  # place where the keys work
    section: int = 0  # sections of a menu are separated by lines
    icon: str = ""  # name of its icon, or ""
    checkable: bool = False  # True for a switch
    screen: str = ""  # screen that carries the action out, or ""
    repeats: bool = True  # True if the action repeats while its key is held down
    at_first: bool = True  # True if the action is enabled before its screen is made


FILE = "&File"
EDIT = "&Edit"
VIEW = "&View"
PLAYER = "&Player"
MODEL = "&Model"
COMPARE = "&Compare"
TRACKS = "Tr&acks"
RANK = "&Rank"
FINETUNE = "Fine-&tune"
HELP = "&Help"
MENUS = (FILE, EDIT, VIEW, PLAYER, MODEL, TRACKS, COMPARE, RANK, FINETUNE, HELP)
PLAYER_SCREENS = frozenset({"inspect", "compare", "split"})  # screens that show the current video
PREFIX_OF_SCREENS = "show_"  # name of an action that shows a screen, before the name of the screen


def _action(name: str, text: object, *keys: str, **facts: Any) -> ActionSpec:  # noqa: ANN401 - fields of ActionSpec
    return ActionSpec(name, text=str(text), keys=keys, **facts)


_file = partial(_action, menu=FILE)
_edit = partial(_action, menu=EDIT)
_view = partial(_action, menu=VIEW)
_model = partial(_action, menu=MODEL)
_help = partial(_action, menu=HELP)
_curve = partial(_view, section=1, checkable=True, screen="inspect", at_first=False)
_player = partial(_action, menu=PLAYER, scope=Scope.PLAYER)
_picture = partial(_player, scope=Scope.PICTURE)
_tracks = partial(_action, menu=TRACKS)
_better = partial(_action, menu=COMPARE, section=-1, screen="split", at_first=False)  # the split view
_compare = partial(_action, menu=COMPARE, scope=Scope.SCREEN, screen="compare")
_rank = partial(_action, menu=RANK, scope=Scope.SCREEN, screen="rank", at_first=False)  # enabled while a pair is shown
_rank_once = partial(_rank, repeats=False)


ACTIONS: tuple[ActionSpec, ...] = table(
    _file("new_study", "&New study…", "Ctrl+N"),
    _file("open_videos", "&Open…", "Ctrl+O", icon="open"),
    _file("open_folder", "Open a &folder…", "Ctrl+Shift+O"),
    _file("open_sample", "Open the &sample study"),
    _file("reset_sample", "Reset the sample study…"),
    _file("save_study", "Save study &as…", "Ctrl+S", section=1),
    _file("import_ratings", "&Import ratings…", "Ctrl+I", section=1),
    _file("import_timeline", "Import &timeline…", section=1),
    _file("import_tracks", "Import trac&ks…", section=1),
    _file("add_camera", "Add a camera of this attempt…", section=1),
    _file("locate_videos", "Find &missing videos…", section=1),
    _file("name_person", "Set &participant…", section=1),
    _file("name_occasion", "Set o&ccasion…", section=1),
    _file("remove_video", "&Remove this video from the study", section=1),
    _file("forget_video", "&Delete everything kept about this video…", section=1),
    _file("forget_rater", "Delete everything kept about a rater…", section=1),
    _file("close_study", "C&lose the study", "Ctrl+W", section=1),
    _file("export_now", "&Export", "Ctrl+E", section=2, screen="export"),
    _file("export_split", "Export &both videos as a clip…", "Ctrl+Shift+E", section=2, screen="export"),
    _file("export_browse", "Choose &where to export to…", scope=Scope.SCREEN, section=2, screen="export"),
    _file("quit", "&Quit", "Ctrl+Q", section=3),
    _edit("undo", "&Undo", "Ctrl+Z"),
    _edit("redo", "&Redo", "Ctrl+Shift+Z"),
    _edit("settings", "&Settings…", "Ctrl+,", section=1),
    _edit("change_keys", "Change &keys…", section=1),
    _view("palette", "&All actions…", "Ctrl+K", icon="search"),
    _view("find_video", "&Find a video", "Ctrl+F"),
    _view("change_page", "Change over &time…", "Ctrl+T"),
    _player("overlay", "Show the &map", "H", menu=VIEW, section=1, icon="overlay", checkable=True),
    _player("show_tracks", "Show the trac&ks", "S", menu=VIEW, section=1, checkable=True),
    _player("next_look", "Next &look of the map", "G", menu=VIEW, section=1, repeats=False),
    _curve("cell_evidence", "Show how ea&ch area changed the score"),
    _view("unfamiliar_scores", "&Show scores of unfamiliar videos", section=1, checkable=True),
    _curve("waveform", "Show the wa&veform of the sound"),
    _curve("rating_axis", "Label the curve with &ratings"),
    _player("zoom_in", "Zoom &in", "+", "=", menu=VIEW, section=2),
    _player("zoom_out", "Zoom &out", "-", menu=VIEW, section=2),
    _view("zoom_fit", "Fit the &picture", "Ctrl+0", section=2),
    _view("curve_fit", "Show the &whole curve", "Ctrl+9", section=2),
    _view("full_screen", "F&ull screen", "F11", section=3),
    _player("play", "&Play or pause", "Space", "K", icon="play", repeats=False),
    _player("previous_sample", "Previous sampled frame", "Left", icon="previous_sample"),
    _player("next_sample", "Next sampled frame", "Right", icon="next_sample"),
    _player("previous_frame", "Previous frame", ",", icon="previous_frame"),
    _player("next_frame", "Next frame", ".", icon="next_frame"),
    _player("back_second", "Back 1 s", "Shift+Left", section=1),
    _player("on_second", "Forward 1 s", "Shift+Right", section=1),
    _player("back_ten", "Back 10 s", "J", section=1),
    _player("on_ten", "Forward 10 s", "L", section=1),
    _player("previous_moment", "Previous moment", "Ctrl+Left", section=1),
    _player("next_moment", "Next moment", "Ctrl+Right", section=1),
    _picture("first_frame", "First frame", "Home", section=1),
    _picture("last_frame", "Last frame", "End", section=1),
    _action("go_to", "&Go to time or frame…", "Ctrl+G", section=1, menu=PLAYER),
    _picture("previous_video", "Previous video", "PgUp", section=2),
    _picture("next_video", "Next video", "PgDown", section=2),
    _player("slower", "Slower", "[", section=3),
    _player("faster", "Faster", "]", section=3),
    _player("normal_speed", "Normal speed", "Backspace", section=3),
    _player("sound", "Play the &sound", "U", section=3, icon="sound", checkable=True),
    _player("mark_in", "Selection starts here", "I", section=4),
    _player("mark_out", "Selection ends here", "O", section=4),
    _picture("keep_moment", "&Keep the selection as a moment", "Return", "Enter", section=4, repeats=False),
    _action("split_off", "Make the selection a separate &video", "Ctrl+Shift+V", menu=PLAYER, section=4, repeats=False),
    _action("clear_marks", "Clear selection", section=4, menu=PLAYER),
    _player("loop", "&Loop the selection", "Shift+L", section=4, icon="loop", checkable=True),
    _model("assess", "&Assess this video again", "Ctrl+R", icon="assess"),
    _model("assess_all", "Assess a&ll videos", "Ctrl+Shift+R", icon="assess"),
    _model("stop", "&Stop", "Ctrl+.", icon="stop"),
    _model("automatic", "Assess the video on screen a&utomatically", section=1, checkable=True),
    _model("choose_model", "&Choose a model…", "Ctrl+M", section=2),
    _player("next_model", "&Next model", "T", menu=MODEL, section=2),
    _player("previous_model", "&Previous model", "Shift+T", menu=MODEL, section=2),
    _model("open_model", "&Open a model folder…", section=2),
    _model("disagreements", "&Disagreements", section=2, screen="finetune"),
    _tracks("find_hands", "Find &hands"),
    _tracks("find_hands_all", "Find hands in &all videos"),
    _tracks("follow_point", "&Follow a point…", section=1),
    _tracks("swap_hands", "&Swap left and right", section=2),
    _tracks("cut_track", "&Cut the track at the playhead", section=2),
    _tracks("join_tracks", "&Join two tracks…", section=2),
    _tracks("clear_track", "Clea&r the track in the selection", section=2),
    _tracks("remove_track", "R&emove the track", section=2),
    _tracks("draw_reference", "Draw a &line to follow, or a target", section=3),
    _tracks("mark_length", "Mark a &known length…", section=3),
    _tracks("share_reference", "Use line and length for all &videos", section=3),
    _tracks("remove_reference", "Remove l&ine and length", section=3),
    _better("better_video", "Compare with a &better video", "Ctrl+B"),
    _better("split_previous", "Go to the previous part where this video loses", "P", scope=Scope.SCREEN),
    _better("split_next", "Go to the next part where this video loses", "N", scope=Scope.SCREEN),
    _better("split_close", "Close the split view", scope=Scope.SCREEN),
    _compare("compare_models", "Choose &models…", "M"),
    _compare("compare_difference", "Show the &difference", "D", checkable=True),
    _compare("compare_all", "Assess all &videos with these models", section=1),
    _compare("save_comparison", "Save the numbers as a &table…", section=2),
    _compare("save_comparison_figure", "Save the panes as a &figure…", section=2),
    _compare("save_agreement", "Save the a&greement over the study…", section=2),
    _compare("save_ranks", "Save the &ranks of the videos…", section=2),
    _rank_once("rank_left", "&Left is better", "1"),
    _rank_once("rank_right", "&Right is better", "2"),
    _rank_once("rank_neither", "&No difference", "0"),
    _rank_once("rank_skip", "S&kip this pair", "X"),
    _rank_once("rank_reason", "Write a r&eason", "R", section=1),
    _rank_once("rank_mark", "&Mark current time", "M", section=1),
    _rank_once("rank_swap", "&Swap sides", "S", section=1),
    _rank_once("rank_together", "Play &both together", "F", section=1, checkable=True),
    _rank_once("rank_other", "Switch keys and sound to the other &video", "A", section=1),
    _rank_once("rank_sound", "Play the so&und", "U", section=1, icon="sound_off", checkable=True),
    _rank("rank_play", "&Play or pause", "Space", "K", section=2, icon="play", repeats=False),
    _rank("rank_previous_frame", "Previous frame", ",", section=2, icon="previous_frame"),
    _rank("rank_next_frame", "Next frame", ".", section=2, icon="next_frame"),
    _rank("rank_back_second", "Back 1 s", "Left", "Shift+Left", section=3),
    _rank("rank_on_second", "Forward 1 s", "Right", "Shift+Right", section=3),
    _rank("rank_back_ten", "Back 10 s", "J", section=3),
    _rank("rank_on_ten", "Forward 10 s", "L", section=3),
    _rank("rank_first", "To the beginning", "Home", section=3),
    _rank("rank_last", "To the end", "End", section=3),
    _action("rank_ratings", "Ratings and a&greement", menu=RANK, section=4, screen="rank"),
    _rank("rank_pack", "Pack pairs for a bro&wser…", section=5),
    _rank("rank_pack_blurred", "Pack pairs for a browser, &faces blurred…", section=5),
    _rank("rank_pack_videos", "Pack videos to rate for a browser…", section=5),
    _rank("rank_pack_videos_blurred", "Pack videos to rate for a browser, faces blurred…", section=5),
    _rank("rank_import_votes", "&Import votes or ratings from a browser…", section=5),
    _help("shortcuts", "&Keys", "?", "Shift+F1"),
    _help("guides", "&Guides", "F1"),
    _help("open_log", "Show the &log"),
    _help("save_report", "Save &report…"),
    _help("about", "&About SkillViewer", section=1),
)


SEARCH_WORDS = {
    "show_inspect": "watch play look why heatmap attention",
    "show_compare": "models difference maps",
    "show_rank": "rate rater rating judge vote pairs",
    "show_finetune": "train training fine-tune tune learn",
    "show_export": "pdf report print clip gif picture table csv excel save",
    "export_now": "pdf report print clip gif picture table csv excel save",
    "import_ratings": "rate rater excel csv spreadsheet",
    "rank_ratings": "rater reliability icc kappa histogram",
    "better_video": "side by side reference aligned split",
    "keep_moment": "annotate label mark event",
    "assess": "score analyse run",
    "assess_all": "score analyse run",
    "settings": "preferences options theme",
    "full_screen": "theatre presentation",
}
"""Further words by which the command palette finds an action."""


def with_screens(screens: Sequence[tuple[str, str, str]]) -> tuple[ActionSpec, ...]:
    """Return all actions. Actions that show a screen, by Ctrl+1 to Ctrl+8, come before the others of the View menu.

    Args:
        screens: Name, title and icon of each screen.
    """
    screen_actions = []
    for number, (name, title, icon) in enumerate(screens, start=1):
        keys = (f"Ctrl+{number}",) if number <= 8 else ()
        action_name = f"{PREFIX_OF_SCREENS}{name}"
        screen_actions.append(ActionSpec(action_name, VIEW, title, keys, section=-1, icon=icon, checkable=True))
    first_view = next(index for index, spec in enumerate(ACTIONS) if spec.menu == VIEW)
    return (*ACTIONS[:first_view], *screen_actions, *ACTIONS[first_view:])
