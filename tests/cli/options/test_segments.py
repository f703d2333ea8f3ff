"""``--segments auto``: videos of several lengths from training to evidence, with one network."""

import json
from pathlib import Path

import numpy as np
import pytest

from skillviewer.cli.main import run
from skillviewer.core.video.preprocessing import Preprocessing
from skillviewer.engine.inference.engine import Engine
from skillviewer.engine.training.run_folder import RUNS, RunFolder
from skillviewer.nets.checkpoint import load_checkpoint
from skillviewer.nets.model_card_page import model_card_page
from tests.cli.options.test_plan_options import plan_of
from tests.data.files import write
from tests.videos import write_barcode_video

Capture = pytest.CaptureFixture[str]
TINY = [
    "--segments",
    "auto",
    "--input-px",
    "64",
    "--flow",
    "dis",
    "--candidates",
    "1",
    "--epochs",
    "1",
    "--select",
    "last",
]
FRAMES = {"A1": 6, "A2": 140, "B1": 160, "B2": 10, "C1": 150, "C2": 5}  # at 5 a second
N_STEPS = {"A1": 25, "A2": 28, "B1": 32, "B2": 25, "C1": 30, "C2": 25}


def test_a_segment_a_second_between_the_least_and_the_most() -> None:
    auto = plan_of("--segments", "auto").preprocessing
    assert auto == Preprocessing(25, auto.input_px, None, auto.flow, "even", 1.0, 200)
    assert [auto.segments_of(s) for s in (0.5, 10, 25, 25.01, 60, 60.0000001, 120, 199.5, 300)] == [
        25, 25, 25, 26, 60, 60, 120, 200, 200,
    ]  # fmt: skip
    assert plan_of("--segments", "auto:60").preprocessing.segments_of(300) == 60
    assert plan_of("--segments", "7").preprocessing.segments_of(300) == 7
    assert Preprocessing(25, segment_s=5e-324).segments_of(1e6) == 200
    assert (auto.segments_text, Preprocessing(7).segments_text) == ("25 to 200", "7")


@pytest.mark.parametrize("text", ["0", "-3", "automatic", "auto:", "auto:24", "auto:9999", "2.5", ""])
def test_what_is_no_number_of_segments_is_refused(text: str, tmp_path: Path, capsys: Capture) -> None:
    assert run(["train", str(tmp_path), "-o", str(tmp_path / "m"), f"--segments={text}"]) == 2
    assert "is no number from 1 to 4096, nor auto" in capsys.readouterr().err


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    (folder / "videos").mkdir()
    for name, n in FRAMES.items():
        write_barcode_video(folder / "videos" / f"{name}.mp4", n, rate_hz=5)
    names = sorted(FRAMES, key=lambda name: FRAMES[name])
    rows = [f"{a},{b}" for i, a in enumerate(names) for b in names[i + 1 :]]
    write(folder / "pairs.csv", "\n".join(["better,worse", *rows]) + "\n")
    write(folder / "participants.csv", "\n".join(["video,participant", *(f"{n},{n[0]}" for n in FRAMES)]) + "\n")
    return folder


@pytest.mark.slow
def test_one_network_for_videos_of_several_lengths(data: Path, tmp_path: Path, capsys: Capture) -> None:
    made = tmp_path / "model"
    assert run(["train", str(data), "-o", str(made), "--device", "cpu", *TINY]) == 0
    assert f"{sum(N_STEPS.values())} sampled frames in all: about" in capsys.readouterr().err
    checkpoint = load_checkpoint(made)
    kept = json.loads((made / "config.json").read_text())["preprocessing"]
    assert (kept["n_segments"], kept["segment_s"], kept["most_segments"]) == (25, 1.0, 200)
    assert "25 to 200 frames a video" in model_card_page(checkpoint.card, checkpoint.config)
    with Engine.open(made, "cpu") as engine:
        for name in ("A1", "B1"):
            analysis = engine.assess(data / "videos" / f"{name}.mp4", passes=2)
            assert analysis.samples.shape == analysis.score_curve.shape == (2, N_STEPS[name])
            assert analysis.n_segments == N_STEPS[name]
        assert engine.explain(analysis).contributions.shape == (N_STEPS["B1"],)


@pytest.mark.slow
def test_a_fold_keeps_curves_and_maps_of_every_length(data: Path, tmp_path: Path) -> None:
    command = ["evaluate", str(data), "-o", str(tmp_path / "e"), "--folds", "2", "--no-controls"]
    assert run([*command, "--device", "cpu", *TINY]) == 0
    result = RunFolder(tmp_path / "e" / RUNS / "full-s0-f1").result
    assert result is not None
    assert result.curves is not None
    assert result.maps is not None
    for name, curve, contributions in zip(
        result.curves.videos, result.curves.curves, result.curves.contributions, strict=True
    ):
        n = N_STEPS[name]
        assert np.isfinite(curve[:n]).all()
        assert np.isnan(curve[n:]).all()
        assert curve[n - 1] == result.scores[name]
        if name in result.configuration.held_out:
            assert np.isfinite(contributions[:n]).all()
            np.testing.assert_allclose(result.maps.of(name, n).sum(axis=(1, 2)), 1, rtol=1e-4)
