"""``--criterion``: one of several, or each in a folder of its own."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from skillviewer.cli.main import run as main
from skillviewer.cli.options.dataset_options import DataOptions, dataset_options
from skillviewer.cli.options.export_sources import gather_sources
from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.errors import CheckpointError, DatasetError
from skillviewer.core.hashing import CARD, CONFIG, WEIGHTS
from skillviewer.core.paths import HOME_VARIABLE, data_dir
from skillviewer.core.progress import CancelToken
from skillviewer.data.study import NewVideo, Study, Vote
from skillviewer.nets.model_library import checkpoint_digest
from tests.facts import missing
from tests.videos import write_barcode_video


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
@dataset_options
def told(data: Path, data_options: DataOptions, output: Path) -> int:
    """Print criterion and folder."""
    click.echo(f"{data_options.open(data).criterion} {output.name}")
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
    assert "no ratings" in str(failed.exception)


def test_votes_of_one_criterion_are_summarised_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "s.skillstudy"
    with Study.create(path) as study:
        study.videos.add([NewVideo(None, name) for name in "ab"])
        for criterion in ("", "Flow", "Flow"):
            study.votes.cast(Vote("a", "b", Verdict.LEFT, "Eve", criterion=criterion))
    assert main(["study", "ranking", str(path), "--criterion", "Flow"]) == 0
    assert capsys.readouterr().out.startswith("2 votes")
    assert main(["study", "export", str(path), str(tmp_path / "v.csv"), "--format", "judgements"]) == 0
    assert len((tmp_path / "v.csv").read_text().splitlines()) == 2
    assert main(["study", "ranking", str(path), "--criterion", "Speed"]) == 1
    assert not missing(capsys.readouterr().err, "“Speed”")


def test_votes_that_contradict_ratings_are_told_whichever_came_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, table, votes = tmp_path / "s.skillstudy", tmp_path / "ratings.csv", tmp_path / "votes.csv"
    table.write_text("video,rater,Flow\na,Ann,5\na,Ben,5\nb,Ann,1\nb,Ben,1\n")
    votes.write_text("left,right,rater,verdict,criterion\na,b,Eve,-1,Flow\n")
    with Study.create(path) as study:
        study.videos.add([NewVideo(None, name) for name in "ab"])
    assert main(["study", "import-ratings", str(path), str(table)]) == 0
    capsys.readouterr()
    told = "Votes contradict the ratings of Flow on 1 of 1 pairs, and count there; the ratings put a above b."
    for command in (["import", str(path), str(votes)], ["ranking", str(path)]):
        assert main(["study", *command]) == 0
        assert told in capsys.readouterr().err


def test_an_export_is_of_one_criterion(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "s.skillstudy", str(tmp_path / "v.csv")
    with Study.create(path) as study:
        study.videos.add([NewVideo(None, name) for name in "ab"])
        for criterion in ("", "Flow", "Flow"):
            study.votes.cast(Vote("a", "b", Verdict.LEFT, "Eve", criterion=criterion))
    for words, n in (([], 1), (["--criterion", "Flow"], 2)):
        assert main(["export", "table", "judgements", str(path), "-o", out, "--force", *words]) == 0
        assert len(Path(out).read_text().splitlines()) == 1 + n
    assert main(["export", "table", "strengths", str(path), "-o", out, "--force", "--criterion", "Speed"]) == 1
    assert main(["export", "report", "cohort", str(path), "-o", out + ".pdf", "--criterion", "Flow"]) == 1
    err = capsys.readouterr().err
    assert not missing(err, "“Speed”")
    assert not missing(err, "“Flow”")


def test_videos_are_exported_under_the_model_of_a_criterion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, path = write_barcode_video(tmp_path / "a.mp4", 12).path, tmp_path / "s.skillstudy"
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    folders = []
    for at, name in enumerate(("Skill", "Flow", "Flow", "Speed")):
        folder = data_dir() / "models" / f"m{at}"
        folder.mkdir(parents=True)
        (folder / CONFIG).write_text(f'{{"at": {at}}}')
        (folder / WEIGHTS).write_bytes(b"")
        (folder / CARD).write_text(f'{{"criterion": "{name}"}}')
        folders.append(folder)
    with Study.create(path) as study:
        study.videos.add([NewVideo(file)])
        for at in (1, 2, 0):
            study.models.add(checkpoint_digest(folders[at]), f"m{at}", folders[at])

    def models(source: Path, criterion: str | None, *names: str) -> list[Path | None]:
        found, problems = gather_sources([source], [], names, None, CancelToken(), criterion)
        assert not problems
        return [target.model for targets in found for target in targets]

    assert models(path, "flow") == [folders[2]], "the newest of the study"
    assert models(path, "Speed", str(folders[3].parent)) == models(file, "Speed", str(folders[3])) == [folders[3]]
    with pytest.raises(CheckpointError, match=r"m0.*“Flow”"):
        models(path, "Flow", str(folders[0]))
    with pytest.raises(CheckpointError, match="“Care”"):
        models(path, "Care")
