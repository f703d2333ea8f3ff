"""Files to try the program with: laid out as they ship, and imported as a newcomer would."""

from pathlib import Path

import pytest

from skillviewer.cli.main import run
from skillviewer.core.paths import docs_dir
from skillviewer.data.study import NewVideo, Study
from tests.facts import missing

Capture = pytest.CaptureFixture[str]


def test_ratings_and_votes_of_the_sample_are_laid_out_and_imported(tmp_path: Path, capsys: Capture) -> None:
    folder = tmp_path / "try"
    assert run(["demo", "--files", str(folder)]) == 0
    told = capsys.readouterr().out
    assert "simulated" in told
    page = (docs_dir() / "tutorial-spreadsheet.md").read_text(encoding="utf-8")
    suggested = [line.replace(str(folder), "try") for line in told.splitlines() if line.startswith("  ")]
    assert suggested
    assert [line for line in suggested if f"\n  {line}\n" not in page] == [], "it suggests what the tutorial does"
    assert sorted(path.name for path in folder.iterdir()) == ["simulated-ratings.xlsx", "videos", "votes.csv"]
    path = tmp_path / "own.skillstudy"
    with Study.create(path) as study:  # without the files, which take a second to read
        study.videos.add([NewVideo(None, video.stem) for video in sorted((folder / "videos").glob("*.mp4"))])
    assert run(["study", "import-ratings", str(path), str(folder / "simulated-ratings.xlsx")]) == 0
    assert not missing(capsys.readouterr().out, "324 ratings", "36 known", "28 notes", "53 moments")
    assert run(["study", "import", str(path), str(folder / "votes.csv")]) == 0
    with Study.open(path, read_only=True) as study:
        data = study.dataset()
        assert (len(data.videos), len(set(data.participants.values()))) == (36, 12)
        assert data.ratings is not None
        assert data.ratings.items == ("Global", "Steadiness", "Care")
        assert data.ratings.raters == ("Rater A", "Rater B", "Rater C")
        assert len(data.judgements) == 3150
    assert run(["demo", "--files", str(folder)]) == 1
    assert "is not empty" in capsys.readouterr().err
