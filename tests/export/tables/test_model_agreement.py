from pathlib import Path

import pandas as pd
import pytest

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.analysis.model_agreement import agreement_matrix, disagreements
from skillviewer.core.errors import ExportError
from skillviewer.export.tables.tables import agreement_rows, export_agreement, rank_rows
from tests.export.analyses import analysis, info

VIDEOS = ("a", "b", "c", "d")


def by_model() -> dict[str, dict[str, object]]:
    """Three models: the second ranks as the first does, the third the other way round and has no map."""
    shifts = {"one": (0, 1, 2, 3), "two": (0, 2, 4, 9), "three": (3, 2, 1, 0)}
    kinds = {"three": MapKind.NONE}
    return {
        model: {
            name: analysis(info(path=f"{name}.mp4"), shift=float(shift), kind=kinds.get(model, MapKind.DISTRIBUTION))
            for name, shift in zip(VIDEOS, of, strict=True)
        }
        for model, of in shifts.items()
    }


def test_every_two_models_have_a_row(tmp_path: Path) -> None:
    matrix = agreement_matrix(by_model())  # type: ignore[arg-type]
    path = export_agreement(agreement_rows(matrix, ["Eins", "Zwei", "Drei"]), tmp_path / "a.csv")
    table = pd.read_csv(path)
    assert list(zip(table["first_model"], table["second_model"], strict=True)) == [
        ("Eins", "Zwei"), ("Eins", "Drei"), ("Zwei", "Drei"),
    ]  # fmt: skip
    assert table["score_correlation"].tolist() == [1.0, -1.0, -1.0]
    assert table["map_correlation"].isna().tolist() == [False, True, True]
    assert table["n_videos"].tolist() == [4, 4, 4]


def test_every_video_has_a_row_a_model_those_first_on_which_they_disagree_most(tmp_path: Path) -> None:
    found = by_model()
    scores = [{name: a.score for name, a in of.items()} for of in found.values()]  # type: ignore[attr-defined]
    rows = rank_rows(disagreements(found), list(found), scores)  # type: ignore[arg-type]
    table = pd.read_csv(export_agreement(rows, tmp_path / "r.csv"))
    assert len(table) == 12
    assert table["spread"].is_monotonic_decreasing
    first = table[table["video"] == "a"].set_index("model")
    assert first["rank"].to_dict() == {"one": 4.0, "two": 4.0, "three": 1.0}
    assert first.loc["three", "score"] == scores[2]["a"]


def test_nothing_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="two models"):
        export_agreement([], tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []
