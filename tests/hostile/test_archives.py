"""Archives and studies that reach for what is not theirs, or grow past all room."""

import hashlib
import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from skillviewer.core.errors import StudyError
from skillviewer.core.paths import HOME_VARIABLE
from skillviewer.core.progress import CancelToken
from skillviewer.data import faces_file
from skillviewer.data.study import FileState, NewVideo, Study
from skillviewer.data.study.archive.archive import pack
from skillviewer.data.study.archive.archive_format import ArchiveOptions, checked_blocks, open_archive, read_manifest
from skillviewer.data.study.archive.unpack import unpack
from tests.facts import missing
from tests.hostile.limits import memory_limit
from tests.videos import write_barcode_video


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study with one video and one model."""
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    folder = tmp_path / "theirs"
    model = folder / "model"
    model.mkdir(parents=True)
    for name in ("config.json", "weights.safetensors", "card.json", "notes.txt"):
        (model / name).write_text(name)
    with Study.create(folder / "peg") as made:
        made.videos.add([NewVideo(write_barcode_video(folder / "a.mp4", 12).path)])
        made.models.add(hashlib.sha256(b"config.jsonweights.safetensors").hexdigest(), "tiny", model)
        return made.path


def _tamper(study: Path, *statements: str) -> None:
    with closing(sqlite3.connect(study, isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)


def write_archive(path: Path, contents: dict[str, bytes], manifest: dict[str, object] | None = None) -> Path:
    """Write an archive with a manifest that fits its contents, but for what is given of it."""
    files = [
        {"name": name, "size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in contents.items()
    ]
    study = next((name for name in contents if name.endswith(".skillstudy")), "peg.skillstudy")
    whole = {"format": 1, "program": "x", "study": study, "pseudonymised": False, "files": files} | (manifest or {})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in contents.items():
            file.writestr(name, content)
        file.writestr("manifest.json", json.dumps(whole))
    return path


def _names(archive: Path) -> list[str]:
    with zipfile.ZipFile(archive) as file:
        return sorted(file.namelist())


@pytest.mark.parametrize("place", ["absolute_path", "relative_path"])
@pytest.mark.parametrize("pseudonyms", [False, True])
def test_a_model_that_names_another_folder_brings_none_of_its_files(
    study: Path, tmp_path: Path, place: str, *, pseudonyms: bool
) -> None:
    keys = tmp_path / "keys"
    keys.mkdir()
    for name in ("id_rsa", "config.json", "weights.safetensors", "card.json", "pairs.csv"):
        (keys / name).write_text("PRIVATE KEY")
    where = str(keys) if place == "absolute_path" else "../keys"
    _tamper(study, "UPDATE model SET relative_path = '', absolute_path = ''", f"UPDATE model SET {place} = '{where}'")
    made = pack(study, tmp_path / "a.zip", ArchiveOptions(videos=False, pseudonyms=pseudonyms))
    assert [name for name in _names(made.path) if name.startswith("models/")] == []
    assert any("tiny" in warning and "another checkpoint, or none" in warning for warning in made.warnings)
    assert made.n_models == 0


def test_only_the_files_of_a_checkpoint_are_packed(study: Path, tmp_path: Path) -> None:
    made = pack(study, tmp_path / "a.zip")
    inside = [name for name in _names(made.path) if name.startswith("models/")]
    assert inside == [f"models/tiny/{name}" for name in ("card.json", "config.json", "weights.safetensors")]


def test_a_study_that_names_strange_places_says_so(study: Path, tmp_path: Path) -> None:
    with Study.open(study) as opened:
        assert opened.notices == ()
    keys = tmp_path / "keys"
    keys.mkdir()
    (keys / "id_rsa").write_text("PRIVATE KEY")
    _tamper(study, f"UPDATE model SET relative_path = '', absolute_path = '{keys}'")
    with Study.open(study) as opened:
        (said,) = opened.notices
    assert not missing(said, "peg.skillstudy", f"{keys}")
    _tamper(study, "UPDATE video SET relative_path = '../keys/id_rsa'")
    with Study.open(study, read_only=True) as opened:
        (said,) = opened.notices
    assert f"{keys / 'id_rsa'}, {keys}" in said


@pytest.mark.parametrize("pseudonyms", [False, True])
def test_a_file_of_the_size_and_time_of_a_video_is_not_packed_for_it(
    study: Path, tmp_path: Path, *, pseudonyms: bool
) -> None:
    secret = write_barcode_video(tmp_path / "secret.mp4", 15).path
    found = secret.stat()
    _tamper(
        study,
        f"UPDATE video SET relative_path = '', absolute_path = '{secret}', size_bytes = {found.st_size}, "
        f"modified_ns = {found.st_mtime_ns}",
    )
    made = pack(study, tmp_path / "a.zip", ArchiveOptions(pseudonyms=pseudonyms))
    assert [name for name in _names(made.path) if name.startswith("videos/")] == []
    assert made.n_videos == 0
    assert any("replaced" in warning for warning in made.warnings)


def _contents(archive: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as file:
        return {name: file.read(name) for name in file.namelist() if name != "manifest.json"}


def _refused(archive: Path, said: str) -> None:
    before = sorted(archive.parent.rglob("*"))
    with memory_limit(1 << 30), pytest.raises(StudyError, match=said):
        unpack(archive, archive.parent / "out")
    assert sorted(archive.parent.rglob("*")) == before


def test_a_manifest_that_swells_is_not_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as file:
        head = b'{"format": 1, "program": "x", "study": "s", "pseudonymised": false, "files": ['
        with file.open("manifest.json", "w", force_zip64=True) as inside:
            inside.write(head)
            for _ in range(64):
                inside.write(b"[" + b"0," * (1 << 19))
    _refused(tmp_path / "a.zip", "its manifest is too large")


def test_more_files_than_any_archive_has_are_not_looked_at(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("manifest.json", "{}")
        for n in range(1000):
            file.writestr(f"{n:04d}{'x' * 60000}", b"")
    _refused(tmp_path / "a.zip", "lists more than")


def test_what_is_larger_than_was_put_in_is_not_written(study: Path, tmp_path: Path) -> None:
    contents = _contents(pack(study, tmp_path / "a.zip").path) | {"videos/big.mp4": bytes(1 << 25)}
    files = [
        {"name": name, "size_bytes": min(len(data), 1 << 20), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in contents.items()
    ]
    archive = write_archive(tmp_path / "b.zip", contents, {"files": files})
    written: list[int] = []

    def write_all() -> None:
        with open_archive(archive) as file:
            for entry in read_manifest(file, archive).files:
                written.extend(map(len, checked_blocks(file, entry, CancelToken())))

    with pytest.raises(StudyError, match=r"videos/big\.mp4.*manifest"):
        write_all()
    assert sum(written) < 1 << 22
    _refused(archive, "is larger than the manifest says")


def test_no_file_is_written_twice(study: Path, tmp_path: Path) -> None:
    contents = _contents(pack(study, tmp_path / "a.zip").path)
    entry = {"name": "videos/a.mp4", "size_bytes": len(contents["videos/a.mp4"]), "sha256": "0" * 64}
    for twice in (entry, entry | {"name": "VIDEOS/a.mp4"}, entry | {"name": "manifest.json"}):
        _refused(write_archive(tmp_path / "b.zip", contents, {"files": [entry, *[twice] * 2]}), "is listed twice")
        _refused(write_archive(tmp_path / "b.zip", contents, {"files": [twice, entry, twice]}), "is listed twice")


def test_what_the_disk_cannot_hold_is_refused_before_anything_is_written(study: Path, tmp_path: Path) -> None:
    contents = _contents(pack(study, tmp_path / "a.zip").path)
    files = [{"name": f"videos/{n}", "size_bytes": 2**60, "sha256": "0" * 64} for n in range(9)]
    _refused(write_archive(tmp_path / "b.zip", contents, {"files": files}), r"holds 10376293541 GB, and the disk of")


@pytest.mark.parametrize("name", ["a\0b", "a\nb", "C:x", "..", "a/../../b", "/etc/x", "a\\b", "", "x" * 2000])
def test_names_that_mean_something_else_are_refused(study: Path, tmp_path: Path, name: str) -> None:
    contents = _contents(pack(study, tmp_path / "a.zip").path)
    files = [{"name": name, "size_bytes": 0, "sha256": hashlib.sha256().hexdigest()}]
    _refused(write_archive(tmp_path / "b.zip", contents, {"files": files}), "is not an archive of a study")


def test_faces_that_swell_are_refused(study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faces_file, "MAX_BYTES", 1 << 20)
    contents = _contents(pack(study, tmp_path / "a.zip").path)
    swollen = b'{"format": 1, "faces": {"video_digest": "' + b"x" * (2 << 20) + b'"}}'
    _refused(
        write_archive(tmp_path / "b.zip", contents | {f"faces/{'d' * 64}.faces.json": swollen}), "is damaged: faces/"
    )


def test_an_unpacked_study_names_nothing_outside_its_folder(study: Path, tmp_path: Path) -> None:
    made = pack(study, tmp_path / "a.zip")
    outside = write_barcode_video(tmp_path / "mine.mp4", 12).path
    inside = tmp_path / "inside.skillstudy"
    with zipfile.ZipFile(made.path) as old:
        inside.write_bytes(old.read("peg.skillstudy"))
        contents = {name: old.read(name) for name in old.namelist() if name not in {"peg.skillstudy", "manifest.json"}}
    _tamper(
        inside,
        f"UPDATE video SET relative_path = '../mine.mp4', absolute_path = '{outside}'",
        f"UPDATE model SET relative_path = '../theirs/model', absolute_path = '{study.parent / 'model'}'",
    )
    there = unpack(
        write_archive(tmp_path / "b.zip", contents | {"peg.skillstudy": inside.read_bytes()}), tmp_path / "b"
    )
    with Study.open(there, read_only=True) as opened:
        (video,), (model,) = opened.videos.all(), opened.models.all()
    assert (video.path, video.state, model.path) == (None, FileState.MISSING, None)
    assert str(tmp_path).encode() not in there.read_bytes()
    fine = unpack(made.path, tmp_path / "fine")
    with Study.open(fine, read_only=True) as opened:
        (video,), (model,) = opened.videos.all(), opened.models.all()
    assert (video.path, model.path) == (fine.parent / "videos" / "a.mp4", fine.parent / "models" / "tiny")
