"""The guides name every entry of the tables, and the examples of docs/scripting.md run as they stand, in order."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import skillviewer
from skillviewer.cli.main import run
from skillviewer.cli.training_output import AUTO_HELP
from skillviewer.core.evaluation.choice_folds import CANDIDATES
from skillviewer.data.formats.formats import DATASET_FORMATS
from skillviewer.media.files import VIDEO_SUFFIXES
from skillviewer.nets.models import ATTENTION_MODELS
from tests.facts import missing
from tests.videos import write_barcode_video

ROOT = Path(__file__).resolve().parent.parent


def test_the_names_of_videos_are_told_whole() -> None:
    text = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    told = re.search(r"with any of the extensions ([^.]+)\.", text)
    assert told is not None
    assert {f".{word}" for word in re.findall(r"\w+", told[1]) if word != "and"} == VIDEO_SUFFIXES


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("method", [entry.name for entry in ATTENTION_MODELS]),
        ("published-data", [form.name for form in DATASET_FORMATS]),
    ],
)
def test_every_entry_of_a_table_stands_in_its_guide(page: str, names: list[str]) -> None:
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    assert [name for name in names if f"`{name}`" not in text] == []


@pytest.mark.parametrize("command", ["train", "finetune"])
def test_help_and_guide_name_the_models_that_an_automatic_choice_compares(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([command, "--help"]) == 0
    help_text = " ".join(capsys.readouterr().out.split())
    guide = (ROOT / "docs" / "train.md").read_text(encoding="utf-8").replace("`", "")
    for sentence in AUTO_HELP.split(". "):
        assert sentence.rstrip(".") in help_text
        assert sentence.rstrip(".") in guide
    assert not missing(AUTO_HELP, *CANDIDATES, "nested cross-validation by person")


def test_cleaning_removes_no_results() -> None:
    """README and guides put evaluations into out/; only what ``make demo`` wrote there was made by a target."""
    removed = re.search(r"^clean:.*\n\trm -rf (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert removed is not None
    assert "out" not in removed[1].split()


def test_scripting_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The video of the sample study is replaced by one of few frames, whose optical flow takes less."""
    video = Path("sample_study") / "videos" / "000.mp4"
    assert (skillviewer.resources_dir() / video).is_file()
    (tmp_path / video).parent.mkdir(parents=True)
    write_barcode_video(tmp_path / video, 14)
    monkeypatch.setattr(skillviewer, "resources_dir", lambda: tmp_path, raising=False)
    text = (ROOT / "docs" / "scripting.md").read_text(encoding="utf-8")
    examples = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert len(examples) == 4
    names: dict[str, object] = {}
    for example in examples:
        exec(example, names)
    picture, first, flow = (names[name] for name in ("picture", "first", "flow"))
    assert isinstance(picture, np.ndarray)
    assert isinstance(first, np.ndarray)
    assert isinstance(flow, np.ndarray)
    assert picture.shape == first.shape
    assert flow.shape == (*first.shape[:2], 2)


@pytest.mark.slow
def test_the_site_builds_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    """``make site``: strict, every guide a page, and no script, style or font from another place."""
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(tmp_path / "site")]
    settings = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    told = subprocess.run(command, check=False, cwd=ROOT, env=settings, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    pages = {path.stem: path.read_text(encoding="utf-8") for path in (tmp_path / "site").rglob("*.html")}
    assert pages.keys() == {path.stem for path in (ROOT / "docs").rglob("*.md")} | {"404"}
    for name, page in pages.items():
        loaded = re.findall(r"<(?:script|img|iframe)[^>]* src=\"?([^\s\">]+)|<link[^>]* href=\"?([^\s\">]+)", page)
        assert [url for pair in loaded for url in pair if "//" in url and not url.startswith("data:")] == [], name
