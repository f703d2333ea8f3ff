"""A study in one file: packed, read back, unpacked elsewhere; and with other names, of which the key alone tells."""

import csv
import hashlib
import json
import re
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.dataset.pairs import Pair, Verdict
from skillviewer.core.errors import Cancelled, ExportError, StudyError
from skillviewer.core.faces.faces import FaceBox, Faces
from skillviewer.core.hashing import checkpoint_sha256
from skillviewer.core.paths import HOME_VARIABLE, reserve_name, safe_name
from skillviewer.core.progress import CancelToken
from skillviewer.core.study_log import LoggedExport, log_author
from skillviewer.core.tracks.tracks import TrackSet
from skillviewer.core.video.clips import FrameRange
from skillviewer.data.faces_file import FaceStore, faces_text
from skillviewer.data.study import FileState, NewVideo, Study, StudySettings, Vote, cached_analysis
from skillviewer.data.study.archive.archive import pack
from skillviewer.data.study.archive.archive_format import ArchiveOptions
from skillviewer.data.study.archive.pseudonyms import Pseudonyms
from skillviewer.data.study.archive.unpack import unpack
from skillviewer.data.study.models import analysis_path
from skillviewer.data.tracks_file import TrackStore
from skillviewer.data.trained_pairs import PAIRS_FILE, TrainedPair, TrainedVideo, read_pairs, write_pairs
from skillviewer.export.read_back import read_back
from skillviewer.media.reading.reader import VideoReader
from tests.data.study.test_erase import moving
from tests.export.analyses import analysis
from tests.videos import write_barcode_video

PEOPLE = ("Anna Schmidt", "Bob O'Neil", "Çelik-Özdemir")
RATERS = ("Dr Wanda Petrova", "rater.two@clinic.example")
VIDEOS = ("schmidt_anna_take1", "bobneil 02", "celik 手術 ü")
MODEL = hashlib.sha256(b"config.jsonweights.safetensors").hexdigest()
SECRETS = (
    *PEOPLE,
    *RATERS,
    *VIDEOS,
    "Schmidt",
    "Wanda",
    "Petrova",
    "O'Neil",
    "private folder",
    "Çelik",
    "secret-source",
    "her doctor",
)


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study in which every name stands in every place where it can."""
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    folder = tmp_path / "private folder"
    (folder / "videos").mkdir(parents=True)
    model = folder / "model"
    model.mkdir()
    for name in ("config.json", "weights.safetensors", "card.json"):
        (model / name).write_text(f"{name} of {PEOPLE[0]}" if name == "card.json" else name)
    with Study.create(folder / "wanda", StudySettings(title="Peg", participant_pattern="^schmidt")) as made:
        for i, (name, who) in enumerate(zip(VIDEOS, PEOPLE, strict=True)):
            file = write_barcode_video(folder / "videos" / f"{name}.mp4", 20 + i, kind="audio").path
            _tell_origin(file, who)
            made.videos.add([NewVideo(file, participant=who)])
            made.videos.change(name, notes=f"filmed by {RATERS[0]} of {who}, see {VIDEOS[0]}", context="Wanda's room")
        made.pairs.add([Pair(VIDEOS[0], VIDEOS[1])], "secret-source")
        for rater in RATERS:
            vote = made.votes.cast(Vote(VIDEOS[0], VIDEOS[1], Verdict.LEFT, rater, reason=f"Anna shakes, says {rater}"))
        made.votes.withdraw(vote.id, "Petrova was tired")
        made.annotations.save_moment(VIDEOS[0], 0.1, 0.3, author=RATERS[0], label="Schmidt drops it")
        made.annotations.write_note(f"ask {PEOPLE[1]}", author="somebody.else", video=VIDEOS[1])
        made.videos.remove(VIDEOS[2])
        made.videos.restore(VIDEOS[2])
        made.models.add(MODEL, "tiny", model, facts={"raters": list(RATERS), "data": folder.name})
        made.models.save_analysis(_analysis(made, VIDEOS[0]))
        made.set_log_user(RATERS[0])
        made.settings = replace(made.settings, statement=f"Who is better, Anna Schmidt or {VIDEOS[1]}?")
        made.log_export(LoggedExport(made.path, "for schmidt and her doctor.pdf", "why", VIDEOS[:1]))
        return made.path


def _tell_origin(file: Path, who: str) -> None:
    """Write a title into a video, as cameras and cutting programs do."""
    other = file.with_name("titled.mp4")
    with av.open(str(file)) as old, av.open(str(other), "w") as new:
        new.metadata["title"] = f"{who} at home"
        streams = {s.index: new.add_stream_from_template(s) for s in old.streams}
        for packet in old.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                new.mux(packet)
    other.replace(file)


def _analysis(study: Study, name: str) -> Analysis:
    path = study.videos.get(name).path
    assert path is not None
    with VideoReader(path) as reader:
        said = analysis(reader.info, passes=2)
    return replace(said, provenance=replace(said.provenance, model_digest=MODEL))


def _elsewhere(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Unpack as another computer would: another folder, another home, and the old study gone."""
    shutil.rmtree(tmp_path / "private folder")
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "other home"))
    return unpack(archive, tmp_path / "elsewhere" / "study")


def test_all_of_it_opens_on_another_computer(study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Study.open(study, read_only=True) as before:
        votes, moments, notes = before.votes.all(), before.annotations.moments(), before.annotations.notes()
        digests = {v.name: v.digest for v in before.videos.all()}
    made = pack(study, tmp_path / "all.skillarchive")
    assert (made.n_videos, made.n_models, made.n_analyses, made.warnings) == (3, 1, 1, ())
    assert str(tmp_path).encode() not in _bytes(made.path)
    opened = _elsewhere(made.path, tmp_path, monkeypatch)
    with Study.open(opened) as after:
        videos = after.videos.all()
        assert {v.name: v.digest for v in videos} == digests
        assert {(v.state, v.must_check) for v in videos} == {(FileState.PRESENT, False)}
        assert after.votes.all() == votes
        assert [m.label for m in after.annotations.moments()] == [m.label for m in moments]
        assert [n.text for n in after.annotations.notes()] == [n.text for n in notes]
        (model,) = after.models.all()
        assert model.path is not None
        assert sorted(p.name for p in model.path.iterdir()) == ["card.json", "config.json", "weights.safetensors"]
        found = cached_analysis(after.videos.get(VIDEOS[0]), MODEL)
        assert found is not None
        assert found.video.path == after.videos.get(VIDEOS[0]).path
        assert found.score == after.models.scores(MODEL)[VIDEOS[0]].score


def test_a_tuned_model_knows_its_videos_on_another_computer_and_no_folder_of_this_one(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Study.open(study, read_only=True) as before:
        shown = {v.name: TrainedVideo(v.name, v.path, v.digest) for v in before.videos.all() if v.path is not None}
    gone = TrainedVideo("gone", tmp_path / "long gone" / "gone.mp4", "d" * 64, FrameRange(3, 9))
    first, second, _ = VIDEOS
    rows = [TrainedPair(shown[first], shown[second], "trained"), TrainedPair(shown[first], gone, "old")]
    write_pairs(study.parent / "model" / PAIRS_FILE, rows)
    made = pack(study, tmp_path / "all.skillarchive")
    assert str(tmp_path).encode() not in _bytes(made.path)
    opened = _elsewhere(made.path, tmp_path, monkeypatch)
    with Study.open(opened) as after:
        (model,) = after.models.all()
        there = {v.name: v.path for v in after.videos.all()}
    assert model.path is not None
    known, old = read_pairs(model.path / PAIRS_FILE)
    assert [(v.name, v.path.resolve()) for v in (known.better, known.worse)] == [(n, there[n]) for n in (first, second)]
    assert (known.use, old.use, old.worse.path) == ("trained", "old", model.path / "gone.mp4")
    assert (known.better.clip_range, old.worse.clip_range) == (None, FrameRange(3, 9))


def test_what_is_called_as_the_pairs_and_is_not_stays_here(study: Path, tmp_path: Path) -> None:
    (study.parent / "model" / PAIRS_FILE).write_text(f"where\n{tmp_path}\n")
    made = pack(study, tmp_path / "all.skillarchive")
    assert len(made.warnings) == 1
    assert "not in the archive" in made.warnings[0]
    assert str(tmp_path).encode() not in _bytes(made.path)


@pytest.mark.parametrize("pseudonyms", [False, True])
def test_stretches_of_one_file_share_its_copy(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, pseudonyms: bool
) -> None:
    with Study.open(study) as changed:
        changed.videos.split(VIDEOS[0], FrameRange(2, 9))
        changed.videos.split(VIDEOS[0], FrameRange(9, 15))
        video = _analysis(changed, VIDEOS[0]).video
        for part in (FrameRange(2, 9), FrameRange(9, 15)):
            said = analysis(video, passes=2, n_segments=2, clip_range=part)
            changed.models.save_analysis(replace(said, provenance=replace(said.provenance, model_digest=MODEL)))
    made = pack(study, tmp_path / "all.skillarchive", ArchiveOptions(pseudonyms=pseudonyms))
    assert made.n_videos == 3
    assert made.n_analyses == 3, "of each clip one, however many intervals have scores"
    with zipfile.ZipFile(made.path) as archive:
        assert len([name for name in archive.namelist() if name.startswith("videos/")]) == 3
    opened = _elsewhere(made.path, tmp_path, monkeypatch)
    with Study.open(opened) as after:
        videos = after.videos.all()
    assert len(videos) == 5
    assert {v.state for v in videos} == {FileState.PRESENT}
    assert len({v.path for v in videos}) == 3


@pytest.mark.parametrize("pseudonyms", [False, True])
def test_the_same_faces_are_blurred_on_another_computer(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, pseudonyms: bool
) -> None:
    box = FaceBox(0.1, 0.2, 0.4, 0.6)
    with Study.open(study, read_only=True) as before:
        digest, other = (before.videos.get(name).digest for name in VIDEOS[:2])
    drawn = Faces(digest, 20, method="a detector").with_drawn(box, 3, 0, 20)
    FaceStore().put(drawn)
    FaceStore().put(Faces(other, 21, method="a detector"))
    FaceStore().put(Faces("d" * 64, 5, method="a detector"))  # of no video of the study
    made = pack(study, tmp_path / "all.zip", ArchiveOptions(pseudonyms=pseudonyms))
    assert made.warnings == () or pseudonyms
    with zipfile.ZipFile(made.path) as file:
        assert sum(name.startswith("faces/") for name in file.namelist()) == 2
    opened = _elsewhere(made.path, tmp_path, monkeypatch)
    assert {p.name for p in opened.parent.iterdir()} == {"models", "videos", opened.name}
    with Study.open(opened, read_only=True) as after:
        found = [f for v in after.videos.all() if (f := FaceStore().get(v.digest)) is not None]
    assert sorted(f.n_frames_with_faces for f in found) == [0, 20]
    faces = max(found, key=lambda f: f.n_frames_with_faces)
    assert faces.boxes_at(7) == (box,)
    assert (faces.video_digest == digest) is not pseudonyms
    assert FaceStore().get("d" * 64) is None
    # what somebody here made of them stays
    FaceStore().put(faces.without(1))
    unpack(made.path, tmp_path / "again")
    kept = FaceStore().get(faces.video_digest)
    assert kept is not None
    assert kept.tracks == ()


@pytest.mark.parametrize("pseudonyms", [False, True])
def test_tracks_are_packed_if_asked_and_belong_to_the_same_videos_elsewhere(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, pseudonyms: bool
) -> None:
    with Study.open(study, read_only=True) as before:
        digest = before.videos.get(VIDEOS[0]).digest
    track = replace(moving(20), name=f"hand of {PEOPLE[0]}", made_by=f"{VIDEOS[0]}.csv")
    tracks = TrackSet(digest, 160, 96, 20, 0, np.arange(20) / 30, (track,))
    TrackStore().put(tracks)
    TrackStore().put(tracks.within(range(4, 9)))
    without = pack(study, tmp_path / "without.zip", ArchiveOptions(pseudonyms=pseudonyms))
    made = pack(study, tmp_path / "all.zip", ArchiveOptions(pseudonyms=pseudonyms, tracks=True))
    with zipfile.ZipFile(without.path) as file:
        assert not any(name.startswith("tracks/") for name in file.namelist())
    with zipfile.ZipFile(made.path) as file:
        contents = [file.read(name) for name in file.namelist() if name.startswith("tracks/")]
    assert len(contents) == 2
    assert any(b"Schmidt" in content for content in contents) is not pseudonyms
    opened = _elsewhere(made.path, tmp_path, monkeypatch)
    assert not (opened.parent / "tracks").exists()
    with Study.open(opened, read_only=True) as after:
        digests = [video.digest for video in after.videos.all()]
    found = [kept for one in digests if (kept := TrackStore().get(one)) is not None]
    assert [len(tracks.frames) for tracks in found] == [20]
    assert (found[0].digest == digest) is not pseudonyms
    assert TrackStore().path(found[0].digest, range(4, 9)).is_file()


def test_faces_are_put_nowhere_but_where_faces_are_kept(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Study.open(study, read_only=True) as before:
        digest = before.videos.get(VIDEOS[0]).digest
    FaceStore().put(Faces(digest, 20))
    made = pack(study, tmp_path / "all.zip")
    name = f"faces/{digest}.faces.json"
    evil = faces_text(Faces("../../evil", 20)).encode()
    with zipfile.ZipFile(made.path) as old, zipfile.ZipFile(tmp_path / "evil.zip", "w") as new:
        manifest = json.loads(old.read("manifest.json"))
        for entry in manifest["files"]:
            content = evil if entry["name"] == name else old.read(entry["name"])
            entry |= {"size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            new.writestr(entry["name"], content)
        new.writestr("manifest.json", json.dumps(manifest))
    _elsewhere(tmp_path / "evil.zip", tmp_path, monkeypatch)
    assert list(tmp_path.rglob("*evil*")) == [tmp_path / "evil.zip"]


def _bytes(archive: Path) -> bytes:
    """Return everything that is in an archive, names of files and unpacked contents."""
    with zipfile.ZipFile(archive) as file:
        return b"\0".join([*(n.encode() for n in file.namelist()), *(file.read(n) for n in file.namelist())])


@pytest.mark.parametrize("texts", [True, False])
def test_no_name_is_left_anywhere(study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, texts: bool) -> None:
    key = tmp_path / "key.csv"
    assert SECRETS[0].encode() in _bytes(pack(study, tmp_path / "plain.zip").path)  # the search can find them
    made = pack(study, tmp_path / "other.zip", ArchiveOptions(pseudonyms=True, texts=texts, key=key))
    whole = _bytes(made.path) + made.path.read_bytes()
    for encoding in ("utf-8", "utf-16-le"):
        left = [name for name in SECRETS if name.encode(encoding).lower() in whole.lower()]
        assert left == []
    assert bool(made.warnings) is texts
    rows = list(csv.DictReader(key.read_text(encoding="utf-8").splitlines()))
    real = {(row["kind"], row["name"]): row["pseudonym"] for row in rows}
    assert {name for kind, name in real if kind == "video"} == set(VIDEOS)
    assert Pseudonyms({"=1": "V1"}, {}, {}).key().splitlines()[1] == "video,'=1,V1", "no spreadsheet runs a name"
    assert {name for kind, name in real if kind == "participant"} == set(PEOPLE)
    assert {name for kind, name in real if kind == "rater"} == {*RATERS, "somebody.else", log_author()}
    with Study.open(_elsewhere(made.path, tmp_path, monkeypatch)) as after:
        assert {v.name: v.participant for v in after.videos.all()} == {
            real["video", name]: real["participant", who] for name, who in zip(VIDEOS, PEOPLE, strict=True)
        }
        assert {v.state for v in after.videos.all()} == {FileState.PRESENT}
        for vote, rater in zip(after.votes.all(), RATERS, strict=True):
            assert (vote.left, vote.rater) == (real["video", VIDEOS[0]], real["rater", rater])
        assert [v.is_valid for v in after.votes.all()] == [True, False]
        first = after.videos.get(real["video", VIDEOS[0]])
        assert first.path is not None
        with av.open(str(first.path)) as container:
            assert [s.type for s in container.streams] == ["video"]
            assert "title" not in container.metadata
        with VideoReader(first.path) as reader:
            assert reader.n_frames == 20
        found = cached_analysis(first, MODEL)
        assert found is not None
        assert found.video.digest == first.digest
        assert after.models.scores(MODEL)[first.name].score == found.score
        if texts:
            assert first.notes == (
                f"filmed by {real['rater', RATERS[0]]} of {real['participant', PEOPLE[0]]}, see {first.name}"
            )
        else:
            assert first.notes == first.context == after.votes.all()[0].reason == ""
            assert after.annotations.notes() == ()
        # votes stay what they were: nobody can change one afterwards
        with pytest.raises(StudyError), after._file.transaction() as db:
            db.execute("UPDATE judgement SET reason = 'x'")


HARD = ("Frau Weiß", "Groß", "Müller", "Ju\u0308rgen knot", "Jürgen knot")


def test_names_that_are_numbers_words_of_the_program_or_spelled_in_several_ways(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    (tmp_path / "private").mkdir()
    files = [tmp_path / "private" / f"{name}.mp4" for name in ("1", "10", HARD[3])]
    for at, file in enumerate(files):
        file.write_bytes(b"x" * (50 + at))
    settings = StudySettings(title="Kohorte Müller", statement="Who is 10 times better?", speed=1.0, rule="majority")
    with Study.create(tmp_path / "private" / "study", settings) as made:
        made.videos.add([NewVideo(file) for file in files])
        names = [video.name for video in made.videos.all()]
        for name, who in zip(names, ("Test", "Frau Weiß", "Müller"), strict=True):
            made.videos.change(name, participant=who, notes="WEISS und weiss und Weiß: Jürgen knot")
        made.votes.cast(Vote(names[0], names[1], Verdict.LEFT, "Groß", reason="Groß sagt", purpose="test"))
        made.votes.cast(Vote(names[1], names[2], Verdict.LEFT, "Groß", purpose="for Müller"))
        for at, name in enumerate(("Weiß-model", "WEISS-model", "Müller-model")):
            folder = tmp_path / "private" / name
            folder.mkdir()
            (folder / "config.json").write_text("{}")
            (folder / "weights.safetensors").write_text(name[0] * at)
            made.models.add(checkpoint_sha256(folder), name, folder)
        path = made.path
    made_of = pack(path, tmp_path / "all.zip", ArchiveOptions(videos=False, analyses=False, pseudonyms=True))
    assert made_of.n_models == 3
    whole = _bytes(made_of.path).decode("utf-8", "replace")
    assert not [name for name in (*HARD, "Weiß", "WEISS", "weiss", "M\\u00fcller") if name in whole]
    shutil.rmtree(tmp_path / "private")
    with Study.open(unpack(made_of.path, tmp_path / "out")) as after:
        assert (after.settings.speed, after.settings.rule) == (1.0, "majority")
        assert re.fullmatch(r"Kohorte P\d\d", after.settings.title)
        assert re.fullmatch(r"Who is V\d\d times better\?", after.settings.statement)
        vote, other = after.votes.all()
        assert vote.purpose == "test", "the word that keeps a pair out of training is no name"
        assert re.fullmatch(r"for P\d\d", other.purpose)
        assert re.fullmatch(r"R\d\d sagt", vote.reason)
        notes = {video.notes for video in after.videos.all()}
        assert len(notes) == 1
        assert re.fullmatch(r"(P\d\d) und \1 und \1: V\d\d", notes.pop())
        models = sorted(model.name for model in after.models.all())
        assert len(set(models)) == 3, "two models whose names become one stay two"
        assert all(re.fullmatch(r"P\d\d-model( \(2\))?", name) for name in models)


def test_texts_stay_behind_also_under_the_real_names(study: Path, tmp_path: Path) -> None:
    packed = pack(study, tmp_path / "a.skillarchive", ArchiveOptions(videos=False, texts=False))
    with Study.open(unpack(packed.path, tmp_path / "there"), read_only=True) as opened:
        assert {video.notes + video.context for video in opened.videos.all()} == {""}
        assert {vote.reason for vote in opened.votes.all()} == {""}
        assert [moment.label for moment in opened.annotations.moments()] == [""]
        assert opened.annotations.notes() == ()
        assert set(opened.votes.raters()) == set(RATERS), "names are kept"
    with Study.open(study, read_only=True) as opened:
        assert opened.annotations.notes(), "the study itself keeps them"
    key = tmp_path / "key.csv"
    with pytest.raises(ExportError, match="names are kept"):
        pack(study, tmp_path / "b.skillarchive", ArchiveOptions(key=key))
    assert not key.exists()
    assert not (tmp_path / "b.skillarchive").exists()


@pytest.mark.parametrize("pseudonyms", [True, False])
def test_what_was_removed_from_the_study_does_not_leave_with_it(
    study: Path, tmp_path: Path, *, pseudonyms: bool
) -> None:
    with Study.open(study) as opened:
        moment = opened.annotations.save_moment(VIDEOS[0], 0.2, 0.4, author=RATERS[0], label="a first seizure")
        for note in ("a second seizure", "a third seizure"):
            number = opened.annotations.write_note(note, author=RATERS[0], moment=moment if "third" in note else None)
            if "second" in note:
                opened.annotations.remove("note", number)
        opened.annotations.remove("moment", moment)
        opened.videos.change(VIDEOS[2], notes="a fourth seizure", context="a fifth seizure")
        opened.annotations.save_moment(VIDEOS[2], 0.1, 0.2, author=RATERS[0], label="a sixth seizure")
        opened.annotations.write_note("a seventh seizure", author=RATERS[0], video=VIDEOS[2])
        opened.videos.remove(VIDEOS[2])
        opened.annotations.write_note("the eighth stays", author=RATERS[0])
    packed = _bytes(pack(study, tmp_path / "a.zip", ArchiveOptions(videos=False, pseudonyms=pseudonyms)).path)
    assert b"seizure" not in packed
    assert b"the eighth stays" in packed
    assert b"drops it" in packed


def test_no_real_name_lies_beside_the_archive_while_it_is_made(study: Path, tmp_path: Path) -> None:
    out = tmp_path / "stick"
    seen = []

    def look(_: object) -> None:
        files = [file for file in out.rglob("*") if file.is_file()]
        seen.append(len(files))
        for file in files:
            whole = file.read_bytes()
            assert not [name for name in SECRETS if name.encode() in whole], file

    pack(study, out / "all.zip", ArchiveOptions(pseudonyms=True), report=look)
    assert max(seen) > 1


def test_two_archives_have_other_pseudonyms_but_one_is_consistent(study: Path, tmp_path: Path) -> None:
    keys = []
    for i in range(12):
        options = ArchiveOptions(videos=False, analyses=False, pseudonyms=True, key=tmp_path / f"{i}.csv")
        pack(study, tmp_path / f"{i}.zip", options)
        keys.append((tmp_path / f"{i}.csv").read_text())
    assert len(set(keys)) > 1


def test_without_videos_they_are_found_by_relinking(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(study.parent / "videos", tmp_path / "disk" / "deep")
    made = pack(study, tmp_path / "small.zip", ArchiveOptions(videos=False))
    assert made.n_videos == 0
    with Study.open(_elsewhere(made.path, tmp_path, monkeypatch)) as after:
        assert {v.state for v in after.videos.all()} == {FileState.MISSING}
        assert len(after.videos.relink(tmp_path / "disk").located) == 3


def test_missing_videos_and_models_are_told(study: Path, tmp_path: Path) -> None:
    (study.parent / "videos" / f"{VIDEOS[1]}.mp4").unlink()
    shutil.rmtree(study.parent / "model")
    made = pack(study, tmp_path / "all.zip")
    assert made.n_videos == 2
    assert any(VIDEOS[1] in warning and "missing" in warning for warning in made.warnings)
    assert any("tiny" in warning for warning in made.warnings)


def test_what_a_model_said_and_cannot_be_read_any_more_costs_no_archive(study: Path, tmp_path: Path) -> None:
    with Study.open(study, read_only=True) as opened:
        video = opened.videos.get(VIDEOS[0])
        score = opened.models.scores(MODEL)[VIDEOS[0]].score
    analysis_path(video.digest, MODEL).write_bytes(b"half a file")
    made = pack(study, tmp_path / "a.zip", ArchiveOptions(videos=False))
    assert made.n_analyses == 0
    assert made.warnings == (f"Maps are missing in the archive, since their files are damaged: {VIDEOS[0]}.",)
    with Study.open(unpack(made.path, tmp_path / "there"), read_only=True) as opened:
        assert opened.models.scores(MODEL)[VIDEOS[0]].score == score


def test_damage_and_strange_paths_are_refused_and_nothing_is_left(study: Path, tmp_path: Path) -> None:
    made = pack(study, tmp_path / "all.zip")
    data = bytearray(made.path.read_bytes())
    at = data.index(b"ftyp")  # inside a stored video
    data[at] ^= 255
    (tmp_path / "hurt.zip").write_bytes(data)
    with pytest.raises(StudyError, match="is damaged: videos/"):
        unpack(tmp_path / "hurt.zip", tmp_path / "out")
    for inside, said in (("manifest.json", "is not an archive"), ("wanda.skillstudy", "is damaged: wanda")):
        packed = bytearray(made.path.read_bytes())
        with zipfile.ZipFile(made.path) as file:
            start = file.getinfo(inside).header_offset + 30 + len(inside)
        packed[start + 40 : start + 48] = bytes(byte ^ 255 for byte in packed[start + 40 : start + 48])
        (tmp_path / "hurt.zip").write_bytes(packed)  # it does not unpack at all
        with pytest.raises(StudyError, match=said):
            unpack(tmp_path / "hurt.zip", tmp_path / "out")
        with pytest.raises(ExportError, match="cannot be read back"):
            read_back(tmp_path / "hurt.zip")
    locked = bytearray(made.path.read_bytes())
    for mark, flags in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        for at in [found.start() for found in re.finditer(re.escape(mark), locked)]:
            locked[at + flags] |= 1
    (tmp_path / "locked.zip").write_bytes(locked)
    with pytest.raises(StudyError, match="locked with a password"):
        unpack(tmp_path / "locked.zip", tmp_path / "out")
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as file:
        entry = {"name": "../evil", "size_bytes": 1, "sha256": "0"}
        manifest = {"format": 1, "program": "x", "study": "s", "pseudonymised": False, "files": [entry]}
        file.writestr("manifest.json", json.dumps(manifest))
        file.writestr("../evil", "x")
    with pytest.raises(StudyError, match="would lie outside its folder"):
        unpack(tmp_path / "evil.zip", tmp_path / "out")
    (tmp_path / "no.zip").write_text("no archive")
    with pytest.raises(StudyError, match="is not an archive"):
        unpack(tmp_path / "no.zip", tmp_path / "out")
    with pytest.raises(StudyError, match="not empty"):
        unpack(made.path, study.parent)
    assert sorted(p.name for p in tmp_path.iterdir() if "home" not in p.name) == [
        "all.zip",
        "evil.zip",
        "hurt.zip",
        "locked.zip",
        "no.zip",
        "private folder",
    ]


def test_cancel_overwrite_and_other_suffixes(study: Path, tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        pack(study, tmp_path / "out" / "all.zip", token=token)
    assert list((tmp_path / "out").iterdir()) == []
    (tmp_path / "mine.zip").write_text("mine")
    with pytest.raises(ExportError, match="is there already"):
        pack(study, tmp_path / "mine.zip")
    with pytest.raises(ExportError, match=r"ends in \.skillarchive"):
        pack(study, tmp_path / "all.tar")
    assert (tmp_path / "mine.zip").read_text() == "mine"
    key = tmp_path / "key.csv"
    key.write_text("of what was sent in May")
    options = ArchiveOptions(videos=False, pseudonyms=True, key=key)
    with pytest.raises(ExportError, match="earlier archive"):
        pack(study, tmp_path / "mine.zip", options, overwrite=True)
    assert key.read_text() == "of what was sent in May"
    assert (tmp_path / "mine.zip").read_text() == "mine"
    pack(study, tmp_path / "mine.zip", ArchiveOptions(videos=False), overwrite=True)
    assert zipfile.is_zipfile(tmp_path / "mine.zip")


def test_a_key_that_cannot_be_kept_is_told_before_anything_is_packed(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, file = tmp_path / "out" / "all.zip", tmp_path / "file"
    file.write_text("no folder")
    told: list[object] = []
    for key, said in (
        (out, "is the archive itself"),
        (tmp_path / "out" / ".." / "out" / "all.zip", "is the archive itself"),
        (file / "key.csv", "The key .*key.csv could not be written"),
        (tmp_path / ("k" * 300), "The key .* could not be written: File name too long"),
    ):
        with pytest.raises(ExportError, match=said):
            pack(study, out, ArchiveOptions(videos=False, pseudonyms=True, key=key), report=told.append)
    assert told == []
    rename = Path.replace

    def only_the_key(self: Path, target: Path) -> Path:
        if target == out:
            raise OSError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", only_the_key)
    key = tmp_path / "key.csv"
    with pytest.raises(ExportError, match=r"all\.zip.*Permission denied"):
        pack(study, out, ArchiveOptions(videos=False, pseudonyms=True, key=key))
    assert not key.exists(), "a key to nothing, which would not be written over"
    assert not out.exists()


def test_names_of_files_are_taken_by_every_system(tmp_path: Path) -> None:
    assert safe_name("a/b: c?") == "a_b_ c_"
    assert (safe_name("CON"), safe_name("nul.2"), safe_name("Conrad")) == ("CON_", "nul.2_", "Conrad")
    assert safe_name(f"{'x' * 99}. y") == "x" * 99, "no dot or blank at the end either where a name is cut"
    assert (safe_name(" .."), safe_name("")) == ("unnamed", "unnamed")
    for letter in "x", "é", "手", "🦊":
        taken = {safe_name(letter * 300).casefold()}
        (tmp_path / f"{reserve_name(safe_name(letter * 300), taken)}.skillstudy-backups").touch()


def test_names_inside_words_and_digits_stay() -> None:
    renamed = Pseudonyms({"12": "V1"}, {"Al": "P1", "Anna Berg": "P2"}, {"no": "R1"}).replacer()
    assert renamed("at 12 s, 2012, Al and Also ANNA BERG, Berg, annalist; no note") == (
        "at V1 s, 2012, P1 and Also P2, P2, P2list; R1 note"
    )


def test_a_study_from_an_archive_is_saved_elsewhere_with_its_videos(study: Path, tmp_path: Path) -> None:
    pack(study, tmp_path / "out.skillarchive")
    there = unpack(tmp_path / "out.skillarchive", tmp_path / "unpacked")
    (tmp_path / "elsewhere").mkdir()
    with Study.open(there) as opened:
        copy = opened.save_as(tmp_path / "elsewhere" / "copy")
    with Study.open(copy) as opened:
        assert {video.state for video in opened.videos.all()} == {FileState.PRESENT}
        assert all(video.recorded_path for video in opened.videos.all())
