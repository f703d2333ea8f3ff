"""Options for the meaning of the columns of a table of ratings, and the printed import report."""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from inspect import signature
from typing import TYPE_CHECKING, Any

import click

from skillviewer.cli.options.add_options import add_options
from skillviewer.cli.options.dataset_options import PARTICIPANTS
from skillviewer.cli.options.renamed_option import RenamedOption
from skillviewer.cli.options.values import FILE
from skillviewer.cli.output import echo

if TYPE_CHECKING:
    from skillviewer.core.dataset.rating_set import RatingScale
    from skillviewer.data.ratings.mapped_table import MappedTable
    from skillviewer.data.ratings.parsed_ratings import ParsedRatings
    from skillviewer.data.ratings.rating_table import RawTable
    from skillviewer.data.ratings.table_mapping import ItemMapping, TableMapping

_OPTIONS = (
    click.option("--sheet", default="", help="Sheet of a workbook.  [default: the sheet with the videos]"),
    click.option(
        "--header-row",
        "--titles-row",
        "header_row",
        cls=RenamedOption,
        type=click.IntRange(0),
        help="Number of the row with the titles, counting empty rows; 0 for none.",
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
    click.option(
        "--item-column", help="Column that names the item of each row; then --items is the column with the ratings."
    ),
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
    click.option(
        "--name", "names", multiple=True, help="Video for a name in the table that matches no video: “B 1=B1”."
    ),
    click.option("--hidden-rows", is_flag=True, help="Use rows that the spreadsheet hides."),
    click.option(
        "--mapping",
        "mapping_file",
        type=FILE,
        help="Use the mapping.json of an earlier import; the other options change it.",
    ),
)
_ROLES = ("video", "participant", "rater", "occasion", "item", "notes")
"""Roles of columns that have an option each, such as --video-column."""


class RatingOptions:
    """Values of the options, and the mapping of a table that they make.

    Args:
        parameters: The values by the name of the option; None or empty if not given.
    """

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        self._parameters = parameters

    @property
    def sheet(self) -> str:
        """Sheet of a workbook, or "" to choose the one with the videos."""
        sheet: str = self._parameters["sheet"]
        return sheet

    @property
    def header_row(self) -> int | None:
        """Number of the row with the titles, 0 for none, or None to find it."""
        header_row: int | None = self._parameters["header_row"]
        return header_row

    def earlier_mapping(self) -> "TableMapping | None":
        """Return the mapping of an earlier import, or None if none is given.

        Raises:
            DatasetError: The mapping cannot be read.
        """
        from skillviewer.data.ratings.table_mapping import read_mapping

        file = self._parameters["mapping_file"]
        return None if file is None else read_mapping(file)

    def mapping(self, mapped_table: "MappedTable") -> "TableMapping":
        """Return the mapping of a table with the changes of the options.

        Raises:
            UsageError: An option is invalid.
        """
        from msgspec.structs import replace

        parameters = self._parameters
        mapping = mapped_table.mapping
        for role in _ROLES:
            title = parameters[f"{role}_column"]
            if title is not None:
                if title.casefold() == "none":
                    title = ""
                mapping = mapping.assigned(role, title)
        if parameters["items"] is not None:
            mapping = _with_items(mapping, parameters["items"], mapped_table.table)
        self._check_item_names(mapping)
        if parameters["participants"]:
            mapping = replace(mapping, participant_pattern=parameters["participants"], participant="")
        if parameters["hidden_rows"]:
            mapping = replace(mapping, hidden_rows=True)
        return replace(
            mapping,
            names=mapping.names | self._video_by_name(),
            items=tuple(self._with_scale(item, mapped_table.table) for item in mapping.items),
        )

    def _video_by_name(self) -> dict[str, str]:
        video_by_name = {}
        for text in self._parameters["names"]:
            if "=" not in text:
                raise click.UsageError(f"--name {text} is not a name and its video with “=” between them: “B 1=B1”.")
            name, _, video = text.rpartition("=")
            video_by_name[name] = video
        return video_by_name

    def _check_item_names(self, mapping: "TableMapping") -> None:
        """Raise an error if an option names an item that the mapping does not have."""
        stated_names = [("--lower-is-better", name) for name in self._parameters["lower_is_better"]]
        for option in ("levels", "scale"):
            for text in self._parameters[option]:
                name, equals, _ = text.partition("=")
                if equals:
                    stated_names.append((f"--{option}", name))
        item_names = {item.name.casefold() for item in mapping.items}
        for option, name in stated_names:
            if name.strip().casefold() not in item_names:
                items_text = ", ".join(item.name for item in mapping.items)
                raise click.UsageError(f"{option} names the item “{name.strip()}”, and the items are: {items_text}.")

    def _with_scale(self, item: "ItemMapping", table: "RawTable") -> "ItemMapping":
        """Return an item with the levels, the scale and the direction that the options state.

        A value without the name of an item applies to the items whose cells have these levels, or numbers.
        """
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

        def has_levels(text: str) -> bool:
            return not cells.isdisjoint(_split_levels(text.casefold()))

        def has_numbers(_text: str) -> bool:
            return any(is_number(cell) for cell in cells)

        levels = _value_for(item.name, self._parameters["levels"], has_levels)
        if levels is not None:
            item = replace(item, levels=_split_levels(levels))
        scale = _value_for(item.name, self._parameters["scale"], has_numbers)
        if scale is not None:
            low, _, high = scale.partition(":")
            try:
                item = replace(item, low=float(low), high=float(high))
            except ValueError:
                raise click.UsageError(f"--scale {scale} is not two numbers with a colon between them: 1:5.") from None
        lower_is_better = [name.strip().casefold() for name in self._parameters["lower_is_better"]]
        if item.name.casefold() in lower_is_better:
            item = replace(item, less_is_better=True)
        return item

    def ambiguities(self, mapped_table: "MappedTable") -> tuple[str, ...]:
        """Return the ambiguous guesses about a table; none if --items states its items."""
        return mapped_table.ambiguities if self._parameters["items"] is None else ()


def _with_items(mapping: "TableMapping", items_text: str, table: "RawTable") -> "TableMapping":
    """Return the mapping with the items that --items states."""
    from msgspec.structs import replace

    from skillviewer.data.ratings.guessing import stated_items

    items = stated_items(_parse_items(items_text), table, mapping)
    for item in items:
        for column in item.columns:
            mapping = mapping.assigned("", column.title)
    if mapping.item:
        items = tuple(replace(item, name="") for item in items)
    return replace(mapping, items=items)


def _parse_items(text: str) -> list[tuple[str, list[str]]]:
    """Return the names and columns of “Global,Flow” or “Global=Ann|Bob”; no columns if only a name is given."""
    items = []
    for item_text in _split(text, ","):
        name, _, columns_text = item_text.partition("=")
        items.append((name.strip(), _split(columns_text, "|")))
    if not items:
        raise click.UsageError("--items names no column.")
    return items


def _split_levels(text: str) -> tuple[str, ...]:
    return tuple(_split(text, ","))


def _split(text: str, separator: str) -> list[str]:
    return [part.strip() for part in text.split(separator) if part.strip()]


def _value_for(item_name: str, texts: tuple[str, ...], applies: Callable[[str], bool]) -> str | None:
    """Return the value of “ITEM=VALUE” for an item, else the first value without an item that applies, else None."""
    unnamed_values = []
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            unnamed_values.append(text)
        elif name.strip().casefold() == item_name.casefold():
            return value
    return next(filter(applies, unnamed_values), None)


def rating_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, which gets ``RatingOptions`` as ``options``."""
    own_names = signature(command).parameters

    @wraps(command)
    def run_command(**parameters: Any) -> Any:  # noqa: ANN401 - click's parameters
        own_parameters = {name: value for name, value in parameters.items() if name in own_names}
        options = RatingOptions({name: value for name, value in parameters.items() if name not in own_names})
        return command(options=options, **own_parameters)

    return add_options(run_command, _OPTIONS)


def print_import_report(ratings: "ParsedRatings", titles: Sequence[str], ambiguities: tuple[str, ...]) -> None:
    """Print the meaning of the columns and the counts and, to stderr, every row that was not fully used.

    Args:
        ratings: The ratings of a table, with the report of its rows.
        titles: Titles of all columns of the table.
        ambiguities: Sentences about guesses that the user should check.
    """
    from skillviewer.core.text import join_names

    mapping = ratings.mapping
    import_report = ratings.import_report
    unused_titles = [title for title in titles if title not in mapping.column_titles()]
    participant = "not known"
    if mapping.participant:
        participant = mapping.participant
    elif mapping.participant_pattern:
        participant = mapping.participant_pattern
    rater = mapping.rater
    if not rater:
        rater = ", ".join(ratings.ratings.raters)
    remarks = f"{mapping.notes} ({len(ratings.remarks)})" if mapping.notes else ""
    rows = [
        ("video", mapping.video),
        ("participant", participant),
        ("rater", rater),
        ("occasion", mapping.occasion),
        ("item", mapping.item),
        ("remarks", remarks),
        *(("rating", _format_scale(scale)) for scale in ratings.ratings.scales),
        ("not used", join_names(unused_titles)),
    ]
    for line in (*ambiguities, *import_report.notices, *import_report.lines()):
        echo(f"  ! {line}", err=True)
    if import_report.unrated:
        echo(f"  ! Videos without a row: {join_names(import_report.unrated)}.", err=True)
    for title, value in rows:
        if value:
            echo(f"  {title:<10} {value}")
    echo(f"  {import_report.counts_text}")


def _format_scale(scale: "RatingScale") -> str:
    """Return a text such as “Flow: 1 to 5, lower is better” or “Flow: poor < good”."""
    ends = " < ".join(scale.levels)
    if not ends:
        ends = f"{scale.low:g} to {scale.high:g}"
        if not scale.stated:
            ends += " (as given)"
    direction = ", lower is better" if scale.less_is_better else ""
    return f"{scale.item}: {ends}{direction}"
