"""Snippets are the sampled frames with their flow, kept and found again; the published network is evaluated on them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from skillviewer.core.job import CancelToken, silent
from skillviewer.core.preprocessing import FlowSettings, Preprocessing
from skillviewer.data.formats import open_dataset
from skillviewer.engine import evaluate as evaluation
from skillviewer.engine import snippets
from skillviewer.engine.cache import FeatureCache
from skillviewer.engine.evaluate import EvaluationPlan
from skillviewer.engine.inputs import sampling_of
from skillviewer.engine.plan import TrainingPlan
from skillviewer.engine.snippets import SIZE_PX, SnippetSource
from skillviewer.media.flow import flow_field, grey_size, quantise
from skillviewer.media.reader import VideoReader
from skillviewer.nets.backbone_weights import BackboneWeights, random_backbone_weights
from skillviewer.nets.models import attention_model
from skillviewer.nets.sizes import HeadSizes
from tests.cli.studies import write_study
from tests.videos import read_barcode, write_barcode_video

SMALL = Preprocessing(n_segments=7, flow=FlowSettings("dis"))


def test_snippet_is_its_frame_and_the_five_fields_around_it(tmp_path: Path) -> None:
    path = write_barcode_video(tmp_path / "v.mp4", 40, width=320, height=240).path
    source = SnippetSource(FeatureCache(tmp_path / "cache"), SMALL)
    with VideoReader(path) as reader:
        first, second = source.passes(reader, 2, CancelToken())
        info = reader.info
        flow = replace(SMALL.flow, length=6)
        positions = sampling_of(info, replace(SMALL, flow=flow), 2).positions
        size = grey_size(info.width_px, info.height_px, 256)
        greys = [frame.grey(size) for frame in reader.stream(np.arange(info.n_frames))]
    assert first.shape == (7, 13, SIZE_PX[1], SIZE_PX[0])
    assert first.dtype == np.uint8
    for passed, at in ((first, positions[0]), (second, positions[1])):
        for snippet, position in zip(passed, at.tolist(), strict=True):
            assert read_barcode(snippet[:3].transpose(1, 2, 0)) == position
    position = int(positions[0, 3])
    for field in range(5):
        expected = quantise(flow_field(greys[position - 3 + field], greys[position - 2 + field], "dis"), 20.0)
        # enlarged from 320 x 240: means stay, edges do not
        for axis in range(2):
            assert first[3, 3 + 2 * field + axis].mean() == pytest.approx(expected[..., axis].mean(), abs=0.6)


def test_snippets_are_kept_and_mapped(tmp_path: Path) -> None:
    path = write_barcode_video(tmp_path / "v.mp4", 30).path
    source = SnippetSource(FeatureCache(tmp_path / "cache"), SMALL)
    with VideoReader(path) as reader:
        (first,) = source.passes(reader, 1, CancelToken())
        kept = {p: p.stat().st_mtime_ns for p in (tmp_path / "cache").rglob("*.safetensors")}
        again, other = source.passes(reader, 2, CancelToken())
    assert isinstance(again, np.memmap)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(again, other)
    now = {p: p.stat().st_mtime_ns for p in (tmp_path / "cache").rglob("*.safetensors")}
    assert len(kept) == 1
    assert len(now) == 2


def test_published_network_is_trained_and_tested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def weights(name: str) -> BackboneWeights:
        return random_backbone_weights(name, 0)

    def sizes(plan: TrainingPlan) -> HeadSizes:
        return replace(attention_model(plan.model).at_paper_scale(HeadSizes()), tsn_hidden=(8, 7))

    monkeypatch.setattr(snippets, "own_backbone_weights", weights)
    monkeypatch.setattr(evaluation, "own_backbone_weights", weights)
    monkeypatch.setattr(TrainingPlan, "sizes", sizes)
    monkeypatch.setattr(snippets, "SIZE_PX", (84, 72))
    monkeypatch.setattr(snippets, "CROP_PX", 64)
    dataset = open_dataset(write_study(tmp_path / "study"))
    plan = EvaluationPlan(("tsn",), TrainingPlan(preprocessing=SMALL, candidates=1, epochs=2, refit=False), n_folds=2)

    def run() -> evaluation.Evaluation:
        cache = FeatureCache(tmp_path / "cache")
        return evaluation.evaluate(
            plan, dataset, tmp_path / "out", CancelToken(), silent, device_name="cpu", cache=cache
        )

    found = run()
    assert found.failures == ()
    (tsn,) = found.models
    assert tsn.model == "tsn"
    assert len(tsn.folds) == 2
    assert tsn.parameters > 2 * 9216 * 8
    assert tsn.metrics["ties"] == 0
    configuration = (tmp_path / "out" / "runs" / "tsn-s0-f1" / "configuration.json").read_text()
    assert '"backbone": "alexnet"' in configuration
    assert run().n_trained == 0
