"""Strings of files cannot move the terminal's cursor, change its colours or forge lines."""

import ast
import logging
from pathlib import Path

import click
import pytest

import skillviewer.cli
from skillviewer.cli.main import run
from skillviewer.cli.output import PrintableFormatter, echo, show_error
from skillviewer.core.dataset.pairs import Verdict
from skillviewer.data.study import NewVideo, Study, Vote
from tests.data.files import write

ODD = "a\x1b[2J\nfound 99 b\x9b31m"
CLI = Path(skillviewer.cli.__file__).parent


def test_one_function_alone_writes_to_the_terminal() -> None:
    writers = {"echo", "secho", "echo_via_pager", "print", "show"}
    found = []
    for path in sorted(CLI.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and path.name != "output.py":
                function = node.func
                raw = isinstance(function, ast.Attribute) and function.attr in writers
                raw = raw or (isinstance(function, ast.Name) and function.id == "print")
                found += [f"{path.name}:{node.lineno}"] if raw else []
    assert not found


def test_control_characters_are_no_control_characters_any_more(capsys: pytest.CaptureFixture[str]) -> None:
    echo(ODD, Path(ODD))
    echo(ODD, err=True)
    show_error(click.UsageError(ODD))
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 2
    assert not any(character in out + err for character in "\x1b\x9b")
    record = logging.LogRecord("name", logging.WARNING, "", 1, "of %s", (ODD,), None)
    assert "\x1b" not in PrintableFormatter("%(message)s").format(record)


def test_names_of_videos_forge_no_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [tmp_path / f"{name}.mp4" for name in (ODD, "b")]
    with Study.create(tmp_path / "one.skillstudy") as study:
        for file in files:
            file.write_bytes(file.name.encode())
        study.videos.add([NewVideo(file) for file in files])
        names = [video.name for video in study.videos.all()]
        study.votes.cast(Vote(names[0], names[1], Verdict.LEFT, f"R{ODD}"))
    path = str(tmp_path / "one.skillstudy")
    for command in (["list", path], ["ranking", path], ["log", path], ["log", path, "--csv"]):
        assert run(["study", *command]) == 0
        out, err = capsys.readouterr()
        assert not {"\x1b", "\x9b"} & {*out, *err} or command[-1] == "--csv"
        assert not [line for line in out.splitlines() if line.startswith("found 99")] or command[-1] == "--csv"
    assert run(["study", "list", path]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.parametrize("column", ["video", "rater", "Flow", "Grip"])
def test_a_number_of_thousands_of_digits_is_set_aside(
    tmp_path: Path, column: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with Study.create(tmp_path / "one.skillstudy") as study:
        files = [write(tmp_path / f"{name}.mp4", name) for name in "abcdefghij"]
        study.videos.add([NewVideo(file) for file in files])
    rows = [{"video": name, "rater": "R", "Flow": "3", "Grip": "4"} for name in "abcdefghij"]
    rows[4][column] = "9" * 5000
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    table = write(tmp_path / "t.csv", "\n".join(lines))
    assert run(["study", "import-ratings", str(tmp_path / "one.skillstudy"), str(table)]) in {0, 1}
    assert "Traceback" not in capsys.readouterr().err
    with Study.open(tmp_path / "one.skillstudy", read_only=True) as study:
        assert len(study.ratings.all().ratings) in {18, 19, 20}
