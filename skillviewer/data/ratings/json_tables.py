"""Tables from JSON: Ego-Exo4D's proficiency files, VIA projects, and lists of entries with plain values.

Sources: Grauman et al., "Ego-Exo4D", CVPR 2024 (proficiency_demonstrator_*.json has one entry per take, and takes.json
in the same folder or above has the names of takes and people); Dutta & Zisserman, "The VIA annotation software", ACM
Multimedia 2019 (projects of version 3 have files, attributes, and metadata of a whole file or of a part in seconds).
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from skillviewer.core.errors import DatasetError, first_line
from skillviewer.data.ratings.rating_table import RatingRow, RawTable, assemble_table
from skillviewer.data.tables.name_spelling import compose_accents
from skillviewer.data.tables.text_files import read_text

_TAKES = "takes.json"
_MAX_CELLS = 2_000_000
"""Greatest number of values in a table. If every entry has different names, there are as many columns as rows."""

_MAX_INTEGER_DIGITS = 15
_N_PARENT_FOLDERS = 2
"""Number of folders above a table in which the list of takes is searched."""


def read_json_table(path: Path) -> RawTable:
    """Read the entries of a JSON file as a table with one row per entry.

    Raises:
        DatasetError: The file cannot be read, or has no list of entries in a known form.
    """
    content = _read_json(path)
    faults: Sequence[str] | None = None  # by row of a VIA project
    notices: list[str] = []
    try:
        if isinstance(content, dict) and {"metadata", "attribute", "file"} <= set(content):
            rows, faults = _via_rows(content)
        else:
            rows = _entry_rows(content)
    except (AttributeError, KeyError, TypeError, ValueError, IndexError, RecursionError) as error:
        raise DatasetError(
            f"{path} is no readable list of ratings ({type(error).__name__}: {first_line(error)})."
        ) from error
    if faults is None and not any(rows):
        raise DatasetError(f"{path} is JSON, but neither a VIA project nor a list of entries (“annotations”).")
    if any("take_uid" in row for row in rows if row):
        take_by_uid, notices = _read_takes(path)
        rows = [row and row | take_by_uid.get(row.get("take_uid", ""), {}) for row in rows]
    entries = [row for row in rows if row is not None]
    titles = tuple(dict.fromkeys(name for entry in entries for name in entry))
    if not titles:
        raise DatasetError(f"{path} has no ratings: none of its entries has a value.")
    if len(titles) * len(rows) > _MAX_CELLS:
        raise DatasetError(f"{path} names {len(titles):,} values in {len(rows):,} entries, too many for a table.")
    table_rows = [RatingRow(0, 0, titles)]
    for number, row in enumerate(rows, start=1):
        fault = faults[number - 1] if faults else ""
        cells = ("",) * len(titles)
        if row is None:
            fault = "it is no entry with named values"
        else:
            cells = tuple(row.get(title, "") for title in titles)
        table_rows.append(RatingRow(number, number, cells, fault=fault))
    return assemble_table(path, table_rows, 0, notices=notices, unit="entry")


def _read_json(path: Path) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(read_text(path), parse_int=_parse_integer)
    except (json.JSONDecodeError, RecursionError) as error:
        raise DatasetError(f"{path} is not JSON: {first_line(error)}.") from error


def _parse_integer(digits: str) -> float:
    return int(digits) if len(digits) <= _MAX_INTEGER_DIGITS else float(digits)


def _entry_rows(content: Any) -> list[dict[str, str] | None]:  # noqa: ANN401 - JSON
    """Return the plain values of each element of a list by name, None for an element that is no entry."""
    entries = content.get("annotations") if isinstance(content, dict) else content
    if isinstance(entries, dict):
        entry_by_key = entries
        entries = []
        for key, entry in entry_by_key.items():
            values = entry if isinstance(entry, dict) else {}
            entries.append({"key": key, **values})
    if not isinstance(entries, list):
        return []
    return [_flatten(entry) if isinstance(entry, dict) else None for entry in entries]


def _flatten(entry: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return the plain values of an entry by name; a nested value has the names of all its levels."""
    values: dict[str, str] = {}
    for key, value in entry.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            values |= _flatten(value, f"{name} ")
        elif isinstance(value, str | int | float):
            values[name] = _format_value(value)
    return values


def _format_value(value: str | float) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    return compose_accents(value.strip()) if isinstance(value, str) else f"{value:.15g}"


def _read_takes(path: Path) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Return name and person of each take by its identity, from a list of takes near a file, and notices."""
    parents = list(path.absolute().parents)
    files = [folder / _TAKES for folder in parents[: _N_PARENT_FOLDERS + 1]]
    file = next((file for file in files if file.is_file()), None)
    if file is None:
        return {}, [f"There is no {_TAKES} in the folder of {path.name} or above: the people in takes are unknown."]
    columns = ("take_name", "participant_uid")
    try:
        take_by_uid = {}
        for take in _read_json(file):
            values = {name: take.get(name) for name in columns}
            take_by_uid[str(take["take_uid"])] = _flatten(values)
    except (AttributeError, KeyError, TypeError) as error:
        raise DatasetError(f"{file} is not a list of takes with a take_uid each ({first_line(error)}).") from error
    return take_by_uid, [f"Names of takes and people are those of {file.name}."]


def _via_rows(project: Mapping[str, Any]) -> tuple[list[dict[str, str] | None], list[str]]:
    """Return a row for each metadata entry of a VIA project, with columns by attribute, and the faults of the rows."""
    attributes = {
        key: (str(attribute["aname"]), attribute.get("options")) for key, attribute in project["attribute"].items()
    }
    file_ids_by_view = {key: view["fid_list"] for key, view in project.get("view", {}).items()}
    file_names = {str(key): str(file["fname"]) for key, file in project["file"].items()}
    rows: list[dict[str, str] | None] = []
    faults = []
    for metadata in project["metadata"].values():
        file_ids = file_ids_by_view.get(str(metadata["vid"]), [metadata["vid"]])
        file_name = file_names.get(str(file_ids[0]), "") if len(file_ids) == 1 else ""
        row = {"video": file_name}
        times = [float(time) for time in metadata.get("z", [])]
        if len(times) == 2:
            row |= {"start": f"{times[0]:.15g}", "stop": f"{times[1]:.15g}"}
        for key, value in metadata.get("av", {}).items():
            name, options = attributes[key]
            stated_value = options.get(value, value) if isinstance(options, dict) else value
            row[name] = _format_value(str(stated_value))
        rows.append(row)
        if metadata.get("xy"):
            faults.append("it is of a region of the picture")
        elif len(file_ids) != 1:
            faults.append(f"it is of {len(file_ids)} files together")
        elif len(times) not in (0, 2):
            faults.append("it is of a moment, and not of an interval")
        else:
            faults.append("")
    return rows, faults
