"""Help of commands with many options: headings, examples that parse, and progress in lines."""

import importlib

import click
import pytest

from skillviewer.cli import progress
from skillviewer.cli.main import COMMANDS, cli, run
from skillviewer.cli.options.examples import EXAMPLES
from skillviewer.cli.progress import format_time_left, progress_bar
from skillviewer.core.progress import Progress

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize("name", EXAMPLES)
def test_help_has_headings_and_two_examples_that_parse(name: str, capsys: Capture) -> None:
    assert run([*name.split(), "--help"]) == 0
    told = capsys.readouterr().out
    assert told.rstrip().splitlines()[-3].strip() == "Examples:"
    first = name.split(maxsplit=1)[0]
    module = next(module for command, module, _ in COMMANDS if command == first)
    group: click.Command = getattr(importlib.import_module(module), first)
    for example in EXAMPLES[name]:
        assert f"skillviewer {example}" in told
        command, words = group, example.split()[1:]
        if isinstance(group, click.Group):
            found = group.get_command(click.Context(cli), words[0])
            assert found is not None
            command, words = found, words[1:]
        command.make_context(name, words).close()
    if name != "demo":
        assert told.count("\nModel and output:") + told.count("\nFiles:") >= 1
        options = [p for p in command.params if isinstance(p, click.Option) and not p.hidden]
        assert all(max(p.opts, key=len) in told for p in options), "no option is lost between the headings"


def test_without_a_terminal_progress_is_told_in_lines(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    now = [0.0]
    monkeypatch.setattr(progress, "LINE_INTERVAL_S", 30.0)
    with progress_bar(clock=lambda: now[0]) as report:
        for at, done in ((0, 0), (20, 5), (40, 10), (50, 12), (80, 20)):
            now[0] = at
            report(Progress("features of videos", done, 20))
    assert capsys.readouterr().err.splitlines() == [
        "features of videos: 50 %, about 40 s left",
        "features of videos: 100 %",
    ]
    assert [format_time_left(s) for s in (12.3, 70, 7500)] == [
        "about 12 s left",
        "about 1 min left",
        "about 2 h 5 min left",
    ]
