"""Rubrics as JSON, in files that people write and share, and in studies."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from skillviewer.core.atomic_write import atomic_path, check_free
from skillviewer.core.errors import DatasetError, ExportError, first_line, os_error_as, os_reason
from skillviewer.core.ratings.rubric import MAX_ITEMS, MAX_STEPS, Anchor, Rubric, RubricItem

MAX_BYTES = 1 << 20


class AnchorRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An anchor in a file."""

    step: float
    text: str


class ItemRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An item in a file."""

    name: str
    low: float = 1.0
    high: float = 5.0
    step: float = 1.0
    question: str = ""
    anchors: Annotated[list[AnchorRow], msgspec.Meta(max_length=MAX_STEPS)] = []
    less_is_better: bool = False


class RubricFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Contents of a rubric file."""

    format: Literal["skillviewer-rubric"]
    name: str
    items: Annotated[list[ItemRow], msgspec.Meta(max_length=MAX_ITEMS)]
    total: str = ""
    source: str = ""
    note: str = ""


def file_from_rubric(rubric: Rubric) -> RubricFile:
    """Return a rubric as the contents of a file."""
    items = []
    for item in rubric.items:
        anchors = [AnchorRow(anchor.step, anchor.text) for anchor in item.anchors]
        row = ItemRow(
            name=item.name,
            low=item.low,
            high=item.high,
            step=item.step,
            question=item.question,
            anchors=anchors,
            less_is_better=item.less_is_better,
        )
        items.append(row)
    return RubricFile("skillviewer-rubric", rubric.name, items, rubric.total, rubric.source, rubric.note)


def rubric_from_file(contents: RubricFile) -> Rubric:
    """Return the rubric of a file, or raise a DatasetError that names the item and the value."""
    items = []
    for row in contents.items:
        anchors = tuple(Anchor(anchor.step, anchor.text) for anchor in row.anchors)
        item = RubricItem(
            name=row.name,
            low=row.low,
            high=row.high,
            step=row.step,
            question=row.question,
            anchors=anchors,
            less_is_better=row.less_is_better,
        )
        items.append(item)
    return Rubric(contents.name, tuple(items), contents.total, contents.source, contents.note)


def read_rubric(path: Path) -> Rubric:
    """Read a rubric.

    Raises:
        DatasetError: The file cannot be read, is no rubric, or its scales cannot be used.
    """
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {os_reason(error)}.") from error
    if len(text) > MAX_BYTES:
        raise DatasetError(f"{path} is no rubric: it is larger than {MAX_BYTES >> 20} MB.")
    try:
        return rubric_from_file(msgspec.json.decode(text, type=RubricFile))
    except DatasetError as error:
        raise DatasetError(f"{path} cannot be used. {error}") from error
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise DatasetError(
            f"{path} is no rubric ({first_line(error)[:200]}): begin with “study rubric --template osats”."
        ) from error


def write_rubric(rubric: Rubric, path: Path, *, overwrite: bool = False) -> None:
    """Write a rubric as JSON.

    Raises:
        ExportError: The file is there already, or it cannot be written.
    """
    check_free(path, overwrite=overwrite)
    content = msgspec.json.format(msgspec.json.encode(file_from_rubric(rubric)), indent=2)
    with os_error_as(ExportError, f"{path} could not be written"), atomic_path(path) as temporary:
        temporary.write_bytes(content + b"\n")
