"""The entries keep what SkillViewer's tables promise."""

from pathlib import Path

from skillviewer_example.entries import BRIGHTEST, ORDERED_LIST, SCORED, SENTENCE
from skillviewer_example.networks import PATCHES

from skillviewer_testing import check_attention_model, check_backbone, check_dataset_form, check_exporter, check_metric


def test_attention_model() -> None:
    check_attention_model(BRIGHTEST)


def test_backbone() -> None:
    check_backbone(PATCHES)


def test_form_of_a_data_set(tmp_path: Path) -> None:
    example, empty = tmp_path / "knots.ordered", tmp_path / "empty"
    example.write_text("a1.mp4\nb1.mp4\nb2.mp4\n", encoding="utf-8")
    empty.mkdir()
    check_dataset_form(ORDERED_LIST, example, empty)


def test_exporter(tmp_path: Path) -> None:
    check_exporter(SENTENCE, tmp_path)


def test_metric() -> None:
    check_metric(SCORED)
