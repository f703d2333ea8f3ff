"""The settings that the window keeps between sessions, typed."""

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
MAX_DIGITS = 10
CACHE_GB, MAX_CACHE_GB = 20, 4096
ChoiceT = TypeVar("ChoiceT", bound=StrEnum)
ValueT = TypeVar("ValueT")


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _items(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in (value if isinstance(value, list) else [value]) if item)


def _bytes(value: object) -> QByteArray:
    return value if isinstance(value, QByteArray) else QByteArray()


def _number(value: object, default: int) -> int:
    text = str(value)
    return int(text) if text.isdecimal() and len(text) < MAX_DIGITS else default


def _choice(value: object, default: ChoiceT) -> ChoiceT:
    try:
        return type(default)(str(value))
    except ValueError:
        return default


def _switch(value: object) -> bool:
    return value is None or str(value) == "true"


def _text_size(value: object) -> int:
    percent = _number(value, 100)
    return percent if percent in TEXT_SIZES else 100


def _curve_look(value: object) -> str:
    name = _text(value)
    return name if name in {look.name for look in CURVE_LOOKS} else CURVE_LOOK


@dataclass(frozen=True, slots=True)
class Stored(Generic[ValueT]):
    """A setting, as a descriptor of ``Settings``."""

    key: str  # its key in the store
    read: Callable[[object], ValueT]  # makes the value from that in the store, None if it is not set
    write: Callable[[ValueT], object] = str  # makes the value for the store

    def __get__(self, settings: "Settings", _owner: object = None) -> ValueT:
        return self.read(settings.held[self.key])

    def __set__(self, settings: "Settings", value: ValueT) -> None:
        settings.held[self.key] = self.write(value)
        settings.store.setValue(self.key, settings.held[self.key])


class Settings:
    """A typed view of QSettings. An invalid value counts as not set."""

    theme = Stored("window/theme", lambda value: _choice(value, ThemeChoice.SYSTEM))  # light, dark, or as the system
    text_size = Stored("window/text_size", _text_size)
    """Size of text in per cent of the usual size, one of ``TEXT_SIZES``."""
    curve_look = Stored("look/curve", _curve_look)
    """The look of the score curve; the usual one where the stored look does not exist."""
    passes = Stored("model/passes", lambda value: min(max(_number(value, 1), 1), 8))
    """Interleaved passes of an assessment, 1 to 8."""
    model = Stored("model/folder", _text)  # folder of the checkpoint used last, or ""
    compared: Stored[tuple[str, ...]] = Stored("compare/models", _items, list)
    """The models that were compared last, by folder of the checkpoint or "uniform"; empty at first."""
    automatic = Stored("model/automatic", _switch, lambda on: "true" if on else "false")
    """True if the video on screen is assessed automatically."""
    sound = Stored("player/sound", _switch, lambda on: "true" if on else "false")  # true if videos play their sound
    waveform = Stored("player/waveform", lambda value: str(value) == "true", lambda on: "true" if on else "false")
    """True if the waveform of the sound is shown under the curve."""
    unfamiliar_scores = Stored(
        "model/unfamiliar_scores", lambda value: str(value) == "true", lambda on: "true" if on else "false"
    )
    """True if scores of videos that are unlike the training videos are shown."""
    geometry = Stored("window/geometry", _bytes, QByteArray)  # position and size of the window; empty at first
    export_folder = Stored("export/folder", _text)  # folder of the last export, or "" before the first
    user_name = Stored("person/name", _text, str.strip)
    """Name of the user, which signs notes, moments and the log of a study; "" for none."""
    cache_gb = Stored("storage/features_gb", lambda value: min(max(_number(value, CACHE_GB), 1), MAX_CACHE_GB))
    """Size of the feature cache on the disk, at most, in GiB."""

    def __init__(self, store: QSettings) -> None:
        self.store = store
        stored = [member.key for member in vars(Settings).values() if isinstance(member, Stored)]
        self.held: dict[str, object] = {key: store.value(key) for key in stored}  # worker threads read them too

    @classmethod
    def in_folder(cls, folder: Path) -> "Settings":
        """Return the settings kept in ``FOLDER/window.ini``."""
        return cls(QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat))

    def save(self) -> None:
        self.store.sync()

    @property
    def kept_in(self) -> Path:
        return Path(self.store.fileName())

    @property
    def can_be_kept(self) -> bool:
        return self.store.isWritable()

    @property
    def keys(self) -> dict[str, tuple[str, ...]]:
        """Keys that the user has changed, in Qt's portable form, by action; a list may be empty."""
        self.store.beginGroup("keys")
        values = {}
        for name in self.store.childKeys():
            values[name] = _items(self.store.value(name))
        self.store.endGroup()
        return values

    @keys.setter
    def keys(self, keys: Mapping[str, tuple[str, ...]]) -> None:
        self.store.remove("keys")
        for name, key_texts in keys.items():
            self.store.setValue(f"keys/{name}", list(key_texts))

    @property
    def map_style(self) -> MapStyle:
        default = MapStyle()
        colours = str(self.store.value("look/colours", default.colours))
        return MapStyle(
            overlay=_choice(self.store.value("look/overlay"), default.overlay),
            scale=_choice(self.store.value("look/scale"), default.scale),
            between=_choice(self.store.value("look/between"), default.between),
            colours=colours if colours in {"inferno", "cividis"} else default.colours,
            strength=min(_number(self.store.value("look/strength"), round(100 * default.strength)), 100) / 100,
            smooth=_switch(self.store.value("look/smooth")),
        )

    @map_style.setter
    def map_style(self, map_style: MapStyle) -> None:
        values = asdict(map_style)
        for key in ("overlay", "scale", "between", "colours"):
            self.store.setValue(f"look/{key}", str(values[key]))
        self.store.setValue("look/strength", str(round(100 * map_style.strength)))
        self.store.setValue("look/smooth", str(map_style.smooth).lower())

    @property
    def recent(self) -> tuple[Path, ...]:
        """Files and folders opened before, the latest first; without empty drafts."""
        paths = map(Path, _items(self.store.value("files/recent")))
        drafts = drafts_dir().absolute()
        return tuple(path for path in paths if path.absolute().parent != drafts or path.exists())[:MAX_RECENT]

    def remember(self, path: Path) -> None:
        paths = [path, *(other for other in self.recent if other != path)][:MAX_RECENT]
        self.store.setValue("files/recent", [str(p) for p in paths])

    def forget_recent(self) -> None:
        self.store.setValue("files/recent", [])

    def layout(self, screen: str) -> QByteArray:
        """Return the arrangement of the docks of a screen; empty at first."""
        return _bytes(self.store.value(f"window/layout_{screen}"))

    def save_layout(self, screen: str, value: QByteArray) -> None:
        self.store.setValue(f"window/layout_{screen}", value)


PASSES = (1, 2, 4, 8)
