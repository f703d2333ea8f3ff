"""Commands of README and guides: all are understood as they stand, and those of the daily work run, page by page."""

import io
import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import click
import openpyxl
import pytest

from skillviewer.cli import demo
from skillviewer.cli.main import cli, run
from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.paths import data_dir
from skillviewer.data.study import Study, Vote
from skillviewer.nets.checkpoint import load_checkpoint
from tests.checkpoints import tiny_checkpoint
from tests.videos import write_barcode_video

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
SMALL = "--segments 2 --input-px 64 --flow dis --candidates 1 --epochs 1 --select last --device cpu"
"""Options that make training quick; they are added to the documented ones."""

PEOPLE = ("P01", "P02", "P03", "P04")


@dataclass(frozen=True)
class DocumentedCommand:
    """A command as a page has it, without the words that explain it."""

    page: str
    text: str

    @property
    def words(self) -> list[str]:
        return shlex.split(self.text)

    @property
    def synopsis(self) -> bool:
        """Words in capitals, brackets or alternatives stand for arguments: the line shows a form, not a command."""
        return bool(re.search(r"\[|\.\.\.|\||(?<![\w-])[A-Z]{4,}(?![\w-])", self.text))


def commands(page: Path) -> Iterator[DocumentedCommand]:
    """Find the lines of a page that begin with ``skillviewer`` in blocks of code; a backslash continues a line."""
    text = re.sub(r"\\\n\s*", " ", page.read_text(encoding="utf-8"))
    for found in re.finditer(r"^(?: {4}|\$ |)(skillviewer .*)$", text, re.MULTILINE):
        yield DocumentedCommand(page.stem, re.split(r" {2,}|\s#", found[1])[0])


EVERY = [line for page in PAGES for line in commands(page)]


def found_command(words: list[str]) -> tuple[click.Command, list[str]]:
    """Follow groups to the command that the words name; return it and the other words."""
    command: click.Command = cli
    rest = words[1:]
    while isinstance(command, click.Group) and rest:
        inner = command.get_command(click.Context(command), rest[0])
        if inner is None:
            break
        command, rest = inner, rest[1:]
    return command, rest


def _make_files(parameter: click.Parameter, words: list[str]) -> None:
    kind = parameter.type
    if not isinstance(kind, click.Path) or not kind.exists:
        return
    if isinstance(parameter, click.Option):
        named = [words[at + 1] for at, word in enumerate(words[:-1]) if word in parameter.opts]
    else:
        named = [word for word in words if not word.startswith("-")]
    for name in named:
        path = Path(name)
        if not path.is_absolute() and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch() if path.suffix and kind.file_okay else path.mkdir()


@pytest.mark.parametrize("line", [line for line in EVERY if not line.synopsis], ids=lambda line: line.text[:60])
def test_a_documented_command_is_understood(
    line: DocumentedCommand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command, words = found_command(line.words)
    words = [word.removeprefix("/") for word in words]  # /shared/videos lies below the folder of the test
    for parameter in command.params:
        _make_files(parameter, words)
    assert not isinstance(command, click.Group)
    command.make_context(command.name, words)


@pytest.mark.parametrize("line", [line for line in EVERY if line.synopsis], ids=lambda line: line.text[:60])
def test_a_documented_form_names_a_command_and_its_options(line: DocumentedCommand) -> None:
    command, words = found_command(line.words)
    options = {opt for parameter in command.params for opt in (*parameter.opts, *parameter.secondary_opts)}
    assert command is not cli or line.text == "skillviewer [FILES]"
    assert [word for word in words if word.startswith("-") and word not in options] == []


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the guides name: clips of four people, ratings, votes, a study, a data set, a tiny model."""
    folder = tmp_path_factory.mktemp("guides")
    sample = folder / "resources" / "sample_study"
    _write_ratings(sample, [f"{i:03}" for i in range(8)])
    for i in range(8):
        write_barcode_video(sample / "videos" / f"{i:03}.mp4", 14 + 2 * i)
    (folder / "clips").mkdir()
    for i in range(8):
        shutil.copy(sample / "videos" / f"{i:03}.mp4", folder / "clips" / f"P{1 + i // 2:02}_{1 + i % 2}.mp4")
    _write_ratings(folder, [path.stem for path in sorted((folder / "clips").iterdir())])
    shutil.move(folder / "simulated-ratings.xlsx", folder / "scores.xlsx")
    for copied in ("videos", "more"):
        shutil.copytree(folder / "clips", folder / copied)
    for at, name in enumerate(("videos/knot_07", "videos/001", "videos/000", "knot_07", "low", "better", "clip")):
        write_barcode_video(folder / f"{name}.mp4", 41 + at)
    tiny_checkpoint(folder / "sample-full")
    tiny_checkpoint(folder / "sample-none", "none", seed=1)
    shutil.copytree(folder / "sample-full", folder / "my-models" / "knots")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert run(["data", "import", "scores.xlsx", "--videos", "clips", "-o", "my-data"]) == 0
        assert run(["study", "create", "my-study.skillstudy", "videos", "--participant-pattern", "^P[0-9]+"]) == 0
        assert run(["study", "import-ratings", "my-study.skillstudy", "scores.xlsx"]) == 0
    vote(folder / "my-study.skillstudy")
    model = load_checkpoint(folder / "sample-full")
    with Study.open(folder / "my-study.skillstudy") as study:
        study.models.add(model.digest, model.name, model.folder)
        study.use_model(model.digest)
    return folder


def _write_ratings(folder: Path, names: list[str]) -> None:
    """Write a workbook of ratings of four people by two raters, and votes, as they ship."""
    (folder / "videos").mkdir(parents=True) if folder.name == "sample_study" else None
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["Clip", "Participant", "Visit", "Rater", "Global"])
    for i, name in enumerate(names):
        for shift, rater in enumerate(("Ann", "Bob")):
            rating = min(4.5, 0.5 + i // 2 + shift * (i % 2))  # no whole number, which could be the name of a video
            book.active.append([name, PEOPLE[i // 2], ("pre", "post")[i % 2], rater, rating])
    book.save(folder / "simulated-ratings.xlsx")
    rows = [f"{left},{right},{rater},-1" for left, right in pairwise(names) for rater in ("R1", "R2")]
    (folder / "votes.csv").write_text("\n".join(["left,right,rater,verdict", *rows]) + "\n", encoding="utf-8")


def vote(path: Path) -> None:
    """Judge pairs as a rater would."""
    with Study.open(path) as study:
        names = [video.name for video in study.videos.all()]
        for left, right in pairwise(names):
            study.votes.cast(Vote(left, right, Verdict.RIGHT, "Ann"))


def _tiny(model: str) -> str:
    """Return the folder of the tiny model that stands for a shipped one: models that are compared must differ."""
    return "./sample-none" if model == "sample-none" else "./sample-full"


def ready(words: list[str]) -> list[str]:
    """Make a documented command quick: small trainings, one seed, one pass, short clips, and the tiny model."""
    words = [_tiny(word) if word.startswith("sample-") and "." not in word else word for word in words[1:]]
    if words[0] in ("evaluate", "train"):
        words += SMALL.split()
        words = ["full" if word in ("auto", "all") else word for word in words]
    if words[0] == "evaluate":
        words += ["--seeds", "1", "--folds", "2"]
    if words[0] == "finetune" and "--versions" not in words and "--use" not in words:
        if "--model" in words:
            at = words.index("--model")
            words = words[:at] + words[at + 2 :]
        words += [] if "--from" in words else ["--from", "./sample-full", "--seed", "1"]
        words += ["--epochs", "1", "--candidates", "1", "--device", "cpu"]
    if words[:2] == ["export", "clip"]:
        words = [str(int(word) // 10) if word in ("100", "400") else word for word in words] + ["--size", "320x192"]
    if words[:2] == ["export", "compared"]:
        words = [str(int(word) // 10) if word == "411" else word for word in words]
    of_study = {"cohort", "change", "judgements", "labels", "label-agreement", "strengths", "log"} & {*words}
    if (
        words[:2] in (["export", "clip"], ["export", "sheet"], ["export", "report"], ["export", "table"])
        and not of_study
    ):
        words += ["--passes", "1"]
    return words


TUTORIALS = ("tutorial-window", "tutorial-spreadsheet", "tutorial-two-models", "tutorial-judging")


def sample_of(folder: Path) -> Path:
    """Return the resources of the program with a small sample study."""
    return folder / "resources"


@pytest.mark.slow
@pytest.mark.parametrize("page", TUTORIALS)
def test_a_tutorial_runs_from_its_first_command_to_its_last(
    page: str, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every command ends with 0, in the order of the page, and what it was asked to write is there."""
    monkeypatch.setattr(demo, "resources_dir", lambda: sample_of(place))
    for name in ("sample-full", "sample-none", "clips"):
        shutil.copytree(place / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    for line in [line for line in EVERY if line.page == page and line.words[1] != "window"]:
        words = ready(line.words)
        assert run(words) == 0, f"{line.text}: {capsys.readouterr().err}"
        if "-o" in words and words[0] != "finetune":  # which takes a name
            made = tmp_path / words[words.index("-o") + 1]
            assert made.is_file() or any(made.iterdir()), line.text


@pytest.mark.slow
@pytest.mark.parametrize(
    "page",
    [
        "why",
        "ratings",
        "data",
        "study",
        "ranking",
        "train",
        "compare",
        "faces",
        "export",
        "protocol",
        "data-protection",
    ],
)
def test_the_commands_of_a_guide_run(
    page: str, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Forms (words in capitals) are left out, and what has tests of its own or needs other files: checks of files that
    differ on purpose, ONNX files (``test_onnx_files``), folders of pictures, cameras and versions by number."""
    folder = tmp_path / "here"
    shutil.copytree(place, folder)
    monkeypatch.chdir(folder)
    elsewhere = re.compile(r" /|verify (curves|why)|export onnx|data frames|study cameras|--use graspers")
    lines = [line for line in EVERY if line.page == page and not line.synopsis and not elsewhere.search(line.text)]
    if page == "study":
        (folder / "my-study.skillstudy").unlink()
    if page == "ratings":
        shutil.rmtree(folder / "my-data")
    if page in ("export", "data-protection"):
        (folder / "my-study.skillstudy").rename(folder / "study.skillstudy")
    assert lines
    for line in lines:
        monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))  # the answer where the program asks
        assert run(ready(line.words)) == 0, f"{line.text}: {capsys.readouterr().err}"
        if line.text.startswith("skillviewer study create"):
            vote(folder / "my-study.skillstudy")
        if "graspers" in line.words and "-o" in line.words:
            shutil.rmtree(data_dir() / "models" / "graspers", ignore_errors=True)
