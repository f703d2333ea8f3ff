"""The notebook has the numbers of the evaluations whose results are kept."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import table
from benchmarks.real_people import tables

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "benchmarks" / "results"
NOTEBOOK = ROOT / "benchmarks" / "notebook"
SAID = [line for page in NOTEBOOK.glob("*.md") for line in page.read_text("utf-8").splitlines()]
TASKS = ("peg", "assembly")


def kept(name: str) -> dict[str, dict[str, Any]]:
    """Return what a kept evaluation says, by model."""
    found = json.loads((KEPT / name / "evaluation.json").read_text("utf-8"))
    return {model["model"]: model for model in found["models"]}


@pytest.mark.parametrize("task", TASKS)
def test_the_rows_of_tsn_are_those_of_the_kept_evaluation(task: str) -> None:
    model = kept(f"{task}-tsn")["tsn"]
    assert len(model["runs"]) == 12
    assert table.row(model).replace("| tsn |", "| tsn (EfficientNet-Lite0) |") in SAID


def test_the_rows_of_finer_maps_are_those_of_the_kept_evaluations() -> None:
    first, second = (kept(f"{task}-fine") for task in TASKS)
    assert first.keys() == second.keys() == {"full", "none", "htask", "pool", "cbam", "visual", "sca"}
    for name, model in first.items():
        cells = [name]
        for one in (model, second[name]):
            cells += [
                table.span(one["pooled_honest"]),
                table.span(one["pooled"]),
                table.span(one["difference"], signed=True),
                table.pointed(one["attention"]),
            ]
        assert f"| {' | '.join(cells)} |" in SAID


def test_the_rows_of_real_people_are_those_that_were_kept() -> None:
    found = json.loads((KEPT / "real-people" / "real-people.json").read_text("utf-8"))
    assert {"full", "none", "pooled", "duration"} <= set.intersection(*(set(rows) for rows in found.values()))
    assert [line for line in tables(found).splitlines() if line and line not in SAID] == []
