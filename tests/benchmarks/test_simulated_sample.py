"""The sample study that ships: its files agree with each other and with the generator."""

import json
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import av
import numpy as np
import pytest

from benchmarks.simulated.clip_forms import ASPECTS, FORMS
from benchmarks.simulated.faults import JUDGED, OTHER
from benchmarks.simulated.raters import majority
from benchmarks.simulated.reasons import WORDS
from benchmarks.simulated.study import plan_clips, read_table, z_scores
from benchmarks.simulated.tasks import HAND
from skillviewer.core.paths import models_dir, resources_dir

STUDY = resources_dir() / "sample_study"
TRUTH = read_table(STUDY / "truth.csv")
ABOUT = json.loads((STUDY / "study.json").read_text(encoding="utf-8"))
FORM = next(form for form in FORMS if form.name == "long")


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_every_clip_is_there_and_what_ships_is_small() -> None:
    videos = sorted((STUDY / "videos").iterdir())
    assert [path.name for path in videos] == [f"{row['video']}.mp4" for row in TRUTH]
    assert len(videos) == 36
    assert _size(STUDY / "videos") < 8_000_000
    assert _size(resources_dir()) + _size(models_dir()) < 60_000_000


@pytest.mark.parametrize("row", TRUTH[::16], ids=lambda row: row["video"])
def test_clips_decode_as_the_truth_says(row: dict[str, str]) -> None:
    with av.open(str(STUDY / "videos" / f"{row['video']}.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == FORM.size_px == (480, 360)
        assert stream.average_rate == Fraction(FORM.rate_hz) == 30
        assert sum(1 for _ in container.decode(video=0)) == int(row["frames"])
    assert 5.0 <= int(row["frames"]) / FORM.rate_hz <= 8.0


def test_the_plan_is_that_of_the_seed() -> None:
    plans = plan_clips(12, 3, ABOUT["seed"], first_participant=17, frames=FORM.frames)
    assert [(p.video, p.participant, FORM.n_shown(p.n_frames)) for p in plans] == [
        (row["video"], row["participant"], int(row["frames"])) for row in TRUTH
    ]
    np.testing.assert_allclose([p.ability.skill for p in plans], [float(row["skill"]) for row in TRUTH], atol=1e-6)


def test_quality_follows_from_what_is_seen_and_faults_are_counted() -> None:
    total = np.zeros((2, len(TRUTH)))
    for name in ASPECTS:
        both = np.array([[float(row[prefix + name]) for row in TRUTH] for prefix in ("", "other_")])
        total += FORM.weights[name] * z_scores(both.ravel()).reshape(both.shape)
    for column, expected in zip(("quality", "other_quality"), total, strict=True):
        np.testing.assert_allclose([float(row[column]) for row in TRUTH], expected, atol=2e-3)
    faults = read_table(STUDY / "faults.csv")
    for row in TRUTH:
        for arm, prefix in ((JUDGED, ""), (OTHER, "other_")):
            own = [fault for fault in faults if fault["video"] == row["video"] and fault["arm"] == arm]
            assert len(own) == sum(float(row[prefix + name]) for name in ASPECTS[1:])
            covered = sum(int(fault["end"]) - int(fault["start"]) for fault in own)
            assert covered < int(row["frames"]) / 3


def test_pairs_and_votes_agree() -> None:
    pairs = read_table(STUDY / "pairs.csv")
    assert [(row["left"], row["right"]) for row in pairs] == list(combinations([row["video"] for row in TRUTH], 2))
    votes: dict[tuple[str, str], list[int]] = {}
    for row in read_table(STUDY / "votes.csv"):
        votes.setdefault((row["left"], row["right"]), []).append(int(row["verdict"]))
    for row in pairs:
        verdicts = [int(word) for word in row["votes"].split()]
        assert len(verdicts) == 5
        assert verdicts == votes[row["left"], row["right"]]
        assert int(row["label"]) == majority(verdicts)


def test_reasons_name_a_planted_fault_of_the_worse_clip_at_its_time() -> None:
    starts = {
        (row["video"], WORDS[row["kind"]], f"{int(row['start']) / FORM.rate_hz:.2f}")
        for row in read_table(STUDY / "faults.csv")
        if row["arm"] == JUDGED
    }
    said = [row for row in read_table(STUDY / "votes.csv") if row["reason"]]
    assert len(said) > 100
    for row in said:
        worse = "right" if row["verdict"] == "1" else "left"
        assert (row[worse], row["reason"], row[f"{worse}_mark_s"]) in starts


@pytest.mark.parametrize("name", ["regions.csv", "other.csv"])
def test_every_frame_has_its_places(name: str) -> None:
    rows = read_table(STUDY / name)
    expected = [(row["video"], str(frame)) for row in TRUTH for frame in range(int(row["frames"]))]
    assert [(row["video"], row["frame"]) for row in rows] == expected


def test_the_judged_arm_is_orange_where_the_masks_and_the_record_say() -> None:
    places = {(row["video"], row["frame"]): row for row in read_table(STUDY / "regions.csv")}
    for video in ("000", "035"):
        with np.load(STUDY / "arms" / f"{video}.npz") as file:
            marks, every = file["judged"], int(file["every"])
        with av.open(str(STUDY / "videos" / f"{video}.mp4")) as container:
            picture = next(container.decode(video=0)).to_ndarray(format="rgb24").astype(int)
        assert len(marks) == -(-int(TRUTH[int(video)]["frames"]) // every)
        thinned = picture[FORM.mask_scale // 2 :: FORM.mask_scale, FORM.mask_scale // 2 :: FORM.mask_scale]
        orange = (thinned[..., 0] - thinned[..., 2] > 60) & (thinned[..., 1] < 200)
        assert orange[marks[0] > 0].mean() > 0.9
        x, y = (float(places[video, "0"][f"gripper_{axis}"]) / FORM.mask_scale for axis in "xy")
        rows, columns = np.nonzero(marks[0] == HAND)
        assert np.hypot(columns - x, rows - y).min() < 8, "the hand ends at the recorded gripper"


def test_it_carries_its_licence() -> None:
    assert "MIT License" in (STUDY / "LICENSE-Meta-World.txt").read_text(encoding="utf-8")
    assert (STUDY / "README.md").is_file()
