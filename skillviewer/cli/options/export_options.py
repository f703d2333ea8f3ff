"""Options of an export on the command line, made from the fields of its dataclass."""

from collections.abc import Mapping
from typing import Any

import click

from skillviewer.cli.options.values import PATH, Finite
from skillviewer.core.analysis.map_style import MapStyle
from skillviewer.core.errors import ExportError
from skillviewer.export.options import Option, OptionKind, hyphenated, map_style_options, options_from, options_of


def click_options(kind: type[Any] | None) -> list[click.Parameter]:
    """Return the parameters that a dataclass of options offers; a look becomes several."""
    return [_parameter(option) for option in _flat(options_of(kind))]


def chosen_options(kind: type[Any] | None, parameters: Mapping[str, Any]) -> object:
    """Return the options that were given on the command line, or None if there are none to choose.

    Raises:
        click.UsageError: A size, or frames, cannot be read.
    """
    try:
        return options_from(kind, parameters)
    except ExportError as error:
        raise click.UsageError(str(error)) from error


def _flat(options: tuple[Option, ...]) -> list[Option]:
    flat: list[Option] = []
    for option in options:
        if option.kind is OptionKind.LOOK:
            flat.extend(map_style_options(option.default if isinstance(option.default, MapStyle) else None))
        else:
            flat.append(option)
    return flat


def _parameter(option: Option) -> click.Option:
    text = ". ".join(part for part in (option.title, option.help) if part)
    text += f" ({option.unit})" if option.unit.strip("× ") else ""
    if option.kind is OptionKind.FLAG:
        flags = [f"--{option.cli_name}/--no-{option.cli_name}", option.name]
        return click.Option(flags, default=bool(option.default), show_default=True, help=f"{text}.")
    kind, metavar, default_text = _kind(option)
    return click.Option(
        [f"--{option.cli_name}", option.name],
        type=kind,
        metavar=metavar,
        default=None,
        help=f"{text}.{f'  [default: {default_text}]' if default_text else ''}",
    )


def _kind(option: Option) -> tuple[click.ParamType[Any], str | None, str]:
    """Return the type, the word for the value, and the default in words."""
    default_text = "" if option.default is None or option.default in ("", ()) else str(option.default)
    low, high = option.low, option.high
    if option.kind is OptionKind.WHOLE:
        whole = click.IntRange(None if low is None else int(low), None if high is None else int(high))
        return whole, None, default_text
    if option.kind is OptionKind.NUMBER:
        return Finite(low, high), None, f"{option.default:g}" if option.default is not None else ""
    if option.kind is OptionKind.CHOICE:
        return (
            click.Choice([hyphenated(n) for n, _ in option.choices]),
            None,
            hyphenated(option.choice_name(option.default)),
        )
    if option.kind is OptionKind.FILE:
        return PATH, "FILE", default_text
    text = {OptionKind.SIZE: "WIDTHxHEIGHT", OptionKind.FRAMES: "FRAMES"}
    return click.STRING, text.get(option.kind, "TEXT"), default_text
