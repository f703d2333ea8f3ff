"""Ratings in JSON as tables: Ego-Exo4D's proficiency files, VIA projects, and lists of entries with plain values.

Sources: Grauman et al., "Ego-Exo4D", CVPR 2024 (proficiency_demonstrator_*.json with one entry per take; takes.json in
that folder or above has names of takes and people); Dutta & Zisserman, "The VIA annotation software", ACM Multimedia
2019 (projects of version 3: files, attributes, and metadata of a whole file or of a part in seconds).
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from skillviewer.core.errors import DatasetError, first_line
from skillviewer.data.ratings.rating_table import RatingRow, RawTable, assembled
from skillviewer.data.tables.rows import composed, read_text

_TAKES = "takes.json"
_MAX_CELLS = 2_000_000
"""Most values of a table: entries with names of their own make as many columns as rows."""

_MAX_DIGITS = 16
_ABOVE = 2
"""Folders above a table that may hold the list of takes."""


def read_json_table(path: Path) -> RawTable:
    """Read the entries of a JSON file as a table with one row per entry.

    Raises:
        DatasetError: The file cannot be read, or has no list of entries in a known form.
    """
    content = _content(path)
    faults: Sequence[str] | None = None  # of a VIA project
    notices: list[str] = []
    try:
        if isinstance(content, dict) and {"metadata", "attribute", "file"} <= set(content):
            rows, faults = _via(content)
        else:
            rows = _entries(content)
    except (AttributeError, KeyError, TypeError, ValueError, IndexError, RecursionError) as error:
        raise DatasetError(
            f"{path} is no readable list of ratings ({type(error).__name__}: {first_line(error)})."
        ) from error
    if faults is None and not any(rows):
        raise DatasetError(f"{path} is JSON, but neither a VIA project nor a list of entries (“annotations”).")
    if any("take_uid" in row for row in rows if row):
        takes, notices = _takes(path)
        rows = [row and row | takes.get(row.get("take_uid", ""), {}) for row in rows]
    titles = tuple(dict.fromkeys(name for row in rows if row is not None for name in row))
    if not titles:
        raise DatasetError(f"{path} has no ratings: none of its entries has a value.")
    if len(titles) * len(rows) > _MAX_CELLS:
        raise DatasetError(f"{path} names {len(titles):,} values in {len(rows):,} entries, too many for a table.")
    body = []
    for number, row in enumerate(rows, start=1):
        fault = faults[number - 1] if faults else ""
        if row is None:
            fault = "it is no entry with named values"
        cells = tuple((row or {}).get(title, "") for title in titles)
        body.append(RatingRow(number, number, cells, fault=fault))
    return assembled(path, [RatingRow(0, 0, titles), *body], 0, notices=notices, unit="entry")


def _content(path: Path) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(read_text(path), parse_int=_whole)
    except (json.JSONDecodeError, RecursionError) as error:
        raise DatasetError(f"{path} is not JSON: {first_line(error)}.") from error


def _whole(digits: str) -> float:
    return int(digits) if len(digits) < _MAX_DIGITS else float(digits)


def _entries(content: Any) -> list[dict[str, str] | None]:  # noqa: ANN401 - JSON
    """Return the plain values of each entry of a list, None for what is no entry."""
    entries = content.get("annotations") if isinstance(content, dict) else content
    if isinstance(entries, dict):
        entries = [{"key": key, **entry} if isinstance(entry, dict) else {"key": key} for key, entry in entries.items()]
    return [_flat(entry) if isinstance(entry, dict) else None for entry in entries] if isinstance(entries, list) else []


def _flat(entry: Mapping[str, Any], before: str = "") -> dict[str, str]:
    """Return the plain values of an entry by name; nested values have both names."""
    values: dict[str, str] = {}
    for key, value in entry.items():
        name = f"{before}{key}"
        if isinstance(value, Mapping):
            values |= _flat(value, f"{name} ")
        elif isinstance(value, str | int | float):
            values[name] = _text(value)
    return values


def _text(value: str | float) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    return composed(value.strip()) if isinstance(value, str) else f"{value:.15g}"


def _takes(path: Path) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Return name and person of each take from a list of takes near a file, and notices."""
    folders = [path.absolute().parent, *path.absolute().parent.parents][: _ABOVE + 1]
    file = next((folder / _TAKES for folder in folders if (folder / _TAKES).is_file()), None)
    if file is None:
        return {}, [f"There is no {_TAKES} in the folder of {path.name} or above: the people in takes are unknown."]
    columns = ("take_name", "participant_uid")
    try:
        take_by_uid = {
            str(take["take_uid"]): _flat({name: take.get(name) for name in columns}) for take in _content(file)
        }
    except (AttributeError, KeyError, TypeError) as error:
        raise DatasetError(f"{file} is not a list of takes with a take_uid each ({first_line(error)}).") from error
    return take_by_uid, [f"Names of takes and people are those of {file.name}."]


def _via(project: Mapping[str, Any]) -> tuple[list[dict[str, str] | None], list[str]]:
    """Return a row for each piece of metadata of a VIA project, with a column per attribute, and the rows' faults."""
    attributes = {key: (str(view["aname"]), view.get("options") or {}) for key, view in project["attribute"].items()}
    views = {key: file["fid_list"] for key, file in project.get("view", {}).items()}
    files = {str(key): str(annotation["fname"]) for key, annotation in project["file"].items()}
    rows: list[dict[str, str] | None] = []
    faults = []
    for attribute in project["metadata"].values():
        file_ids = views.get(str(attribute["vid"]), [attribute["vid"]])
        row = {"video": files.get(str(file_ids[0]), "") if len(file_ids) == 1 else ""}
        times = [float(time) for time in attribute.get("z", [])]
        if len(times) == 2:
            row |= {"start": f"{times[0]:.15g}", "stop": f"{times[1]:.15g}"}
        for key, value in attribute.get("av", {}).items():
            name, options = attributes[key]
            row[name] = _text(str(options.get(value, value) if isinstance(options, dict) else value))
        rows.append(row)
        if attribute.get("xy"):
            faults.append("it is of a region of the picture")
        elif len(file_ids) != 1:
            faults.append(f"it is of {len(file_ids)} files together")
        else:
            faults.append("it is of a moment, and not of an interval" if len(times) not in (0, 2) else "")
    return rows, faults
