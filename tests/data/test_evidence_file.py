"""Evidence that is kept in the cache: bit for bit, for its very analysis, and thrown away when it is damaged."""

from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from skillviewer.core.errors import ExportError
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.video.clips import FrameRange
from skillviewer.data import evidence_file
from skillviewer.data.evidence_file import evidence_path, load_evidence, load_or_compute_evidence, save_evidence
from skillviewer.engine.features.forget import forget_video
from tests.export.analyses import analysis, info
from tests.ui.evidence import make_evidence


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKILLVIEWER_HOME", str(tmp_path / "home"))


def same(a: object, b: object) -> bool:
    """Return whether two values are equal to the bit, also NaN."""
    if is_dataclass(a):
        return type(a) is type(b) and all(same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    return type(a) is type(b) and (a == b or a != a)


@pytest.mark.parametrize("clip_range", [None, FrameRange(3, 60)])
def test_it_comes_back_bit_for_bit(clip_range: FrameRange | None) -> None:
    of = analysis(info(), passes=2, n_segments=20, clip_range=clip_range)
    made = make_evidence(of)
    assert made.faithfulness is not None
    unknown = np.full_like(made.faithfulness.rank_correlation, np.nan)
    made = replace(made, faithfulness=replace(made.faithfulness, rank_correlation=unknown))
    assert load_evidence(of) is None
    save_evidence(of, made)
    found = load_evidence(of)
    assert found is not None
    assert same(found, made)
    assert not found.segments.flags.writeable
    without = replace(made, cells=None, cell_steps=None, faithfulness=None)
    save_evidence(of, without)
    assert same(load_evidence(of), without)


def test_it_is_that_of_the_same_frames_model_and_part_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    of = analysis(info(), n_segments=20)
    save_evidence(of, make_evidence(of))
    moved = of.samples.copy()
    moved[0, 0] += 1
    assert load_evidence(replace(of, samples=moved)) is None
    assert load_evidence(replace(of, provenance=replace(of.provenance, model_digest="f" * 64))) is None
    assert load_evidence(replace(of, clip_range=FrameRange(3, 60))) is None
    assert load_evidence(of) is not None
    monkeypatch.setattr(evidence_file, "FORMAT", 2)
    assert load_evidence(of) is None, "another version of the program made it"


def test_a_damaged_file_is_removed_and_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    of = analysis(info(), n_segments=20)
    made, rng = make_evidence(of), np.random.default_rng(0)
    save_evidence(of, made)
    path = evidence_path(of)
    whole = path.read_bytes()
    for _ in range(200):
        damaged = bytearray(whole[: rng.integers(1, len(whole) + 1)])
        damaged[rng.integers(len(damaged))] ^= 1 << rng.integers(8)
        path.write_bytes(bytes(damaged))
        found = load_evidence(of)
        assert found is None or same(found, made)
        assert (found is None) is not path.exists()
    path.write_bytes(whole)
    monkeypatch.setattr(evidence_file, "_MAX_BYTES", 1000)
    assert load_evidence(of) is None, "it swells when it is unpacked"


def test_a_full_disk_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    of = analysis(info(), n_segments=20)

    def full(*_: object, **__: object) -> None:
        raise ExportError("there is no space left")

    monkeypatch.setattr(evidence_file, "atomic_export", full)
    save_evidence(of, make_evidence(of))
    assert load_evidence(of) is None


def test_it_is_computed_once_and_goes_when_its_video_is_forgotten() -> None:
    of = analysis(info(), n_segments=20)
    asked = []

    def compute() -> Evidence:
        asked.append(of)
        return make_evidence(of)

    first = load_or_compute_evidence(of, compute)
    assert same(load_or_compute_evidence(of, compute), first)
    assert len(asked) == 1
    forget_video(of.video.digest, of.video.path.name)
    assert not evidence_path(of).exists()
    load_or_compute_evidence(of, compute)
    assert len(asked) == 2
