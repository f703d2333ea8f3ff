"""The sample study that ships: its files agree with each other and with the generator."""

import json
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import av
import numpy as np
import pytest

from benchmarks.simulated.ceilings import ceilings
from benchmarks.simulated.raters import majority
from benchmarks.simulated.study import LIMIT_STEPS, WEIGHTS, plan_clips, read_table, z_scores
from benchmarks.simulated.tasks import HEIGHT_PX, RATE_HZ, WIDTH_PX
from skillviewer.core.paths import resources_dir

STUDY = resources_dir() / "sample_study"
TRUTH = read_table(STUDY / "truth.csv")
ABOUT = json.loads((STUDY / "study.json").read_text(encoding="utf-8"))


def test_every_clip_is_there_and_small() -> None:
    videos = sorted((STUDY / "videos").iterdir())
    assert [path.name for path in videos] == [f"{row['video']}.mp4" for row in TRUTH]
    assert len(videos) == 24
    assert sum(path.stat().st_size for path in videos) < 3_000_000
    assert sum(path.stat().st_size for path in STUDY.rglob("*") if path.is_file()) < 6_000_000, "with analyses"


@pytest.mark.parametrize("row", TRUTH[::8], ids=lambda row: row["video"])
def test_clips_decode_as_the_truth_says(row: dict[str, str]) -> None:
    with av.open(str(STUDY / "videos" / f"{row['video']}.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (WIDTH_PX, HEIGHT_PX)
        assert stream.average_rate == Fraction(RATE_HZ)
        assert sum(1 for _ in container.decode(video=0)) == int(row["frames"])


def test_the_plan_is_that_of_the_seed() -> None:
    plans = plan_clips(6, 4, ABOUT["seed"], first_participant=13)
    assert [(p.video, p.participant, p.n_frames) for p in plans] == [
        (row["video"], row["participant"], int(row["frames"])) for row in TRUTH
    ]
    np.testing.assert_allclose([p.ability.skill for p in plans], [float(row["skill"]) for row in TRUTH], atol=1e-6)


def test_quality_follows_from_what_is_seen() -> None:
    expected = sum(weight * z_scores(np.array([float(row[name]) for row in TRUTH])) for name, weight in WEIGHTS.items())
    np.testing.assert_allclose([float(row["quality"]) for row in TRUTH], expected, atol=2e-3)
    assert all((row["steps"] == str(LIMIT_STEPS)) == (row["success"] == "0") for row in TRUTH)
    assert 0.4 <= np.mean([int(row["success"]) for row in TRUTH]) <= 0.8


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


@pytest.mark.parametrize("name", ["regions.csv", "distractor.csv"])
def test_every_frame_has_its_places(name: str) -> None:
    rows = read_table(STUDY / name)
    expected = [(row["video"], str(frame)) for row in TRUTH for frame in range(int(row["frames"]))]
    assert [(row["video"], row["frame"]) for row in rows] == expected
    if name == "regions.csv":
        objects = np.array([(float(row["object_x"]), float(row["object_y"])) for row in rows])
        inside = (objects >= 0) & (objects < (WIDTH_PX, HEIGHT_PX))
        assert inside.all()


def test_the_object_is_where_the_record_says() -> None:
    """The peg is bright green: at the recorded pixel of a clip's first frame, so is the picture."""
    first = {row["video"]: row for row in read_table(STUDY / "regions.csv") if row["frame"] == "0"}
    for video in ("000", "011", "023"):
        with av.open(str(STUDY / "videos" / f"{video}.mp4")) as container:
            picture = next(container.decode(video=0)).to_ndarray(format="rgb24").astype(int)
        x, y = round(float(first[video]["object_x"])), round(float(first[video]["object_y"]))
        red, green, blue = picture[y, x]
        assert green > red + 60
        assert green > blue + 60


def test_the_stated_accuracies_hold_and_duration_tells_little() -> None:
    found = {c.name: c for c in ceilings(STUDY)}
    for name, stated in ABOUT["pairwise accuracy"].items():
        assert found[name].all_pairs == pytest.approx(stated["all pairs"], abs=5e-4)
        assert found[name].held_out == pytest.approx(stated["a participant held out"], abs=5e-4)
    assert found["true quality"].all_pairs > 0.95
    assert found["duration"].all_pairs < found["ability"].all_pairs - 0.2


def test_it_carries_its_licence() -> None:
    assert "MIT License" in (STUDY / "LICENSE-Meta-World.txt").read_text(encoding="utf-8")
    assert (Path(STUDY) / "README.md").is_file()
