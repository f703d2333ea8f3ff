from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.errors import ExportError
from skillviewer.export.analysed_video import AnalysedVideo
from skillviewer.export.exporters import exporter
from skillviewer.export.tables.model_rows import analyses_by_model
from tests.export.analyses import analysis, info

VIDEOS = ("a", "b", "c", "d")


def by_model() -> dict[str, dict[str, object]]:
    """Three models: the second ranks as the first does, the third the other way round and has no map."""

    def by(model: str, name: str, shift: int) -> object:
        kind = kinds.get(model, MapKind.DISTRIBUTION)
        return analysis(info(path=f"{name}.mp4"), shift=float(shift), kind=kind, model=model)

    shifts = {"one": (0, 1, 2, 3), "two": (0, 2, 4, 9), "three": (3, 2, 1, 0)}
    kinds = {"three": MapKind.NONE}
    return {
        model: {
            name: analysis(
                info(path=f"{name}.mp4"), shift=float(shift), kind=kinds.get(model, MapKind.DISTRIBUTION), model=model
            )
            for name, shift in zip(VIDEOS, of, strict=True)
        }
        for model, of in shifts.items()
    }


def analysed() -> list[AnalysedVideo]:
    return [
        AnalysedVideo(a, video_name=f"video {name}", model_name=model.title())  # type: ignore[arg-type]
        for model, of in by_model().items()
        for name, a in of.items()
    ]


def test_every_two_models_have_a_row(tmp_path: Path) -> None:
    table = pd.read_csv(exporter("model-agreement").export(analysed(), tmp_path / "a.csv"))
    assert list(zip(table["first_model"], table["second_model"], strict=True)) == [
        ("One", "Two"), ("One", "Three"), ("Two", "Three"),
    ]  # fmt: skip
    assert table["score_correlation"].tolist() == [1.0, -1.0, -1.0]
    assert table["map_correlation"].isna().tolist() == [False, True, True]
    assert table["n_videos"].tolist() == [4, 4, 4]


def test_every_video_has_a_row_a_model_those_first_on_which_they_disagree_most(tmp_path: Path) -> None:
    table = pd.read_csv(exporter("model-ranks").export(analysed(), tmp_path / "r.csv"))
    assert len(table) == 12
    assert table["spread"].is_monotonic_decreasing
    first = table[table["video"] == "video a"].set_index("model")
    assert first["rank"].to_dict() == {"One": 4.0, "Two": 4.0, "Three": 1.0}
    assert first.loc["Three", "score"] == by_model()["three"]["a"].score  # type: ignore[attr-defined]


def test_models_and_videos_of_one_name_are_told_apart() -> None:
    same = [replace(video, video_name="v", model_name="m") for video in analysed()]
    found = analyses_by_model(same)
    assert [len(videos) for videos in found.values()] == [4, 4, 4]
    assert len({name for videos in found.values() for name in videos}) == 4


def test_one_model_is_no_table(tmp_path: Path) -> None:
    for name in ("model-agreement", "model-ranks"):
        with pytest.raises(ExportError, match="two models"):
            exporter(name).export(analysed()[:4], tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []
