"""The settings that the window keeps between sessions, typed."""

from collections.abc import Mapping
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QByteArray, QSettings

from skillviewer.core.analysis.scene import Look
from skillviewer.core.analysis.score_curve import CURVE_LOOK, CURVE_LOOKS
from skillviewer.core.paths import drafts_dir
from skillviewer.ui.widgets.theme import ThemeChoice

MOST_RECENT = 8
TEXT_SIZES = (90, 100, 115, 130)
MOST_DIGITS = 10
CACHE_GB, MOST_CACHE_GB = 20, 4096
ChoiceT = TypeVar("ChoiceT", bound=StrEnum)


class Settings:
    """A typed view of QSettings. An invalid value counts as not set."""

    def __init__(self, store: QSettings) -> None:
        self._store = store
        # kept apart, for worker threads read it too
        self._cache_gb = min(max(self._number("storage/features_gb", CACHE_GB), 1), MOST_CACHE_GB)

    @classmethod
    def in_folder(cls, folder: Path) -> "Settings":
        """Return the settings kept in ``FOLDER/window.ini``."""
        return cls(QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat))

    def save(self) -> None:
        """Write to disk."""
        self._store.sync()

    @property
    def kept_in(self) -> Path:
        """The file."""
        return Path(self._store.fileName())

    @property
    def can_be_kept(self) -> bool:
        """True where the file can be written."""
        return self._store.isWritable()

    def _number(self, key: str, default: int) -> int:
        text = str(self._store.value(key, str(default)))
        return int(text) if text.isdecimal() and len(text) < MOST_DIGITS else default

    def _text(self, key: str) -> str:
        value = self._store.value(key, "")
        return value if isinstance(value, str) else ""

    def _choice(self, key: str, default: ChoiceT) -> ChoiceT:
        try:
            return type(default)(str(self._store.value(key, str(default))))
        except ValueError:
            return default

    @property
    def theme(self) -> ThemeChoice:
        """Light, dark, or as the system."""
        return self._choice("window/theme", ThemeChoice.SYSTEM)

    @theme.setter
    def theme(self, choice: ThemeChoice) -> None:
        self._store.setValue("window/theme", str(choice))

    @property
    def text_size(self) -> int:
        """Size of text in per cent of the usual size, one of ``TEXT_SIZES``."""
        percent = self._number("window/text_size", 100)
        return percent if percent in TEXT_SIZES else 100

    @text_size.setter
    def text_size(self, percent: int) -> None:
        self._store.setValue("window/text_size", str(percent))

    @property
    def keys(self) -> dict[str, tuple[str, ...]]:
        """Keys that the user has changed, in Qt's portable form, by action; a list may be empty."""
        self._store.beginGroup("keys")
        found = {}
        for name in self._store.childKeys():
            value = self._store.value(name, [])
            items = value if isinstance(value, list) else [value]
            found[name] = tuple(str(item) for item in items if item)
        self._store.endGroup()
        return found

    @keys.setter
    def keys(self, keys: Mapping[str, tuple[str, ...]]) -> None:
        self._store.remove("keys")
        for name, chosen in keys.items():
            self._store.setValue(f"keys/{name}", list(chosen))

    @property
    def cache_gb(self) -> int:
        """Size of the feature cache on the disk, at most, in GiB."""
        return self._cache_gb

    @cache_gb.setter
    def cache_gb(self, size: int) -> None:
        self._cache_gb = size
        self._store.setValue("storage/features_gb", str(size))

    @property
    def look(self) -> Look:
        """The look of maps."""
        default = Look()
        colours = str(self._store.value("look/colours", default.colours))
        return Look(
            overlay=self._choice("look/overlay", default.overlay),
            scale=self._choice("look/scale", default.scale),
            between=self._choice("look/between", default.between),
            colours=colours if colours in {"inferno", "cividis"} else default.colours,
        )

    @look.setter
    def look(self, look: Look) -> None:
        values = asdict(look)
        for key in ("overlay", "scale", "between", "colours"):
            self._store.setValue(f"look/{key}", str(values[key]))

    @property
    def curve_look(self) -> str:
        """The look of the score curve; the usual one where the stored look does not exist."""
        name = self._text("look/curve")
        return name if name in {look.name for look in CURVE_LOOKS} else CURVE_LOOK

    @curve_look.setter
    def curve_look(self, look: str) -> None:
        self._store.setValue("look/curve", look)

    @property
    def passes(self) -> int:
        """Interleaved passes of an assessment, 1 to 8."""
        return min(max(self._number("model/passes", 1), 1), 8)

    @passes.setter
    def passes(self, passes: int) -> None:
        self._store.setValue("model/passes", str(passes))

    @property
    def model(self) -> str:
        """Folder of the checkpoint used last, or ""."""
        return self._text("model/folder")

    @model.setter
    def model(self, folder: str) -> None:
        self._store.setValue("model/folder", folder)

    @property
    def compared(self) -> tuple[str, ...]:
        """The models that were compared last, by folder of the checkpoint or "uniform"; empty at first."""
        value = self._store.value("compare/models", [])
        items = value if isinstance(value, list) else [value]
        return tuple(str(item) for item in items if item)

    @compared.setter
    def compared(self, keys: tuple[str, ...]) -> None:
        self._store.setValue("compare/models", list(keys))

    @property
    def automatic(self) -> bool:
        """True where the video on screen is assessed automatically."""
        return str(self._store.value("model/automatic", "true")) == "true"

    @automatic.setter
    def automatic(self, on: bool) -> None:
        self._store.setValue("model/automatic", "true" if on else "false")

    @property
    def recent(self) -> tuple[Path, ...]:
        """Files and folders opened before, the latest first; without empty drafts."""
        value = self._store.value("files/recent", [])
        items = value if isinstance(value, list) else [value]
        paths = (Path(str(item)) for item in items if item)
        drafts = drafts_dir().absolute()
        return tuple(path for path in paths if path.absolute().parent != drafts or path.exists())[:MOST_RECENT]

    def remember(self, path: Path) -> None:
        """Put a file or folder first among the recent ones."""
        paths = [path, *(other for other in self.recent if other != path)][:MOST_RECENT]
        self._store.setValue("files/recent", [str(p) for p in paths])

    def forget_recent(self) -> None:
        """Forget what was opened."""
        self._store.setValue("files/recent", [])

    @property
    def geometry(self) -> QByteArray:
        """Position and size of the window; empty at first."""
        value = self._store.value("window/geometry")
        return value if isinstance(value, QByteArray) else QByteArray()

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._store.setValue("window/geometry", value)

    def layout(self, screen: str) -> QByteArray:
        """Return the arrangement of the docks of a screen; empty at first."""
        value = self._store.value(f"window/layout_{screen}")
        return value if isinstance(value, QByteArray) else QByteArray()

    def keep_layout(self, screen: str, value: QByteArray) -> None:
        """Store the arrangement of the docks of a screen."""
        self._store.setValue(f"window/layout_{screen}", value)

    @property
    def export_folder(self) -> str:
        """Folder of the last export, or "" before the first."""
        return self._text("export/folder")

    @export_folder.setter
    def export_folder(self, folder: str) -> None:
        self._store.setValue("export/folder", folder)

    @property
    def person(self) -> str:
        """Name of the user, with which notes and moments are signed; "" for none."""
        return self._text("person/name")

    @person.setter
    def person(self, name: str) -> None:
        self._store.setValue("person/name", name.strip())


PASSES = (1, 2, 4, 8)
