"""From a data set to a checkpoint: features, what is held out, training, the card."""

import csv
import dataclasses
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from skillviewer import __version__
from skillviewer.core.accuracy import FoldScores, count_pairs, pooled_accuracy
from skillviewer.core.errors import CheckpointError, DatasetError
from skillviewer.core.familiarity import learn_familiarity
from skillviewer.core.folds import FoldsBy, fold_of, quarter_out
from skillviewer.core.footage import Footage
from skillviewer.core.job import CancelToken, Progress, Report
from skillviewer.core.pairs import Dataset, Fold
from skillviewer.data.study.identity import digest_of
from skillviewer.engine.assess import FeatureSource
from skillviewer.engine.bank import build_bank, check_room, feature_source, pooled
from skillviewer.engine.cache import FeatureCache
from skillviewer.engine.ceilings import ceilings
from skillviewer.engine.device import choose_device, device_errors
from skillviewer.engine.fold_training import fit_fold
from skillviewer.engine.plan import TrainingPlan, selection_rule
from skillviewer.engine.together import ALONE, Together
from skillviewer.engine.train import EpochRow, FeatureBank, score_videos
from skillviewer.engine.unfreezing import Unfreezing
from skillviewer.engine.videos import extents_of, files_of
from skillviewer.export.destination import aside
from skillviewer.export.plots import plot_training
from skillviewer.media.reader import VideoReader
from skillviewer.nets.checkpoint import Checkpoint, check_place, load_checkpoint, save_checkpoint
from skillviewer.nets.configuration import Card, CheckpointConfig, HeldOut
from skillviewer.nets.models import Inputs, attention_model

LOG, CURVES = "log.csv", "curves.png"


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What came of a training.

    Attributes:
        checkpoint: As written and read back.
        rows: The log: of the choice of an epoch, then of the final training.
        problems: What was left out, one sentence each.
    """

    checkpoint: Checkpoint
    rows: tuple[EpochRow, ...]
    problems: tuple[str, ...]


def train_checkpoint(
    plan: TrainingPlan,
    dataset: Dataset,
    folder: Path,
    token: CancelToken,
    report: Report,
    *,
    test: Dataset | None = None,
    device_name: str = "auto",
    cache: FeatureCache,
    replace: bool = False,
    stop: CancelToken | None = None,
    together: Together = ALONE,
) -> TrainingResult:
    """Train a model on a data set and write its checkpoint.

    Args:
        plan: What is trained, and how.
        dataset: Videos and pairs.
        folder: Where the checkpoint goes.
        token: Raise it to stop and keep nothing.
        report: Told of videos, batches and epochs.
        test: Another data set of the same task whose pairs are the held-out pairs; else a quarter of this data set's
            participants (or, with a warning, videos) is held out.
        device_name: Where to compute.
        cache: Where features are kept.
        replace: Whether a checkpoint of that name may be replaced.
        stop: Raise it to stop soon and keep the best epoch so far.
        together: The processes that train together, on one cache; the first writes the checkpoint.

    Raises:
        DatasetError: There is too little to train on.
        CheckpointError: The checkpoint is there already or cannot be written.
        SettingsError: The cache is too small for the features.
        DeviceError: The device is not there, or ran out of memory.
        Cancelled: The token was raised.
    """
    check_place(folder, replace=replace)
    plan.sizes(), plan.settings()  # a plan that cannot work is refused before hours of features
    if attention_model(plan.model).inputs is not Inputs.FEATURES:
        raise CheckpointError(
            f"The model {plan.model} does not look at kept features: it can be evaluated, not kept and viewed."
        )
    if test is None:
        _check_people(dataset, plan.seed)
    device = choose_device(device_name)
    unfreezing = None
    if plan.unfreeze:
        with device_errors():
            unfreezing = Unfreezing.of(plan.backbone, plan.preprocessing, device, own_motion=plan.own_motion)
    source, backbones = feature_source(
        plan.backbone,
        plan.preprocessing,
        device,
        plan.precision,
        cache,
        own_motion=plan.own_motion,
        before_last_block=unfreezing is not None,
    )
    _prepare(dataset, source, plan.candidates, token, report, together)
    if test is not None:
        _prepare(test, source, 1, token, report, together)
    bank: FeatureBank
    test_bank: FeatureBank
    bank, problems = dataset_features(dataset, source, plan.candidates, token, report)
    if not bank:
        raise DatasetError(" ".join((f"No video of {dataset.name} can be read.", *problems[:1])))
    usable = dataset.restricted(list(bank))
    if test is None:
        divided, test_bank = _quarter_out(usable, plan.seed, token), bank
    else:
        test_bank, more = dataset_features(test, source, 1, token, report)
        problems += more
        divided = _all_against(usable, test.restricted(list(test_bank)), token)
    fold, tested, tested_fold = divided.fold, divided.tested, divided.tested_fold
    problems += divided.problems
    with device_errors():
        model, trained = fit_fold(
            plan, usable, fold, bank, device, token, report, stop, together=together, unfreezing=unfreezing
        )
        streams = None
        if unfreezing is not None:
            blocks, streams = unfreezing.freeze(model)
            bank, test_bank = unfreezing.features(bank, blocks), unfreezing.features(test_bank, blocks)
        scores = score_videos(model, test_bank, tested.names, token)
    held_out = _held_out(tested, FoldScores(tested_fold, scores), f"{divided.rule}; {selection_rule(plan)}")
    card = Card(
        name=folder.name,
        task=dataset.task,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        program=f"SkillViewer {__version__}",
        training_data=f"{dataset.name}: {len(fold.train_videos)} videos. {dataset.rule}".strip(),
        n_videos=len(fold.train_videos),
        n_pairs=len(fold.train_pairs),
        held_out=held_out,
        ceilings=ceilings(tested, tested_fold.test_pairs),
        seed=plan.seed,
        preset=plan.preset,
        notes=_notes(plan),
    )
    report(Progress("writing the checkpoint", 0, 1))
    if not together.leads:
        together.wait()
        return TrainingResult(load_checkpoint(folder), trained.rows, (*dataset.problems, *problems))
    checkpoint = save_checkpoint(
        folder,
        CheckpointConfig(
            attention_model=plan.model,
            sizes=model.sizes,
            preprocessing=plan.preprocessing,
            backbone=backbones,
            precision=plan.precision,
            preset=plan.preset,
            dataset_preset=plan.dataset_preset,
        ),
        model,
        card,
        streams=streams,
        familiarity=learn_familiarity(pooled(bank, fold.train_videos)),
        half=plan.half,
        replace=replace,
    )
    write_log(folder, trained.rows, folder.name)
    together.wait()
    return TrainingResult(checkpoint, trained.rows, (*dataset.problems, *problems))


def dataset_features(
    dataset: Dataset, source: FeatureSource, candidates: int, token: CancelToken, report: Report
) -> tuple[FeatureBank, list[str]]:
    """Return the features of every video of a data set that has a file; arguments are those of ``build_bank``."""
    return build_bank(files_of(dataset), source, candidates, token, report, extents_of(dataset))


def _notes(plan: TrainingPlan) -> str:
    """Return what a person should know beside the preset."""
    said = []
    if plan.unfreeze:
        said.append("The last block of both backbones was trained too.")
    if plan.training_precision != "float32":
        said.append(f"Trained in {plan.training_precision}.")
    return " ".join(said)


@dataclass(frozen=True, slots=True)
class _Divided:
    """What is trained on and what is tested.

    Attributes:
        fold: Training videos and pairs.
        tested: The data set of the tested videos.
        tested_fold: Tested videos and pairs.
        rule: How they were held out, in words.
        problems: What weakens that.
    """

    fold: Fold
    tested: Dataset
    tested_fold: Fold
    rule: str
    problems: tuple[str, ...] = ()


def _check_people(dataset: Dataset, seed: int) -> None:
    """Refuse what cannot be divided before hours of features."""
    usable = dataset.usable()
    if not usable.videos:
        raise DatasetError(f"No video of {dataset.name} has a file: say where they lie.")
    quarter_out(usable, seed)


def _quarter_out(usable: Dataset, seed: int, token: CancelToken) -> _Divided:
    folds = quarter_out(usable, seed)
    fold = folds.folds[0]
    if folds.by is not FoldsBy.RELEASED:
        _refuse_shared_frames(usable.restricted(fold.train_videos), usable.restricted(fold.held_out_videos), token)
    rule = f"{len(fold.held_out_videos)} of {len(usable.videos)} videos held out {folds.by.words}"
    return _Divided(fold, usable, fold, rule, (folds.warning,) if folds.warning else ())


def _all_against(usable: Dataset, tested: Dataset, token: CancelToken) -> _Divided:
    _refuse_shared_frames(usable, tested, token)
    tested_fold = fold_of("test", tested.names, tested.names, tested.pairs)
    rule = f"{len(tested.videos)} videos of another data set ({tested.name})"
    return _Divided(fold_of("all", usable.names, (), usable.pairs), tested, tested_fold, rule)


def _prepare(
    dataset: Dataset, source: FeatureSource, candidates: int, token: CancelToken, report: Report, together: Together
) -> None:
    """See that there is room for features; of several processes each computes those of its share of the videos."""
    files, preprocessing = files_of(dataset), source.preprocessing
    frame_bytes = 2 * math.prod(source.extractor.feature_shape(preprocessing))
    check_room(source.cache, len(files), candidates * preprocessing.n_segments, frame_bytes)
    if together.size > 1:  # afterwards each finds all of them kept
        build_bank(files[together.rank :: together.size], source, candidates, token, report, extents_of(dataset))
        together.wait()


def _refuse_shared_frames(train: Dataset, test: Dataset, token: CancelToken) -> None:
    """Refuse a test video of which a frame is trained on, whatever its file is called and wherever it lies."""
    shared_sizes = frozenset.intersection(*(frozenset(_sizes(dataset).values()) for dataset in (train, test)))
    trained, tested = (_by_contents(dataset, shared_sizes, token) for dataset in (train, test))
    for digest in sorted(trained.keys() & tested.keys()):
        with VideoReader(tested[digest][0].path) as reader:
            info = reader.info
        for one in tested[digest]:
            frames = one.frames(info)
            for other in trained[digest]:
                shared = other.frames(info)
                if max(frames.start, shared.start) < min(frames.stop, shared.stop):
                    raise DatasetError(
                        f"{one.path} is in the training data too, as {other.path}: nothing would be held out."
                    )


def _sizes(dataset: Dataset) -> dict[Path, int]:
    """Return the sizes of the files of a data set in bytes."""
    return {path: path.stat().st_size for path in {path for _, path in files_of(dataset)}}


def _by_contents(dataset: Dataset, sizes: Collection[int], token: CancelToken) -> dict[str, list[Footage]]:
    """Return the attempts of a data set in files of some sizes, by the SHA-256 of the file, which is read once."""
    digests = {path: digest_of(path, token) for path, size in _sizes(dataset).items() if size in sizes}
    found: dict[str, list[Footage]] = {}
    for video in dataset.videos:
        if video.path in digests:
            found.setdefault(digests[video.path], []).append(Footage(video.path, video.extent))
    return found


def _held_out(dataset: Dataset, result: FoldScores, rule: str) -> HeldOut | None:
    pairs = result.tested(honest=False)
    if not pairs:
        return None
    interval = pooled_accuracy([result], dataset)
    accuracy = count_pairs(pairs, result.scores).accuracy
    # with a single participant nothing can be drawn: then the interval says that nothing is known
    low, high = (x if math.isfinite(x) else end for x, end in ((interval.low, 0.0), (interval.high, 1.0)))
    return HeldOut(accuracy=accuracy, low=low, high=high, n_pairs=len(pairs), rule=rule)


def write_log(folder: Path, rows: Sequence[EpochRow], title: str) -> None:
    """Write the log of a training into a folder: ``log.csv`` and its curves, ``curves.png``.

    Raises:
        ExportError: They cannot be written.
    """
    columns = [f.name for f in dataclasses.fields(EpochRow)]
    with (
        aside(folder / LOG, (".csv",), overwrite=True) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(["row", *columns])
        writer.writerows([number, *(getattr(row, name) for name in columns)] for number, row in enumerate(rows, 1))
    numbered = [{"row": number, **dataclasses.asdict(row)} for number, row in enumerate(rows, 1)]
    plot_training(numbered, folder / CURVES, x="row", title=title, overwrite=True)
