"""Options of an export, made from the fields of its dataclass, for dialog and command line.

``offered`` gives a field its title; its kind comes from its type. A field of a type that cannot be typed in
is not offered.
"""

import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from skillviewer.core.analysis.map_style import MapStyle
from skillviewer.core.errors import ExportError

ValueT = TypeVar("ValueT")
_META = "offered"
TRACKS_TITLE = "Hands and tools"
TRACKS_HELP = "Tracks that are kept with the video, with the trail of the last second"
UNFAMILIAR_TITLE = "Scores of unfamiliar videos"
UNFAMILIAR_HELP = "Also where the model does not know such videos"


class OptionKind(StrEnum):
    """Kind of value that the user enters."""

    FLAG = "yes or no"
    WHOLE = "whole number"
    NUMBER = "number"
    TEXT = "text"
    FILE = "file"
    CHOICE = "choice"
    SIZE = "size"
    FRAMES = "frames"
    LOOK = "look"


@dataclass(frozen=True, slots=True)
class _Offer:
    """Title, help and limits of an option. See ``offered``."""

    title: str
    help: str = ""
    low: float | None = None
    high: float | None = None
    unit: str = ""
    choices: tuple[tuple[str, object], ...] = ()
    screen_offset: int = 0
    screen_title: str = ""


def offered(
    default: ValueT,
    title: str,
    help: str = "",  # noqa: A002 - what it is called everywhere else, too
    *,
    low: float | None = None,
    high: float | None = None,
    unit: str = "",
    choices: tuple[tuple[str, object], ...] = (),
    on_screen: tuple[str, int] = ("", 0),
) -> ValueT:
    """Return a field of a dataclass of options, with its words for the user.

    Args:
        default: Its default.
        title: Title, in a few words.
        help: One sentence more, without a full stop.
        low: Least value of a number.
        high: Greatest value of a number.
        unit: Unit of a number.
        choices: (name, value) of each choice, where the type alone does not tell.
        on_screen: (title, addend) of a number on screen, where frames count from 1: the addend is 1 for a frame, and 0
            for the frame after the last, which is the number of the last there; "" for the title above.
    """
    offer = _Offer(title, help, low, high, unit, choices, on_screen[1], on_screen[0])
    return field(default=default, metadata={_META: offer})


@dataclass(frozen=True, slots=True, kw_only=True)
class Option(_Offer):
    """One option of an export: its words, and how it is entered."""

    name: str  # field of the dataclass
    kind: OptionKind  # kind of value that the user enters
    default: Any  # its default
    empty: bool  # whether it may be left empty (None)

    @property
    def flag(self) -> str:
        """Name on the command line, without the dashes."""
        return self.name.replace("_", "-")

    def choice_name(self, value: object) -> str:
        """Return the name of a choice by its value."""
        return next((name for name, other in self.choices if other == value), str(value))


_PLAIN = {
    bool: OptionKind.FLAG,
    int: OptionKind.WHOLE,
    float: OptionKind.NUMBER,
    str: OptionKind.TEXT,
    Path: OptionKind.FILE,
}


def options_of(kind: type[Any] | None) -> tuple[Option, ...]:
    """Return the options that a dataclass offers, in its order; none for None."""
    if kind is None:
        return ()
    hints = get_type_hints(kind)
    options = []
    for field_ in fields(kind):
        default = field_.default if field_.default is not MISSING else _made(field_.default_factory)
        option = _option(field_.name, hints[field_.name], default, field_.metadata.get(_META))
        if option is not None:
            options.append(option)
    return tuple(options)


def _made(factory: Any) -> object:  # noqa: ANN401 - what dataclasses call a factory
    return None if factory is MISSING else factory()


def _option(name: str, hint: Any, default: object, offer: _Offer | None) -> Option | None:  # noqa: ANN401 - a type
    empty = False
    if get_origin(hint) in (Union, types.UnionType) and type(None) in get_args(hint):
        inner = [part for part in get_args(hint) if part is not type(None)]
        if len(inner) != 1:
            return None
        empty = True
        hint = inner[0]
    offer = offer if offer is not None else _Offer(name.replace("_", " ").capitalize())
    choices = offer.choices
    if get_origin(hint) is Literal:
        choices = choices or tuple((str(value), value) for value in get_args(hint))
    elif isinstance(hint, type) and issubclass(hint, StrEnum):
        choices = choices or tuple((str(value), value) for value in hint)
    if choices:
        kind = OptionKind.CHOICE
    elif hint in _PLAIN:
        kind = _PLAIN[hint]
    elif hint is MapStyle:
        kind = OptionKind.LOOK
    elif get_origin(hint) is tuple and get_args(hint) == (int, int):
        kind = OptionKind.SIZE
    elif get_origin(hint) is tuple and get_args(hint) == (int, ...):
        kind = OptionKind.FRAMES
    else:
        return None
    values = {field_.name: getattr(offer, field_.name) for field_ in fields(_Offer)}
    values |= {"choices": tuple(choices), "screen_title": offer.screen_title or offer.title}
    return Option(**values, name=name, kind=kind, default=default, empty=empty)


_LOOK: Mapping[str, _Offer] = {
    "overlay": _Offer("Map"),
    "scale": _Offer("Colour scale", "Maps whose values set its ends"),
    "between": _Offer("Between samples", "Hold the last map, or blend it into the next"),
    "colours": _Offer("Colours", choices=tuple((name, name) for name in ("inferno", "cividis"))),
    "strength": _Offer("Strength", "Greatest opacity of the map", 0.0, 1.0),
    "smooth": _Offer("Blend cells"),
    "common_limit": _Offer(
        "Common scale ends at", "For the common scale, of maps that are distributions", 0.1, 1000.0, "× average"
    ),
}


def map_style_options(map_style: MapStyle | None = None) -> tuple[Option, ...]:
    """Return the options that a look is made of, with a look's values as defaults."""
    map_style = map_style if map_style is not None else MapStyle()
    hints = get_type_hints(MapStyle)
    options = (
        _option(field_.name, hints[field_.name], getattr(map_style, field_.name), _LOOK[field_.name])
        for field_ in fields(MapStyle)
    )
    return tuple(option for option in options if option is not None)


def plain_options(options: object) -> dict[str, object]:
    """Return the values of offered options, but for files, as plain values for JSON; {} for None."""
    kinds = options_of(type(options)) if options is not None else ()
    return {o.name: _plain(o, getattr(options, o.name)) for o in kinds if o.kind is not OptionKind.FILE}


def _plain(option: Option, value: Any) -> object:  # noqa: ANN401 - whatever the option holds
    if option.kind is OptionKind.LOOK:
        return {part.name: _plain(part, getattr(value, part.name)) for part in map_style_options(value)}
    return option.choice_name(value) if option.kind is OptionKind.CHOICE and value is not None else value


def options_from(kind: type[Any] | None, values: Mapping[str, Any]) -> Any:  # noqa: ANN401 - an instance of the kind
    """Return options from plain values (``plain_options``, or a command line); what is missing or None is the default.

    Choices are names, with hyphens for spaces or not; sizes and frames are numbers or texts.

    Raises:
        ExportError: A value is not one of the option.
    """
    if kind is None:
        return None
    return kind(**{option.name: _read(option, values) for option in options_of(kind)})


def _read(option: Option, values: Mapping[str, Any]) -> object:
    value = values.get(option.name)
    if option.kind is OptionKind.LOOK:
        map_style = option.default if isinstance(option.default, MapStyle) else MapStyle()
        parts: dict[str, Any] = {
            part.name: _read(part, value if isinstance(value, Mapping) else values)
            for part in map_style_options(map_style)
        }
        return MapStyle(**parts)
    if value is None:
        return option.default
    if option.kind is OptionKind.CHOICE:
        by_flag = {hyphenated(name): choice for name, choice in option.choices}
        if hyphenated(str(value)) not in by_flag:
            raise ExportError(f"{option.title} cannot be “{value}”: choose one of {', '.join(by_flag)}.")
        return by_flag[hyphenated(str(value))]
    if option.kind in (OptionKind.SIZE, OptionKind.FRAMES) and not isinstance(value, str | list | tuple):
        raise ExportError(f"{option.title} cannot be “{value}”.")
    if option.kind is OptionKind.SIZE:
        return read_size(value if isinstance(value, str) else "x".join(map(str, value)))
    if option.kind is OptionKind.FRAMES:
        return read_frames(value if isinstance(value, str) else " ".join(map(str, value)))
    kinds: Mapping[OptionKind, tuple[type, ...]] = {
        OptionKind.FLAG: (bool,), OptionKind.WHOLE: (int,), OptionKind.NUMBER: (int, float), OptionKind.TEXT: (str,)
    }  # fmt: skip
    low, high = option.low, option.high
    if not isinstance(value, kinds.get(option.kind, (object,))):
        raise ExportError(f"{option.title} cannot be “{value}”.")
    if isinstance(value, int | float) and not (low is None or low <= value <= (high or value)):
        raise ExportError(f"{option.title} cannot be {value}.")
    return value


def hyphenated(name: str) -> str:
    """Return the name of a choice as the command line takes it."""
    return name.replace(" ", "-")


def read_size(text: str) -> tuple[int, int]:
    """Return (width_px, height_px) of "1280x720"; a size that no picture can have is an ExportError."""
    from skillviewer.media.writing.writer import MAX_PX

    parts = text.lower().replace("×", "x").split("x")
    if len(parts) != 2 or not all(part.strip().isdecimal() and int(part) > 0 for part in parts):
        raise ExportError(f"“{text}” is no size: write it as 1280x720.")
    size = int(parts[0]), int(parts[1])
    if max(size) > MAX_PX:
        raise ExportError(f"“{text}” is too large: choose at most {MAX_PX} pixels a side.")
    return size


def read_frames(text: str) -> tuple[int, ...]:
    """Return the frames of "10 20 30" or "10,20,30"; all but whole numbers is an ExportError."""
    parts = text.replace(",", " ").split()
    if not all(part.isdecimal() for part in parts):
        raise ExportError(f"“{text}” are no frames: write whole numbers with spaces or commas between.")
    return tuple(int(part) for part in parts)
