"""From a folder of videos and pairs to a checkpoint, end to end, on tiny videos."""

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from skillviewer.core.dataset.dataset import Dataset, Measure
from skillviewer.core.dataset.folds import inner_fold, make_folds, quarter_out
from skillviewer.core.dataset.pairs import videos_of
from skillviewer.core.dataset.rating_set import RatingScale, RatingSet, VideoRating
from skillviewer.core.errors import Cancelled, CheckpointError, DatasetError, SettingsError, VideoError
from skillviewer.core.kinematics.motion_numbers import motion_numbers
from skillviewer.core.progress import CancelToken, Progress
from skillviewer.core.ratings import fit_calibration
from skillviewer.core.tracks.tracks import FrameState, Track, TrackSet
from skillviewer.core.video.clips import FrameRange
from skillviewer.data.study.lock import WriteLock
from skillviewer.data.tracks_file import TrackStore
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.finetuning.initial_model import InitialModel
from skillviewer.engine.inference.engine import Engine
from skillviewer.engine.training import run_folder
from skillviewer.engine.training import train_checkpoint as train_module
from skillviewer.engine.training.predict import Predictions, predict
from skillviewer.engine.training.train_checkpoint import TrainingResources, TrainingResult, train_checkpoint
from skillviewer.engine.training.train_settings import EpochSelection
from skillviewer.engine.training.trainer import TrainingControl
from skillviewer.engine.training.training_plan import TrainingPlan
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.checkpoint import load_checkpoint
from skillviewer.nets.sizes import HeadSizes
from tests.checkpoints import PREPROCESSING, SIZES
from tests.engine.tiny_dataset import NAMES, tiny_dataset
from tests.facts import missing


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return tiny_dataset(tmp_path_factory.mktemp("videos"))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> FeatureCache:
    return FeatureCache(tmp_path_factory.mktemp("features"))


@pytest.fixture(autouse=True)
def small_heads(monkeypatch: pytest.MonkeyPatch) -> None:
    def sizes(_plan: TrainingPlan) -> HeadSizes:
        return replace(SIZES, standardise=True)

    monkeypatch.setattr(TrainingPlan, "sizes", sizes)


PLAN = TrainingPlan(preprocessing=PREPROCESSING, candidates=2, epochs=2)


def run(plan: TrainingPlan, dataset: Dataset, folder: Path, cache: FeatureCache, **more: object) -> TrainingResult:
    return train_checkpoint(
        plan,
        dataset,
        folder,
        TrainingControl(CancelToken()),
        TrainingResources(cache, "cpu"),
        **more,  # type: ignore[arg-type]
    )


def test_checkpoint_says_what_it_was_trained_and_tested_on(
    dataset: Dataset, cache: FeatureCache, tmp_path: Path
) -> None:
    result = run(PLAN, dataset, tmp_path / "m", cache)
    card = load_checkpoint(tmp_path / "m").card
    assert (card.name, card.task, card.n_videos) == ("m", "test", 6)
    assert card.held_out is not None
    assert 0 <= card.held_out.accuracy <= 1
    assert card.held_out.interval is None, "one person alone is held out"
    assert card.held_out.n_pairs == 13  # of 28 pairs those within six videos are 15
    assert card.last_fifth is not None
    assert 0 <= card.last_fifth <= 1
    assert card.outcome is None, "the data set knows none"
    assert "participant" in card.held_out.rule
    assert not missing(card.held_out.rule, "training videos")
    with (tmp_path / "m" / run_folder.LOG).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(result.rows)
    assert (tmp_path / "m" / run_folder.CURVES).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("half", [True, False])
def test_the_card_is_of_the_weights_that_are_kept(
    dataset: Dataset, cache: FeatureCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, half: bool
) -> None:
    tested: list[dict[str, torch.Tensor]] = []

    def score(model: AttentionModel, *given: Any, **options: Any) -> Predictions:
        tested.append({name: tensor.clone() for name, tensor in model.state_dict().items()})
        return predict(model, *given, **options)

    monkeypatch.setattr(train_module, "predict", score)
    kept = run(replace(PLAN, half=half), dataset, tmp_path / "m", cache).checkpoint.head
    (weights,) = tested
    assert weights.keys() == kept.keys()
    assert all(torch.equal(weights[name], kept[name]) for name in kept)
    matrices = [tensor for tensor in kept.values() if tensor.ndim > 1]
    assert all(torch.equal(matrix, matrix.half().float()) for matrix in matrices) == half


def test_trained_checkpoint_assesses_videos(dataset: Dataset, cache: FeatureCache, tmp_path: Path) -> None:
    run(PLAN, dataset, tmp_path / "m", cache)
    path = dataset.videos[0].path
    assert path is not None
    with Engine.open(tmp_path / "m", device="cpu", cache=cache) as engine:
        assert np.isfinite(engine.assess(path, passes=2).score)


def test_same_seed_same_checkpoint(dataset: Dataset, cache: FeatureCache, tmp_path: Path) -> None:
    digests = {run(PLAN, dataset, tmp_path / name, cache).checkpoint.digest for name in ("one", "two")}
    assert len(digests) == 1
    assert run(replace(PLAN, seed=1), dataset, tmp_path / "three", cache).checkpoint.digest not in digests


def test_no_held_out_video_is_trained_on_or_chosen_on(dataset: Dataset) -> None:
    for fold in make_folds(dataset).folds:
        inner = inner_fold(dataset, fold)
        seen = set(videos_of([*inner.train_pairs, *inner.test_pairs, *fold.train_pairs]))
        assert not seen & set(fold.held_out_videos)


def test_best_on_test_is_labelled(dataset: Dataset, cache: FeatureCache, tmp_path: Path) -> None:
    result = run(replace(PLAN, select=EpochSelection.BEST_ON_TEST), dataset, tmp_path / "m", cache)
    assert result.checkpoint.card.held_out is not None
    assert "optimistic" in result.checkpoint.card.held_out.rule


def test_test_data_of_their_own(dataset: Dataset, cache: FeatureCache, tmp_path: Path) -> None:
    train, test = dataset.restricted(NAMES[:6]), dataset.restricted(NAMES[6:])
    people = sorted({video.participant for video in train.videos if video.participant})
    test = replace(test, videos=tuple(replace(video, participant=people[0]) for video in test.videos))
    result = run(PLAN, train, tmp_path / "m", cache, test=test)
    said = (
        f"“{people[0]}” is in both data sets by name: if they are the same people, the held-out accuracy is too good."
    )
    assert said in result.problems
    card = result.checkpoint.card
    assert card.n_videos == 6
    assert card.held_out is not None
    assert card.held_out.n_pairs == 1
    with pytest.raises(DatasetError, match="nothing would be held out"):
        run(PLAN, train, tmp_path / "n", cache, test=dataset)
    assert not (tmp_path / "n").exists()


def test_a_test_video_of_which_a_frame_is_trained_on_is_refused(
    dataset: Dataset, cache: FeatureCache, tmp_path: Path
) -> None:
    train, test = dataset.restricted(NAMES[:6]), dataset.restricted(NAMES[6:])
    path = train.videos[0].path
    assert path is not None
    copy = tmp_path / "of another name.mp4"
    copy.write_bytes(path.read_bytes())

    def tested_on(clip_range: FrameRange | None) -> Dataset:
        return replace(test, videos=(replace(test.videos[0], path=copy, clip_range=clip_range), *test.videos[1:]))

    def trained_on(clip_range: FrameRange) -> Dataset:
        return replace(train, videos=(replace(train.videos[0], clip_range=clip_range), *train.videos[1:]))

    for clip_range in (None, FrameRange(0, 4)):
        with pytest.raises(DatasetError, match=r"name\.mp4.*training data.*nothing"):
            run(PLAN, train, tmp_path / "m", cache, test=tested_on(clip_range))
    with pytest.raises(DatasetError, match="nothing would be held out"):
        run(PLAN, trained_on(FrameRange(0, 4)), tmp_path / "m", cache, test=tested_on(FrameRange(3, 8)))
    apart = run(PLAN, trained_on(FrameRange(0, 4)), tmp_path / "m", cache, test=tested_on(FrameRange(4, 8)))
    assert apart.checkpoint.card.held_out is not None


def test_video_that_cannot_be_read_is_told_and_left_out(dataset: Dataset, cache: FeatureCache, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"nothing")
    videos = (*dataset.videos[:-1], replace(dataset.videos[-1], path=broken))
    result = run(PLAN, replace(dataset, videos=videos), tmp_path / "m", cache)
    assert any("broken.mp4" in problem for problem in result.problems)


def test_existing_checkpoint_is_not_replaced_unasked(dataset: Dataset, cache: FeatureCache, tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    with pytest.raises(CheckpointError, match="already"):
        run(PLAN, dataset, tmp_path / "m", cache)


def test_cache_too_small_for_the_features_is_told_before_they_are_computed(dataset: Dataset, tmp_path: Path) -> None:
    small = FeatureCache(tmp_path / "features", max_bytes=2**20)
    with pytest.raises(SettingsError, match=r"8 videos.*cache-gb"):
        run(PLAN, dataset, tmp_path / "m", small)
    assert small.entries() == []
    assert not (tmp_path / "m").exists()


def test_three_people_are_enough_and_one_is_refused(dataset: Dataset, cache: FeatureCache, tmp_path: Path) -> None:
    few = dataset.restricted([name for name in NAMES if name[0] in "abc"])
    card = run(PLAN, few, tmp_path / "m", cache).checkpoint.card
    assert card.held_out is not None
    assert "2 of 6 videos held out by participant" in card.held_out.rule
    untouched = FeatureCache(tmp_path / "empty")
    with pytest.raises(DatasetError, match="has only 1 participant"):
        run(PLAN, dataset.restricted(NAMES[:2]), tmp_path / "n", untouched)
    assert not list((tmp_path / "empty").rglob("*.npy"))


def test_why_no_video_can_be_read_is_told(cache: FeatureCache, tmp_path: Path) -> None:
    spoilt = tiny_dataset(tmp_path)
    for video in spoilt.videos:
        assert video.path is not None
        video.path.write_bytes(b"no video")
    with pytest.raises(DatasetError, match=r"No video of tiny can be read\. .*a1\.mp4"):
        run(PLAN, spoilt, tmp_path / "m", cache)
    nowhere = replace(spoilt, videos=tuple(replace(video, path=None) for video in spoilt.videos))
    with pytest.raises(DatasetError, match="tiny"):
        run(PLAN, nowhere, tmp_path / "m", cache)


def test_a_held_out_video_that_is_trained_on_under_another_name_is_refused(
    dataset: Dataset, cache: FeatureCache, tmp_path: Path
) -> None:
    held_out = quarter_out(dataset).folds[0].held_out_videos[0]
    other = next(name for name in NAMES if name[0] != held_out[0])
    copies = [replace(v, path=dataset.video(other).path) if v.name == held_out else v for v in dataset.videos]
    with pytest.raises(DatasetError, match="nothing would be held out"):
        run(PLAN, replace(dataset, videos=tuple(copies)), tmp_path / "m", cache)


def test_what_is_no_checkpoint_is_refused_before_anything_is_computed(
    dataset: Dataset, cache: FeatureCache, tmp_path: Path
) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(CheckpointError, match="checkpoint"):
        run(PLAN, dataset, tmp_path / "m", cache, replace=True)


@pytest.mark.slow
def test_a_training_that_was_stopped_goes_on_and_leaves_nothing_behind(
    dataset: Dataset, cache: FeatureCache, tmp_path: Path
) -> None:
    whole = run(PLAN, dataset, tmp_path / "whole", cache)
    epochs: list[int] = []

    def epoch_of(progress: Progress) -> None:
        if progress.stage == "training" and progress.total:
            epochs.append(progress.done)

    def stop_in_the_final_training(progress: Progress) -> None:
        epoch_of(progress)
        if len(epochs) == PLAN.epochs and progress.stage.startswith("epoch 1"):
            raise Cancelled

    with pytest.raises(Cancelled):
        train_checkpoint(
            PLAN,
            dataset,
            tmp_path / "m",
            TrainingControl(CancelToken(), stop_in_the_final_training),
            TrainingResources(cache, "cpu"),
        )
    assert not (tmp_path / "m").exists()
    kept = tmp_path / ".m.training"
    assert sorted(p.name for p in kept.iterdir()) == ["configuration.json", "state-choice.safetensors"]
    epochs.clear()
    resumed = train_checkpoint(
        PLAN, dataset, tmp_path / "m", TrainingControl(CancelToken(), epoch_of), TrainingResources(cache, "cpu")
    )
    assert len(epochs) == resumed.rows[-1].epoch, "the choice of an epoch was made again"
    assert [row.loss for row in resumed.rows] == [row.loss for row in whole.rows]
    weights = [(tmp_path / name / "weights.safetensors").read_bytes() for name in ("whole", "m")]
    assert weights[0] == weights[1]
    assert not kept.exists()


def test_two_do_not_make_one_checkpoint(dataset: Dataset, cache: FeatureCache, tmp_path: Path) -> None:
    other = WriteLock(tmp_path / ".m.training")
    assert other.is_held
    with pytest.raises(SettingsError, match=f"Another training makes {tmp_path / 'm'}"):
        run(PLAN, dataset, tmp_path / "m", cache)
    assert run(PLAN, dataset, tmp_path / "n", cache).rows
    other.release()
    assert run(PLAN, dataset, tmp_path / "m", cache).rows
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m", "n"]


@pytest.mark.slow
def test_what_is_kept_of_another_training_is_not_gone_on_with(
    dataset: Dataset, cache: FeatureCache, tmp_path: Path
) -> None:
    def stop_in_the_final_training(progress: Progress) -> None:
        if progress.stage == "training":
            raise Cancelled

    other = replace(PLAN, select=EpochSelection.LAST, learning_rate=0.5)
    with pytest.raises(Cancelled):
        train_checkpoint(
            replace(other, epochs=1),
            dataset,
            tmp_path / "m",
            TrainingControl(CancelToken(), stop_in_the_final_training),
            TrainingResources(cache, "cpu"),
        )
    kept = tmp_path / ".m.training"
    shutil.copytree(kept, tmp_path / "before")
    first = run(PLAN, dataset, tmp_path / "m", cache)
    again = run(PLAN, dataset, tmp_path / "n", cache)
    assert [row.loss for row in first.rows] == [row.loss for row in again.rows]
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == [kept.name]
    assert {p.name for p in kept.iterdir()} == {p.name for p in (tmp_path / "before").iterdir()}


def test_the_folder_says_what_decided_it_and_how_it_was_made(
    dataset: Dataset, cache: FeatureCache, tmp_path: Path
) -> None:
    run(replace(PLAN, learning_rate=0.007), dataset, tmp_path / "m", cache)
    configuration = json.loads((tmp_path / "m" / "configuration.json").read_text())
    assert configuration["settings"]["optimiser"]["learning_rate"] == 0.007
    assert configuration["dataset_preset"] == "other"
    assert not any(f'"{name}"' in json.dumps(configuration) for name in NAMES), "names of videos go with the model"
    provenance = json.loads((tmp_path / "m" / "provenance.json").read_text())
    assert (provenance["videos_looked_at"], provenance["held_out_looked_at"]) == (6, 0)
    assert run(PLAN, dataset, tmp_path / "m", cache, replace=True).checkpoint.name == "m"


def test_more_folds_score_every_rated_person(
    dataset: Dataset, cache: FeatureCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = tuple((name, float(i)) for i, name in enumerate(NAMES))
    ratings = RatingSet(tuple(VideoRating(n, "r", "Flow", x) for n, x in values), (RatingScale("Flow", 0, 9),))
    rated = replace(dataset, scores=Measure("Flow", values), ratings=ratings, criterion="Flow")
    plan = replace(PLAN, select=EpochSelection.LAST, epochs=1)
    with pytest.raises(SettingsError, match=r"4 people.*11 are needed"):
        run(plan, rated, tmp_path / "m", cache, scale_folds=4)
    assert not (tmp_path / "m").exists()
    monkeypatch.setattr(fit_calibration, "min_participants", lambda _level: 2)  # the videos show four people
    card = run(plan, rated, tmp_path / "m", cache).checkpoint.card
    assert card.criterion == "Flow"
    assert card.raters_scale is not None
    assert (card.raters_scale.refusal, card.raters_scale.source) == ("", "4 folds by person")
    assert card.raters_scale.map is not None
    assert card.raters_scale.map.n_people == 4
    assert load_checkpoint(tmp_path / "m").card == card


def test_tracks_are_added_in_training_and_when_videos_are_scored(
    dataset: Dataset, cache: FeatureCache, tmp_path: Path
) -> None:
    """The longer videos are better, and their points go farther: the card says what the term is worth."""
    for video in dataset.videos:
        assert video.path is not None
        with VideoReader(video.path) as reader:
            info = reader.read_info()
        xy = np.stack([np.arange(info.n_frames) * 5.0 + 3, np.full(info.n_frames, 40.0)], axis=1)[:, None]
        shown = np.ones((info.n_frames, 1), np.float32)
        found = np.full(info.n_frames, FrameState.FOUND, np.uint8)
        TrackStore().put(TrackSet.of_video(info, None, [Track("tip", ("tip",), xy.astype(np.float32), shown, found)]))
    plan = replace(PLAN, model="none", with_tracks=True, select=EpochSelection.LAST)

    def sizes(plan: TrainingPlan) -> HeadSizes:
        if plan.model == "none":
            return replace(SIZES, standardise=True)
        return replace(SIZES, feature_channels=64, grid=(1, 1))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TrainingPlan, "sizes", sizes)
        checkpoint = run(plan, dataset, tmp_path / "m", cache).checkpoint
    term = checkpoint.config.tracks
    assert term is not None
    assert not missing(checkpoint.card.notes, "tracks", "weight")
    assert load_checkpoint(tmp_path / "m").config.tracks == term
    head = checkpoint.build().eval()
    first = dataset.videos[-1]  # the shortest has too few frames for measures
    assert first.path is not None
    with Engine.open(tmp_path / "m", device="cpu", cache=cache) as engine:
        analysis = engine.assess(first.path)
        assert analysis.tracks
        evidence = engine.explain(analysis)
        assert evidence.score == pytest.approx(analysis.score, abs=1e-4)
        tracks = TrackStore().get(analysis.video.digest)
        assert tracks is not None
        added = term.of(motion_numbers(tracks, analysis.samples[0].tolist()))
        assert added is not None
        features = cache_pass(engine, first.path)
        alone = predict(head, {"v": [features]}, ["v"], CancelToken(), maps=False).curves["v"]
        assert analysis.score_curve[0] == pytest.approx(alone + added, abs=1e-4)
        TrackStore().forget(analysis.video.digest)
        with pytest.raises(VideoError, match="no tracks"):
            engine.assess(first.path)
    with pytest.raises(CheckpointError, match="with-tracks"):
        InitialModel.of(tmp_path / "m", torch.device("cpu"), cache)


def cache_pass(engine: Engine, path: Path) -> Any:
    """Return the features of the first pass of a video, (N, 2F, h, w)."""
    with VideoReader(path) as reader:
        return engine._source.passes(reader, 1, CancelToken())[0]
