"""What is kept and damaged: told apart at the door, removed, and computed again."""

import json
import random
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from skillviewer.core.errors import StudyError
from skillviewer.core.paths import HOME_VARIABLE
from skillviewer.data.analysis_file import load_analysis, load_or_discard, save_analysis
from skillviewer.data.study import NewVideo, Study, cached_analysis
from skillviewer.data.study.archive.archive import pack
from skillviewer.data.study.archive.archive_format import ArchiveOptions
from skillviewer.data.study.models import analysis_path
from skillviewer.media.reading.reader import VideoReader
from tests.export.analyses import analysis
from tests.hostile.limits import memory_limit
from tests.videos import write_barcode_video

MODEL = "e" * 64


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """An analysis on disk."""
    with VideoReader(write_barcode_video(tmp_path / "a.mp4", 20).path) as reader:
        save_analysis(analysis(reader.info, passes=2), tmp_path / "a.analysis.npz")
    return tmp_path / "a.analysis.npz"


def _members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def _rewrite(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)


def _npy(array: object) -> bytes:
    made = BytesIO()
    np.save(made, np.asarray(array), allow_pickle=True)
    return made.getvalue()


def _refused(path: Path) -> None:
    with memory_limit(1 << 30), pytest.raises(StudyError, match="analysis"):
        load_analysis(path)
    assert load_or_discard(path) is None
    assert not path.exists(), "removed, so that it is computed again"


def test_one_flipped_bit_is_told_or_changes_nothing(saved: Path) -> None:
    sound, said = saved.read_bytes(), load_analysis(saved)
    chance = random.Random(20)
    healed = 0
    for _ in range(600):
        at, bit = chance.randrange(len(sound)), chance.randrange(8)
        saved.write_bytes(sound[:at] + bytes([sound[at] ^ 1 << bit]) + sound[at + 1 :])
        found = load_or_discard(saved)
        if found is None:
            healed += 1
            assert not saved.exists()
        else:
            assert (found.score, found.video.digest) == (said.score, said.video.digest)
    assert healed > 300


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("samples", "(" * 3000),
        ("samples", "{'descr': '<i8', 'fortran_order': False, 'shape': (2, 100000000000), }"),
        ("samples", "{'descr': '<i8', 'fortran_order': False, 'shape': (2, -4), }"),
        ("attention", "{'descr': '|O', 'fortran_order': False, 'shape': (2, 4), }"),
        ("about", "{'descr': '<U2000000000', 'fortran_order': False, 'shape': (), }"),
        ("samples", "'''"),
        ("samples", "\x00"),
    ],
)
def test_heads_of_arrays_that_ask_for_what_is_not_there(saved: Path, name: str, head: str) -> None:
    text = head.encode().ljust(64) + b"\n"
    members = _members(saved)
    members[f"{name}.npy"] = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(64)
    _rewrite(saved, members)
    _refused(saved)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("times_s", np.zeros((20, 2))),
        ("times_s", np.arange(20)),
        ("times_s", np.array(["x"] * 20)),
        ("times_s", np.full(20, np.nan)),
        ("times_s", np.arange(20.0)[::-1]),
        ("times_s", np.zeros(0)),
        ("times_s", np.zeros(20, complex)),
        ("samples", np.full((2, 5), 10**15)),
        ("samples", np.full((2, 5), -1)),
        ("samples", np.zeros((2, 5))),
        ("samples", np.zeros((2, 5), "M8[s]")),
        ("samples", np.zeros((0, 4), np.int64)),
        ("samples", np.zeros(4, np.int64)),
        ("attention", np.zeros((2, 5, 3, 4), object)),
        ("attention", np.full((2, 5, 3, 4), np.inf, np.float32)),
        ("score_curve", np.full((2, 5), np.nan)),
        ("score_curve", np.zeros((2, 5), "S3")),
        ("segment_stops", np.full(5, 2**62)),
        ("segment_stops", np.zeros(5)),
        ("pooled", np.zeros((2, 2), np.float32)),
        ("about", np.array(3)),
        ("about", np.array("[" * 200_000)),
        ("about", np.array('{"format": 1}')),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.dtype.str}{value.shape}",
)
def test_arrays_of_another_kind_are_told_at_the_door(saved: Path, name: str, array: object) -> None:
    _rewrite(saved, _members(saved) | {f"{name}.npy": _npy(array)})
    _refused(saved)


@pytest.mark.parametrize(
    "changes",
    [{"width_px": 0}, {"width_px": 2**62}, {"n_segments": 2**62}, {"extent": ["frame", 900, 1000]}, {"format": "x"}],
)
def test_facts_that_cannot_be_are_told_at_the_door(saved: Path, changes: dict[str, object]) -> None:
    members = _members(saved)
    about = json.loads(np.load(BytesIO(members["about.npy"])).item()) | changes
    _rewrite(saved, members | {"about.npy": _npy(json.dumps(about))})
    _refused(saved)


def test_an_analysis_that_swells_is_not_read(saved: Path) -> None:
    members = _members(saved)
    members["attention.npy"] = members["attention.npy"][:128] + bytes(600 << 20)
    _rewrite(saved, members)
    _refused(saved)


def test_a_study_with_a_damaged_analysis_is_packed_without_it(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    with Study.create(tmp_path / "peg") as made:
        made.videos.add([NewVideo(tmp_path / "a.mp4")])
        made.models.save_analysis(load_analysis(saved))
        video = made.videos.get("a")
        kept = analysis_path(video.digest, MODEL)
        assert cached_analysis(video, MODEL) is not None
        members = _members(kept)
        _rewrite(kept, members | {"samples.npy": members["samples.npy"].replace(b"<i8", b"<f8")})
        packed = pack(made.path, tmp_path / "a.zip", ArchiveOptions(videos=False))
        assert packed.n_analyses == 0
        assert any("Maps are missing" in warning for warning in packed.warnings)
        assert not kept.exists()
        assert cached_analysis(video, MODEL) is None
