"""Two arms in a picture: planted faults, and the measures of looking at the judged one."""

import os
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from benchmarks.looking import Study, along_faults, covered, covered_cells, halves, on_judged, tables
from benchmarks.looking_cells import GRID, UNIT_PX, true_cells
from benchmarks.simulated.clip_forms import FORMS
from benchmarks.simulated.degrade import Ability, Hand
from benchmarks.simulated.faults import JUDGED, KINDS, OTHER, TREMOR_M, Fault, FaultyHand, draw_faults
from benchmarks.simulated.study import read_table
from benchmarks.simulated.tasks import ARM, HAND, RATE_HZ, STEP_HZ
from skillviewer.core.analysis.analysis import MapKind, MapRect
from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.dataset.pairs import Pair
from skillviewer.engine.training.run_result import Maps, ScoreCurves

ROOT = Path(__file__).resolve().parents[2]
STEADY = Ability(1.0, 0.0, 0.0, 0.1, 0.0, 0.0, 0.0, 1.0)
WANTED = np.array([0.2, 0.1, -0.3, 1.0])


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


# planting


def test_faults_are_as_likely_as_the_skill_says_and_do_not_move_each_other() -> None:
    low, high = (sum(len(draw_faults(skill, 130, rng(i))) for i in range(400)) / 1200 for skill in (0.0, 1.0))
    assert low == pytest.approx(0.85, abs=0.04)
    assert high == pytest.approx(0.10, abs=0.04)
    for seed in range(30):
        everything = {fault.kind: fault for fault in draw_faults(-1.0, 130, rng(seed))}
        assert tuple(everything) == KINDS
        assert all(fault == everything[fault.kind] for fault in draw_faults(0.5, 130, rng(seed)))
        assert everything["approach"].start <= 0.5 * 130


def act(planted: list[Fault], n: int = 100, carried_from: int = 1000) -> tuple[FaultyHand, np.ndarray]:
    hand = FaultyHand(STEADY, 0.5, n, rng(), planted)
    return hand, np.array([hand.act(WANTED, step, step >= carried_from) for step in range(n)])


def test_a_hand_without_faults_is_a_hand() -> None:
    plain = Hand(STEADY, 0.5, 100, rng())
    hand, done = act([])
    np.testing.assert_array_equal(done, [plain.act(WANTED, step, False) for step in range(100)])
    assert hand.done == ()


def test_a_tremor_shakes_within_its_time_and_by_its_amount() -> None:
    n = 8 * STEP_HZ
    hand, done = act([Fault("tremor", 40, n, 0.0)], n)
    _, plain = act([], n)
    np.testing.assert_array_equal(done[:40], plain[:40])
    path = np.cumsum(done[40:, 0] - plain[40:, 0]) * 0.01
    assert path.std() == pytest.approx(TREMOR_M, rel=0.15)
    assert hand.done == (Fault("tremor", 40, n, 0.0),)


def test_a_wrong_approach_goes_its_own_way_and_does_not_sink() -> None:
    hand, done = act([Fault("approach", 90, 120, np.pi)])
    np.testing.assert_allclose(done[90:, :3], [[-0.5, 0.0, 0.0]] * 10, atol=1e-12)
    assert hand.done[0].end == 100  # the trial's end


def test_a_slip_waits_until_something_is_carried_and_opens_the_gripper() -> None:
    hand, done = act([Fault("slip", 20, 44, 0.0)], carried_from=50)
    assert hand.drops == 1
    assert hand.done == (Fault("slip", 50, 74, 0.0),)
    assert (done[50:62, 3] == -1).all()
    assert (done[62:, 3] == 1).all()
    assert (done[50:74, :3] == 0).all()
    assert act([Fault("slip", 20, 44, 0.0)])[0].done == ()


# measuring


def test_weight_in_the_halves_of_the_picture() -> None:
    maps = np.array([[[0.4, 0.2, 0.4], [0.0, 0.0, 0.0]]])
    assert halves(maps, 0.0, 1.0) == pytest.approx((0.5, 0.5))  # the middle column lies on both
    assert halves(maps, 0.0, 0.5)[0] == 1.0
    assert halves(np.array([[[-3.0, 1.0]]]), 0.0, 1.0) == (0.75, 0.25)


def study(arms: Path = Path()) -> Study:
    row = {"frames": "50", "tremors": "1", "approaches": "0", "slips": "0"}
    row |= {f"other_{name}": "0" for name in ("tremors", "approaches", "slips")}
    truth = {"a": {**row, "judged_left": "1"}, "b": {**row, "judged_left": "0", "frames": "53"}}
    truth["c"] = {**row, "judged_left": "0", "other_slips": "1"}
    dataset = Dataset(name="d", form="pair-folder", task="d", videos=(), pairs=())
    return Study(dataset, truth, {"a": [(JUDGED, 20, 30)], "b": [(OTHER, 20, 30)]}, arms)


def test_the_judged_arm_is_where_the_lot_put_it() -> None:
    values = np.tile(np.array([[[0.75, 0.25]]], np.float32), (2, 3, 1, 1))
    found = on_judged(study(), Maps(("a", "b"), values, MapKind.DISTRIBUTION, MapRect(0.0, 0.0, 1.0, 1.0)))
    assert found == {"a": 0.75, "b": 0.25}


def test_weight_lies_on_the_pixels_of_the_judged_arm(tmp_path: Path) -> None:
    shown = np.zeros((53, 4, 8), np.uint8)
    shown[:, :2, :4] = ARM  # half of the left cell, and of it a quarter is the hand
    shown[:, 0, :2] = HAND
    np.savez(tmp_path / "a.npz", judged=shown, every=1)
    np.savez(tmp_path / "b.npz", judged=shown[:, :, ::-1], every=1)
    maps = Maps(
        ("a", "b"), np.tile(np.array([[[0.8, 0.2]]], np.float32), (2, 3, 1, 1)), MapKind.DISTRIBUTION, MapRect()
    )
    np.testing.assert_allclose(covered(study(tmp_path), "a", "arm", maps), [[0.5, 0.0]] * 3)
    np.testing.assert_allclose(covered(study(tmp_path), "b", "hand", maps), [[0.0, 0.125]] * 3)
    right = replace(maps, values=maps.values[:, :, :, :1], rect=MapRect(0.5, 0.0, 1.0, 1.0))
    np.testing.assert_allclose(covered(study(tmp_path), "b", "arm", right), [[0.5]] * 3)


def test_masks_of_every_third_frame_hold_until_the_next(tmp_path: Path) -> None:
    shown = np.zeros((17, 2, 4), np.uint8)
    shown[4] = ARM  # frames 12 to 14
    np.savez(tmp_path / "a.npz", judged=shown, every=3)
    found = covered_cells(study(tmp_path), "a", "arm", [11, 12, 14, 15], (1, 1), MapRect())
    assert found.ravel().tolist() == [0.0, 1.0, 1.0, 0.0]


def test_longer_clips_have_all_frames_of_their_rate_and_faults_cover_less_than_a_third() -> None:
    short, long = FORMS
    assert (short.n_shown(60), short.n_shown(61)) == (30, 31)  # every second frame of the simulation
    assert long.n_shown(200) == 150
    most_s = sum(longest for _, longest in long.lengths_s.values())
    assert most_s < long.frames[0] / RATE_HZ / 3


def test_equal_pairs_have_the_same_faults_and_length() -> None:
    assert study().equal(Pair("a", "b"))
    assert not study().equal(Pair("a", "c"))


def test_a_score_that_falls_at_a_fault_knows_it_then_and_not_before() -> None:
    # 25 steps on 50 frames, every second frame; a fault in frames 20 to 29 reaches from 15 to 35
    falls, flat = np.where(np.arange(25) < 12, 1.0, 0.0), np.ones(25)
    blame = np.where(np.arange(25) == 12, -1.0, 0.0)
    curves = ScoreCurves(("a", "b"), np.stack([falls, flat]), np.stack([blame, np.full(25, 0.1)]))
    own = along_faults(study(), curves, ("a", "b"), JUDGED)
    assert own["during"] == {"a": pytest.approx(-1.0 / 0.5)}  # final scores 0 and 1 have the deviation 0.5
    assert own["before"] == {"a": 0.0}
    assert own["contributions"] == {"a": 1.0}
    assert own["chance"] == {"a": 10 / 25}
    other = along_faults(study(), curves, ("a", "b"), OTHER)
    assert other["contributions"]["b"] == pytest.approx(other["chance"]["b"])


def test_tables_leave_out_what_is_not_known() -> None:
    known = {"value": 0.5, "low": 0.4, "high": 0.6}
    text = tables({"ordered by length": {"both_new": known, "equal": {"value": None}, "all": known}})
    assert "| ordered by length | 50.0 (40.0 to 60.0) | – | – | 50.0 (40.0 to 60.0) | – | – | – |" in text


def test_cells_hold_the_colour_and_motion_of_their_arm() -> None:
    # the judged gripper goes 8 pixels right in every frame, the other rests; steps end after frames 1 and 3
    judged = np.array([[8.0, 100.0], [16.0, 100.0], [24.0, 100.0], [32.0, 100.0]])
    other = np.full((4, 2), [300.0, 100.0])
    cells = true_cells(judged, other, np.array([1.0, 3.0]))
    assert cells.shape == (2, 4, GRID, GRID)
    assert np.argwhere(cells[0, 0]).tolist() == [[2, 0], [3, 0], [4, 0]]  # 32 x 24 pixels a cell
    assert np.argwhere(cells[0, 1]).tolist() == [[2, 9], [3, 9], [4, 9]]
    assert cells[0, 2, 4, 0] == pytest.approx((0 + 8) / 2 / UNIT_PX)
    assert cells[1, 2, 4, 1] == pytest.approx(8 / UNIT_PX)
    assert cells[1, 3].max() == 0  # an even movement
    assert cells[:, 2, :, 9].max() == 0


# rendering

BUILD = """
import sys
from pathlib import Path
from benchmarks.simulated.tasks import task_named
from benchmarks.simulated.two_arms import build_two_arms
build_two_arms(task_named("peg-insert-side-v3"), Path(sys.argv[1]), 2, 1, 4)
"""


@pytest.mark.skipif(find_spec("mujoco") is None or find_spec("metaworld") is None, reason="needs the extra simulate")
def test_the_recorded_gripper_is_orange_where_it_is_judged_and_a_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    import av

    for name in ("one", "two"):
        command = [sys.executable, "-W", "ignore", "-c", BUILD, str(tmp_path / name)]
        subprocess.run(command, cwd=ROOT, check=True, env={**os.environ, "MUJOCO_GL": "osmesa"})
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert len(files) == 11
    for made in files:
        assert (tmp_path / "one" / made).read_bytes() == (tmp_path / "two" / made).read_bytes(), made
    redder: dict[str, list[bool]] = {"regions.csv": [], "other.csv": []}
    for file, found in redder.items():
        for video in ("000", "001"):
            rows = [row for row in read_table(tmp_path / "one" / file) if row["video"] == video]
            with av.open(str(tmp_path / "one" / "videos" / f"{video}.mp4")) as container:
                frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
            assert len(frames) == len(rows)
            with np.load(tmp_path / "one" / "arms" / f"{video}.npz") as kept:
                marks = kept["judged"]
            orange = (np.array(frames, int) @ (1, 0, -1) > 60) & (np.array(frames, int)[..., 1] < 200)
            assert orange[marks > 0].mean() > 0.9, "the marks are on the orange arm"
            assert 0 < (marks == HAND).mean() < (marks == ARM).mean() < 0.15
            for frame, row in zip(frames, rows, strict=True):
                x, y = round(float(row["gripper_x"])), round(float(row["gripper_y"]))
                around = frame[max(0, y - 25) : y, max(0, x - 10) : x + 11].astype(int)
                found.append(bool((around[..., 0] - around[..., 2]).mean() > 40))
    assert np.mean(redder["regions.csv"]) > 0.9
    assert np.mean(redder["other.csv"]) < 0.1
