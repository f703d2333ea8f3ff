"""The main job, a Why page, an export and a vote, with no eyes and with the shipped model: over AT-SPI under Xvfb."""

import csv
import time
from pathlib import Path

import pytest

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.data.study import Study
from tests.ui.screen_reader import Reader, export_scores, hear_the_score, hear_why, vote_left
from tests.videos import write_barcode_video

jeepney = pytest.importorskip("jeepney", reason="the accessibility bus is read with jeepney")
from tests.ui.atspi import missing, running_program  # noqa: E402

PATIENCE_S = 120.0


@pytest.mark.skipif(bool(missing()), reason=f"not installed: {missing()}")
def test_the_main_job_why_an_export_and_a_vote_over_the_accessibility_bus(tmp_path: Path) -> None:
    for name, n in (("a", 60), ("b", 70)):
        write_barcode_video(tmp_path / f"{name}.mp4", n, width=160, height=96)
    with running_program(tmp_path / "home") as root:
        reader = Reader(root, lambda: time.sleep(1.0), PATIENCE_S)
        reader.press("Open…")
        reader.write("File name:", f'"{tmp_path / "a.mp4"}" "{tmp_path / "b.mp4"}"')
        reader.press("Open", "Button")
        score, curve = hear_the_score(reader, unfamiliar=True)
        contributions = hear_why(reader, unfamiliar=True)
        export_scores(reader, tmp_path / "scores.csv")
        vote_left(reader, "Ann")
        reader.hear("You 1/1")
    with (tmp_path / "scores.csv").open(encoding="utf-8", newline="") as opened:
        (row,) = csv.DictReader(opened)
    assert score == pytest.approx(float(row["score"]), abs=0.01)
    assert len(curve) == len(contributions) > 1
    assert curve[-1] == pytest.approx(score, abs=0.01)
    (study,) = (tmp_path / "home" / "data" / "drafts").glob("*.skillstudy")
    with Study.open(study, read_only=True) as opened_study:
        assert [(vote.rater, vote.verdict) for vote in opened_study.votes.all()] == [("Ann", Verdict.LEFT)]
        assert [row.subject for row in opened_study.log() if row.what == "export"] == ["scores.csv"]
