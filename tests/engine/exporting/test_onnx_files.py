"""Models as ONNX files: every head step by step, the default model from a video to its score, and what is refused."""

import functools
import json
import runpy
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor
from torch.onnx._internal.exporter._registration import ONNXRegistry

from skillviewer.cli.main import run
from skillviewer.core.analysis.track_term import TrackTerm
from skillviewer.core.errors import ExportError
from skillviewer.core.paths import resources_dir
from skillviewer.core.video.preprocessing import FlowSettings
from skillviewer.engine.exporting.onnx_files import (
    TOLERANCE,
    Graph,
    TensorFunction,
    backbone_graphs,
    export_onnx,
    frame_facts,
    head_graphs,
    refuse_tracks,
)
from skillviewer.engine.features.frame_inputs import sampling_of, stream_inputs
from skillviewer.engine.inference.engine import Engine
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.attention_models.end_to_end import SIZE_PX, centre_of_snippet, make_snippet
from skillviewer.nets.checkpoint import Checkpoint, load_checkpoint
from skillviewer.nets.models import ATTENTION_MODELS
from tests.checkpoints import PREPROCESSING, tiny_checkpoint, tiny_tsn
from tests.facts import missing
from tests.nets.small import small_features, small_model

VIDEO = resources_dir() / "sample_study" / "videos" / "000.mp4"


IN_ANOTHER = {"prefix": "full", "sharp": "follow", "average": "follow"}
"""Heads that compute their step by parts of another one's, which is exported in their place."""

ALWAYS = ("full", "visual-gru")
"""Heads that `make test` exports too: one that goes from step to step, and one that needs all frames first."""


@pytest.fixture(scope="module", autouse=True)
def one_registry() -> Iterator[None]:
    """Read torch's table of operators once: every export reads it anew, which takes longer than some of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ONNXRegistry, "from_torchlib", staticmethod(functools.cache(ONNXRegistry.from_torchlib)))
        yield


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(entry.name, marks=[] if entry.name in ALWAYS else pytest.mark.slow)
        for entry in ATTENTION_MODELS
        if entry.name not in IN_ANOTHER
    ],
)
def test_a_head_runs_step_by_step_as_in_torch(name: str, tmp_path: Path) -> None:
    model, features = small_model(name), small_features(name, batch=2, seed=7)
    for file, graph in head_graphs(model).items():
        graph.write(tmp_path / file)
        assert str(Path(torch.__file__).parent).encode() not in (tmp_path / file).read_bytes(), (
            "no path of this computer"
        )
    sessions = {path.name: onnxruntime.InferenceSession(path) for path in tmp_path.iterdir()}
    with torch.no_grad():
        fused = model.fuse(features)
        wanted = model.initial_state(2, fused, features)
        if model.needs.whole_video:
            firsts = [sessions["start.onnx"].run(None, {"features": video.numpy()}) for video in features]
            states = [np.concatenate(parts) for parts in zip(*firsts, strict=True)]
            for own, other in zip(wanted, states, strict=True):
                np.testing.assert_allclose(other, own.numpy(), atol=TOLERANCE)
        else:
            states = [state.numpy() for state in wanted]
        for at in range(features.shape[1]):
            out = model.step(fused[:, at], wanted)
            wanted = out.state
            named = {f"state_{i}": state for i, state in enumerate(states)}
            score, attention, *states = sessions["step.onnx"].run(None, {"features": features[:, at].numpy(), **named})
            np.testing.assert_allclose(score, out.score.numpy(), atol=TOLERANCE)
            np.testing.assert_allclose(attention, out.attention.numpy(), atol=TOLERANCE)
            for own, other in zip(wanted, states, strict=True):
                np.testing.assert_allclose(other, own.numpy(), atol=TOLERANCE)


@pytest.mark.parametrize("name", IN_ANOTHER)
def test_a_head_that_is_not_exported_here_is_a_part_of_one_that_is(name: str) -> None:
    model, other, features = small_model(name), small_model(IN_ANOTHER[name]), small_features(name, batch=2, seed=7)
    own = {"log_scale": torch.tensor(0.0)} | model.state_dict()
    other.load_state_dict({key: own[key] for key in other.state_dict()})
    assert set(model.state_dict()) <= set(other.state_dict())
    outs = [one.step(one.fuse(features)[:, 0], one.initial_state(2, None, features)) for one in (model, other)]
    assert torch.equal(outs[0].score, outs[1].score)
    assert torch.equal(outs[0].attention, outs[1].attention)
    assert all(torch.equal(*pair) for pair in zip(outs[0].state, outs[1].state, strict=False))


@pytest.mark.slow
@pytest.mark.timeout(900)  # two backbones are exported, on a machine that may be busy
def test_the_script_of_the_guide_scores_a_video_as_the_program_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    how = replace(PREPROCESSING, n_segments=3)  # the flow of more takes longer than the rest
    model = tiny_checkpoint(tmp_path / "sample-full", preprocessing=how).folder
    folder = tmp_path / "files"
    assert run(["export", "onnx", str(model), "-o", str(folder), "--example", str(VIDEO), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["found"][1:] == sorted(path.name for path in folder.iterdir())
    own = "import sys; sys.exit(bool({'torch', 'skillviewer', 'cv2', 'av'} & set(sys.modules)))"
    command = [sys.executable, "-c", f"import runpy; runpy.run_path('run.py', run_name='__main__'); {own}"]
    found = subprocess.run(
        [*command, ".", "example.npz"], cwd=folder, check=True, capture_output=True, text=True, env={}
    )
    scores = np.array(found.stdout.replace("[", " ").replace("]", " ").split(), float)
    with Engine.open(model, "cpu") as engine:
        analysis = engine.assess(VIDEO)
    assert len(scores) == 3
    np.testing.assert_allclose(scores, analysis.score_curve[0], atol=TOLERANCE)
    about = json.loads((folder / "model.json").read_bytes())
    assert about["checkpoint"]["sha256"] == load_checkpoint(model).digest
    assert about["files"]["motion.onnx"]["inputs"] == {"flow": ["any", 8, "any", "any"]}
    assert about["preprocessing"]["flow"]["algorithm"] == "dis"
    assert [len(state) for state in about["first_states"]] == [6, 6]


def _about(checkpoint: Checkpoint, **changes: object) -> dict[str, object]:
    """Return the description of a model, with another preprocessing."""
    how = replace(checkpoint.config.preprocessing, **changes)  # type: ignore[arg-type]
    config = msgspec.structs.replace(checkpoint.config, preprocessing=how)
    checkpoint = replace(checkpoint, config=config)
    return {"preprocessing": msgspec.to_builtins(how), "frame": frame_facts(checkpoint), "clip": None}


@pytest.mark.parametrize(
    ("model", "changes"),
    [
        ("full", {"n_segments": 2, "input_px": 448}),
        ("full", {"n_segments": 3, "sampling": "even", "rate_hz": 5.0, "segment_s": 2.0}),
        ("tsn", {"n_segments": 2}),
    ],
)
def test_the_shipped_script_makes_the_inputs_of_a_video_as_the_program_does(
    tmp_path: Path, model: str, changes: dict[str, object]
) -> None:
    changes = {"flow": FlowSettings("dis", 4, short_side_px=96), **changes}
    checkpoint = tiny_tsn(tmp_path / model) if model == "tsn" else tiny_checkpoint(tmp_path / model)
    about = _about(checkpoint, **changes)
    (tmp_path / "model.json").write_text(json.dumps(about))
    rgb, flow = runpy.run_path(str(resources_dir() / "onnx" / "prepare.py"))["prepare"](tmp_path, VIDEO)
    how = replace(checkpoint.config.preprocessing, **changes)  # type: ignore[arg-type]
    on_snippets = model == "tsn"
    with VideoReader(VIDEO) as reader:
        sampling = sampling_of(reader.info, how, 1)
        size = SIZE_PX if on_snippets else None
        items = stream_inputs(reader, how, sampling.timeline, np.unique(sampling.positions), size)
        found = {item.position: (item.rgb, item.flow) for item in items}
    pairs = [found[at] for at in sampling.positions[0].tolist()]
    if on_snippets:
        pairs = [centre_of_snippet(make_snippet(*pair)) for pair in pairs]
    assert len(pairs) == len(rgb) == len(flow)
    for own_rgb, own_flow, (wanted_rgb, wanted_flow) in zip(rgb, flow, pairs, strict=True):
        np.testing.assert_array_equal(own_rgb, np.moveaxis(wanted_rgb, -1, 0))
        assert np.abs(own_flow.astype(int) - wanted_flow.astype(int)).max() <= (1 if on_snippets else 0)


def test_backbones_trained_on_snippets_take_their_centre(tmp_path: Path) -> None:
    graphs = backbone_graphs(tiny_tsn(tmp_path / "tsn"))
    assert graphs["appearance.onnx"].shapes() == {"rgb": ["any", 3, 224, 224]}
    assert graphs["motion.onnx"].shapes() == {"flow": ["any", 10, "any", "any"]}


def test_the_first_states_of_a_running_maximum_are_numbers_of_json() -> None:
    states = head_graphs(small_model("raan"))["step.onnx"].inputs
    assert bool((states["state_0"] == -torch.inf).all())
    assert torch.nan_to_num(states["state_0"]).isfinite().all()


def test_a_model_that_needs_tracks_is_refused(tmp_path: Path) -> None:
    cropped = tiny_checkpoint(tmp_path / "cropped", preprocessing=replace(PREPROCESSING, crop="hands"))
    with pytest.raises(ExportError, match="around the hands"):
        export_onnx(cropped.folder, tmp_path / "onnx")
    config = msgspec.structs.replace(tiny_checkpoint(tmp_path / "tiny").config, tracks=TrackTerm((), 0.0, 1.0, 0.5))
    with pytest.raises(ExportError, match="measure tracks"):
        refuse_tracks(config)
    assert not (tmp_path / "onnx").exists()


def _chooses(values: Tensor) -> tuple[Tensor, ...]:
    return (values if values.sum() > 0 else -values,)


def _random(values: Tensor) -> tuple[Tensor, ...]:
    return (values + torch.rand(values.shape),)


@pytest.mark.parametrize(
    ("function", "words"),
    [(_chooses, "torch cannot write a.onnx of this model as ONNX"), (_random, "computes y of a.onnx differently")],
)
def test_what_cannot_be_exported_is_said_in_one_sentence(function: TensorFunction, words: str, tmp_path: Path) -> None:
    graph = Graph(torch.nn.Identity(), function, {"x": torch.ones(2, 3)}, ("y",))
    with pytest.raises(ExportError, match=words) as told:
        graph.write(tmp_path / "a.onnx")
    assert "\n" not in str(told.value)


def test_what_is_there_is_never_replaced_and_a_failure_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny_checkpoint(tmp_path / "tiny").folder
    timed = tiny_checkpoint(tmp_path / "timed", "duration").folder
    assert run(["export", "onnx", str(model), "-o", str(timed)]) == 1
    assert "There is something at" in capsys.readouterr().err
    assert run(["export", "onnx", str(timed), "-o", str(tmp_path / "new"), "--json"]) == 1
    assert "it has no backbone" in json.loads(capsys.readouterr().out)["error"]
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    assert run(["export", "onnx", str(model), "-o", str(tmp_path / "new")]) == 1
    assert "pip install 'skillviewer[onnx]'" in capsys.readouterr().err
    monkeypatch.undo()
    monkeypatch.setattr(Graph, "write", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    assert run(["export", "onnx", str(model), "-o", str(tmp_path / "new")]) == 1
    assert not missing(capsys.readouterr().err, "space left")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["timed", "tiny"]
