"""Command-line options of an export, made from the fields of its dataclass of options."""

from collections.abc import Mapping
from typing import Any

import click

from skillviewer.cli.options.values import PATH, Finite
from skillviewer.core.analysis.map_style import MapStyle
from skillviewer.core.errors import ExportError
from skillviewer.export.options import Option, OptionKind, hyphenated, map_style_options, options_from, options_of


def click_options(kind: type[Any] | None) -> list[click.Parameter]:
    """Return a click option for each option of a dataclass; a map style becomes several."""
    return [_parameter(option) for option in _flatten(options_of(kind))]


def parse_options(kind: type[Any] | None, parameters: Mapping[str, Any]) -> object:
    """Return an instance of a dataclass of options from the command line, or None if ``kind`` is None.

    Raises:
        click.UsageError: The text for a size or for frames is invalid.
    """
    try:
        return options_from(kind, parameters)
    except ExportError as error:
        raise click.UsageError(str(error)) from error


def _flatten(options: tuple[Option, ...]) -> list[Option]:
    flat_options: list[Option] = []
    for option in options:
        if option.kind is OptionKind.LOOK:
            default_style = option.default if isinstance(option.default, MapStyle) else None
            flat_options.extend(map_style_options(default_style))
        else:
            flat_options.append(option)
    return flat_options


def _parameter(option: Option) -> click.Option:
    help_text = ". ".join(part for part in (option.title, option.help) if part)
    if option.unit.strip("× "):
        help_text += f" ({option.unit})"
    help_text += "."
    if option.kind is OptionKind.FLAG:
        flags = [f"--{option.cli_name}/--no-{option.cli_name}", option.name]
        return click.Option(flags, default=bool(option.default), show_default=True, help=help_text)
    value_type, metavar = _value_type(option)
    default_text = _format_default(option)
    if default_text:
        help_text += f"  [default: {default_text}]"
    return click.Option(
        [f"--{option.cli_name}", option.name], type=value_type, metavar=metavar, default=None, help=help_text
    )


def _value_type(option: Option) -> tuple[click.ParamType[Any], str | None]:
    """Return the click type of an option, and its metavar or None for click's own."""
    if option.kind is OptionKind.WHOLE:
        low = None if option.low is None else int(option.low)
        high = None if option.high is None else int(option.high)
        return click.IntRange(low, high), None
    if option.kind is OptionKind.NUMBER:
        return Finite(option.low, option.high), None
    if option.kind is OptionKind.CHOICE:
        return click.Choice([hyphenated(name) for name, _ in option.choices]), None
    if option.kind is OptionKind.FILE:
        return PATH, "FILE"
    metavars = {OptionKind.SIZE: "WIDTHxHEIGHT", OptionKind.FRAMES: "FRAMES"}
    return click.STRING, metavars.get(option.kind, "TEXT")


def _format_default(option: Option) -> str:
    if option.kind is OptionKind.CHOICE:
        return hyphenated(option.choice_name(option.default))
    if option.default is None or option.default in ("", ()):
        return ""
    return f"{option.default:g}" if option.kind is OptionKind.NUMBER else str(option.default)
