"""The log of a study: changed settings and exports, signed, in the file and on the command line."""

import getpass
from dataclasses import replace
from pathlib import Path

import pytest

from skillviewer.cli.main import run
from skillviewer.core.study_log import MAX_NAMED, LoggedExport
from skillviewer.data.study import NewVideo, Study, StudySettings
from tests.data.study.test_study import FIRST_STUDY, raw
from tests.facts import missing


def _logged(path: Path) -> list[tuple[str, str, str, str]]:
    with Study.open(path, read_only=True) as study:
        rows = study.log()
    assert [row.at for row in rows] == sorted(row.at for row in rows)
    return [(r.who, r.what, r.subject, r.detail) for r in rows if r.what in {"setting changed", "export"}]


def test_changed_settings_are_signed_and_say_what_was_before(tmp_path: Path) -> None:
    with Study.create(tmp_path / "peg", StudySettings(title="Peg ü")) as study:
        study.set_log_user("Dr Ann")
        study.settings = replace(study.settings, blind=True, speed=0.5)
        study.settings = replace(study.settings, speed=0.5)
        study.set_log_user("")
        study.settings = replace(study.settings, title="")
        with pytest.raises(Exception, match="append-only"), study._file.transaction() as db:
            db.execute("UPDATE event SET who = 'Bob'")
        path = study.path
    import_report = getpass.getuser()
    assert _logged(path) == [
        (import_report, "setting changed", "title", " → Peg ü"),
        ("Dr Ann", "setting changed", "speed", "1.0 → 0.5"),
        ("Dr Ann", "setting changed", "blind", "False → True"),
        (import_report, "setting changed", "title", "Peg ü → "),
    ]


def test_every_export_of_the_command_line_is_in_the_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Study.create(tmp_path / "peg") as study:
        study.videos.add([NewVideo(None, name) for name in ("one", "two")])
        path = study.path
    out = tmp_path / "private folder"
    out.mkdir()
    assert run(["export", "table", "judgements", str(path), "-o", str(out / "votes.csv")]) == 0
    assert run(["study", "export", str(path), str(out / "all.csv")]) == 0
    assert run(["export", "table", "log", str(path), "-o", str(out / "log.json")]) == 0
    assert run(["export", "table", "log", str(path), "-o", str(out / "log.csv")]) == 0
    assert run(["export", "study", str(path), "-o", str(path)]) != 0, "what was not written is not logged"
    import_report = getpass.getuser()
    kinds = [("votes.csv", "judgements"), ("all.csv", "every-vote"), ("log.json", "log"), ("log.csv", "log")]
    assert _logged(path) == [(import_report, "export", file, kind) for file, kind in kinds]
    assert b"private folder" not in path.read_bytes()
    for file in ("log.json", "log.csv"):
        assert run(["verify", str(out / file), "--study", str(path)]) == 0, "later events are no difference"
    with Study.open(path):
        capsys.readouterr()
        assert run(["export", "table", "judgements", str(path), "-o", str(out / "again.csv")]) == 0
        assert not missing(capsys.readouterr().err, "peg.skillstudy", "open elsewhere")
    assert (out / "again.csv").is_file()


def test_an_export_does_not_migrate_a_study(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "old.skillstudy"
    connection = raw(path)
    connection.executescript(FIRST_STUDY)
    connection.close()
    before = path.read_bytes()
    assert run(["export", "table", "judgements", str(path), "-o", str(tmp_path / "votes.csv")]) == 0
    assert not missing(capsys.readouterr().err, "older version")
    assert path.read_bytes() == before


def test_of_many_videos_the_log_gives_the_number(tmp_path: Path) -> None:
    names = tuple(map(str, range(MAX_NAMED)))
    assert LoggedExport(tmp_path, "a.csv", "scores", names).detail == "scores: 0, 1, 2, 3, 4, 5, 6, 7"
    assert LoggedExport(tmp_path, "a.csv", "scores", (*names, "8")).detail == "scores: 9 videos"
