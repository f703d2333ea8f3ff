"""Additions that ARCHITECTURE.md describes arrive everywhere: each is made in a copy of the program, then looked for.

An addition is one new file at most, and lines in one or two others.
"""

import csv
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.videos import write_barcode_video

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Addition:
    """Files that are new, and for each changed file (line, line before it) in the order of the file."""

    files: dict[str, str] = field(default_factory=dict)
    lines: dict[str, list[tuple[str, str]]] = field(default_factory=dict)


ADDITIONS = {
    "attention model": Addition(
        {
            "nets/attention_models/thrown_away.py": '''
from skillviewer.nets.attention_models.linear_baselines import DurationModel


class ThrownAwayModel(DurationModel):
    """Scores videos by their duration."""
'''
        },
        {
            "nets/models.py": [
                (
                    (
                        '    AttentionEntry("thrown-model", "Thrown away", MapKind.NONE,'
                        ' _late("thrown_away.ThrownAwayModel"), "test", LI, inputs=Inputs.TIME,'
                        " paper_sizes=HeadSizes(feature_channels=1, grid=(1, 1))),"
                    ),
                    "ATTENTION_MODELS = Registry(",
                )
            ]
        },
    ),
    "backbone": Addition(
        {
            "nets/backbones/thrown_away.py": """
from torch import nn


def make(in_channels: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(in_channels, 8, 32, 32), nn.ReLU())
"""
        },
        {
            "nets/backbones/features.py": [
                ("from skillviewer.nets.backbones import thrown_away", "from torch import Tensor, nn"),
                (
                    (
                        '    BackboneEntry("thrown-backbone", "Thrown away", 8, thrown_away.make, "0.weight", IMAGENET,'
                        " _stride_32, 15.5, ()),"
                    ),
                    "BACKBONES = Registry(",
                ),
            ]
        },
    ),
    "form of a data set": Addition(
        {
            "data/formats/thrown_away.py": """
from pathlib import Path

from skillviewer.core.dataset.pairs import Dataset, DatasetVideo, Pair
from skillviewer.data.formats.tasks import Choices


def tasks(path: Path) -> tuple[str, ...]:
    return (path.stem,) if path.suffix == ".order" else ()


def load(path: Path, videos_dir: Path | None = None, choices: Choices | None = None) -> Dataset:
    files = [path.parent / line for line in path.read_text().split()]
    videos = tuple(DatasetVideo(file.stem, file, f"participant {i % 4}") for i, file in enumerate(files))
    names = [video.name for video in videos]
    pairs = tuple(Pair(a, b) for i, a in enumerate(names) for b in names[i + 1 :])
    return Dataset(path.stem, "thrown-form", "test", videos, pairs)
"""
        },
        {
            "data/formats/formats.py": [
                (
                    "from skillviewer.data.formats import thrown_away",
                    "from skillviewer.data.formats.tasks import USUAL_CHOICES, Choices, file_in",
                ),
                (
                    '    DatasetFormat("thrown-form", "Thrown away", thrown_away.tasks, thrown_away.load),',
                    "DATASET_FORMATS = Registry(",
                ),
            ]
        },
    ),
    "metric": Addition(
        {},
        {
            "core/evaluation/metrics.py": [
                (
                    (
                        '    Metric("thrown_metric", "Videos scored", lambda result, _: float(len(result.scores)),'
                        ' "thrown away", percent=False),'
                    ),
                    "METRICS = Registry(",
                )
            ]
        },
    ),
    "exporter": Addition(
        {
            "export/tables/thrown_away.py": '''
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from skillviewer.export.destination import atomic_output
from skillviewer.export.analysed_video import Exhibit
from skillviewer.export.options import offered


@dataclass(frozen=True, slots=True)
class ThrownOptions:
    """Options."""

    times: int = offered(3, "How many times", low=1)


def export_thrown(videos: Sequence[Exhibit], path: Path, options: ThrownOptions, *, overwrite: bool) -> Path:
    with atomic_output(path, (".csv",), overwrite=overwrite) as temporary:
        temporary.write_text("score\\n" + f"{videos[0].analysis.score}\\n" * options.times)
    return path
'''
        },
        {
            "export/exporters.py": [
                (
                    "from skillviewer.export.tables.thrown_away import ThrownOptions, export_thrown",
                    'TABLES_GROUP = "table"',
                ),
                (
                    (
                        '    Exporter("thrown-export", "Table thrown away", (".csv",), ThrownOptions, False, False,'
                        " lambda e, p, o, w, _t, _r: export_thrown(e, p, o, overwrite=w), group=TABLES_GROUP),"
                    ),
                    "EXPORTERS = Registry(",
                ),
            ]
        },
    ),
    "option of score": Addition(
        {},
        {
            "cli/score.py": [
                ('    click.option("--thrown-option", help="An option thrown away."),', "OPTIONS = ("),
                (
                    "    click.echo(f\"thrown: {chosen['thrown_option']}\", err=True)",
                    "    from skillviewer.cli.score_sources import gathered_units",
                ),
            ]
        },
    ),
}
"""Lines are put after the line that is named, imports included."""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a copy of the program in which all additions are made."""
    folder = tmp_path_factory.mktemp("additions")
    package = folder / "skillviewer"
    shutil.copytree(ROOT / "skillviewer", package)  # with bytecode, which is valid where a module is unchanged
    for name in ("models", "resources", "docs"):
        (folder / name).symlink_to(ROOT / name)
    for addition in ADDITIONS.values():
        for name, text in addition.files.items():
            assert not (package / name).exists()
            (package / name).write_text(text)
        for name, lines in addition.lines.items():
            text = (package / name).read_text()
            for line, after in lines:
                assert text.count(f"{after}\n") == 1, (name, after)
                text = text.replace(f"{after}\n", f"{after}\n{line}\n")
            (package / name).write_text(text)
    return folder


COMMANDS: dict[str, list[str]] = {
    "models": ["models"],
    "models as JSON": ["models", "--json"],
    "another model": ["train", "all.order", "--model", "no", "-o", "no"],
    "another backbone": ["train", "all.order", "--backbone", "no", "-o", "no"],
    "no weights": ["train", "all.order", "--backbone", "thrown-backbone", "-o", "no"],
    "inspect": ["data", "inspect", "all.order"],
    "inspect as JSON": ["data", "inspect", "all.order", "--json"],
    "no form": ["data", "inspect", "models"],
    "evaluate": [
        "evaluate",
        "all.order",
        "--model",
        "thrown-model,duration",
        "--folds",
        "2",
        "-o",
        "out",
        "--json",
        "--no-controls",
    ],
    "tables": ["export", "table", "--help"],
    "table": ["export", "table", "thrown-export", "--help"],
    "score": ["score", "--help"],
    "scored": ["score", "not-there.mp4", "--thrown-option", "so"],
}

PROGRAM = """
import io, json, sys
from contextlib import redirect_stderr, redirect_stdout
from skillviewer.cli.main import run
from skillviewer.ui.exporting.option_form import grouped

said = {"menu": [0, json.dumps({heading: [made.name for made in some] for heading, some in grouped()}), ""]}
for name, arguments in json.loads(sys.argv[1]).items():
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        code = run(arguments)
    said[name] = [code, out.getvalue(), err.getvalue()]
print(json.dumps(said))
"""
"""All commands in one process: torch is imported once."""

Said = dict[str, tuple[int, str, str]]


@pytest.fixture(scope="module")
def said(copy: Path) -> Said:
    """Return exit code, stdout and stderr of each command, run by the copy on a data set in the form that was added."""
    names = [f"v{at}.mp4" for at in range(8)]  # of four participants, the best first
    for at, name in enumerate(names):
        write_barcode_video(copy / name, 12 + 3 * at)
    (copy / "all.order").write_text("\n".join(names))
    environment = os.environ | {
        "PYTHONPATH": str(copy), "SKILLVIEWER_HOME": str(copy / "home"), "COLUMNS": "100",
        "QT_QPA_PLATFORM": "offscreen",
    }  # fmt: skip
    command = [sys.executable, "-c", PROGRAM, json.dumps(COMMANDS)]
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {name: tuple(found) for name, found in json.loads(done.stdout).items()}


@pytest.mark.parametrize("name", ADDITIONS)
def test_an_addition_touches_three_files_at_most(name: str) -> None:
    addition = ADDITIONS[name]
    assert len(addition.files) <= 1
    assert len(addition.files) + len(addition.lines) <= 2  # and a line of the documentation


@pytest.mark.slow
def test_an_attention_model_is_listed_and_offered_to_training(said: Said) -> None:
    assert "thrown-model" in said["models"][1]
    found = json.loads(said["models as JSON"][1])["attention_models"]
    assert {"name": "thrown-model", "title": "Thrown away", "variant": "test", "map": "none", "parameters": 1} in found
    code, _, refusal = said["another model"]
    assert code == 1
    assert "There is no attention model “no”. Choose one of: thrown-model, full," in refusal


@pytest.mark.slow
def test_a_backbone_is_offered_to_training_and_its_weights_are_asked_for(said: Said) -> None:
    code, _, refusal = said["another backbone"]
    assert code == 1
    assert "There is no backbone “no”. Choose one of: thrown-backbone, efficientnet-lite0," in refusal
    assert "The weights of thrown-backbone are not on this computer." in said["no weights"][2]


@pytest.mark.slow
def test_a_form_is_recognised_and_named(said: Said) -> None:
    assert "form              Thrown away" in said["inspect"][1]
    (found,) = json.loads(said["inspect as JSON"][1])["datasets"]
    assert (found["form"], found["videos"], found["participants"], found["pairs"]) == ("Thrown away", 8, 4, 28)
    code, _, refusal = said["no form"]
    assert code == 1
    assert "thrown-form (Thrown away)" in refusal


@pytest.mark.slow
def test_a_metric_stands_in_every_table_and_a_model_in_a_row(copy: Path, said: Said) -> None:
    code, written, problems = said["evaluate"]
    assert code == 0, problems
    found = json.loads(written)["models"]
    assert [model["model"] for model in found] == ["thrown-model", "duration"]
    assert all(model["metrics"]["thrown_metric"] == 8 for model in found), "test pairs of each fold name all videos"
    out = copy / "out"
    table = (out / "table.md").read_text(encoding="utf-8").splitlines()
    header = next(line for line in table if line.startswith("| model"))
    row = next(line for line in table if line.startswith("| thrown-model"))
    assert row.split("|")[header.split("|").index(" thrown away ")] == " 8.00 "
    with (out / "table.csv").open(newline="", encoding="utf-8") as file:
        assert [float(cells["thrown_metric"]) for cells in csv.DictReader(file)] == [8, 8]
    assert json.loads((out / "evaluation.json").read_text())["models"][0]["runs"][0]["metrics"]["thrown_metric"] == 8


@pytest.mark.slow
def test_an_exporter_has_a_command_with_its_options_and_a_place_in_the_menu(said: Said) -> None:
    assert "thrown-export" in said["tables"][1]
    assert "--times INTEGER RANGE" in said["table"][1]
    assert json.loads(said["menu"][1])["Tables"][:2] == ["thrown-export", "scores"]


@pytest.mark.slow
def test_an_option_of_score_stands_in_the_help_and_reaches_the_command(said: Said) -> None:
    assert "--thrown-option TEXT" in said["score"][1]
    assert "thrown: so" in said["scored"][2]
