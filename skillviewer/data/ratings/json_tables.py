"""Ratings in JSON as tables: Ego-Exo4D's proficiency files, VIA projects, and lists of entries with plain values.

Sources: Grauman et al., "Ego-Exo4D", CVPR 2024 (proficiency_demonstrator_*.json, an entry a take; takes.json there or
above says what a take is called and who is in it); Dutta & Zisserman, "The VIA annotation software", ACM Multimedia
2019 (projects of version 3: files, attributes, and metadata of a whole file or a part in seconds).
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from skillviewer.core.errors import DatasetError
from skillviewer.data.ratings.rating_table import RatingRow, RatingTable, assembled
from skillviewer.data.tables.rows import composed, read_text

_TAKES = "takes.json"
_ABOVE = 2
"""Folders above a table in which the list of takes is looked for."""


def read_json_table(path: Path) -> RatingTable:
    """Read the entries of a JSON file as a table with a row for each.

    Raises:
        DatasetError: It cannot be read, or holds no list of entries that is known here.
    """
    try:
        content = json.loads(read_text(path))
    except (json.JSONDecodeError, RecursionError) as error:
        raise DatasetError(f"{path} is not JSON: {error}.") from error
    if isinstance(content, dict) and {"metadata", "attribute", "file"} <= set(content):
        return _via(path, content)
    entries = content.get("annotations") if isinstance(content, dict) else content
    if isinstance(entries, dict):
        entries = [{"key": key, **one} if isinstance(one, dict) else {"key": key} for key, one in entries.items()]
    if not isinstance(entries, list) or not any(isinstance(one, dict) and _flat(one) for one in entries):
        raise DatasetError(
            f"{path} is JSON, and neither a VIA project nor a list of entries (“annotations”): nothing in it can be "
            "read as ratings."
        )
    takes, notices = _takes(path, entries)
    flat: list[dict[str, str] | None] = []
    for one in entries:
        known = takes.get(str(one.get("take_uid", "")), {}) if isinstance(one, dict) else {}
        flat.append(_flat(one) | known if isinstance(one, dict) else None)
    return _table(path, flat, [""] * len(flat), notices)


def _flat(entry: Mapping[str, Any], before: str = "") -> dict[str, str]:
    """Return the plain values of an entry by their names, those inside others by both names."""
    found: dict[str, str] = {}
    for key, value in entry.items():
        name = f"{before}{key}"
        if isinstance(value, Mapping):
            found |= _flat(value, f"{name} ")
        elif isinstance(value, str | int | float):
            found[name] = _text(value)
    return found


def _text(value: str | float) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    return composed(value.strip()) if isinstance(value, str) else f"{value:.15g}"


def _takes(path: Path, entries: Sequence[Any]) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Return what a list of takes near the file says of each take, and what is to be told of it."""
    if not any(isinstance(one, dict) and "take_uid" in one for one in entries):
        return {}, []
    folders = [path.absolute().parent, *path.absolute().parent.parents][: _ABOVE + 1]
    file = next((folder / _TAKES for folder in folders if (folder / _TAKES).is_file()), None)
    if file is None:
        return {}, [f"There is no {_TAKES} in the folder of {path.name} or above: who is in a take is not known."]
    try:
        listed = json.loads(read_text(file))
        takes = {str(one["take_uid"]): one for one in listed}
    except (json.JSONDecodeError, RecursionError, KeyError, TypeError) as error:
        raise DatasetError(f"{file} is not a list of takes with a take_uid each ({error}).") from error
    wanted = ("take_name", "participant_uid")
    return {
        uid: {name: _text(one[name]) for name in wanted if isinstance(one.get(name), str | int | float)}
        for uid, one in takes.items()
    }, [f"Names of takes and people are those of {file.name}."]


def _via(path: Path, project: Mapping[str, Any]) -> RatingTable:
    """Return a VIA project as a table: a row for each piece of metadata, a column for each attribute."""
    try:
        attributes = {key: (str(one["aname"]), one.get("options") or {}) for key, one in project["attribute"].items()}
        views = {key: one["fid_list"] for key, one in project.get("view", {}).items()}
        files = {str(key): str(one["fname"]) for key, one in project["file"].items()}
        rows: list[dict[str, str] | None] = []
        faults = []
        for one in project["metadata"].values():
            shown = views.get(str(one["vid"]), [one["vid"]])
            row = {"video": files.get(str(shown[0]), "") if len(shown) == 1 else ""}
            times = [float(time) for time in one.get("z", [])]
            if len(times) == 2:
                row |= {"start": f"{times[0]:.15g}", "stop": f"{times[1]:.15g}"}
            for key, value in one.get("av", {}).items():
                name, options = attributes[key]
                row[name] = _text(str(options.get(value, value) if isinstance(options, dict) else value))
            rows.append(row)
            faults.append(_via_fault(one, len(shown), times))
    except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
        raise DatasetError(f"{path} is no VIA project that can be read ({type(error).__name__}: {error}).") from error
    return _table(path, rows, faults, [])


def _via_fault(metadata: Mapping[str, Any], n_files: int, times: Sequence[float]) -> str:
    if metadata.get("xy"):
        return "it is of a region of the picture"
    if n_files != 1:
        return f"it is of {n_files} files together"
    return "it is of a moment, and of no part that lasts" if len(times) not in (0, 2) else ""


def _table(
    path: Path, entries: Sequence[Mapping[str, str] | None], faults: Sequence[str], notices: Sequence[str]
) -> RatingTable:
    titles = tuple(dict.fromkeys(name for entry in entries if entry is not None for name in entry))
    if not titles:
        raise DatasetError(f"{path} holds no ratings: none of its entries has a value.")
    head = RatingRow(0, 0, titles)
    body = [
        RatingRow(number, number, tuple((entry or {}).get(title, "") for title in titles), fault=fault or lacking)
        for number, (entry, fault) in enumerate(zip(entries, faults, strict=True), start=1)
        for lacking in ["" if entry is not None else "it is no entry with named values"]
    ]
    return assembled(path, [head, *body], 0, body, decimal_comma=False, notices=notices, unit="entry")
