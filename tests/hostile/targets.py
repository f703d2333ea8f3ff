"""The kinds of files that the program opens: a sound one of each, how it is damaged, and how it is opened."""

import hashlib
import json
import random
import re
import shutil
import struct
import zipfile
import zlib
from io import BytesIO
from pathlib import Path

import av
import msgspec
import numpy as np

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.dataset.pairs import Pair, Verdict
from skillviewer.core.faces.faces import FaceBox, Faces
from skillviewer.core.hashing import CONFIG, WEIGHTS, sha256_of
from skillviewer.core.ratings.rating_order import FormPurpose
from skillviewer.core.ratings.rubric_templates import OSATS
from skillviewer.data.analysis_file import load_analysis, save_analysis
from skillviewer.data.faces_file import faces_text, load_faces
from skillviewer.data.formats.choices import DEFAULT_CHOICES
from skillviewer.data.formats.formats import recognised_form
from skillviewer.data.ratings.mapped_table import open_table
from skillviewer.data.ratings.rubric_file import read_rubric, write_rubric
from skillviewer.data.ratings.table_mapping import read_mapping, write_mapping
from skillviewer.data.result_file import read_header, save_result
from skillviewer.data.study import NewVideo, Study, StudySettings, Vote
from skillviewer.data.study.archive.archive import pack
from skillviewer.data.study.archive.archive_format import ArchiveOptions
from skillviewer.data.study.archive.unpack import unpack
from skillviewer.data.study.exchange.csv_export import export_pairs
from skillviewer.data.study.exchange.rating_import import add_ratings, open_study_table
from skillviewer.data.study.exchange.study_import import import_into_study
from skillviewer.data.study.judging.browser_ratings import import_answers
from skillviewer.data.study.judging.browser_votes import import_votes
from skillviewer.data.study.judging.pack import PackKey
from skillviewer.data.study.judging.pack_folder import PACK_SETTING_PREFIX
from skillviewer.data.study.judging.rating_pack import RatingPackKey
from skillviewer.data.study.judging.rating_queue import rating_queue
from skillviewer.data.study.practice import Practice, PracticePair, PracticeVideo, read_practice
from skillviewer.data.study.rating_forms import RatingForm, rated_items, self_agreement
from skillviewer.data.tables.participants import participants_from_file
from skillviewer.data.tables.regions import read_regions
from skillviewer.data.timelines.timeline_formats import read_timeline
from skillviewer.data.trained_pairs import TrainedPair, TrainedVideo, read_pairs, write_pairs
from skillviewer.export.analysed_video import AnalysedVideo
from skillviewer.export.embedded_record import embed_record, make_record
from skillviewer.export.exporters import exporter
from skillviewer.export.options import options_from
from skillviewer.export.timelines.timeline import TIMELINE_SUFFIXES, export_timeline
from skillviewer.media.reading.reader import VideoReader
from skillviewer.media.reading.sound_reader import Sound, has_sound
from tests.checkpoints import tiny_checkpoint
from tests.data.study.judging.packs import RUBRIC, sealed
from tests.export.analyses import analysis, evidence
from tests.hostile.mutators import (
    Mutator,
    boxes_mutated,
    bytes_mutated,
    json_mutated,
    packed_mutated,
    sql_mutated,
    words_mutated,
)
from tests.hostile.sound_targets import SOUND_TARGETS, make_sound_seeds
from tests.hostile.track_targets import TRACK_TARGETS, make_track_seeds
from tests.hostile.workers import Target
from tests.videos import write_barcode_video

SETTINGS = """[window]
theme=dark
text_size=115
geometry=@ByteArray(\\x1\\xd9\\xd0\\xcb)
[model]
passes=2
folder=/models/x
automatic=true
[look]
curve=steps
[compare]
models=/models/x, uniform
[storage]
features_gb=20
[keys]
rank_left=Left, A
[files]
recent=/videos/a.mp4, /videos/b.mp4
"""
"""Settings of the window as they are stored."""


def _video(path: Path) -> None:
    with VideoReader(path, cache_bytes=1 << 24) as reader:
        n = reader.info.n_frames
        for at in {0, n // 2, n - 1}:
            reader.frame(at)
    if has_sound(path):
        for _ in Sound(path, 0.0, 0.5).blocks():
            pass


def _study(path: Path) -> None:
    for read_only in (True, False):
        with Study.open(path, read_only=read_only) as opened:
            _ = opened.title, opened.dataset(), opened.has_entries()
            for part in (opened.videos, opened.votes, opened.pairs, opened.models):
                part.all()
            _ = opened.annotations.moments(), opened.annotations.notes(), opened.rejudge_queue.waiting()
            for model in opened.models.all():
                opened.models.scores(model.digest)
            if not read_only:
                names = [video.name for video in opened.videos.all()]
                if len(names) < 2:
                    continue
                opened.votes.withdraw(opened.votes.cast(Vote(names[0], names[-1], Verdict.LEFT, "R")).id)


def _packed_study(path: Path) -> None:
    _study(path)
    pack(path, path.with_name("out.skillarchive"), ArchiveOptions(pseudonyms=True, videos=False))


def _votes(path: Path) -> None:
    with Study.create(path.with_name("into")) as study:
        files = [path.with_name(f"{name}.mp4") for name in ("a", "b")]
        for file in files:
            file.write_bytes(file.name.encode())
        study.videos.add([NewVideo(file) for file in files])
        import_into_study(study, path)
        study.dataset()
    with Study.open(path.with_name("into.skillstudy"), read_only=True) as study:
        study.votes.all()


def _ratings(path: Path) -> None:
    videos = path.parent / "videos"
    mapping = read_mapping(path) if path.name == "mapping.json" else None
    table = path if mapping is None else path.with_name("ratings.csv")
    opened = open_table(table, videos, mapping)
    opened.read()
    with Study.create(path.with_name("rated")) as study:
        study.videos.add([NewVideo(file) for file in sorted(videos.iterdir())])
        add_ratings(study, open_study_table(study, table, mapping))
        study.ratings.all()


def _result(path: Path) -> None:
    read_header(path)
    _analysis(path)


def _export(path: Path) -> None:
    from skillviewer.engine.exporting.recorded_export import read_export
    from skillviewer.export.file_differences import first_difference

    sound = path.parent / "sound" / path.name
    try:
        first_difference(path, sound)
    finally:
        read_export(path)


def _settings(path: Path) -> None:
    from skillviewer.ui.session.settings import Settings

    settings = Settings.in_folder(path.parent)
    _ = [getattr(settings, name) for name in vars(Settings) if not name.startswith("_") and name != "forget_recent"]
    settings.layout("inspect")
    settings.remember(path)
    settings.save()


def _browser_votes(path: Path) -> None:
    with Study.create(path.with_name("into")) as study:
        files = [path.with_name(f"{name}.mp4") for name in "ab"]
        for file in files:
            file.write_bytes(file.name.encode())
        study.videos.add([NewVideo(file) for file in files])
        videos, pairs = {"A1": (1, 0.0), "B2": (2, 0.5)}, {"AAAA": [("A1", "B2", "test")] * 2}
        key = PackKey("", 1.0, True, {"AAAA": "R"}, videos, pairs)
        study.save_json(PACK_SETTING_PREFIX + "0" * 32, msgspec.json.encode(key).decode())
        import_votes(study, path)
    with Study.open(path.with_name("into.skillstudy"), read_only=True) as study:
        study.votes.all()


def _browser_ratings(path: Path) -> None:
    with _rated_study(path.with_name("into")) as study:
        numbers = [video.id for video in study.videos.all()]
        videos = {code: (number, 0.5, 9.0) for code, number in zip(("A1", "B2"), numbers, strict=True)}
        plan = study.forms.plan()
        assert plan is not None
        turns = {"AAAA": [("A1", FormPurpose.FIRST), ("B2", FormPurpose.FIRST), ("A1", FormPurpose.REPEAT)]}
        key = RatingPackKey(plan.rubric.digest, 1.0, {"AAAA": "R"}, videos, turns)
        study.save_json(PACK_SETTING_PREFIX + "0" * 32, msgspec.json.encode(key).decode())
        import_answers(study, path)
    _use_rated(path.with_name("into.skillstudy"))


def _rated_study(path: Path) -> Study:
    """Make a study of two videos with a rubric."""
    study = Study.create(path)
    study.videos.add([NewVideo(None, name) for name in "ab"])
    study.forms.set_plan(RUBRIC, 0.5, seed=1)
    return study


def _use_rated(path: Path) -> None:
    """Read all that concerns ratings, then write, unless the study has no rubric."""
    with Study.open(path) as study:
        plan, forms = study.forms.plan(), study.forms.all()
        _ = study.practice, study.ratings.all(), study.log(), study.dataset(), study.has_entries()
        if plan is None:
            return
        _ = self_agreement(forms, plan.rubric), rated_items(forms, plan.rubric)
        for rater in (*study.forms.raters(), "New"):
            for turn in rating_queue(study, rater).upcoming[:1]:
                study.forms.withdraw(study.forms.submit(RatingForm(turn.video.name, rater, {})).id)
        for video in study.videos.all()[:1]:
            study.forms.submit(RatingForm(video.name, "New", {plan.rubric.items[0].name: plan.rubric.items[0].low}))


def _rated_packed(path: Path) -> None:
    _use_rated(path)
    pack(path, path.with_name("out.skillarchive"), ArchiveOptions(pseudonyms=True, videos=False))
    with Study.open(path) as study:
        study.erase([], [video.name for video in study.videos.all()[:1]])


def _rubric(path: Path) -> None:
    rubric = read_rubric(path)
    write_rubric(rubric, path.with_name("again.json"))
    if read_rubric(path.with_name("again.json")) != rubric:
        raise AssertionError("a rubric is another one after it was written and read")
    with Study.create(path.with_name("into")) as study:
        study.videos.add([NewVideo(None, "a")])
        study.forms.set_plan(rubric)
        study.forms.submit(RatingForm("a", "R", {item.name: item.high for item in rubric.items}))
    _use_rated(path.with_name("into.skillstudy"))


def _practice(path: Path) -> None:
    with _rated_study(path.with_name("into")) as study:
        study.practice = read_practice(path, ["a", "b"], RUBRIC)
    _use_rated(path.with_name("into.skillstudy"))


def _dataset(path: Path) -> None:
    recognised_form(path, None).load(path, None, DEFAULT_CHOICES)


def _checkpoint(path: Path) -> None:
    from skillviewer.nets.checkpoint import load_checkpoint
    from skillviewer.nets.model_card import load_card

    if path.name == WEIGHTS:  # whoever changes the weights can write their digest too
        config = json.loads((path.parent / CONFIG).read_bytes()) | {"weights_sha256": sha256_of(path)}
        (path.parent / CONFIG).write_text(json.dumps(config))
    load_card(path.parent)
    load_checkpoint(path.parent).build()


def _weights(path: Path) -> None:
    from skillviewer.nets.backbones.weight_files import load_backbone_weights

    load_backbone_weights(path, "efficientnet-lite0")


def _session(path: Path) -> None:
    from skillviewer.ui.shell.session_recorder import find_unclosed_session

    place = find_unclosed_session(path.parent)
    if place is not None:
        _ = place.clip


def _analysis(path: Path) -> None:
    found = load_analysis(path)
    _ = found.score, found.interval, found.start_s, found.stop_s, found.all_warnings, found.segment_starts


def _inside_analysis(name: str) -> Mutator:
    return _about_mutated if name == "about.npy" else bytes_mutated


def _about_mutated(data: bytes, chance: random.Random) -> bytes:
    text = json_mutated(np.load(BytesIO(data)).item().encode(), chance).decode("utf-8", "replace")
    made = BytesIO()
    np.save(made, np.array(text))
    return made.getvalue()


def _inside_archive(name: str) -> Mutator:
    if name.endswith((".json", ".faces.json")):
        return json_mutated
    return sql_mutated if name.endswith(".skillstudy") else bytes_mutated


def _archive_mutated(data: bytes, chance: random.Random) -> bytes:
    """Damage what is in an archive; most often its manifest is made to fit again, so that what is inside is reached."""
    made = packed_mutated(data, chance, _inside_archive)
    if chance.random() < 0.3 or not zipfile.is_zipfile(BytesIO(made)):
        return made
    try:
        with zipfile.ZipFile(BytesIO(made)) as old:
            members = {name: old.read(name) for name in old.namelist()}
        manifest = json.loads(members.pop("manifest.json"))
        for entry in manifest["files"]:
            content = members.get(entry["name"], b"")
            entry |= {"size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    except (ValueError, KeyError, TypeError, AttributeError, RuntimeError, EOFError, zipfile.BadZipFile, zlib.error):
        return made
    fitted = BytesIO()
    with zipfile.ZipFile(fitted, "w") as new:
        for name, content in members.items():
            new.writestr(name, content)
        new.writestr("manifest.json", json.dumps(manifest))
    return fitted.getvalue()


def _sealed_mutated(data: bytes, chance: random.Random) -> bytes:
    """Damage a file of votes; most often its checksum is made to fit again, so that what is inside is reached."""
    made = json_mutated(data[: data.rindex(b',"sha256"')] + b"}", chance)
    return sealed(made) if chance.random() < 0.9 else bytes_mutated(data, chance)


def _npz_mutated(data: bytes, chance: random.Random) -> bytes:
    return packed_mutated(data, chance, _inside_analysis)


def _result_mutated(data: bytes, chance: random.Random) -> bytes:
    """Damage what is in a result, and make its header and its checksum fit again, so that what is inside is reached."""
    header = data[data.rindex(b'{"key":') :]
    if chance.random() < 0.3:
        header = json_mutated(header, chance)
    made = _npz_mutated(data, chance)
    end = made.rfind(b"PK\x05\x06") + 20
    if end < 20:
        return made
    comment = re.sub(rb'(?<="sha256":")[0-9a-f]{64}', b"0" * 64, header)[:65_535]
    written = made[:end] + struct.pack("<H", len(comment)) + comment
    signed = hashlib.sha256(written).hexdigest().encode()
    return signed.join(written.rsplit(b"0" * 64, 1))


def _film_mutated(data: bytes, chance: random.Random) -> bytes:
    return boxes_mutated(data, chance) if chance.random() < 0.7 else bytes_mutated(data, chance)


def _table_mutated(data: bytes, chance: random.Random) -> bytes:
    if data.startswith(b"PK"):
        return packed_mutated(data, chance, _inside_workbook)
    return (json_mutated if data[:1] in b"[{" else words_mutated)(data, chance)


def _inside_workbook(name: str) -> Mutator:
    return _cells_mutated if name.endswith(".xml") else bytes_mutated


def _cells_mutated(data: bytes, chance: random.Random) -> bytes:
    """Write odd numbers, references and texts into the quotation marks and cells of XML."""
    if chance.random() < 0.2:
        return bytes_mutated(data, chance)
    parts = re.split(rb'(?<=")([^"<>]*)(?=")|(?<=>)([^<>]+)(?=<)', data)
    odd = (b"", b"-1", b"0", b"9" * 400, b"XFD1048576", b"A1:XFD1048576", b"1e999", b"=A1", b"&a;", b"x" * 70_000)
    for _ in range(chance.choice((1, 2, 5))):
        parts[chance.randrange(len(parts))] = chance.choice(odd)
    return b"".join(part or b"" for part in parts)


def _export_mutated(data: bytes, chance: random.Random) -> bytes:
    if data.startswith(b"PK"):
        return packed_mutated(data, chance, _inside_export)
    if data[:1] == b"{" and chance.random() < 0.7:
        return json_mutated(data, chance)
    return (words_mutated if data[:1] in b"<{tv" and chance.random() < 0.5 else bytes_mutated)(data, chance)


def _inside_export(_name: str) -> Mutator:
    return bytes_mutated


EXPORTS = (
    *(("scores", ".csv"), ("scores", ".json"), ("curves", ".csv"), ("result", ".json"), ("maps", ".npz")),
    *(("curve", ".svg"), ("still", ".png"), ("sheet", ".pdf"), ("clip", ".gif"), ("why", ".html")),
)
"""Exporters and suffixes."""

TARGETS: dict[str, Target] = {
    "video with boxes": Target(("film.mp4", "edited.mov", "fragmented.mp4"), _film_mutated, _video),
    "video": Target(("film.mkv", "film.avi", "film.ts", "film.webm", "film.gif", "film.mpg"), bytes_mutated, _video),
    "video with subtitles": Target(("titled.mkv",), bytes_mutated, _video),
    "analysis": Target(("one.analysis.npz",), _npz_mutated, _analysis),
    "faces": Target(("one.faces.json",), json_mutated, load_faces),
    "study": Target(("peg.skillstudy",), sql_mutated, _study),
    "study packed": Target(("peg.skillstudy",), sql_mutated, _packed_study),
    "archive": Target(("all.skillarchive",), _archive_mutated, lambda path: unpack(path, path.with_name("out"))),
    "pairs": Target(("pairs.csv",), words_mutated, _dataset),
    "rated folder": Target(("Knot_Tying/meta_file_Knot_Tying.txt",), words_mutated, lambda path: _dataset(path.parent)),
    "votes": Target(("votes.csv",), words_mutated, _votes),
    "votes of a browser": Target(("browser.json",), _sealed_mutated, _browser_votes),
    "ratings of a browser": Target(("rated.json",), _sealed_mutated, _browser_ratings),
    "rubric": Target(("rubric.json",), json_mutated, _rubric),
    "practice": Target(("practice/pairs.csv", "practice/videos.csv"), words_mutated, _practice),
    "study of ratings": Target(("rated.skillstudy",), sql_mutated, _rated_packed),
    "participants": Target(("participants.csv",), words_mutated, lambda path: participants_from_file(path, [])),
    "pairs of a model": Target(("trained.csv",), words_mutated, read_pairs),
    "configuration": Target(("model/config.json", "model/card.json"), json_mutated, _checkpoint),
    "weights of a model": Target(("model/weights.safetensors",), bytes_mutated, _checkpoint),
    "weights": Target(("weights.safetensors", "weights.pth"), bytes_mutated, _weights),
    "timeline in XML": Target(("one.eaf",), words_mutated, read_timeline),
    "timeline in lines": Target(("one.vtt", "one.srt", "one.csv", "one.TextGrid"), words_mutated, read_timeline),
    "timeline in JSON": Target(("one.boris",), json_mutated, read_timeline),
    "ratings": Target(
        tuple(f"rated/{name}" for name in ("ratings.csv", "ratings.xlsx", "list.json", "via.json", "mapping.json")),
        _table_mutated,
        _ratings,
    ),
    "regions": Target(("regions.csv",), words_mutated, read_regions),
    "data set": Target(
        tuple(
            f"sets/{name}"
            for name in ("knot/train_split1.txt", "knot_gt.csv", "skill_train.txt", "BEST.csv", "Peg.csv")
        ),
        words_mutated,
        _dataset,
    ),
    "result of score": Target(("scored.npz",), _npz_mutated, _result),
    "result with a checksum": Target(("scored.npz",), _result_mutated, _result),
    "export": Target(tuple(f"exports/{kind}{suffix}" for kind, suffix in EXPORTS), _export_mutated, _export),
    "settings": Target(("config/window.ini",), words_mutated, _settings),
    "session": Target(("sessions/1.json",), json_mutated, _session),
    **SOUND_TARGETS,
    **TRACK_TARGETS,
}
"""By what they are called."""


def _rated(folder: Path) -> None:
    import openpyxl

    (folder / "videos").mkdir(parents=True)
    for name in "abc":
        (folder / "videos" / f"{name}.mp4").write_bytes(name.encode())
    rows: list[list[str | float]] = [["video", "participant", "rater", "Flow"]]
    rows += [["a", "P1", "R", 3], ["b", "P2", "R", 4], ["c", "P1", "S", 5]]
    (folder / "ratings.csv").write_text("\n".join(",".join(map(str, row)) for row in rows))
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(row)
    sheet.merge_cells("B2:B3")
    sheet.row_dimensions[4].hidden = True
    book.save(folder / "ratings.xlsx")
    entries = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    (folder / "list.json").write_text(json.dumps({"annotations": entries}))
    (folder / "via.json").write_text(
        json.dumps(
            {
                "attribute": {"1": {"aname": "Flow", "options": {"0": "2", "1": "4"}}},
                "file": {str(at): {"fname": f"{name}.mp4"} for at, name in enumerate("abc")},
                "view": {str(at): {"fid_list": [str(at)]} for at in range(3)},
                "metadata": {f"m{at}": {"vid": str(at), "z": [], "av": {"1": str(at % 2)}} for at in range(3)},
            }
        )
    )
    opened = open_table(folder / "ratings.csv", folder / "videos")
    write_mapping(opened.mapping, folder / "mapping.json")


def _data_sets(folder: Path) -> None:
    for name, text in {
        "knot/train_split1.txt": "a b\nb c\n",
        "knot/test_split1.txt": "a c\n",
        "knot_gt.csv": "Vid1,Vid2,Best\na,b,1\nb,c,2\n",
        "skill_train.txt": "06_A_0_9 06_B_0_9\n06_B_5_9 06_A_5_9\n",
        "BEST.csv": "VidID,StartSeconds,EndSeconds\na,0,5\nb,1.5,9\n",
        "Peg.csv": "better,worse,rater,verdict\na,b,R,left\n",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def _titled(film: Path, path: Path) -> None:
    """Write a film with subtitles."""
    titles = path.with_suffix(".srt")
    titles.write_text("1\n00:00:00,000 --> 00:00:00,400\n<b>Hello</b>\n\n2\n00:00:00,500 --> 00:00:01,000\nend\n")
    with av.open(str(film)) as pictures, av.open(str(titles)) as words, av.open(str(path), "w") as made:
        parts = [(pictures, pictures.streams.video[0]), (words, words.streams.subtitles[0])]
        streams = [made.add_stream_from_template(source) for _, source in parts]
        for (container, source), stream in zip(parts, streams, strict=True):
            for packet in container.demux(source):
                if packet.dts is not None:
                    packet.stream = stream
                    made.mux(packet)
    titles.unlink()


def _exports(said: Analysis, folder: Path) -> None:
    sound = folder / "sound"
    sound.mkdir(parents=True)
    video = AnalysedVideo(said, evidence=evidence(said))
    options = {"clip": {"stop": 3}, "sheet": {"n_frames": 2, "dpi": 72}}
    for kind, suffix in EXPORTS:
        maker = exporter(kind)
        chosen = options_from(maker.options, options.get(kind, {}))
        path = maker.export([video], sound / f"{kind}{suffix}", chosen)
        embed_record(path, make_record(kind, chosen, [video]))
        shutil.copyfile(path, folder / path.name)


def _make_rated(folder: Path) -> None:
    """Write sound files of all that concerns ratings given in the program or in a browser."""
    rated = {"key": "a" * 32, "turn": 0, "video": "A1", "answers": [["flow", 3], ["care", 2]]}
    rated |= {"rated_at": "2026-01-01T10:00:00Z", "taken_s": 3.5, "watched": 0.5, "remark": "r", "mark_s": 0.5}
    rated |= {"withdrawn_at": None}
    head = {"format": "skillviewer-ratings", "version": 1, "pack": "0" * 32, "rater": "AAAA", "saved_at": "2026-01-01"}
    undone = rated | {"key": "b" * 32, "withdrawn_at": "2026-01-01T10:05:00Z"}
    repeated = rated | {"key": "c" * 32, "turn": 2}
    text = json.dumps(head | {"ratings": [rated, undone, repeated]}, separators=(",", ":"))
    (folder / "rated.json").write_bytes(sealed(text.encode()))
    write_rubric(OSATS, folder / "rubric.json")
    (folder / "practice").mkdir()
    (folder / "practice" / "pairs.csv").write_text("better,worse,note\na,b,slip\n")
    (folder / "practice" / "videos.csv").write_text("video,item,rating,note\na,flow,2,slow\na,care,0,\nb,flow,5,\n")
    with _rated_study(folder / "rated") as study:
        study.practice = Practice((PracticePair("a", "b", "n"),), (PracticeVideo("a", {"flow": 2}, "n"),))
        study.forms.withdraw(study.forms.submit(RatingForm("a", "R", {"flow": 1})).id)
        study.forms.submit(RatingForm("a", "R", {"flow": 2, "care": 1}, remark="r", mark_s=0.5))
        study.forms.submit(RatingForm("a", "R", {"flow": 3, "care": 1}, FormPurpose.REPEAT))


def make_seeds(folder: Path) -> None:
    """Write a sound file of every kind into an empty folder; the program's own folders must lie elsewhere."""
    import torch

    for kind, name in {
        "audio": "film.mp4",
        "mkv": "film.mkv",
        "avi": "film.avi",
        "ts": "film.ts",
        "webm": "film.webm",
    }.items():
        write_barcode_video(folder / name, 20, kind=kind)
    for kind, name in {
        "gif": "film.gif",
        "mpeg2_ps": "film.mpg",
        "trimmed": "edited.mov",
        "fragmented": "fragmented.mp4",
    }.items():
        write_barcode_video(folder / name, 20, kind=kind)
    _titled(folder / "film.mkv", folder / "titled.mkv")
    make_sound_seeds(folder)
    shutil.rmtree(folder / "unused", ignore_errors=True)
    with VideoReader(folder / "film.mp4") as reader:
        info = reader.info
    said = analysis(info, passes=2)
    for suffix in TIMELINE_SUFFIXES:
        export_timeline([AnalysedVideo(said)], folder / f"one{suffix}")
    grid = '"ooTextFile"\n"TextGrid"\n0\n4\n<exists>\n1\n"TextTier"\n"hits"\n0\n4\n1\n1.5\n"a"\n'
    (folder / "one.TextGrid").write_text(grid)
    save_analysis(said, folder / "one.analysis.npz")
    save_result(said, folder / "scored.npz", "k" * 64, "c" * 64)
    _exports(said, folder / "exports")
    _rated(folder / "rated")
    _data_sets(folder / "sets")
    make_track_seeds(folder)
    (folder / "regions.csv").write_text(
        "video,frame,stop_frame,left,top,right,bottom,name\na,3,6,10,20,30,40,hand\nb,5,,1,2,3,4,\n"
    )
    (folder / "config").mkdir()
    (folder / "config" / "window.ini").write_text(SETTINGS)
    box = FaceBox(0.1, 0.1, 0.5, 0.5)
    (folder / "one.faces.json").write_text(faces_text(Faces(info.digest, 20, method="YuNet").with_drawn(box, 2, 0, 20)))
    checkpoint = tiny_checkpoint(folder / "model")
    with Study.create(folder / "peg", StudySettings(title="Peg", participant_pattern="^f")) as made:
        made.videos.add([NewVideo(folder / name, participant=name) for name in ("film.mp4", "film.mkv", "film.avi")])
        names = [video.name for video in made.videos.all()]
        made.models.add(checkpoint.digest, "tiny", folder / "model", facts={"accuracy": 0.5, "pairs": 3})
        made.models.save_analysis(said)
        for left, right in ((0, 1), (1, 2)):
            made.votes.cast(
                Vote(names[left], names[right], Verdict.LEFT, "R", taken_s=1.5, left_mark_s=0.1, reason="r")
            )
        made.votes.withdraw(made.votes.cast(Vote(names[0], names[2], None, "S")).id)
        made.pairs.add([Pair(names[0], names[1])], "book")
        made.annotations.save_moment(names[0], 0.0, 0.1, author="R", label="l")
        made.annotations.write_note("n", author="R", video=names[0])
        path = made.path
    pack(path, folder / "all.skillarchive")
    with Study.create(folder / "voted") as made:
        files = [folder / f"{name}.mp4" for name in "ab"]
        for file in files:
            file.write_bytes(file.name.encode())
        made.videos.add([NewVideo(file) for file in files])
        for verdict in Verdict:
            made.votes.cast(Vote("a", "b", verdict, "R", taken_s=2.5))
        export_pairs(made, folder / "votes.csv", "every-vote")
    given = {"key": "a" * 32, "pair": 0, "left": "B2", "right": "A1", "verdict": 1, "judged_at": "2026-01-01T10:00:00Z"}
    given |= {
        "taken_s": 3.5,
        "watched": 1,
        "reason": "r",
        "left_mark_s": 0.5,
        "right_mark_s": None,
        "withdrawn_at": None,
    }
    head = {"format": "skillviewer-votes", "version": 1, "pack": "0" * 32, "rater": "AAAA", "saved_at": "2026-01-01"}
    votes = [given, given | {"key": "b" * 32, "withdrawn_at": "2026-01-01T10:05:00Z"}]
    (folder / "browser.json").write_bytes(sealed(json.dumps(head | {"votes": votes}).encode()))
    _make_rated(folder)
    (folder / "pairs.csv").write_text("better,worse\na,b\nb,c\na,c\n")
    (folder / "participants.csv").write_text("video,participant\na,P1\nb,P2\n")
    (folder / "Knot_Tying").mkdir()
    rated = "\n".join(
        f"Knot_Tying_{who}001\tN\t{n}\t1\t2\t3\t1\t1\t1" for who, n in zip("BCD", (9, 12, 20), strict=True)
    )
    (folder / "Knot_Tying" / "meta_file_Knot_Tying.txt").write_text(rated)
    trained = TrainedVideo("a", folder / "a.mp4", "d" * 64)
    write_pairs(folder / "trained.csv", [TrainedPair(trained, trained, "trained")])
    tensors = dict(checkpoint.head)
    from safetensors.torch import save_file

    save_file(tensors, folder / "weights.safetensors")
    torch.save(tensors, folder / "weights.pth")
    (folder / "sessions").mkdir()
    place = {"study": str(path), "title": "t", "draft": False, "video": "v", "frame": 3, "screen": "inspect"}
    place |= {"noted_at": "2026-01-01T10:00:00+00:00", "extent": ["frame", 1, 9]}
    (folder / "sessions" / "1.json").write_text(json.dumps(place))
