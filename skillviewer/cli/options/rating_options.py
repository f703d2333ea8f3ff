"""The options by which a command says what the columns of a table of ratings mean."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skillviewer.cli.options.dataset_options import add_options

if TYPE_CHECKING:
    from skillviewer.data.ratings.rating_table import RatingTable
    from skillviewer.data.ratings.reading import RatedTable
    from skillviewer.data.ratings.table_mapping import ItemMapping, TableMapping

_OPTIONS = (
    click.option("--sheet", default="", help="Sheet of a workbook.  [default: the one with the videos]"),
    click.option(
        "--titles-row", type=click.IntRange(0), help="Row with the titles, of those that are not empty; 0: none."
    ),
    click.option("--video-column", help="Column that names the video."),
    click.option("--person-column", "--participant-column", "person_column", help="Column that names the person."),
    click.option(
        "--participants",
        "--participant-pattern",
        "participants",
        help="Regular expression that finds the person in the name of a video.",
    ),
    click.option("--rater-column", help="Column that names the rater; “none” for none."),
    click.option("--occasion-column", help="Column with the occasion or date; “none” for none."),
    click.option("--item-column", help="Column that names the item of a row; --items then is the column of ratings."),
    click.option(
        "--items",
        help="Columns with ratings, the one that counts first before the others: “Global,Flow”; with a column a rater, "
        "“Global=Ann|Bob”.",
    ),
    click.option("--levels", multiple=True, help="Words from worst to best: “novice,expert” or “Flow=poor,good”."),
    click.option("--scale", multiple=True, help="Lowest and highest rating: “1:5” or “Flow=1:5”."),
    click.option("--less-is-better", multiple=True, help="An item of which less is better."),
    click.option("--hidden-rows", is_flag=True, help="Rows that the spreadsheet hides count too."),
    click.option(
        "--mapping",
        "mapping_file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="A mapping.json that an import wrote, to be used again; the other options change it.",
    ),
)


@dataclass(frozen=True, slots=True)
class RatingOptions:
    """The options that say what the columns mean; None or empty where they say nothing."""

    sheet: str
    titles_row: int | None
    video_column: str | None
    person_column: str | None
    participants: str | None
    rater_column: str | None
    occasion_column: str | None
    item_column: str | None
    items: str | None
    levels: tuple[str, ...]
    scale: tuple[str, ...]
    less_is_better: tuple[str, ...]
    hidden_rows: bool
    mapping_file: Path | None

    def stated(self) -> "TableMapping | None":
        """Return the mapping that is to be used again, or None.

        Raises:
            DatasetError: It cannot be read.
        """
        from skillviewer.data.ratings.table_mapping import read_mapping

        return None if self.mapping_file is None else read_mapping(self.mapping_file)

    def changed(self, mapping: "TableMapping", table: "RatingTable") -> "TableMapping":
        """Return a mapping as the options change it.

        Raises:
            UsageError: An option cannot be read.
        """
        import msgspec

        from skillviewer.data.ratings.guessing import stated_items

        roles = {
            "video": self.video_column,
            "participant": self.person_column,
            "rater": self.rater_column,
            "occasion": self.occasion_column,
            "item": self.item_column,
        }
        for role, title in roles.items():
            if title is not None:
                mapping = mapping.assigned(role, "" if title.casefold() == "none" else title)
        if self.items is not None:
            items = stated_items(_items(self.items), table, mapping)
            for item in items:
                for column in item.columns:
                    mapping = mapping.assigned("", column.title)
            if mapping.item:
                items = tuple(msgspec.structs.replace(item, name="") for item in items)
            mapping = msgspec.structs.replace(mapping, items=items)
        items = tuple(self._item(item) for item in mapping.items)
        self._check_names(mapping)
        return msgspec.structs.replace(
            mapping,
            items=items,
            participant_pattern=self.participants or mapping.participant_pattern,
            participant="" if self.participants else mapping.participant,
            hidden_rows=self.hidden_rows or mapping.hidden_rows,
        )

    def _check_names(self, mapping: "TableMapping") -> None:
        known = {item.name.casefold() for item in mapping.items}
        told = [("--levels", text) for text in self.levels] + [("--scale", text) for text in self.scale]
        named = [(option, text.partition("=")[0].strip()) for option, text in told if "=" in text]
        for option, name in [*named, *(("--less-is-better", text.strip()) for text in self.less_is_better)]:
            if name.casefold() not in known:
                there = ", ".join(item.name for item in mapping.items)
                raise click.UsageError(f"{option} names the item “{name}”, and the items are: {there}.")

    def _item(self, item: "ItemMapping") -> "ItemMapping":
        import msgspec

        levels = _of(item.name, self.levels)
        if levels is not None:
            item = msgspec.structs.replace(
                item, levels=tuple(word.strip() for word in levels.split(",") if word.strip())
            )
        scale = _of(item.name, self.scale)
        if scale is not None:
            low, high = _ends(scale)
            item = msgspec.structs.replace(item, low=low, high=high)
        less = item.less_is_better or item.name.casefold() in {text.strip().casefold() for text in self.less_is_better}
        return msgspec.structs.replace(item, less_is_better=less)


def _items(text: str) -> list[tuple[str, list[str]]]:
    found = []
    for part in filter(None, (one.strip() for one in text.split(","))):
        name, equals, columns = part.partition("=")
        found.append((name.strip(), [one.strip() for one in columns.split("|") if one.strip()] if equals else []))
    if not found:
        raise click.UsageError("--items names no column.")
    return found


def _of(name: str, stated: tuple[str, ...]) -> str | None:
    """Return what is stated of an item: under its name, else for all."""
    own = [text.partition("=")[2] for text in stated if text.partition("=")[0].strip().casefold() == name.casefold()]
    every = [text for text in stated if "=" not in text]
    return next(iter((*own, *every)), None)


def _ends(text: str) -> tuple[float, float]:
    low, _, high = text.partition(":")
    try:
        return float(low), float(high)
    except ValueError:
        raise click.UsageError(f"--scale {text} is not two numbers with a colon between them, as 1:5.") from None


def rating_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, which gets ``RatingOptions`` as ``options``."""

    @wraps(command)
    def read(**given: Any) -> Any:  # noqa: ANN401 - click's parameters
        options = RatingOptions(**{each.name: given.pop(each.name) for each in fields(RatingOptions)})
        return command(options=options, **given)

    return add_options(read, _OPTIONS)


def told(rated: "RatedTable", doubts: tuple[str, ...]) -> None:
    """Print the meaning of the columns and the count, and every row that was not used whole to the other stream."""
    mapping = rated.mapping
    rows = [
        ("video", mapping.video),
        ("person", mapping.participant or mapping.participant_pattern or "not told"),
        ("rater", mapping.rater or ", ".join(rated.ratings.raters)),
        ("occasion", mapping.occasion),
        ("item", mapping.item),
    ]
    for scale in rated.ratings.scales:
        ends = " < ".join(scale.levels) or f"{scale.low:g} to {scale.high:g}{'' if scale.stated else ' (as given)'}"
        rows.append(("rating", f"{scale.item}: {ends}{', less is better' if scale.less_is_better else ''}"))
    for line in (*doubts, *rated.account.notices, *rated.account.lines()):
        click.echo(f"  ! {line}", err=True)
    if rated.account.unrated:
        from skillviewer.data.tables.rows import some

        click.echo(f"  ! Videos without a row: {some(rated.account.unrated)}.", err=True)
    for title, value in rows:
        if value:
            click.echo(f"  {title:<10} {value}")
    click.echo(f"  {rated.account.count}")
