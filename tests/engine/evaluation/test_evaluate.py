"""What an evaluation makes of scores and maps, by numbers counted by hand; what a run's folder agrees with."""

import csv
import dataclasses
import hashlib
import math
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from skillviewer.core.analysis.analysis import MapKind, MapRect
from skillviewer.core.dataset.dataset import Dataset, DatasetVideo, Fold, Measure
from skillviewer.core.dataset.folds import fold_of
from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.errors import CheckpointError, DatasetError, SettingsError
from skillviewer.core.evaluation.accuracy import PooledEstimate
from skillviewer.core.evaluation.localisation import Region
from skillviewer.core.video.preprocessing import FlowSettings, Preprocessing
from skillviewer.data.tables.regions import Regions
from skillviewer.engine.evaluation.baseline import Baseline
from skillviewer.engine.evaluation.caveats import compare_with_trivial
from skillviewer.engine.evaluation.evaluation_plan import EvaluationPlan, usual_models
from skillviewer.engine.evaluation.record import EvaluationRecord, FoldRecord, models_json
from skillviewer.engine.evaluation.result_builder import FinishedRun, ResultBuilder
from skillviewer.engine.evaluation.tables import markdown, write_tables
from skillviewer.engine.features import extractor
from skillviewer.engine.features.video_facts import VideoFacts, shared_frames, time_store
from skillviewer.engine.training import run_record
from skillviewer.engine.training.run_folder import RunFolder, earlier_sampling
from skillviewer.engine.training.run_record import RunConfiguration, RunProvenance
from skillviewer.engine.training.run_result import Maps, RunResult, ScoreCurves
from skillviewer.engine.training.train_settings import EpochSelection
from skillviewer.engine.training.training_plan import TrainingPlan
from tests.facts import missing

NAMES = ("a1", "a2", "b1", "b2")  # every earlier one is better
DATASET = Dataset(
    name="known",
    form="pair-folder",
    task="known",
    videos=tuple(DatasetVideo(n, None, n[0]) for n in NAMES),
    pairs=tuple(Pair(NAMES[i], NAMES[j]) for i in range(4) for j in range(i + 1, 4)),
    truth=(Measure("quality", (("a1", 4.0), ("a2", 2.0), ("b1", 3.0), ("b2", 1.0))),),
    published="chopsticks",
)
FOLDS = tuple(
    fold_of(name, NAMES, [n for n in NAMES if n[0] == who], DATASET.pairs) for name, who in (("1", "a"), ("2", "b"))
)
FACTS = {name: VideoFacts(f"digest of {name}", (100, 100), (3, 7), (0.1, 0.5 + i)) for i, name in enumerate(NAMES)}
PLAN = TrainingPlan(preprocessing=Preprocessing(n_segments=2, input_px=128, flow=FlowSettings("dis")))


def configuration(plan: TrainingPlan = PLAN, fold: Fold = FOLDS[0], dataset: Dataset = DATASET) -> RunConfiguration:
    return RunConfiguration.of(plan, dataset, fold, FACTS, {"efficientnet-lite0": "weights"}, checkpoint=False)


def cropped_configuration(right: float, fold: Fold = FOLDS[0]) -> RunConfiguration:
    facts = {name: replace(video, crop=MapRect(0.1, 0.1, right, 0.9)) for name, video in FACTS.items()}
    return RunConfiguration.of(PLAN, DATASET, fold, facts, {"efficientnet-lite0": "weights"}, checkpoint=False)


def provenance(held_out_looked_at: int = 0) -> RunProvenance:
    return RunProvenance(
        program="test",
        torch="0",
        device="cpu",
        n_threads=1,
        finished="2026-01-01T00:00:00+00:00",
        seconds=1.5,
        epoch=3,
        parameters=10,
        selection="as it came",
        videos_looked_at=2,
        held_out_looked_at=held_out_looked_at,
    )


def found(
    fold: Fold,
    scores: Mapping[str, float],
    seed: int = 0,
    maps: Maps | None = None,
    model: str = "full",
    curves: ScoreCurves | None = None,
) -> FinishedRun:
    plan = replace(PLAN, model=model, seed=seed)
    return FinishedRun(fold, RunResult(configuration(plan, fold), provenance(), scores, maps, curves))


RIGHT = {"a1": 4.0, "a2": 3.0, "b1": 2.0, "b2": 1.0}
B_FIRST = {"a1": 2.0, "a2": 1.0, "b1": 4.0, "b2": 3.0}  # right within a participant only
TIED = {"a1": 1.0, "a2": 1.0, "b1": 0.0, "b2": 0.0}  # right between participants only


def judge(regions: Regions | None = None, tolerance: int = 1) -> ResultBuilder:
    return ResultBuilder(DATASET, FOLDS, FACTS, regions, tolerance)


def test_accuracies_are_those_counted_by_hand() -> None:
    # fold 1 tests the four pairs between the participants and a1 over a2; fold 2 those four and b1 over b2
    runs = [found(FOLDS[0], RIGHT), found(FOLDS[1], B_FIRST), found(FOLDS[0], TIED, 1), found(FOLDS[1], RIGHT, 1)]
    result = judge().result("full", runs, None)
    np.testing.assert_allclose(result.folds, [(5 / 5 + 4 / 5) / 2, (1 / 5 + 5 / 5) / 2])
    assert result.accuracy == pytest.approx(0.75)
    assert result.sd == pytest.approx(np.std([0.9, 0.6], ddof=1))
    assert result.sd_seeds == pytest.approx(np.std([(1 + 0.2) / 2, (0.8 + 1) / 2], ddof=1))
    assert result.metrics["honest_accuracy"] == pytest.approx((1 + 1 + 0 + 1) / 4)
    assert result.metrics["ties"] == pytest.approx((0 + 0 + 1 / 5 + 0) / 4)
    assert result.metrics["kendall_tau_b"] == pytest.approx(1.0)  # of the tied run it is not defined
    assert result.pooled.value == pytest.approx((5 + 1 + 4 + 5) / 20)
    assert (result.pooled.n_pairs, result.pooled.n_clusters, result.pooled.clusters) == (20, 2, "participant")
    assert result.pooled_both_held_out.value == pytest.approx(3 / 4)
    assert result.difference is None
    assert result.ceilings == {"quality": pytest.approx((4 / 5 + 4 / 5) / 2)}  # b1 before a2 in both folds
    assert result.published is not None
    assert result.published.accuracy == pytest.approx(0.855)
    assert (result.seconds, result.parameters, result.optimistic) == (6.0, 10, False)
    by = {at.separation: (at.accuracy, at.n_pairs) for at in result.by_separation}
    assert sorted(by) == [1, 2, 3]
    np.testing.assert_allclose(by[3], (3 / 4, 4))  # a1 over b2, once in every run, wrong in one
    assert [(run.fold, run.seed) for run in result.runs] == [("1", 0), ("2", 0), ("1", 1), ("2", 1)]


def test_difference_is_to_the_first_model_on_the_same_pairs() -> None:
    first = [found(FOLDS[0], RIGHT), found(FOLDS[1], RIGHT)]
    second = [found(FOLDS[0], B_FIRST, model="none"), found(FOLDS[1], TIED, model="none")]
    result = judge().result("none", second, first)
    assert result.difference is not None
    assert result.difference_both_held_out is not None
    assert result.difference.value == pytest.approx((1 + 4) / 10 - 1)
    assert result.difference_both_held_out.value == pytest.approx(1 / 2 - 1)
    assert result.difference.low <= result.difference.value <= result.difference.high
    assert result.published is not None
    assert result.published.accuracy == pytest.approx(0.821)


def test_pointing_game_is_played_on_the_sampled_frames_of_held_out_videos() -> None:
    # four cells a side; the hand is in the top left one, at frame 3 alone, and in b1 nowhere
    regions = Regions({"a1": {3: (Region.point(10, 10),)}, "a2": {3: (Region.point(10, 10),)}}, ())
    values = np.full((2, 2, 4, 4), 0.02, np.float32)
    values[0, 0, 0, 0], values[1, 0, 3, 3] = 0.7, 0.7  # a1 looks at it, a2 far away
    maps = Maps(("a1", "a2"), values, MapKind.DISTRIBUTION, MapRect())
    others = Maps(("b1", "b2"), values, MapKind.DISTRIBUTION, MapRect())
    runs = [found(FOLDS[0], RIGHT, maps=maps), found(FOLDS[1], RIGHT, maps=others)]
    pointing = judge(regions, tolerance=0).result("full", runs, None).attention
    assert pointing is not None
    assert (pointing.n_frames, pointing.hits, pointing.tolerance) == (2, 0.5, 0)
    assert pointing.hits_uniform == pytest.approx(1 / 16)
    assert pointing.times_chance == pytest.approx(8.0)
    assert pointing.hits_centre == 0.0
    assert pointing.energy == pytest.approx((0.7 + 0.02) / 2)
    assert pointing.energy_uniform == pytest.approx(1 / 16)
    both = judge(regions, tolerance=1).result("full", runs, None)
    assert both.attention is not None
    assert both.attention.hits_uniform == pytest.approx(4 / 16)
    assert both.attention_exact == pointing, "what is said beside a tolerance is what is said without any"
    assert judge(regions, tolerance=0).result("full", runs, None).attention_exact is None
    page = markdown(msgspec.structs.replace(record(), models=(both,)))
    assert "| full | 1 | 50.0 | 2.00 |" in page
    assert "| full | 0 | 50.0 | 8.00 |" in page
    assert judge(None).result("full", runs, None).attention is None
    without = [found(FOLDS[0], RIGHT), found(FOLDS[1], RIGHT)]
    assert judge(regions).result("none", without, None).attention is None


def test_scores_along_the_video_are_judged_after_every_fifth() -> None:
    # after the first of two steps everybody is ordered the wrong way round, after the second all are right
    names = tuple(RIGHT)
    scores = np.array([[-RIGHT[name], RIGHT[name]] for name in names])
    contributions = np.array([[1.0, -3.0], [1.0, 1.0], [np.nan, np.nan], [np.nan, np.nan]])
    runs = [
        found(fold, RIGHT, curves=ScoreCurves(names, scores, np.roll(contributions, 2 * i, axis=0)))
        for i, fold in enumerate(FOLDS)
    ]
    curve = judge().result("full", runs, None).curve
    assert curve is not None
    assert [at.value for at in curve.accuracy] == [0, 0, 1, 1, 1]
    np.testing.assert_allclose(curve.fifths, [0.375, 0, 0.625, 0, 0])
    made = judge().result("full", runs, None)
    page = markdown(msgspec.structs.replace(record(), models=(made,)))
    assert "| full | 0.0 | 0.0 | 100.0 | 100.0 | 100.0 | 38 / 0 / 62 / 0 / 0 |" in page
    assert judge().result("full", [*runs, found(FOLDS[1], RIGHT)], None).curve is None


def test_weight_near_regions_is_compared_with_maps_that_see_nothing() -> None:
    regions = Regions({name: {3: (Region.point(10, 10),), 8: (Region.point(10, 10),)} for name in RIGHT}, ())
    values = np.full((2, 2, 4, 4), 0.02, np.float32)
    values[:, :, 0, 0] = 0.7
    runs = [
        found(fold, RIGHT, maps=Maps(names, values, MapKind.DISTRIBUTION, MapRect()))
        for fold, names in zip(FOLDS, (("a1", "a2"), ("b1", "b2")), strict=True)
    ]
    made = judge(regions, tolerance=0).result("full", runs, None)
    assert made.weight is not None
    assert made.weight.weight.value == pytest.approx(0.7)
    assert made.weight.times_uniform == pytest.approx(16 * 0.7)
    assert made.weight.entropy == pytest.approx(-(0.7 * np.log(0.7) + 15 * 0.02 * np.log(0.02)) / np.log(16))
    assert made.weight.controls["uniform"] == pytest.approx(1 / 16)
    assert made.weight.controls["constant cell"] == made.weight.controls["constant cell per step"] == 1
    assert made.weight.above["another video's maps"].value == pytest.approx(0, abs=1e-7)
    page = markdown(msgspec.structs.replace(record(), models=(made,)))
    (row,) = [line for line in page.splitlines() if "constant cell |" in line and "full" in line]
    assert row.startswith("| full | 70.0")
    assert "| 11.2 | 0.51 | 6.2 |" in row
    assert "| -30.0" in row


def chosen_on_test(one: FinishedRun) -> FinishedRun:
    """Return a run whose epoch was chosen on the test pairs, as one that was killed and went on tells of it.

    Killed at the end, it looked at nothing any more: what it was asked to do says what it did.
    """
    plan = replace(PLAN, select=EpochSelection.BEST_ON_TEST)
    return FinishedRun(
        one.fold, replace(one.run, configuration=configuration(plan, one.fold), provenance=provenance(0))
    )


def record(*, optimistic: bool = False) -> EvaluationRecord:
    made = judge()
    first = [found(FOLDS[0], RIGHT), found(FOLDS[1], RIGHT)]
    second = [found(FOLDS[0], B_FIRST, model="raan"), found(FOLDS[1], TIED, model="raan")]
    if optimistic:
        first = [chosen_on_test(one) for one in first]
    return EvaluationRecord(
        dataset=DATASET.name,
        task=DATASET.task,
        rule="",
        n_videos=4,
        n_participants=2,
        n_pairs=6,
        folds_by="participant",
        split_title="2 folds by participant",
        folds=tuple(FoldRecord.of(fold) for fold in FOLDS),
        warning="Two participants are few.",
        n_seeds=1,
        preset="paper",
        dataset_preset="chopsticks",
        backbone="resnet101",
        preprocessing=PLAN.preprocessing,
        selection="last epoch",
        ceilings=made.ceilings,
        orderings=made.orderings,
        models=(made.result("full", first, None), made.result("raan", second, first)),
        problems=("One video is broken.",),
    )


@pytest.mark.slow
def test_tables_say_what_was_found_and_how(tmp_path: Path) -> None:
    write_tables(record(), tmp_path)
    page = (tmp_path / "table.md").read_text()
    assert "| full | 100.0 | – | 100.0 ± 0.0 |" in page, "pairs with both videos held out come first"
    assert "| raan | 50.0 (0.0 to 100.0) | -50.0 (-100.0 to +100.0) | 50.0 ± 42.4 |" in page
    assert "85.5" in page
    for words in (
        "Selection rule: last epoch.",
        "2 folds by participant",
        "| *quality* | 100.0",
        "Two participants are few.",
    ):
        assert words in page
    assert "One video is broken." in page
    assert "optimistic" not in page
    with (tmp_path / "table.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert (rows[0]["model"], float(rows[0]["accuracy"]), rows[0]["difference"]) == ("full", 1.0, "")
    assert float(rows[1]["difference"]) == -0.5
    assert [rows[2][name] for name in ("model", "pooled", "pooled_honest", "kendall_tau_b")] == [
        "quality",
        "0.8",
        "1.0",
        "",
    ]
    assert (tmp_path / "table.png").read_bytes().startswith(b"\x89PNG")
    whole = msgspec.json.decode((tmp_path / "evaluation.json").read_bytes())
    assert whole["models"] == msgspec.json.decode(models_json(record()))["models"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["evaluation.json", "table.csv", "table.md", "table.png"]


def test_trivial_baselines_are_told_in_words() -> None:
    first = [found(FOLDS[0], RIGHT), found(FOLDS[1], B_FIRST)]
    runs_by_model = {"full": first}
    models = [judge().result("full", first, None)]
    others = {"none": (TIED, TIED), "motion": (RIGHT, RIGHT), "duration": (TIED, RIGHT), "pooled": (TIED, TIED)}
    for name, scores in others.items():
        runs_by_model[name] = [found(fold, own, model=name) for fold, own in zip(FOLDS, scores, strict=True)]
        models.append(judge().result(name, runs_by_model[name], first))

    def lead_of(model: str, baseline: str, *, both_held_out: bool) -> PooledEstimate:
        return judge().lead(runs_by_model[model], runs_by_model[baseline], both_held_out=both_held_out)

    same, half, none, *of_second = compare_with_trivial(models, lead_of)
    assert ["(none)" in sentence for sentence in of_second] == [True] * 3, "every model has its verdict"
    assert not missing(of_second[0], "does not exceed", "motion", "0.0 against 100.0")
    assert not missing(same, "100.0 against", "100.0 %")
    assert not missing(half, "100.0 against", "50.0 %")
    assert not missing(none, "100.0 against", "0.0 %")
    assert compare_with_trivial(models[2:], lead_of) == (), "baselines are not held against each other"
    page = markdown(msgspec.structs.replace(record(), verdict=(same,)))
    assert f"**{same}**" in page


def test_json_has_null_where_nothing_is_defined() -> None:
    (full, raan) = msgspec.json.decode(models_json(record()))["models"]
    assert full["sd_seeds"] is None
    assert raan["published"] is None
    assert raan["attention"] is None
    assert full["folds"] == [1.0, 1.0]


def test_epochs_chosen_on_the_test_pairs_are_labelled() -> None:
    page = markdown(record(optimistic=True))
    assert "| 100.0 ± 0.0* |" in page
    assert "| 50.0 ± 42.4 |" in page
    assert "optimistic" in page


def test_finished_run_is_found_again_whole(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    wanted = configuration()
    assert folder.finished_result(wanted) is None
    folder.begin(wanted)
    assert folder.finished_result(wanted) is None
    maps = Maps(("a1", "ä2"), np.random.default_rng(0).random((2, 2, 3, 4), np.float32), MapKind.GATE, MapRect(0.1))
    scores = {"a1": 0.1, "a2": -1 / 3, "b1": 1e-17, "b2": 2.0}
    curves = ScoreCurves(
        ("a1", "a2", "b1"), np.array([[0.1, 1 / 3]] * 3), np.array([[1.0, -1e-17], [np.nan] * 2, [2, 3]])
    )
    folder.finish(provenance(), scores, {"a1", "a2"}, maps, curves)
    result = folder.finished_result(wanted)
    assert result is not None
    assert result.scores == scores
    assert msgspec.structs.replace(result.provenance, results_sha256="") == provenance()
    assert result.maps is not None
    assert (result.maps.videos, result.maps.kind, result.maps.rect) == (maps.videos, maps.kind, maps.rect)
    np.testing.assert_array_equal(result.maps.values, maps.values)
    assert result.curves is not None
    assert result.curves.videos == curves.videos
    np.testing.assert_array_equal(result.curves.curves, curves.curves)
    np.testing.assert_array_equal(result.curves.contributions, curves.contributions)


def test_earlier_runs_of_a_preset_keep_their_sampling_and_their_folder(tmp_path: Path) -> None:
    paper, even = (
        configuration(replace(PLAN, preprocessing=replace(PLAN.preprocessing, sampling=rule)))
        for rule in ("paper", "even")
    )
    assert earlier_sampling(tmp_path, paper.preset) is None
    RunFolder(tmp_path / "runs" / "full-s0-f1").begin(paper)
    assert earlier_sampling(tmp_path, paper.preset) == "paper"
    assert earlier_sampling(tmp_path, "another") is None
    RunFolder(tmp_path / "runs" / "full-s0-f2").begin(even)
    assert earlier_sampling(tmp_path, paper.preset) is None
    written = msgspec.to_builtins(paper)
    del written["preprocessing"]["sampling"]  # version 0.1 wrote none of these four
    del written["preprocessing"]["crop"]
    del written["tracks_sha256"], written["crops_sha256"]
    digest = hashlib.sha256(msgspec.json.encode(written)).hexdigest()[:8]
    assert RunFolder.for_run(tmp_path / "runs" / "full-s0-f2", paper).path.name == f"full-s0-f2-{digest}"
    assert RunFolder.for_run(tmp_path / "runs" / "full-s0-f1", even).path.name != f"full-s0-f1-{digest}"


OTHERS = {
    "model": configuration(replace(PLAN, model="none")),
    "seed": configuration(replace(PLAN, seed=1)),
    "epochs": configuration(replace(PLAN, epochs=1)),
    "preset": configuration(replace(PLAN, preset="paper")),
    "selection": configuration(replace(PLAN, select=EpochSelection.LAST)),
    "refit": configuration(replace(PLAN, refit=False)),
    "candidates": configuration(replace(PLAN, candidates=1)),
    "rate": configuration(replace(PLAN, preprocessing=replace(PLAN.preprocessing, rate_hz=10.0))),
    "sampling": configuration(replace(PLAN, preprocessing=replace(PLAN.preprocessing, sampling="even"))),
    "fold": configuration(fold=FOLDS[1]),
    "pairs": configuration(fold=replace(FOLDS[0], train_pairs=())),
    "participants": configuration(
        dataset=replace(DATASET, videos=(replace(DATASET.videos[0], participant="z"), *DATASET.videos[1:]))
    ),
    "weights": RunConfiguration.of(PLAN, DATASET, FOLDS[0], FACTS, {"efficientnet-lite0": "others"}, checkpoint=False),
    "videos": RunConfiguration.of(
        PLAN, DATASET, FOLDS[0], {**FACTS, "b2": replace(FACTS["b2"], digest="cut anew")}, {}, checkpoint=False
    ),
    "crop": cropped_configuration(0.5),
}


@pytest.mark.parametrize("changed", OTHERS)
@pytest.mark.parametrize("done", [False, True])
def test_run_made_otherwise_is_not_taken_and_stays(changed: str, done: bool, tmp_path: Path) -> None:
    path, usual, other = tmp_path / "run", configuration(), OTHERS[changed]
    folder = RunFolder.for_run(path, usual)
    assert folder.path == path
    folder.begin(usual)
    (path / "state-choice.safetensors").write_bytes(b"epoch 3")
    if done:
        folder.finish(provenance(), RIGHT, {"a1"}, None)
    before = {p.name: p.read_bytes() for p in path.iterdir()}
    assert folder.finished_result(other) is None
    beside = RunFolder.for_run(path, other)
    assert beside.path.parent == tmp_path
    assert beside.path.name.startswith("run-")
    assert beside.finished_result(other) is None
    beside.begin(other)
    beside.finish(provenance(), B_FIRST, {"a1"}, None)
    assert {p.name: p.read_bytes() for p in path.iterdir()} == before
    for wanted, scores in ((usual, RIGHT if done else None), (other, B_FIRST)):
        result = RunFolder.for_run(path, wanted).finished_result(wanted)
        assert (None if result is None else result.scores) == scores


def test_what_cannot_be_read_stays_and_what_is_nothing_makes_room(tmp_path: Path) -> None:
    path = tmp_path / "run"
    path.mkdir()
    (path / "state-choice.safetensors").write_bytes(b"of nothing")
    folder = RunFolder.for_run(path, configuration())
    assert folder.path == path
    folder.begin(configuration())
    assert [p.name for p in path.iterdir()] == ["configuration.json"]
    (path / "configuration.json").write_bytes(b'{"format": 99}')
    beside = RunFolder.for_run(path, configuration())
    assert beside.path != path
    beside.begin(configuration())
    beside.finish(provenance(), RIGHT, {"a1"}, None)
    assert (path / "configuration.json").read_bytes() == b'{"format": 99}'
    shutil.rmtree(path)
    assert RunFolder.for_run(path, configuration()).finished_result(configuration()) is not None, (
        "it lies beside nothing now"
    )


def test_a_run_with_features_made_otherwise_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.begin(configuration())
    folder.finish(provenance(), RIGHT, {"a1"}, None)
    assert folder.finished_result(configuration()) is not None
    monkeypatch.setattr(run_record, "FEATURES_VERSION", extractor.FEATURES_VERSION + 1)
    assert folder.finished_result(configuration()) is None


def test_training_under_way_stays_where_it_agrees(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.begin(configuration())
    state = tmp_path / "run" / "state-choice.safetensors"
    state.write_bytes(b"epoch 3")
    (tmp_path / "run" / ".abc.part.csv").write_bytes(b"half a file of a killed process")
    folder.begin(configuration())
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == ["configuration.json", state.name]
    folder.finish(provenance(), RIGHT, {"a1"}, None)
    assert not state.exists()


@pytest.mark.parametrize("name", ["configuration.json", "provenance.json", "scores.csv", "maps.npz"])
def test_damaged_run_is_as_good_as_none(name: str, tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.begin(configuration())
    maps = Maps(("a1",), np.ones((1, 2, 2, 2), np.float32), MapKind.SIGNED, MapRect())
    folder.finish(provenance(), RIGHT, {"a1"}, maps)
    assert folder.finished_result(configuration()) is not None
    (tmp_path / "run" / name).write_bytes(b"{broken")
    assert folder.finished_result(configuration()) is None


def test_time_stands_for_features_of_the_model_that_looks_at_time() -> None:
    store = time_store(FACTS)
    (one,) = store["b1"]
    assert one.shape == (2, 1, 1, 1)
    assert one.dtype == np.float32
    assert one.ravel().tolist() == [np.float32(0.1), 2.5]
    plan = replace(PLAN, model="duration")
    assert (plan.sizes().feature_channels, plan.sizes().grid) == (1, (1, 1))
    assert configuration(plan) == configuration(replace(plan, backbone="resnet18", candidates=9))


def test_rank_aware_attention_is_trained_as_published_under_every_preset() -> None:
    for preset in ("paper", "official-code", "small-study"):
        settings = replace(PLAN, model="raan", preset=preset).settings()
        rates = {name: (phase.algorithm, phase.learning_rate) for name, phase in settings.phases}
        assert rates == {"scoring": ("adam", 1e-4), "attention": ("adam", 1e-5)}
        assert (settings.optimiser.epochs, settings.optimiser.batch_pairs) == (2000, 128)
    assert replace(PLAN, model="full").settings().phases == ()


@pytest.mark.parametrize(
    ("plan", "error", "message"),
    [
        (EvaluationPlan(("full", "full")), SettingsError, "full is named twice"),
        (EvaluationPlan(()), SettingsError, "at least one model"),
        (EvaluationPlan(("nobody",)), CheckpointError, "no attention model “nobody”"),
        (EvaluationPlan(("tsn-frozen",), PLAN), SettingsError, "at least 7 segments"),
        (
            EvaluationPlan(training=replace(PLAN, backbone="alexnet")),
            SettingsError,
            r"AlexNet needs pictures of at least 223 pixels, not 128: take more \(--input-px\)",
        ),
        (EvaluationPlan(training=replace(PLAN, preset="best")), CheckpointError, "no preset “best”"),
    ],
)
def test_plan_that_cannot_work_is_refused(plan: EvaluationPlan, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        plan.check()


def test_all_models_that_can_be_evaluated_can() -> None:
    for name in usual_models():
        plan = dataclasses.replace(PLAN, preprocessing=Preprocessing(), model=name)
        EvaluationPlan((name,), plan).check()
        assert math.prod(plan.sizes().grid) >= 1


def test_videos_that_share_frames_are_found_under_any_name() -> None:
    whole, first, second = (
        replace(FACTS["a1"], digest=digest, part=part)
        for digest, part in (("one", None), ("one[0:50]", (0, 50)), ("one[50:90]", (50, 90)))
    )
    assert whole.shares_frames(first)
    assert not first.shares_frames(second)
    assert first.shares_frames(replace(second, digest="one[49:90]", part=(49, 90)))
    facts = {**FACTS, "a1": first, "a2": second, "b1": first}
    assert shared_frames(facts, FOLDS[0]) == ("a1", "b1")
    assert shared_frames({**facts, "b1": FACTS["b1"]}, FOLDS[0]) is None, "two of one side may"


def test_a_measure_that_some_test_videos_lack_is_no_ceiling_and_told() -> None:
    partly = replace(DATASET, truth=(Measure("quality", (("a1", 2.0), ("a2", 1.0))),))
    inside = tuple(
        replace(fold, test_pairs=(Pair("a1", "a2"),) if fold.name == "1" else fold.test_pairs) for fold in FOLDS
    )
    told = ResultBuilder(partly, inside, FACTS, None, 1)
    assert told.ceilings == {}
    assert not missing(told.problems[0], "“quality”")


def test_variants_share_the_number_that_is_published_of_their_row() -> None:
    runs = [found(FOLDS[0], RIGHT, model=name) for name in ("pool", "pool-gru")]
    shared = [judge().result(one.run.configuration.model, [one], None).published for one in runs]
    assert [number and number.accuracy for number in shared] == [0.749, 0.749]
    results = tuple(
        judge().result(name, [found(fold, RIGHT, model=name) for fold in FOLDS], None) for name in ("pool", "pool-gru")
    )
    page = markdown(msgspec.structs.replace(record(), models=results))
    assert not missing(page, "“Attention Pooling”")


def test_a_network_on_other_backbones_is_not_the_published_one() -> None:
    def quoted(backbone: str) -> bool:
        plan = replace(
            PLAN, model="tsn", trained_backbone=backbone, preprocessing=replace(PLAN.preprocessing, n_segments=7)
        )
        one = found(FOLDS[0], RIGHT)
        run = replace(one.run, configuration=configuration(plan))
        return judge().result("tsn", [replace(one, run=run)], None).published is not None

    assert quoted("alexnet")
    assert not quoted("efficientnet-lite0")


def test_correlations_of_some_runs_alone_are_told() -> None:
    same = dict.fromkeys(RIGHT, 1.0)
    result = judge().result("full", [found(FOLDS[0], same), found(FOLDS[1], RIGHT)], None)
    page = markdown(msgspec.structs.replace(record(), models=(result,)))
    assert not missing(page, "2 runs")


def test_cropped_pictures_are_compared_with_whole_ones(tmp_path: Path) -> None:
    for number, fold in enumerate(FOLDS, start=1):
        folder = RunFolder(tmp_path / "runs" / f"full-s0-f{number}")
        folder.begin(configuration(fold=fold))
        folder.finish(provenance(), RIGHT, set(fold.held_out_videos), None)
    evaluation = {
        "folds": [{"name": fold.name} for fold in FOLDS],
        "models": [{"model": "full", "runs": [{"fold": fold.name, "seed": 0} for fold in FOLDS]}],
    }
    (tmp_path / "evaluation.json").write_bytes(msgspec.json.encode(evaluation))
    cropped = [(fold, cropped_configuration(0.5, fold)) for fold in FOLDS]
    runs = Baseline.load(tmp_path).load_runs(cropped)
    assert [finished.run.scores for finished in runs] == [RIGHT, RIGHT]
    assert cropped_configuration(0.5) != cropped_configuration(0.6)
    other_pairs = [(fold, configuration(fold=replace(fold, train_pairs=()))) for fold in FOLDS]
    with pytest.raises(DatasetError):
        Baseline.load(tmp_path).load_runs(other_pairs)
