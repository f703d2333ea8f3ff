"""Exports made again: the same bytes where nothing was altered, and the first altered place by name."""

import csv
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from skillviewer.cli.main import run
from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.errors import ExportError
from skillviewer.data.study import NewVideo, Study, Vote
from skillviewer.engine.exporting.requests import ExportRequest, ExportSource
from skillviewer.engine.exporting.service import ExportService
from skillviewer.engine.exporting.verify import Verification, Verifier
from skillviewer.engine.inference.model_cache import ModelCache
from skillviewer.export.embedded_record import read_record
from skillviewer.export.exporters import exporter
from skillviewer.export.file_differences import first_difference
from skillviewer.export.options import options_from
from skillviewer.nets.model_library import checkpoint_digest
from tests.checkpoints import tiny_checkpoint
from tests.facts import missing
from tests.videos import write_barcode_video

KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "scores.csv": ("scores", {}),
    "scores.json": ("scores", {}),
    "curves.csv": ("curves", {}),
    "evidence.json": ("evidence", {}),
    "comparison.csv": ("comparison", {}),
    "result.json": ("result", {}),
    "maps.npz": ("maps", {}),
    "clip.mp4": ("clip", {"stop": 4, "look": {"overlay": "contour"}}),
    "clip.webm": ("clip", {"stop": 3, "size": [300, 300]}),
    "clip.gif": ("clip", {"stop": 3}),
    "still.png": ("still", {"frame": 7}),
    "sheet.pdf": ("sheet", {"n_frames": 2, "dpi": 72}),
    "curve.svg": ("curve", {"title": "a -- b"}),
    "timeline.eaf": ("timeline", {"evidence": False}),
    "timeline.vtt": ("timeline", {"score": False}),
    "timeline.boris": ("timeline", {}),
    "timeline.csv": ("timeline", {"score": False}),
    "timeline.json": ("timeline", {"found": False}),
    "why.pdf": ("why", {}),
    "why.html": ("why", {"names": False}),
}


class _Remembering:
    """A pool that assesses every video once per test module."""

    def __init__(self) -> None:
        self.model_cache, self.known = ModelCache("cpu"), dict[object, Any]()

    def assess(self, *given: Any) -> Any:
        folder, video, passes, *_ = given
        key = (folder, video.name, passes, given[5] if len(given) > 5 else None)
        if key not in self.known:
            self.known[key] = self.model_cache.assess(*given)
        return replace(self.known[key], video=replace(self.known[key].video, path=video))

    def explain(self, folder: Path, analysis: Any, *given: Any, **named: Any) -> Any:
        key = ("evidence", folder, analysis.video.path.name, analysis.n_passes, analysis.clip_range)
        if key not in self.known:
            self.known[key] = self.model_cache.explain(folder, analysis, *given, **named)
        return self.known[key]

    def close(self) -> None:
        """Stay open."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Callable[..., Verifier]]:
    """A folder with one export of every kind, and a maker of verifiers for it."""
    folder = tmp_path_factory.mktemp("verify")
    models = [tiny_checkpoint(folder / "models" / name, seed=at).folder for at, name in enumerate(("tiny", "other"))]
    video = write_barcode_video(folder / "knot 1.mp4", 24).path
    model_cache: Any = _Remembering()
    with ExportService(lambda: model_cache) as service:
        for file, (kind, options) in KINDS.items():
            used = models if kind == "comparison" else models[:1]
            targets = [ExportSource(video, "knot 1", m, checkpoint_digest(m), passes=2) for m in used]
            several = [replace(t, analysis=model_cache.assess(t.model, video, 2)) for t in targets]
            chosen = options_from(exporter(kind).options, options)
            service.write(ExportRequest(exporter(kind), tuple(several), folder / file, chosen))

    def verifier(**more: Any) -> Verifier:
        return Verifier([ExportSource(video, "knot 1")], models, open_model_cache=lambda _cache: model_cache, **more)

    return folder, verifier


def checked(made: tuple[Path, Callable[..., Verifier]], file: Path, **more: Any) -> Verification:
    return made[1](**more).verify(file)


def test_two_videos_with_the_same_bytes_are_two_rows(tmp_path: Path) -> None:
    model = tiny_checkpoint(tmp_path / "models" / "tiny").folder
    videos = [write_barcode_video(tmp_path / "b.mp4", 24).path, tmp_path / "a.mp4"]
    shutil.copyfile(*videos)
    model_cache: Any = _Remembering()
    sources = [ExportSource(video, video.stem, model, checkpoint_digest(model), passes=1) for video in videos]
    targets = tuple(replace(one, analysis=model_cache.assess(model, one.video, 1)) for one in sources)
    table = tmp_path / "scores.csv"
    with ExportService(lambda: model_cache) as service:
        service.write(ExportRequest(exporter("scores"), targets, table))
    for order in (1, -1):
        found = Verifier(sources[::order], [model], open_model_cache=lambda _cache: model_cache).verify(table)
        assert found == Verification("scores", "", identical=True)


@pytest.mark.parametrize("name", KINDS)
def test_an_export_that_nobody_altered_is_made_again_byte_by_byte(
    made: tuple[Path, Callable[..., Verifier]], name: str
) -> None:
    assert checked(made, made[0] / name) == Verification(KINDS[name][0], "", identical=True)


def test_an_altered_digit_is_a_finding(made: tuple[Path, Callable[..., Verifier]], tmp_path: Path) -> None:
    random = Random()
    seed = random.randrange(10**9)
    random.seed(seed)
    for name in ("scores.csv", "scores.json", "curves.csv", "evidence.json", "timeline.csv", "timeline.boris"):
        text = (made[0] / name).read_text(encoding="utf-8")
        for at in random.sample([at for at, c in enumerate(text) if c.isdigit()], 4):
            other = str((int(text[at]) + random.randint(1, 9)) % 10)
            file = tmp_path / name
            file.write_text(text[:at] + other + text[at + 1 :], encoding="utf-8")
            found = checked(made, file)
            assert found.difference, (seed, name, at, text[at - 20 : at + 20])
            assert not found.identical


@pytest.mark.parametrize(
    ("name", "column", "value"),
    [
        ("timeline.csv", "to_s", "0.0"),
        ("timeline.csv", "from_s", "0.9"),
        ("scores.csv", "stop_s", "-0.8"),
        ("scores.csv", "stop_s", "inf"),
        ("curves.csv", "start_s", "9e99"),
        ("curves.csv", "pass_index", "64"),
        ("scores.csv", "n_passes", "0"),
        ("comparison.csv", "second_passes", "two"),
    ],
)
def test_a_value_that_no_export_has_is_a_finding_with_its_column(
    made: tuple[Path, Callable[..., Verifier]], tmp_path: Path, name: str, column: str, value: str
) -> None:
    with (made[0] / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row[column] = value
    with (tmp_path / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    difference = checked(made, tmp_path / name).difference
    assert column in difference, difference
    assert value in difference.replace("+", "")


def test_a_part_behind_the_end_of_the_video_is_a_finding(
    made: tuple[Path, Callable[..., Verifier]], tmp_path: Path
) -> None:
    rows = json.loads((made[0] / "scores.json").read_text(encoding="utf-8"))
    rows[0]["start_s"], rows[0]["stop_s"] = 90.5, 91.5
    (tmp_path / "scores.json").write_text(json.dumps(rows), encoding="utf-8")
    assert "start_s says 90.5" in checked(made, tmp_path / "scores.json").difference


def test_an_altered_key_is_a_finding(made: tuple[Path, Callable[..., Verifier]], tmp_path: Path) -> None:
    text = (made[0] / "timeline.boris").read_text(encoding="utf-8")
    (tmp_path / "timeline.boris").write_text(text.replace('"fps"', '"fqs"'), encoding="utf-8")
    assert ".fqs." in checked(made, tmp_path / "timeline.boris").difference


def test_a_file_that_cannot_be_checked_is_named_and_the_others_are_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [tmp_path / "a.csv", tmp_path / "b.png", tmp_path / "c.csv"]
    for file in files:
        file.write_bytes(b"x,y\n1,2\n")
    assert run(["verify", *map(str, files)]) == 1
    said = capsys.readouterr().err.splitlines()
    assert len(said) == len(files)
    for file, line in zip(files, said, strict=True):
        assert str(file) in line


def test_the_first_altered_cell_is_named(made: tuple[Path, Callable[..., Verifier]], tmp_path: Path) -> None:
    with (made[0] / "curves.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    said = rows[6]["score"]
    rows[6]["score"], rows[8]["score"] = "0.25", "0.5"
    with (tmp_path / "curves.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    found = checked(made, tmp_path / "curves.csv")
    assert found.difference == f"row 7, score says 0.25; made again it is {said}."


def test_a_last_digit_that_changes_no_number_is_found_all_the_same(tmp_path: Path) -> None:
    assert 0.30000000000000004 == 0.30000000000000003
    for name, last in (("a.json", "4"), ("b.json", "3")):
        (tmp_path / name).write_text(f'{{"score": 0.3000000000000000{last}}}', encoding="utf-8")
    _, difference = first_difference(tmp_path / "a.json", tmp_path / "b.json")
    assert difference == "score says 0.30000000000000004; made again it is 0.30000000000000003."


def test_other_last_digits_can_be_allowed(made: tuple[Path, Callable[..., Verifier]], tmp_path: Path) -> None:
    record = json.loads((made[0] / "result.json").read_text(encoding="utf-8"))
    record["score"] *= 1 + 1e-9
    (tmp_path / "result.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    assert checked(made, tmp_path / "result.json").difference.startswith("score says ")
    allowed = checked(made, tmp_path / "result.json", digits=6)
    assert (allowed.difference, allowed.identical) == ("", False)
    assert allowed.n_compared > 100
    record["score"] *= 1 + 1e-5
    (tmp_path / "result.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    assert checked(made, tmp_path / "result.json", digits=6).difference.startswith("score says ")


def test_pictures_pages_and_arrays_that_differ_are_named(
    made: tuple[Path, Callable[..., Verifier]], tmp_path: Path
) -> None:
    shutil.copy(made[0] / "maps.npz", tmp_path / "maps.npz")
    with np.load(tmp_path / "maps.npz") as arrays:
        values = dict(arrays)
    values["attention"][1, 2, 0, 1] += 1e-6
    np.savez_compressed(tmp_path / "maps.npz", **values)
    assert checked(made, tmp_path / "maps.npz").difference.startswith("attention[1, 2, 0, 1] says ")
    page = (made[0] / "why.html").read_text(encoding="utf-8")
    number = re.search(r"[+−]\d\.\d\d", page)
    assert number is not None
    (tmp_path / "why.html").write_text(page.replace(number[0], "+9.99", 1), encoding="utf-8")
    assert re.match(r"line \d+ says .*9\.99", checked(made, tmp_path / "why.html").difference)
    png, video = made[0] / "still.png", made[0] / "clip.mp4"
    data = bytearray(video.read_bytes())
    at = data.rindex(b'"stop": 4')
    data[at : at + 9] = b'"stop": 3'
    (tmp_path / "clip.mp4").write_bytes(data)
    assert re.match(r"frame \d+ differs most at \d+ pixels", checked(made, tmp_path / "clip.mp4").difference)
    assert first_difference(png, png) == (1, "")


def test_a_changed_record_is_told(made: tuple[Path, Callable[..., Verifier]], tmp_path: Path) -> None:
    record = read_record(made[0] / "clip.gif")
    assert record is not None
    assert record.sources[0].passes == 2
    text = (made[0] / "curve.svg").read_text(encoding="utf-8")
    (tmp_path / "a.svg").write_text(text.replace(record.sources[0].video, "0" * 64), encoding="utf-8")
    assert "none of the given ones" in checked(made, tmp_path / "a.svg").difference
    for old, new, field, value in (
        ('"passes": 2', '"passes": 2e9', "passes", "2000000000"),
        ('"made_on": ""', '"made_on": "soon"', "made_on", "soon"),
        ('["", 0.0, 0.0]', '["frame", 1e999, 2]', "extent", "inf"),
        ('["", 0.0, 0.0]', '["frame", 9, 2]', "extent", "9.0"),
        ('["", 0.0, 0.0]', '["frame", 90, 92]', "stop_s", "92"),
        ('"exporter": "curve"', '"exporter": "still"', "exporter", "still"),
        ('"exporter": "curve"', '"exporter": "curl"', "exporter", "curl"),
        ('"width_mm": 1', '"width_mm": -1', "width_mm", "-1"),
    ):
        assert old in text
        (tmp_path / "b.svg").write_text(text.replace(old, new), encoding="utf-8")
        difference = checked(made, tmp_path / "b.svg").difference
        assert field in difference, difference
        assert value in difference
    for name, content in (("d.png", b"nothing"), ("e.csv", b"a,b\n1,2\n"), ("f.json", b"[" * 9000), ("g.npz", b"PK")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ExportError, match=r"no export|no record"):
            checked(made, tmp_path / name)


def test_a_record_without_its_parts_is_refused(made: tuple[Path, Callable[..., Verifier]], tmp_path: Path) -> None:
    content = (made[0] / "maps.npz").read_bytes()
    (tmp_path / "maps.npz").write_bytes(content.replace(b"about.npy", b"abxut.npy"))
    with pytest.raises(ExportError, match=r"no export"):
        checked(made, tmp_path / "maps.npz")
    result = (made[0] / "result.json").read_text(encoding="utf-8")
    (tmp_path / "result.json").write_text(result.replace('"model_digest": "', '"model_digest": 7, "x": "'), "utf-8")
    assert "model says 7" in checked(made, tmp_path / "result.json").difference


def test_a_file_that_another_library_cannot_read_is_refused_in_one_sentence(tmp_path: Path) -> None:
    sound, cut = tmp_path / "maps.npz", tmp_path / "cut.npz"
    np.savez_compressed(sound, scores=np.arange(999.0))
    content = bytearray(sound.read_bytes())
    content[200:260] = bytes(60)
    cut.write_bytes(content)
    with pytest.raises(ExportError, match="cannot be read"):
        first_difference(cut, sound)


def test_tables_of_a_study_are_checked_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Study.create(tmp_path / "peg") as study:
        study.videos.add([NewVideo(None, name) for name in ("one", "two")])
        study.votes.withdraw(study.votes.cast(Vote("one", "two", Verdict.LEFT, "Ann", reason="=1+1")).id)
        study.votes.cast(Vote("two", "one", Verdict.LEFT, "Ann"))
        events = [(row.who, row.what, row.subject, row.detail) for row in study.log()]
    assert ("Ann", "vote", "one – two", "left better: =1+1") in events
    assert ("Ann", "vote withdrawn", "one – two", "") in events
    for kind in ("judgements", "strengths", "log"):
        file = tmp_path / f"{kind}.csv"
        assert run(["export", "table", kind, str(study.path), "-o", str(file)]) == 0
        assert run(["verify", str(file), "--study", str(study.path)]) == 0
        assert "every byte agrees" in capsys.readouterr().out
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("right better", "left better").replace("left better", "right better"), "utf-8")
    assert run(["verify", str(file), "--study", str(study.path), "--json"]) == 1
    assert not missing(json.loads(capsys.readouterr().out)["difference"], "detail", "+1")
    assert run(["verify", str(file)]) == 1
    assert not missing(capsys.readouterr().err, "whole study")
    assert run(["study", "log", str(study.path), "--csv"]) == 0
    now = capsys.readouterr().out
    assert now.startswith(text)
    assert now.removeprefix(text).count("\n") == 1, "the export of the log itself came after it"
    assert now.endswith(",export,log.csv,log\n")
    assert run(["study", "log", str(study.path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[0])["what"] == "video added"
