"""Options of exports for the window and the command line, described by the fields of dataclasses.

``option_field`` gives a field its title; the kind of the option follows from the type of the field. Fields of types
that users cannot enter are no options.
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
_METADATA_KEY = "option"
TRACKS_TITLE = "Hands and tools"
TRACKS_HELP = "Saved tracks of the video, with the trail of the last second"
UNFAMILIAR_TITLE = "Scores of unfamiliar videos"
UNFAMILIAR_HELP = "Also of videos unlike those that the model was trained on"


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
class _OptionDescription:
    """Description of an option for the user; see ``option_field``."""

    title: str
    help: str = ""
    low: float | None = None
    high: float | None = None
    unit: str = ""
    choices: tuple[tuple[str, object], ...] = ()
    screen_offset: int = 0
    screen_title: str = ""


def option_field(
    default: ValueT,
    title: str,
    help: str = "",  # noqa: A002 - the usual name of a help text
    *,
    low: float | None = None,
    high: float | None = None,
    unit: str = "",
    choices: tuple[tuple[str, object], ...] = (),
    screen_title: str = "",
    screen_offset: int = 0,
) -> ValueT:
    """Return a field of a dataclass of options, with its texts for the user.

    Args:
        default: Default value.
        title: Title, in a few words.
        help: A further sentence, without a full stop.
        low: Smallest value of a number.
        high: Greatest value of a number.
        unit: Unit of a number.
        choices: (name, value) of each choice, unless the type lists the choices.
        screen_title: Title in the window, if it differs from the title on the command line.
        screen_offset: Number added to a frame in the window, where frames count from 1. It is 1 for a frame. It is 0
            for the frame after the last one, whose number from 0 is that of the last frame from 1.
    """
    description = _OptionDescription(title, help, low, high, unit, choices, screen_offset, screen_title)
    return field(default=default, metadata={_METADATA_KEY: description})


@dataclass(frozen=True, slots=True, kw_only=True)
class Option(_OptionDescription):
    """One option of an export."""

    name: str  # field of the dataclass
    kind: OptionKind  # kind of value that the user enters
    default: Any  # default value
    optional: bool  # whether the option may be left empty (None)

    @property
    def cli_name(self) -> str:
        """Name on the command line, without the dashes."""
        return self.name.replace("_", "-")

    def choice_name(self, value: object) -> str:
        """Return the name of a choice by its value."""
        return next((name for name, choice in self.choices if choice == value), str(value))


_KIND_BY_TYPE = {
    bool: OptionKind.FLAG,
    int: OptionKind.WHOLE,
    float: OptionKind.NUMBER,
    str: OptionKind.TEXT,
    Path: OptionKind.FILE,
}


def options_of(options_class: type[Any] | None) -> tuple[Option, ...]:
    """Return the options of a dataclass, in the order of its fields; none for None."""
    if options_class is None:
        return ()
    hints = get_type_hints(options_class)
    options = []
    for field_ in fields(options_class):
        default = field_.default if field_.default is not MISSING else _call_factory(field_.default_factory)
        option = _make_option(field_.name, hints[field_.name], default, field_.metadata.get(_METADATA_KEY))
        if option is not None:
            options.append(option)
    return tuple(options)


def _call_factory(factory: Any) -> object:  # noqa: ANN401 - typed so by dataclasses
    return None if factory is MISSING else factory()


def _make_option(
    name: str,
    hint: Any,  # noqa: ANN401 - a type
    default: object,
    description: _OptionDescription | None,
) -> Option | None:
    """Return the option of a field; None if users cannot enter values of its type."""
    optional = False
    if get_origin(hint) in (Union, types.UnionType) and type(None) in get_args(hint):
        value_types = [value_type for value_type in get_args(hint) if value_type is not type(None)]
        if len(value_types) != 1:
            return None
        optional = True
        hint = value_types[0]
    if description is None:
        description = _OptionDescription(title=name.replace("_", " ").capitalize())
    choices = description.choices
    if not choices:
        choices = _choices_of_type(hint)
    screen_title = description.screen_title
    if not screen_title:
        screen_title = description.title
    kind = OptionKind.CHOICE if choices else _kind_of_type(hint)
    if kind is None:
        return None
    values = {field_.name: getattr(description, field_.name) for field_ in fields(_OptionDescription)}
    values |= {"choices": choices, "screen_title": screen_title}
    return Option(**values, name=name, kind=kind, default=default, optional=optional)


def _choices_of_type(hint: Any) -> tuple[tuple[str, object], ...]:  # noqa: ANN401 - a type
    if get_origin(hint) is Literal:
        return tuple((str(value), value) for value in get_args(hint))
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return tuple((str(value), value) for value in hint)
    return ()


def _kind_of_type(hint: Any) -> OptionKind | None:  # noqa: ANN401 - a type
    if hint in _KIND_BY_TYPE:
        return _KIND_BY_TYPE[hint]
    if hint is MapStyle:
        return OptionKind.LOOK
    if get_origin(hint) is tuple and get_args(hint) == (int, int):
        return OptionKind.SIZE
    if get_origin(hint) is tuple and get_args(hint) == (int, ...):
        return OptionKind.FRAMES
    return None


_MAP_STYLE_DESCRIPTIONS: Mapping[str, _OptionDescription] = {
    "overlay": _OptionDescription("Map"),
    "scale": _OptionDescription("Colour scale", "Maps whose values determine the ends of the scale"),
    "between": _OptionDescription("Between samples", "Hold the last map, or blend it into the next"),
    "colours": _OptionDescription("Colours", choices=(("inferno", "inferno"), ("cividis", "cividis"))),
    "strength": _OptionDescription("Strength", "Greatest opacity of the map", 0.0, 1.0),
    "smooth": _OptionDescription("Blend cells"),
    "common_limit": _OptionDescription(
        "Common scale ends at",
        "For the common scale, of maps that are distributions",
        low=0.1,
        high=1000.0,
        unit="× average",
    ),
}


def map_style_options(map_style: MapStyle | None = None) -> tuple[Option, ...]:
    """Return one option for each field of a map style, with the values of ``map_style`` as defaults."""
    map_style = map_style if map_style is not None else MapStyle()
    hints = get_type_hints(MapStyle)
    options = []
    for field_ in fields(MapStyle):
        default = getattr(map_style, field_.name)
        option = _make_option(field_.name, hints[field_.name], default, _MAP_STYLE_DESCRIPTIONS[field_.name])
        if option is not None:
            options.append(option)
    return tuple(options)


def options_to_dict(options: object) -> dict[str, object]:
    """Return the values of options, except files, as values for JSON; {} for None."""
    if options is None:
        return {}
    return {
        option.name: _to_plain_value(option, getattr(options, option.name))
        for option in options_of(type(options))
        if option.kind is not OptionKind.FILE
    }


def _to_plain_value(option: Option, value: Any) -> object:  # noqa: ANN401 - any value of an option
    if option.kind is OptionKind.LOOK:
        style_options = map_style_options(value)
        return {
            style_option.name: _to_plain_value(style_option, getattr(value, style_option.name))
            for style_option in style_options
        }
    if option.kind is OptionKind.CHOICE and value is not None:
        return option.choice_name(value)
    return value


def options_from(options_class: type[Any] | None, values: Mapping[str, Any]) -> Any:  # noqa: ANN401 - an instance of the class
    """Return options from the values of ``options_to_dict`` or of a command line.

    Missing values and None become defaults. Choices are given by name, with spaces or hyphens; sizes and frames as
    numbers or texts.

    Raises:
        ExportError: A value is not valid for its option.
    """
    if options_class is None:
        return None
    arguments = {option.name: _read_value(option, values) for option in options_of(options_class)}
    return options_class(**arguments)


def _read_value(option: Option, values: Mapping[str, Any]) -> object:
    value = values.get(option.name)
    if option.kind is OptionKind.LOOK:
        # a record nests the fields of the map style, a command line has them among all options
        style_values = value if isinstance(value, Mapping) else values
        return _read_map_style(option, style_values)
    if value is None:
        return option.default
    if option.kind is OptionKind.CHOICE:
        return _read_choice(option, str(value))
    if option.kind in (OptionKind.SIZE, OptionKind.FRAMES) and not isinstance(value, str | list | tuple):
        raise ExportError(f"{option.title} cannot be “{value}”.")
    if option.kind is OptionKind.SIZE:
        size_text = value if isinstance(value, str) else "x".join(map(str, value))
        return parse_size(size_text)
    if option.kind is OptionKind.FRAMES:
        frames_text = value if isinstance(value, str) else " ".join(map(str, value))
        return parse_frames(frames_text)
    valid_types = _VALID_TYPES.get(option.kind)
    if valid_types is not None and not isinstance(value, valid_types):
        raise ExportError(f"{option.title} cannot be “{value}”.")
    if isinstance(value, int | float) and option.low is not None:
        is_too_high = option.high is not None and value > option.high
        if is_too_high or not option.low <= value:
            raise ExportError(f"{option.title} cannot be {value}.")
    return value


_VALID_TYPES: Mapping[OptionKind, tuple[type, ...]] = {
    OptionKind.FLAG: (bool,),
    OptionKind.WHOLE: (int,),
    OptionKind.NUMBER: (int, float),
    OptionKind.TEXT: (str,),
}


def _read_map_style(option: Option, values: Mapping[str, Any]) -> MapStyle:
    default_style = option.default if isinstance(option.default, MapStyle) else MapStyle()
    style_values: dict[str, Any] = {}
    for style_option in map_style_options(default_style):
        style_values[style_option.name] = _read_value(style_option, values)
    return MapStyle(**style_values)


def _read_choice(option: Option, name: str) -> object:
    choices = {hyphenated(choice_name): choice for choice_name, choice in option.choices}
    if hyphenated(name) not in choices:
        raise ExportError(f"{option.title} cannot be “{name}”: choose one of {', '.join(choices)}.")
    return choices[hyphenated(name)]


def hyphenated(name: str) -> str:
    """Return the name of a choice as it is typed on the command line."""
    return name.replace(" ", "-")


def parse_size(text: str) -> tuple[int, int]:
    """Return (width_px, height_px) of a text such as "1280x720".

    Raises:
        ExportError: The text is no size, or the size is too large for a picture.
    """
    from skillviewer.media.writing.writer import MAX_PX

    sides = text.lower().replace("×", "x").split("x")
    if len(sides) != 2 or not all(side.strip().isdecimal() and int(side) > 0 for side in sides):
        raise ExportError(f"“{text}” is no size: write it as 1280x720.")
    size = int(sides[0]), int(sides[1])
    if max(size) > MAX_PX:
        raise ExportError(f"“{text}” is too large: choose at most {MAX_PX} pixels a side.")
    return size


def parse_frames(text: str) -> tuple[int, ...]:
    """Return the frames of a text such as "10 20 30" or "10,20,30".

    Raises:
        ExportError: A frame is not a whole number.
    """
    numbers = text.replace(",", " ").split()
    if not all(number.isdecimal() for number in numbers):
        raise ExportError(f"“{text}” are no frames: write whole numbers with spaces or commas between.")
    return tuple(int(number) for number in numbers)
