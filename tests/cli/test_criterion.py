"""``--criterion``: one of several, or each in a folder of its own."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from skillviewer.cli.main import run as main
from skillviewer.cli.options.dataset_options import Reading, dataset_options
from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.errors import DatasetError
from skillviewer.data.study import NewVideo, Study, Vote


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
@dataset_options
def told(data: Path, reading: Reading, output: Path) -> int:
    """Print criterion and folder."""
    click.echo(f"{reading.open(data).criterion} {output.name}")
    return 0


def test_all_is_every_item_in_a_folder_of_its_own(tmp_path: Path) -> None:
    table = tmp_path / "ratings.csv"
    table.write_text("video,rater,Global,Flow: all/most\na,Ann,1,3\nb,Ann,2,1\n")
    for name in "ab":
        (tmp_path / f"{name}.mp4").write_bytes(b"x")
    runner = CliRunner()
    lines = runner.invoke(told, [str(tmp_path), "-o", "out", "--criterion", "all"]).stdout.splitlines()
    assert lines == ["Global Global", "Flow: all/most Flow_ all_most"]
    assert runner.invoke(told, [str(tmp_path), "-o", "out", "--criterion", "global"]).stdout == "Global out\n"
    table.unlink()
    (tmp_path / "pairs.csv").write_text("better,worse\na,b\n")
    failed = runner.invoke(told, [str(tmp_path), "-o", "out", "--criterion", "all"])
    assert isinstance(failed.exception, DatasetError)
    assert "holds no table of ratings" in str(failed.exception)


def test_votes_of_one_criterion_are_summarised_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "s.skillstudy"
    with Study.create(path) as study:
        study.videos.add([NewVideo(None, name) for name in "ab"])
        for criterion in ("", "Flow", "Flow"):
            study.votes.cast(Vote("a", "b", Verdict.LEFT, "Eve", criterion=criterion))
    assert main(["study", "ranking", str(path), "--criterion", "Flow"]) == 0
    assert capsys.readouterr().out.startswith("2 votes")
    assert main(["study", "export", str(path), str(tmp_path / "v.csv"), "--form", "judgements"]) == 0
    assert len((tmp_path / "v.csv").read_text().splitlines()) == 2
    assert main(["study", "ranking", str(path), "--criterion", "Speed"]) == 1
    assert "no criterion “Speed”. Choose one of: skill, Flow." in capsys.readouterr().err
