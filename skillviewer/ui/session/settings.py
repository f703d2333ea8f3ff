"""Typed settings that are stored between sessions."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Generic, TypeVar

from PySide6.QtCore import QByteArray, QSettings

from skillviewer.core.analysis.map_style import MapStyle
from skillviewer.core.analysis.score_curve import CURVE_LOOK, CURVE_LOOKS
from skillviewer.core.paths import drafts_dir
from skillviewer.ui.widgets.theme import ThemeChoice

MAX_RECENT = 8
TEXT_SIZES = (90, 100, 115, 130, 150, 175, 200)
PASSES = (1, 2, 4, 8)  # numbers of passes offered
MAX_DIGITS = 10  # of stored numbers; longer ones are invalid
DEFAULT_CACHE_GB = 20
MAX_CACHE_GB = 4096
ChoiceT = TypeVar("ChoiceT", bound=StrEnum)
ValueT = TypeVar("ValueT")


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [value]
    return tuple(str(item) for item in items if item)


def _bytes(value: object) -> QByteArray:
    return value if isinstance(value, QByteArray) else QByteArray()


def _number(value: object, default: int) -> int:
    text = str(value)
    is_valid = text.isdecimal() and len(text) < MAX_DIGITS
    return int(text) if is_valid else default


def _choice(value: object, default: ChoiceT) -> ChoiceT:
    try:
        choices = type(default)
        return choices(str(value))
    except ValueError:
        return default


def _on_by_default(value: object) -> bool:
    return value is None or _off_by_default(value)


def _off_by_default(value: object) -> bool:
    return str(value) == "true"


def _bool_text(value: bool) -> str:
    return "true" if value else "false"


def _text_size(value: object) -> int:
    percent = _number(value, 100)
    return percent if percent in TEXT_SIZES else 100


def _curve_look(value: object) -> str:
    name = _text(value)
    return name if name in {look.name for look in CURVE_LOOKS} else CURVE_LOOK


def _passes(value: object) -> int:
    n_passes = _number(value, 1)
    return min(max(n_passes, 1), 8)


def _cache_gb(value: object) -> int:
    size_gb = _number(value, DEFAULT_CACHE_GB)
    return min(max(size_gb, 1), MAX_CACHE_GB)


@dataclass(frozen=True, slots=True)
class Stored(Generic[ValueT]):
    """Descriptor of a setting."""

    key: str  # key in the store
    read: Callable[[object], ValueT]  # converts a value from the store; None if it is not set
    write: Callable[[ValueT], object] = str  # converts a value for the store

    def __get__(self, settings: "Settings", _owner: object = None) -> ValueT:
        return self.read(settings.stored_values[self.key])

    def __set__(self, settings: "Settings", value: ValueT) -> None:
        stored_value = self.write(value)
        settings.stored_values[self.key] = stored_value
        settings.store.setValue(self.key, stored_value)


class Settings:
    """A typed view of QSettings. An invalid value counts as not set."""

    theme = Stored("window/theme", lambda value: _choice(value, ThemeChoice.SYSTEM))
    text_size = Stored("window/text_size", _text_size)
    """Size of text in percent of the default size, one of ``TEXT_SIZES``."""
    curve_look = Stored("look/curve", _curve_look)
    """Look of the score curve; the default if the stored look does not exist."""
    passes = Stored("model/passes", _passes)
    """Interleaved passes of an assessment, 1 to 8."""
    model = Stored("model/folder", _text)  # folder of the last used checkpoint, or ""
    compared_models: Stored[tuple[str, ...]] = Stored("compare/models", _texts, list)
    """Models compared last, each a folder of a checkpoint or "uniform"; empty at first."""
    automatic = Stored("model/automatic", _on_by_default, _bool_text)
    """True if the video on screen is assessed automatically."""
    sound = Stored("player/sound", _on_by_default, _bool_text)  # True if videos play with sound
    waveform = Stored("player/waveform", _off_by_default, _bool_text)
    """True if the waveform of the sound is shown below the curve."""
    unfamiliar_scores = Stored("model/unfamiliar_scores", _off_by_default, _bool_text)
    """True if scores of videos unlike the training videos are shown."""
    geometry = Stored("window/geometry", _bytes, QByteArray)  # position and size of the window; empty at first
    export_folder = Stored("export/folder", _text)  # folder of the last export, or "" before the first
    user_name = Stored("person/name", _text, str.strip)
    """Name of the user, which signs notes, moments and the log of a study; "" for none."""
    cache_gb = Stored("storage/features_gb", _cache_gb)
    """Maximal size of the feature cache on disk, in GiB."""

    def __init__(self, store: QSettings) -> None:
        self.store = store
        keys = [member.key for member in vars(Settings).values() if isinstance(member, Stored)]
        # Worker threads read settings too, and QSettings must not be shared.
        self.stored_values: dict[str, object] = {key: store.value(key) for key in keys}

    @classmethod
    def in_folder(cls, folder: Path) -> "Settings":
        """Return the settings stored in ``FOLDER/window.ini``."""
        return cls(QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat))

    def save(self) -> None:
        self.store.sync()

    @property
    def path(self) -> Path:
        return Path(self.store.fileName())

    @property
    def is_writable(self) -> bool:
        return self.store.isWritable()

    @property
    def keys(self) -> dict[str, tuple[str, ...]]:
        """Shortcuts that the user has changed, in Qt's portable form, by action. An empty tuple is no shortcut."""
        self.store.beginGroup("keys")
        shortcuts = {name: _texts(self.store.value(name)) for name in self.store.childKeys()}
        self.store.endGroup()
        return shortcuts

    @keys.setter
    def keys(self, keys: Mapping[str, tuple[str, ...]]) -> None:
        self.store.remove("keys")
        for name, shortcuts in keys.items():
            self.store.setValue(f"keys/{name}", list(shortcuts))

    @property
    def map_style(self) -> MapStyle:
        default = MapStyle()
        colours = str(self.store.value("look/colours", default.colours))
        if colours not in {"inferno", "cividis"}:
            colours = default.colours
        strength_percent = _number(self.store.value("look/strength"), round(100 * default.strength))
        return MapStyle(
            overlay=_choice(self.store.value("look/overlay"), default.overlay),
            scale=_choice(self.store.value("look/scale"), default.scale),
            between=_choice(self.store.value("look/between"), default.between),
            colours=colours,
            strength=min(strength_percent, 100) / 100,
            smooth=_on_by_default(self.store.value("look/smooth")),
        )

    @map_style.setter
    def map_style(self, map_style: MapStyle) -> None:
        values = asdict(map_style)
        for key in ("overlay", "scale", "between", "colours"):
            self.store.setValue(f"look/{key}", str(values[key]))
        self.store.setValue("look/strength", str(round(100 * map_style.strength)))
        self.store.setValue("look/smooth", _bool_text(map_style.smooth))

    @property
    def recent(self) -> tuple[Path, ...]:
        """Recently opened files and folders, the latest first, without deleted drafts."""
        drafts = drafts_dir().absolute()
        recent = []
        for text in _texts(self.store.value("files/recent")):
            path = Path(text)
            is_draft = path.absolute().parent == drafts
            if not is_draft or path.exists():
                recent.append(path)
        return tuple(recent[:MAX_RECENT])

    def remember(self, path: Path) -> None:
        """Make a path the first of the recent paths."""
        paths = [path, *(other for other in self.recent if other != path)]
        self.store.setValue("files/recent", [str(p) for p in paths[:MAX_RECENT]])

    def forget_recent(self) -> None:
        self.store.setValue("files/recent", [])

    def layout(self, screen: str) -> QByteArray:
        """Return the saved arrangement of a screen's docks; empty at first."""
        return _bytes(self.store.value(f"window/layout_{screen}"))

    def save_layout(self, screen: str, value: QByteArray) -> None:
        self.store.setValue(f"window/layout_{screen}", value)
