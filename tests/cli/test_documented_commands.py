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

from skillviewer.cli.main import cli, run
from skillviewer.core.dataset.pairs import Verdict
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
    """A folder with clips of four people, twice each, a workbook of their ratings, and a tiny model."""
    folder = tmp_path_factory.mktemp("tutorials")
    (folder / "clips").mkdir()
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["Clip", "Trainee", "Visit", "Judge", "Global"])
    for i in range(8):
        name = f"{PEOPLE[i // 2]}_{1 + i % 2}"
        write_barcode_video(folder / "clips" / f"{name}.mp4", 14 + 2 * i)
        for shift, judge in enumerate(("Ann", "Bob")):
            book.active.append(
                [name, PEOPLE[i // 2], ("pre", "post")[i % 2], judge, min(5, 1 + i // 2 + shift * (i % 2))]
            )
    book.save(folder / "scores.xlsx")
    tiny_checkpoint(folder / "sample-full")
    return folder


def vote(path: Path) -> None:
    """Judge pairs as a rater would."""
    with Study.open(path) as study:
        names = [video.name for video in study.videos.all()]
        for left, right in pairwise(names):
            study.votes.cast(Vote(left, right, Verdict.RIGHT, "Ann"))


def ready(words: list[str]) -> list[str]:
    """Make a documented command quick: small trainings, one seed, one pass, short clips, and the tiny model."""
    words = ["./sample-full" if word in ("sample-full", "sample-none") else word for word in words[1:]]
    if words[0] in ("evaluate", "train"):
        words += SMALL.split()
    if words[0] == "evaluate":
        words += ["--seeds", "1", "--folds", "2"]
    if words[0] == "finetune":
        words += ["--epochs", "1", "--candidates", "1", "--device", "cpu"]
    if words[:2] == ["export", "clip"]:
        words = [str(int(word) // 10) if word in ("100", "400") else word for word in words] + ["--size", "320x192"]
    of_study = {"cohort", "change"} & {*words}
    if words[:2] in (["export", "clip"], ["export", "sheet"], ["export", "report"]) and not of_study:
        words += ["--passes", "1"]
    return words


@pytest.mark.slow
@pytest.mark.parametrize("page", ["tutorial-spreadsheet", "tutorial-two-models", "tutorial-rater"])
def test_a_tutorial_runs_from_its_first_command_to_its_last(
    page: str, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every command ends with 0, in the order of the page, and what it was asked to write is there."""
    monkeypatch.chdir(place)
    lines = [line for line in EVERY if line.page == page]
    assert len(lines) >= 4
    if page == "tutorial-two-models" and not (place / "my-data").exists():  # it goes on with what the first one makes
        (imported,) = (line for line in EVERY if line.page == "tutorial-spreadsheet" and "import" in line.words)
        assert run(ready(imported.words)) == 0
    for line in lines:
        words = ready(line.words)
        if words[:2] == ["study", "ranking"]:
            vote(place / "knots.skillstudy")
        assert run(words) == 0, f"{line.text}: {capsys.readouterr().err}"
        if "-o" in words and words[0] != "finetune":
            made = place / words[words.index("-o") + 1]
            assert made.is_file() or any(made.iterdir()), line.text


@pytest.mark.slow
def test_the_commands_of_the_guides_to_studies_and_exports_run(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Forms (words in capitals) are left out; so are the check of a file that differs on purpose, votes that come
    from a browser, and models as ONNX files, whose guide runs in ``test_onnx_files``."""
    monkeypatch.chdir(place)
    shutil.copytree(place / "sample-full", place / "my-models" / "knots")
    for folder, names in (("videos", ("P01_1", "P02_1")), ("more", ("P03_1",))):
        (place / folder).mkdir()
        for name in names:
            shutil.copy(place / "clips" / f"{name}.mp4", place / folder)
    for name, n_frames in (("knot_07", 41), ("001", 12)):
        write_barcode_video(place / "videos" / f"{name}.mp4", n_frames)
    elsewhere = re.compile(r" /|curves\.csv|why\.pdf|votes\.json|export onnx")
    skipped = [line for line in EVERY if elsewhere.search(line.text)]
    done = 0
    for page in ("study", "ranking", "export", "data-protection"):
        for line in [one for one in EVERY if one.page == page and not one.synopsis and one not in skipped]:
            monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))  # the answer where the program asks
            assert run(ready(line.words)) == 0, f"{line.text}: {capsys.readouterr().err}"
            done += 1
            if line.text.startswith("skillviewer study create"):
                vote(place / "my-study.skillstudy")
        if page == "ranking":
            shutil.copy(place / "my-study.skillstudy", place / "study.skillstudy")
            model = load_checkpoint(place / "sample-full")
            with Study.open(place / "study.skillstudy") as study:
                study.models.add(model.digest, model.name, model.folder)
                study.use_model(model.digest)
    assert done >= 18
