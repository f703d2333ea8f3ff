"""Options that state the meaning of the columns of a table of ratings."""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from inspect import signature
from typing import TYPE_CHECKING, Any

import click

from skillviewer.cli.options.dataset_options import PARTICIPANTS, add_options
from skillviewer.cli.options.renamed_option import RenamedOption
from skillviewer.cli.options.values import FILE
from skillviewer.cli.output import echo

if TYPE_CHECKING:
    from skillviewer.data.ratings.mapped_table import MappedTable
    from skillviewer.data.ratings.parsed_ratings import ParsedRatings
    from skillviewer.data.ratings.rating_table import RawTable
    from skillviewer.data.ratings.table_mapping import ItemMapping, TableMapping

_OPTIONS = (
    click.option("--sheet", default="", help="Sheet of a workbook.  [default: the one with the videos]"),
    click.option(
        "--header-row",
        "--titles-row",
        "header_row",
        cls=RenamedOption,
        type=click.IntRange(0),
        help="Row with the titles, empty rows counted; 0 for none.",
    ),
    click.option("--video-column", help="Column that names the video."),
    click.option(
        "--participant-column",
        "--person-column",
        "participant_column",
        cls=RenamedOption,
        help="Column that names the participant.",
    ),
    PARTICIPANTS,
    click.option("--rater-column", help="Column that names the rater; “none” for none."),
    click.option("--occasion-column", help="Column with the occasion or date; “none” for none."),
    click.option("--notes-column", help="Column with remarks of the raters; “none” for none."),
    click.option("--item-column", help="Column that names the item of a row; then --items is the column of ratings."),
    click.option(
        "--items", help="Columns with ratings, the criterion first: “Global,Flow”; one per rater: “Global=Ann|Bob”."
    ),
    click.option("--levels", multiple=True, help="Words from worst to best: “novice,expert” or “Flow=poor,good”."),
    click.option("--scale", multiple=True, help="Lowest and highest rating: “1:5” or “Flow=1:5”."),
    click.option(
        "--lower-is-better",
        "--less-is-better",
        "lower_is_better",
        cls=RenamedOption,
        multiple=True,
        help="Item whose lower ratings are better.",
    ),
    click.option("--name", "names", multiple=True, help="Video of a name in the table that fits none: “B 1=B1”."),
    click.option("--hidden-rows", is_flag=True, help="Use rows that the spreadsheet hides."),
    click.option(
        "--mapping",
        "mapping_file",
        type=FILE,
        help="Use the mapping.json of an earlier import; the other options change it.",
    ),
)
_ROLES = {
    "video": "video",
    "participant": "participant",
    "rater": "rater",
    "occasion": "occasion",
    "item": "item",
    "notes": "notes",
}


class RatingOptions:
    """Values of the options; None or empty if not given."""

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        self._given = parameters

    def reading(self) -> "tuple[TableMapping | None, str, int | None]":
        """Return the mapping of an earlier import or None, sheet and row of titles, to open the table.

        Raises:
            DatasetError: The mapping cannot be read.
        """
        from skillviewer.data.ratings.table_mapping import read_mapping

        file = self._given["mapping_file"]
        return None if file is None else read_mapping(file), self._given["sheet"], self._given["header_row"]

    def mapping(self, opened: "MappedTable") -> "TableMapping":
        """Return the mapping of a table with the changes of the options.

        Raises:
            UsageError: An option is invalid.
        """
        from msgspec.structs import replace

        from skillviewer.data.ratings.guessing import stated_items

        parameters, mapping = self._given, opened.mapping
        for role, option in _ROLES.items():
            title = parameters[f"{option}_column"]
            if title is not None:
                mapping = mapping.assigned(role, "" if title.casefold() == "none" else title)
        if parameters["items"] is not None:
            items = stated_items(_items(parameters["items"]), opened.table, mapping)
            for item in items:
                for column in item.columns:
                    mapping = mapping.assigned("", column.title)
            if mapping.item:
                items = tuple(replace(item, name="") for item in items)
            mapping = replace(mapping, items=items)
        self._check_names(mapping)
        unread = next((text for text in parameters["names"] if "=" not in text), None)
        if unread is not None:
            raise click.UsageError(f"--name {unread} is not a name and its video with “=” between them: “B 1=B1”.")
        return replace(
            mapping,
            names=mapping.names
            | {cell: video for cell, _, video in (text.rpartition("=") for text in parameters["names"])},
            items=tuple(self._item(item, opened.table) for item in mapping.items),
            participant_pattern=parameters["participants"] or mapping.participant_pattern,
            participant="" if parameters["participants"] else mapping.participant,
            hidden_rows=parameters["hidden_rows"] or mapping.hidden_rows,
        )

    def _check_names(self, mapping: "TableMapping") -> None:
        item_names = {item.name.casefold() for item in mapping.items}
        names_stated = [
            (f"--{kind}", text.partition("=")[0]) for kind in ("levels", "scale") for text in self._given[kind]
        ]
        names_stated = [
            (option, name) for option, name in names_stated if f"{name}=" in "".join(self._given[option[2:]])
        ]
        for option, name in [*names_stated, *(("--lower-is-better", text) for text in self._given["lower_is_better"])]:
            if name.strip().casefold() not in item_names:
                items_text = ", ".join(item.name for item in mapping.items)
                raise click.UsageError(f"{option} names the item “{name.strip()}”, and the items are: {items_text}.")

    def _item(self, item: "ItemMapping", table: "RawTable") -> "ItemMapping":
        from msgspec.structs import replace

        from skillviewer.data.ratings.numbers import is_number

        column_indices = [table.column(column.title) for column in item.columns]
        cells = {
            row.cells[index].casefold()
            for row in table.rows
            if not row.fault
            for index in column_indices
            if index is not None
        }
        # options without the name of an item apply to the items whose cells have these levels, or numbers
        levels = _value_for(
            item.name, self._given["levels"], lambda text: bool(cells & {*_split_levels(text.casefold())})
        )
        if levels is not None:
            item = replace(item, levels=_split_levels(levels))
        scale = _value_for(item.name, self._given["scale"], lambda _: any(map(is_number, cells)))
        if scale is not None:
            low, _, high = scale.partition(":")
            try:
                item = replace(item, low=float(low), high=float(high))
            except ValueError:
                raise click.UsageError(f"--scale {scale} is not two numbers with a colon between them: 1:5.") from None
        lower_is_better = [text.strip().casefold() for text in self._given["lower_is_better"]]
        return replace(item, less_is_better=item.less_is_better or item.name.casefold() in lower_is_better)

    def ambiguities(self, opened: "MappedTable") -> tuple[str, ...]:
        """Return the doubts about guesses, unless items were stated."""
        return opened.ambiguities if self._given["items"] is None else ()


def _items(text: str) -> list[tuple[str, list[str]]]:
    items = []
    for part in filter(None, (text_part.strip() for text_part in text.split(","))):
        name, equals, columns = part.partition("=")
        items.append(
            (
                name.strip(),
                [text_part.strip() for text_part in columns.split("|") if text_part.strip()] if equals else [],
            )
        )
    if not items:
        raise click.UsageError("--items names no column.")
    return items


def _split_levels(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _value_for(name: str, stated: tuple[str, ...], fits: Callable[[str], bool]) -> str | None:
    """Return the value for an item: under its name, else one without a name that fits it."""
    parts = [text.partition("=") for text in stated]
    of_item = [value for item, equals, value in parts if equals and item.strip().casefold() == name.casefold()]
    return next(iter((*of_item, *(item for item, equals, _ in parts if not equals and fits(item)))), None)


def rating_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, which gets ``RatingOptions`` as ``options``."""

    @wraps(command)
    def read(**parameters: Any) -> Any:  # noqa: ANN401 - click's parameters
        own_parameters = {name: parameters.pop(name) for name in [*parameters] if name in signature(command).parameters}
        return command(options=RatingOptions(parameters), **own_parameters)

    return add_options(read, _OPTIONS)


def print_import_report(rated: "ParsedRatings", titles: Sequence[str], ambiguities: tuple[str, ...]) -> None:
    """Print the meaning of the titled columns and the counts, and to stderr every row that was not fully used."""
    from skillviewer.data.tables.rows import abbreviated

    mapping, import_report = rated.mapping, rated.import_report
    rows = [
        ("video", mapping.video),
        ("participant", mapping.participant or mapping.participant_pattern or "not known"),
        ("rater", mapping.rater or ", ".join(rated.ratings.raters)),
        ("occasion", mapping.occasion),
        ("item", mapping.item),
        ("remarks", f"{mapping.notes} ({len(rated.remarks)})" if mapping.notes else ""),
    ]
    for scale in rated.ratings.scales:
        ends = " < ".join(scale.levels) or f"{scale.low:g} to {scale.high:g}{'' if scale.stated else ' (as given)'}"
        rows.append(("rating", f"{scale.item}: {ends}{', lower is better' if scale.less_is_better else ''}"))
    rows.append(("not used", abbreviated([title for title in titles if title not in mapping.column_titles()])))
    unrated = [f"Videos without a row: {abbreviated(import_report.unrated)}."] if import_report.unrated else []
    for line in (*ambiguities, *import_report.notices, *import_report.lines(), *unrated):
        echo(f"  ! {line}", err=True)
    for title, value in rows:
        if value:
            echo(f"  {title:<10} {value}")
    echo(f"  {import_report.count}")
