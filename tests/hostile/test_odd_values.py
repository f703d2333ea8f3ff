"""Well-formed values that nobody would write: one sentence each, never a traceback."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.errors import CheckpointError, DatasetError, SkillViewerError, StudyError, VideoError
from skillviewer.core.paths import HOME_VARIABLE
from skillviewer.data.faces_file import load_faces
from skillviewer.data.formats.choices import DEFAULT_CHOICES
from skillviewer.data.formats.formats import recognised_form
from skillviewer.data.study import NewVideo, Study, Vote
from skillviewer.data.tables import participants
from skillviewer.data.tables.participants import participants_by_pattern
from skillviewer.data.tracks_file import load_tracks
from skillviewer.nets.checkpoint import load_checkpoint
from skillviewer.nets.model_card import load_card
from skillviewer.ui.shell.session_recorder import find_unclosed_session
from tests.checkpoints import tiny_checkpoint
from tests.data.studies import write_file
from tests.export.analyses import analysis, info


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study with something in every table."""
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    with Study.create(tmp_path / "peg") as made:
        made.videos.add([NewVideo(write_file(tmp_path / f"{name}.mp4")) for name in "ab"])
        vote = made.votes.cast(Vote("a", "b", Verdict.LEFT, "R"))
        made.votes.withdraw(vote.id)
        made.annotations.save_moment("a", 0.1, 0.3, author="R")
        made.annotations.write_note("x", author="R", video="a")
        made.models.add("d" * 64, "tiny", tmp_path / "model")
        return made.path


def _read_all(path: Path) -> None:
    with Study.open(path, read_only=True) as opened:
        _ = opened.settings, opened.dataset()
        for part in (opened.videos, opened.votes, opened.pairs, opened.models):
            part.all()
        _ = opened.annotations.moments(), opened.annotations.notes(), opened.models.scores("d" * 64)


DEEP = "[" * 100_000 + "]" * 100_000
ODD = {
    "facts no JSON": "UPDATE model SET facts = 'x'",
    "facts deep": f"UPDATE model SET facts = '{DEEP}'",
    "facts a list": "UPDATE model SET facts = '[]'",
    "facts long number": f"UPDATE model SET facts = '{{\"pairs\": {'9' * 9000}}}'",
    "facts bytes": "UPDATE model SET facts = x'ff00'",
    "no time": "UPDATE judgement SET judged_at = 'yesterday'",
    "no such day": "UPDATE judgement SET judged_at = '2026-02-30T00:00:00.000000+00:00'",
    "first year": "UPDATE note SET made_at = '0001-01-01T00:00:00.000000+00:00'",
    "last year": "UPDATE withdrawal SET withdrawn_at = '9999-12-31T23:59:59.000000-14:00'",
    "time a number": "UPDATE model SET added_at = 5",
    "settings of many digits": f"INSERT OR REPLACE INTO setting VALUES ('speed', '{'9' * 9000}')",
    "settings deep": f"INSERT OR REPLACE INTO setting VALUES ('title', '{DEEP}')",
    "settings endless": "INSERT OR REPLACE INTO setting VALUES ('comparisons_per_video', '1e300')",
    "settings no JSON": "INSERT OR REPLACE INTO setting VALUES ('title', '')",
    "verdict": "UPDATE judgement SET verdict = ''",
    "verdict a number": "UPDATE judgement SET verdict = 1e300",
    "speed words": "UPDATE judgement SET speed = 'fast'",
    "speed endless": "UPDATE judgement SET speed = 9e999",
    "mark bytes": "UPDATE judgement SET left_mark_s = x'00'",
    "digest a path": "UPDATE video SET digest = '../../x' WHERE name = 'a'",
    "digest of a model a path": "UPDATE model SET digest = '../../x'",
    "size words": "UPDATE video SET size_bytes = 'x'",
    "name bytes": "UPDATE video SET name = x'61ff' WHERE name = 'a'",
    "no UTF-8": "UPDATE video SET notes = CAST(x'ff41' AS TEXT)",
    "extent backwards": "UPDATE video SET extent_unit = 'frame', extent_start = 9, extent_stop = 3",
    "extent endless": "UPDATE video SET extent_unit = 's', extent_start = 1, extent_stop = 9e999",
    "moment endless": "UPDATE moment SET stop_s = -9e999",
    "version": "UPDATE model SET version = 9223372036854775807",
    "state": "UPDATE model SET state = 'x'",
}


@pytest.mark.parametrize("odd", ODD)
def test_odd_values_in_a_study_are_one_sentence(study: Path, odd: str) -> None:
    with closing(sqlite3.connect(study, isolation_level=None)) as db:
        db.execute("PRAGMA ignore_check_constraints = ON")
        triggers = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            db.execute(f"DROP TRIGGER {name}")
        db.execute(ODD[odd])
        for _, sql in triggers:
            db.execute(sql)
    with pytest.raises(SkillViewerError) as caught:
        _read_all(study)
    assert len(str(caught.value)) < 1000
    assert "\n" not in str(caught.value)


def test_what_a_person_may_give_a_study_can_be_read_again(study: Path) -> None:
    with Study.open(study) as opened:
        opened.videos.change("a", notes="x" * 3_000_000, context="\0")
        opened.votes.cast(Vote("a", "b", None, "a\0b", taken_s=1e300, watched=-1e300, speed=1e-300, reason="\0" * 9))
        opened.annotations.save_moment("a", 0, 1e30, author="\0")
    _read_all(study)


def test_a_score_that_is_no_number_is_not_kept(study: Path) -> None:
    with Study.open(study) as opened:
        for score in (float("inf"), float("nan")):
            said = analysis(info(), passes=1)
            said = replace(said, score_curve=np.full_like(said.score_curve, score))
            with pytest.raises(StudyError, match="no number"):
                opened.models.save_analysis(said)
    _read_all(study)


def test_a_study_as_it_should_be_is_read(study: Path) -> None:
    _read_all(study)


def _set(*path: str, value: object) -> Callable[[dict[str, object]], None]:
    def change(config: dict[str, object]) -> None:
        inside = config
        for name in path[:-1]:
            inside = inside[name]  # type: ignore[assignment]
        inside[path[-1]] = value

    return change


CONFIGS = {
    "channels": _set("sizes", "channels", value=2**62),
    "beyond 64 bits": _set("sizes", "channels", value=2**70),
    "kernel": _set("sizes", "fusion_kernel", value=2**16),
    "grid": _set("sizes", "grid", value=[2**62, 2**62]),
    "padding": _set("sizes", "fusion_padding", value=[2**62, 0]),
    "layers": _set("sizes", "tsn_hidden", value=[2] * 10**5),
    "segments": _set("preprocessing", "n_segments", value=2**62),
    "pixels": _set("preprocessing", "input_px", value=2**31),
    "rate": _set("preprocessing", "rate_hz", value=-1.0),
    "flow": _set("preprocessing", "flow", "length", value=2**40),
    "format": _set("format", value="x"),
}


@pytest.mark.parametrize("odd", [*CONFIGS, "deep", "bytes", "large"])
def test_odd_configurations_are_one_sentence(tmp_path: Path, odd: str) -> None:
    folder = tiny_checkpoint(tmp_path / "model").folder
    file = folder / "config.json"
    if odd in CONFIGS:
        config = json.loads(file.read_bytes())
        CONFIGS[odd](config)
        file.write_text(json.dumps(config))
    else:
        file.write_bytes({"deep": DEEP.encode(), "bytes": b'{"format": "\xff"}', "large": b" " * (2 << 20)}[odd])
    with pytest.raises(CheckpointError):
        load_checkpoint(folder)


@pytest.mark.parametrize("text", [DEEP, "[]", '{"n_videos": 1e400}', "\x00", " " * (2 << 20), '{"name": "\\ud800"}'])
def test_odd_cards_are_one_sentence(tmp_path: Path, text: str) -> None:
    folder = tiny_checkpoint(tmp_path / "model").folder
    (folder / "card.json").write_text(text)
    with pytest.raises(CheckpointError):
        load_card(folder)


PATTERNS = ("a{99999999999}", "(" * 5000, "(" * 5000 + ")" * 5000, "[", "(?P<1>x)", "a{1,99999999999999999999}")


@pytest.mark.parametrize("pattern", PATTERNS)
def test_odd_patterns_are_one_sentence(pattern: str) -> None:
    with pytest.raises(DatasetError, match="is not a regular expression"):
        participants_by_pattern(["P01_a"], pattern)


@pytest.mark.parametrize("pattern", ["((a{1000}){1000}){1000}", "(?:a{1,999}){1,999}$", "(a|a)*$", "(a|aa)*$"])
def test_patterns_that_try_too_much_are_stopped(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(participants, "_MAX_SECONDS", 0.2)
    with pytest.raises(DatasetError, match=r"takes too long on “aaaaa|repeats its parts too often"):
        participants_by_pattern(["P01_a", f"{'a' * 200}!"], pattern)


@pytest.mark.parametrize("item", ["²", "٣", "1" * 5000, "-1", "1.5"])
def test_odd_items_of_a_rating_are_read_past(tmp_path: Path, item: str) -> None:
    (tmp_path / "Knot_Tying").mkdir()
    lines = [
        f"Knot_Tying_{letter}001 N {rating} {item} 1 1 1 1 1" for letter, rating in zip("BCD", (9, 12, 20), strict=True)
    ]
    (tmp_path / "Knot_Tying" / "meta_file_Knot_Tying.txt").write_text("\n".join(lines), encoding="utf-8")
    dataset = recognised_form(tmp_path, None).load(tmp_path, None, DEFAULT_CHOICES)
    assert len(dataset.pairs) == 3


@pytest.mark.parametrize(
    "text",
    ["[]", DEEP, "{}", json.dumps({"study": 5}), json.dumps({"noted_at": "0001-01-01T00:00:00"}), "\x00"],
    ids=["list", "deep", "empty", "study", "time", "zero"],
)
def test_odd_sessions_are_none(tmp_path: Path, text: str) -> None:
    study = write_file(tmp_path / "s.skillstudy")
    whole = {"study": str(study), "title": "x", "draft": False, "video": "", "frame": 0, "screen": "start"}
    whole |= {"noted_at": "2026-01-01T00:00:00+00:00"}
    folder = tmp_path / "sessions"
    folder.mkdir()
    (folder / "1.json").write_text(json.dumps(whole))
    found = find_unclosed_session(folder)
    assert found is not None
    assert found.study == str(study)
    odd = json.dumps(whole | json.loads(text)) if text.startswith("{") and text != "{}" else text
    (folder / "1.json").write_text(odd)
    assert find_unclosed_session(folder) is None


def test_a_long_value_is_not_repeated_whole(tmp_path: Path) -> None:
    header = json.dumps({"times_s": "x" * 70_000}).encode()
    tracks, faces = tmp_path / "a.tracks.safetensors", tmp_path / "a.faces.json"
    tracks.write_bytes(len(header).to_bytes(8, "little") + header)
    faces.write_text(json.dumps({"x" * 70_000: 1, "format": "x" * 70_000}))
    for load, path in ((load_tracks, tracks), (load_faces, faces)):
        with pytest.raises(VideoError) as refused:
            load(path)
        assert len(str(refused.value)) < 1000
