"""From a data set to a checkpoint: features, what is held out, training, the card."""

import csv
import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import torch

from skillviewer import __version__
from skillviewer.core.accuracy import FoldScores, count_pairs, pooled_accuracy
from skillviewer.core.errors import CheckpointError, DatasetError
from skillviewer.core.familiarity import learn_familiarity
from skillviewer.core.folds import check_no_leak, fold_of, inner_fold, make_folds
from skillviewer.core.job import CancelToken, Progress, Report
from skillviewer.core.order import similar_for_training
from skillviewer.core.pairs import Dataset, Fold, Pair
from skillviewer.core.preprocessing import Preprocessing
from skillviewer.engine import snippets
from skillviewer.engine.assess import FeatureSource
from skillviewer.engine.bank import build_bank, feature_source, pooled, statistics
from skillviewer.engine.batches import videos_of
from skillviewer.engine.cache import FeatureCache
from skillviewer.engine.ceilings import ceilings
from skillviewer.engine.device import choose_device, device_errors
from skillviewer.engine.mapped import AveragedBank
from skillviewer.engine.train import EpochRow, FeatureBank, Keeper, Select, Trained, TrainSettings, fit, score_videos
from skillviewer.engine.videos import extents_of, files_of
from skillviewer.export.destination import aside
from skillviewer.export.plots import plot_training
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.checkpoint import Checkpoint, save_checkpoint
from skillviewer.nets.configuration import Card, CheckpointConfig, HeldOut
from skillviewer.nets.deployment import Precision
from skillviewer.nets.features import backbone
from skillviewer.nets.fusion import CellMean, Standardising
from skillviewer.nets.models import Inputs, attention_model
from skillviewer.nets.presets import preset
from skillviewer.nets.sizes import HeadSizes

LOG, CURVES = "log.csv", "curves.png"


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What is to be trained, and how.

    Attributes:
        model: Entry in ATTENTION_MODELS.
        preset: Entry in PRESETS.
        dataset_preset: Whose optimiser settings of the preset.
        backbone: Entry in BACKBONES, with ImageNet weights.
        preprocessing: What is done to videos.
        fusion_stride: 2 as released, 1 for finer maps, or None for the preset's.
        candidates: K, frames of every segment that training draws from.
        select: Which epoch is kept.
        refit: After the choice of an epoch, train afresh on all training videos for as many epochs.
        epochs: Number of epochs, or None for the preset's.
        seed: Decides what is held out, what is drawn and how weights begin.
        precision: Of the features.
        training_precision: Of training: in bfloat16 what each frame passes through by itself, all else in float32.
        half: Whether the checkpoint's matrices are stored in float16.
    """

    model: str = "full"
    preset: str = "small-study"
    dataset_preset: str = "other"
    backbone: str = "efficientnet-lite0"
    preprocessing: Preprocessing = field(default_factory=Preprocessing)
    fusion_stride: int | None = None
    candidates: int = 4
    select: Select = Select.INNER
    refit: bool = True
    epochs: int | None = None
    seed: int = 0
    precision: Precision = "float32"
    training_precision: Precision = "float32"
    half: bool = True

    def sizes(self) -> HeadSizes:
        """Return the head's sizes on the features of the backbone.

        Raises:
            CheckpointError: A name is unknown.
        """
        entry, trunk = attention_model(self.model), backbone(self.backbone)
        if entry.inputs is not Inputs.FEATURES:
            return entry.at_paper_scale(preset(self.preset).head)
        sizes = preset(self.preset).sizes(2 * trunk.n_channels, trunk.grid(self.preprocessing.input_px))
        if self.fusion_stride is None:
            return sizes
        return dataclasses.replace(sizes, fusion_stride=self.fusion_stride)

    @property
    def backbone_used(self) -> str:
        """The backbone whose weights decide the result; "" for a model that looks at time alone."""
        used = {Inputs.FEATURES: self.backbone, Inputs.SNIPPETS: snippets.BACKBONE, Inputs.TIME: ""}
        return used[attention_model(self.model).inputs]

    def settings(self) -> TrainSettings:
        """Return the settings of the training: the preset's, or a model's own where it was published with some."""
        chosen, own = preset(self.preset), attention_model(self.model).training
        optimiser = own[0][1] if own else chosen.optimiser(self.dataset_preset)
        if self.epochs is not None:
            optimiser = dataclasses.replace(optimiser, epochs=self.epochs)
        return TrainSettings(optimiser, chosen.loss, self.select, self.seed, own, self.training_precision)


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


def _training_form(plan: TrainingPlan, bank: FeatureBank) -> tuple[HeadSizes, FeatureBank]:
    """Return sizes and features for training: what a model averages over the cells first is averaged once for all."""
    sizes = plan.sizes()
    with torch.device("meta"):
        averages = isinstance(attention_model(plan.model).build(sizes).fusion, CellMean)
    return (dataclasses.replace(sizes, grid=(1, 1)), AveragedBank(bank)) if averages else (sizes, bank)


def _new_model(
    plan: TrainingPlan, sizes: HeadSizes, bank: FeatureBank, names: Sequence[str], device: torch.device
) -> AttentionModel:
    """Return a model with the seed's first weights, which knows the statistics of the training videos' features."""
    torch.manual_seed(plan.seed)
    entry = attention_model(plan.model)
    model = snippets.end_to_end(sizes) if entry.inputs is Inputs.SNIPPETS else entry.build(sizes)
    for part in model.modules():
        if isinstance(part, Standardising) and part.standardise:
            part.set_statistics(*statistics(bank, names))
    return model.to(device)


def fit_fold(
    plan: TrainingPlan,
    dataset: Dataset,
    fold: Fold,
    bank: FeatureBank,
    device: torch.device,
    token: CancelToken,
    report: Report,
    stop: CancelToken | None = None,
    keeper: Callable[[str], Keeper] | None = None,
) -> tuple[AttentionModel, Trained]:
    """Train on a fold; held-out videos are never looked at, except under ``Select.BEST_ON_TEST``, which says so.

    Args:
        plan: What is trained, and how.
        dataset: The data set.
        fold: What may be trained on.
        bank: Features of its videos.
        device: Where to train.
        token: Raise it to stop and keep nothing.
        report: Told of every batch and epoch.
        stop: Raise it to stop soon and keep the best epoch so far.
        keeper: Returns who keeps the state of a stage, ``choice`` or ``final``, so that a killed training goes on.
    """
    sizes, bank = _training_form(plan, bank)

    def trained(on: Fold, choosing: Sequence[Pair], select: Select, stage: str, until: int | None = None) -> Trained:
        settings = dataclasses.replace(plan.settings(), select=select)
        similar = similar_for_training(dataset, on) if model.uses_similar else ()
        kept = keeper(stage) if keeper is not None else None
        return fit(model, bank, on.train_pairs, choosing, settings, token, report, stop, similar, kept, until)

    if plan.select is not Select.INNER:
        model = _new_model(plan, sizes, bank, fold.train_videos, device)
        choosing = fold.test_pairs if plan.select is Select.BEST_ON_TEST else ()
        result = trained(fold, choosing, plan.select, "final")
    else:
        inner = inner_fold(dataset, fold, plan.seed)
        check_no_leak(fold, seen=videos_of([*inner.train_pairs, *inner.test_pairs]))
        model = _new_model(plan, sizes, bank, inner.train_videos, device)
        result = trained(inner, inner.test_pairs, plan.select, "choice")
        if plan.refit and not (stop is not None and stop.cancelled):
            model = _new_model(plan, sizes, bank, fold.train_videos, device)
            final = trained(fold, (), Select.LAST, "final", until=result.epoch)
            result = Trained(final.state, final.epoch, (*result.rows, *final.rows))
    if sizes != plan.sizes():
        model = attention_model(plan.model).build(plan.sizes()).to(device)
        model.load_state_dict(result.state)
    return model.eval(), result


def selection_rule(plan: TrainingPlan) -> str:
    """Return in words how the epoch that is kept was chosen."""
    if plan.select is Select.INNER:
        after = ", then trained afresh on all training videos for as many epochs" if plan.refit else ""
        return f"epoch chosen on a quarter of the training videos{after}"
    if plan.select is Select.LAST:
        return "last epoch"
    return "epoch chosen on the test pairs themselves: optimistic, only to compare with the paper"


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

    Raises:
        DatasetError: There is too little to train on.
        CheckpointError: The checkpoint is there already or cannot be written.
        Cancelled: The token was raised.
    """
    if folder.exists() and not replace:
        raise CheckpointError(f"There is something at {folder} already. Choose another name, or ask to replace it.")
    plan.sizes()  # a plan that cannot work is refused before hours of features
    if attention_model(plan.model).inputs is not Inputs.FEATURES:
        raise CheckpointError(
            f"The model {plan.model} does not look at kept features: it can be evaluated, not kept and viewed."
        )
    device = choose_device(device_name)
    source, backbones = feature_source(plan.backbone, plan.preprocessing, device, plan.precision, cache)
    bank, problems = dataset_features(dataset, source, plan.candidates, token, report)
    usable = dataset.restricted(list(bank))
    if test is None:
        folds = make_folds(usable, seed=plan.seed)
        problems += [folds.warning] if folds.warning else []
        fold = tested_fold = folds.folds[0]
        tested, test_bank = usable, bank
        rule = f"{len(fold.held_out_videos)} of {len(usable.videos)} videos held out by {folds.by}"
    else:
        test_bank, more = dataset_features(test, source, 1, token, report)
        problems += more
        tested = test.restricted(list(test_bank))
        _refuse_shared_files(usable, tested)
        fold = fold_of("all", usable.names, (), usable.pairs)
        tested_fold = fold_of("test", tested.names, tested.names, tested.pairs)
        rule = f"{len(tested.videos)} videos of other participants ({tested.name})"
    with device_errors():
        model, trained = fit_fold(plan, usable, fold, bank, device, token, report, stop)
        scores = score_videos(model, test_bank, tested.names, token)
    held_out = _held_out(tested, FoldScores(tested_fold, scores), f"{rule}; {selection_rule(plan)}")
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
    )
    report(Progress("writing the checkpoint", 0, 1))
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
        familiarity=learn_familiarity(pooled(bank, fold.train_videos)),
        half=plan.half,
        replace=replace,
    )
    write_log(folder, trained.rows, folder.name)
    return TrainingResult(checkpoint, trained.rows, (*dataset.problems, *problems))


def dataset_features(
    dataset: Dataset, source: FeatureSource, candidates: int, token: CancelToken, report: Report
) -> tuple[FeatureBank, list[str]]:
    """Return the features of every video of a data set that has a file; arguments are those of ``build_bank``."""
    return build_bank(files_of(dataset), source, candidates, token, report, extents_of(dataset))


def _refuse_shared_files(train: Dataset, test: Dataset) -> None:
    attempts = {(video.path.resolve(), video.extent) for video in train.videos if video.path is not None}
    for video in test.videos:
        if video.path is not None and (video.path.resolve(), video.extent) in attempts:
            raise DatasetError(f"{video.path} is in the training and in the test data: nothing would be held out.")


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
