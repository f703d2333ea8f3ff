"""What docs/benchmark.md says of evaluations whose results are kept is what these say."""

import json
from pathlib import Path

import pytest

from benchmarks.table import row

ROOT = Path(__file__).parents[2]
KEPT = sorted((ROOT / "benchmarks" / "results").glob("*-tsn/evaluation.json"))


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.parent.name)
def test_the_rows_of_tsn_are_those_of_the_kept_evaluation(path: Path) -> None:
    found = json.loads(path.read_text("utf-8"))
    (model,) = (m for m in found["models"] if m["model"] == "tsn")
    assert (found["n_seeds"], len(model["runs"])) == (3, 12)
    said = row(model).replace("| tsn |", "| tsn (EfficientNet-Lite0) |")
    assert said in (ROOT / "docs" / "benchmark.md").read_text("utf-8").splitlines()


def test_there_are_kept_evaluations_of_both_tasks() -> None:
    assert [path.parent.name for path in KEPT] == ["assembly-tsn", "peg-tsn"]
