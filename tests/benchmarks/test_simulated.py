"""The simulated study's parts that need neither Meta-World nor MuJoCo."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks.simulated import degrade, distractor, raters, study, tasks
from benchmarks.simulated.__main__ import main
from benchmarks.simulated.ceilings import ceilings, fold_of
from benchmarks.simulated.degrade import Ability, Hand, ability_of, band_noise
from benchmarks.simulated.raters import Rater, judge_all, majority
from benchmarks.simulated.study import Outcome, Plan, plan_clips, quality, write_table
from benchmarks.simulated.tasks import STEP_HZ, TASKS, Camera, task_named
from skillviewer.core.errors import DatasetError, SettingsError

STEADY = Ability(
    skill=1.0, tremor_m=0.0, pauses_hz=0.0, pause_s=0.1, start_s=0.0, drops_hz=0.0, stunned_s=0.0, gain=1.0
)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


# camera


def test_the_point_looked_at_is_in_the_middle_of_the_picture() -> None:
    for task in TASKS:
        middle = task.camera.project(np.array(task.camera.lookat_m))
        np.testing.assert_allclose(middle, [(tasks.WIDTH_PX - 1) / 2, (tasks.HEIGHT_PX - 1) / 2])


def test_projection_by_hand() -> None:
    # one metre away along +y, level: right is +x, up is +z; 45 degrees high: 180 px are tan(22.5 degrees) metres
    camera = Camera((0.0, 1.0, 0.0), 1.0, 90.0, 0.0)
    pixels_a_metre = 180 / np.tan(np.pi / 8)
    seen = camera.project(np.array([[0.1, 1.0, 0.0], [0.0, 1.0, 0.1], [0.1, 2.0, 0.0]]))
    middle = np.array([239.5, 179.5])
    expected = middle + pixels_a_metre * np.array([[0.1, 0.0], [0.0, -0.1], [0.05, 0.0]])
    np.testing.assert_allclose(seen, expected)


def test_axes_are_a_rotation_and_looking_down_raises_what_is_far() -> None:
    camera = Camera((0.0, 0.6, 0.1), 0.9, 118.0, -24.0)
    np.testing.assert_allclose(camera.axes() @ camera.axes().T, np.eye(3), atol=1e-12)
    assert np.linalg.det(camera.axes()) == pytest.approx(-1.0)  # right, up and forward are left-handed
    far = np.array(camera.lookat_m) + np.array([-0.1, 0.2, 0.0])
    assert camera.project(far)[1] < camera.project(np.array(camera.lookat_m))[1]


def test_an_unknown_task_is_named() -> None:
    with pytest.raises(SettingsError, match="juggling"):
        task_named("juggling")


# hand


def test_band_noise_keeps_to_its_band() -> None:
    noise = band_noise(8 * STEP_HZ, (3.0, 7.0), STEP_HZ, rng())
    power = np.abs(np.fft.rfft(noise, axis=0)) ** 2
    frequencies_hz = np.fft.rfftfreq(len(noise), 1 / STEP_HZ)
    outside = (frequencies_hz < 2.9) | (frequencies_hz > 7.1)
    assert power[outside].sum() < 1e-12 * power.sum()
    np.testing.assert_allclose(np.sqrt(np.mean(noise**2, axis=0)), 1.0)


@pytest.mark.parametrize("n", [1, 10, 320])
def test_band_noise_has_the_length_asked_for(n: int) -> None:
    assert band_noise(n, (3.0, 7.0), STEP_HZ, rng()).shape == (n, 3)


def test_full_and_no_skill_are_the_ends_of_every_range() -> None:
    best, worst = ability_of(1.0, rng(), deviation=0.0), ability_of(0.0, rng(), deviation=0.0)
    for name, (full, none) in {
        "tremor_m": degrade.TREMOR_M,
        "pauses_hz": degrade.PAUSES_HZ,
        "pause_s": degrade.PAUSE_S,
        "start_s": degrade.START_S,
        "drops_hz": degrade.DROPS_HZ,
        "stunned_s": degrade.STUNNED_S,
        "gain": degrade.GAIN,
    }.items():
        assert getattr(best, name) == pytest.approx(full)
        assert getattr(worst, name) == pytest.approx(none)


def test_a_steady_hand_does_what_is_wanted_at_its_speed() -> None:
    hand = Hand(STEADY, 0.5, 100, rng())
    for step in range(100):
        done = hand.act(np.array([2.0, -0.4, 0.0, 0.6]), step, carrying=True)
        np.testing.assert_allclose(done, [0.5, -0.2, 0.0, 0.6])
    assert hand.drops == 0


def test_slowness_is_a_share_of_the_speed() -> None:
    slow = Hand(Ability(0.0, 0.0, 0.0, 0.1, 0.0, 0.0, 0.0, gain=0.6), 0.5, 1, rng())
    assert slow.act(np.array([1.0, 0.0, 0.0, -1.0]), 0, carrying=False)[0] == pytest.approx(0.3)


def test_tremor_displaces_by_its_amount_and_comes_back() -> None:
    n = 8 * STEP_HZ
    hand = Hand(Ability(0.0, 0.006, 0.0, 0.1, 0.0, 0.0, 0.0, 1.0), 0.5, n, rng())
    wanted = np.array([0.0, 0.0, 0.0, 0.6])
    actions = np.array([hand.act(wanted, step, carrying=False) for step in range(n)])
    path_m = np.cumsum(actions[:, :3], axis=0) * degrade.METRES_PER_ACTION
    spread_m = np.std(path_m, axis=0)
    np.testing.assert_allclose(spread_m, 0.006, rtol=0.02)


def test_the_start_waits() -> None:
    hand = Hand(Ability(0.0, 0.0, 0.0, 0.1, start_s=0.5, drops_hz=0.0, stunned_s=0.0, gain=1.0), 1.0, 100, rng())
    moved = [hand.act(np.array([1.0, 0.0, 0.0, -1.0]), step, carrying=False)[0] for step in range(100)]
    assert moved == [0.0] * 40 + [1.0] * 60


@pytest.mark.slow
def test_pauses_come_at_their_rate() -> None:
    n = 1000 * STEP_HZ
    hand = Hand(
        Ability(0.0, 0.0, pauses_hz=0.5, pause_s=0.4, start_s=0.0, drops_hz=0.0, stunned_s=0.0, gain=1.0), 1.0, n, rng()
    )
    moving = np.array([hand.act(np.array([1.0, 0.0, 0.0, 0.0]), step, carrying=False)[0] > 0 for step in range(n)])
    # 0.5 pauses a second of moving, each 0.4 s: moving for 1 / (1 + 0.2) of the time
    assert moving.mean() == pytest.approx(1 / 1.2, abs=0.07)


def test_a_drop_opens_the_gripper_and_stuns() -> None:
    careless = Ability(0.0, 0.0, 0.0, 0.1, 0.0, drops_hz=1e9, stunned_s=0.1, gain=1.0)
    hand = Hand(careless, 1.0, 100, rng())
    wanted = np.array([1.0, 0.0, 0.0, 0.6])
    assert hand.act(wanted, 0, carrying=False)[3] == pytest.approx(0.6)
    actions = np.array([hand.act(wanted, step, carrying=step == 1) for step in range(1, 60)])
    open_steps, still_steps = round(degrade.DROP_S * STEP_HZ), round((degrade.DROP_S + 0.1) * STEP_HZ)
    assert hand.drops == 1
    assert (actions[:, 3] == -1.0).tolist() == [True] * open_steps + [False] * (59 - open_steps)
    assert (actions[:, 0] == 0.0).tolist() == [True] * still_steps + [False] * (59 - still_steps)


# shake


def test_a_smooth_path_does_not_shake() -> None:
    time_s = np.arange(240)[:, None] / STEP_HZ
    parabola = np.array([0.1, -0.2, 0.3]) * time_s**2 + 0.4 * time_s
    assert degrade.shake(parabola, STEP_HZ) < 1e-12


def test_shake_grows_with_tremor_and_forgives_a_brisk_stop() -> None:
    time_s = np.arange(320)[:, None] / STEP_HZ
    brisk = np.repeat(0.4 * np.minimum(time_s, 2.0), 3, axis=1)
    tremor = 0.004 * np.sqrt(2) * np.sin(2 * np.pi * 6.0 * time_s) * np.array([1.0, 0.0, 0.0])
    assert degrade.shake(brisk, STEP_HZ) < 1e-4
    assert degrade.shake(brisk + tremor, STEP_HZ) == pytest.approx(0.004, rel=0.15)
    assert degrade.shake(brisk + 2 * tremor, STEP_HZ) == pytest.approx(
        2 * degrade.shake(brisk + tremor, STEP_HZ), rel=0.1
    )


# distractor


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_the_distractor_keeps_to_its_box_and_in_the_picture(task: tasks.Task) -> None:
    low, high = np.array(task.distractor_low_m), np.array(task.distractor_high_m)
    inside = []
    for seed in range(50):
        drawn = distractor.draw_distractor(task, 160, rng(seed))
        margin_m = 4 * distractor.TREMBLE_M[1]
        assert drawn.path_m.shape == (160, 3)
        assert np.all(drawn.path_m > low - margin_m)
        assert np.all(drawn.path_m < high + margin_m)
        assert drawn.shape in distractor.SHAPES
        x, y = task.camera.project(drawn.path_m).T
        inside.append((x > 0) & (x < tasks.WIDTH_PX) & (y > 0) & (y < tasks.HEIGHT_PX))
    assert np.mean(inside) > 0.9


# raters


@pytest.mark.parametrize(
    ("verdicts", "label"),
    [
        ((1, 1, 1, 0, -1), 1),
        ((1, 1, 0, 0, -1), 0),
        ((-1, -1, -1, -1, 1), -1),
        ((0, 0, 0, 1, 1), 0),
        ((1, 1, -1, -1, 0), 0),
    ],
)
def test_majority(verdicts: tuple[int, ...], label: int) -> None:
    assert majority(verdicts) == label


def test_a_rater_without_noise_sees_what_is_there() -> None:
    sharp = Rater("R", 0.0, 0.5)
    assert [sharp.judge(left, 0.0, rng()) for left in (1.0, 0.4, -0.4, -1.0)] == [1, 0, 0, -1]


def test_a_rater_errs_as_thurstone_says() -> None:
    # noise 1 for each clip: the difference 1 appears with deviation sqrt 2, P(left) = Phi(1 / sqrt 2) = 0.7602
    rater, source = Rater("R", 1.0, 0.0), rng()
    left = np.mean([rater.judge(1.0, 0.0, source) == 1 for _ in range(20_000)])
    assert left == pytest.approx(0.7602, abs=0.01)


def test_everyone_judges_every_pair_once() -> None:
    panel = raters.raters(5, np.array([0.0, 1.0, 5.0]), rng())
    pairs = judge_all(np.array([0.0, 100.0, -100.0]), panel, rng())
    assert [(p.left, p.right, p.label) for p in pairs] == [(0, 1, -1), (0, 2, 1), (1, 2, 1)]
    assert all(len(p.verdicts) == 5 for p in pairs)


# study


def test_a_plan_follows_from_its_seed() -> None:
    first, again, other = plan_clips(3, 2, 7), plan_clips(3, 2, 7), plan_clips(3, 2, 8)
    assert first == again
    assert first != other
    assert [plan.video for plan in first] == ["000", "001", "002", "003", "004", "005"]
    assert [plan.participant for plan in plan_clips(2, 2, 7, first_participant=13)] == ["P13", "P13", "P14", "P14"]
    assert first[0].chance(7, 3).random() == again[0].chance(7, 3).random()
    assert first[0].chance(7, 3).random() != first[0].chance(7, 4).random()
    assert first[0].chance(7, 3).random() != first[1].chance(7, 3).random()


def test_participants_differ_more_than_their_trials_and_length_tells_nothing() -> None:
    plans = plan_clips(40, 25, 3)
    skill = np.array([plan.ability.skill for plan in plans]).reshape(40, 25)
    assert skill.mean(axis=1).std() > 3 * skill.std(axis=1).mean()
    n_frames = np.array([plan.n_frames for plan in plans])
    assert (n_frames.min(), n_frames.max()) == study.FRAMES
    assert abs(np.corrcoef(n_frames, skill.ravel())[0, 1]) < 0.1


def outcome(success: int, steps: int, drops: int, shake_m: float) -> Outcome:
    return Outcome(Plan("000", "P01", STEADY, 110, (0, 0)), bool(success), steps, drops, shake_m)


def test_quality_by_hand() -> None:
    # z of (1, 0) is (1, -1), of (100, 320) is (-1, 1), of (0, 0) is (0, 0), of (1, 3) is (-1, 1)
    values = quality([outcome(1, 100, 0, 0.001), outcome(0, 320, 0, 0.003)])
    np.testing.assert_allclose(values, [1.0 + 0.6 + 0.8, -2.4])


def write_study(folder: Path) -> Path:
    rows = [("a", 0.9, 1, 100, 0, 0.1, 110, 2.0, "P1"), ("b", 0.5, 1, 100, 0, 0.3, 120, 1.0, "P2"),
            ("c", 0.6, 0, 320, 1, 0.2, 100, 0.0, "P2")]  # fmt: skip
    write_table(folder / "truth.csv", "video,skill,success,steps,drops,shake,frames,quality,participant", rows)
    pairs = [("a", "b", 1, "1"), ("a", "c", 1, "1"), ("b", "c", 1, "1"), ("c", "a", 0, "0")]
    write_table(folder / "pairs.csv", "left,right,label,votes", pairs)
    return folder


def test_ceilings_by_hand(tmp_path: Path) -> None:
    found = {c.name: c for c in ceilings(write_study(tmp_path), n_folds=2)}
    assert found["true quality"].all_pairs == 1.0
    assert found["ability"].all_pairs == pytest.approx(2 / 3)  # b and c the wrong way round
    assert found["success"].all_pairs == pytest.approx(5 / 6)  # a and b tie: half
    assert found["duration"].all_pairs == pytest.approx(1 / 3)
    # P1 held out: a-b, a-c; P2 held out: all three
    assert found["ability"].held_out == pytest.approx((1.0 + 2 / 3) / 2)
    # both held out: none with P1, b-c with P2
    assert found["ability"].both_held_out == 0.0


def test_folds_part_participants_evenly() -> None:
    assert fold_of(["P2", "P1", "P2", "P3"], 2) == {"P1": 0, "P2": 1, "P3": 0}


def test_a_folder_that_is_no_study_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"truth\.csv"):
        ceilings(tmp_path)


def test_the_command_prints_ceilings(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["ceilings", str(write_study(tmp_path)), "--folds", "2"])
    assert result.exit_code == 0
    assert "true quality" in result.output
    assert "0.667" in result.output
