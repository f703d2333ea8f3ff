"""From a data set to a checkpoint: features, what is held out, training, the card."""

import math
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import msgspec

from skillviewer.core.analysis.familiarity import learn_familiarity
from skillviewer.core.dataset.folds import FoldsBy, check_no_leak, fold_of, quarter_out
from skillviewer.core.dataset.pairs import Dataset, Fold, videos_of
from skillviewer.core.errors import DatasetError, SettingsError
from skillviewer.core.evaluation.accuracy import FoldScores, count_pairs, pooled_accuracy, shown
from skillviewer.core.evaluation.ceilings import ceilings
from skillviewer.core.paths import training_folder
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.core.video.footage import VideoClip
from skillviewer.data.study.identity import digest_of
from skillviewer.data.trained_pairs import PAIRS, TrainedPair, TrainedVideo, write_pairs
from skillviewer.engine.features.cache import FeatureCache
from skillviewer.engine.features.dataset_features import KeptSource, build_bank, check_room, pooled
from skillviewer.engine.features.feature_store import FeatureStore
from skillviewer.engine.features.memory_mapped_store import WatchedStore
from skillviewer.engine.features.video_facts import VideoFacts, extents_of, facts_of, files_of
from skillviewer.engine.runtime.device import choose_device, device_errors
from skillviewer.engine.runtime.distributed import ALONE, ProcessGroup
from skillviewer.engine.runtime.exclusive import training_lock
from skillviewer.engine.training.fit_fold import choosing_folds, fit_fold
from skillviewer.engine.training.inputs import TrainingInputs, check_keepable
from skillviewer.engine.training.log import write_log
from skillviewer.engine.training.loop import EpochRow, Select
from skillviewer.engine.training.model_card import card_of
from skillviewer.engine.training.plan import TrainingPlan, selection_rule
from skillviewer.engine.training.predict import score_videos
from skillviewer.engine.training.run_folder import CONFIGURATION, PROVENANCE, RunFolder, write_json
from skillviewer.engine.training.run_record import RunConfiguration, RunProvenance, provenance_of
from skillviewer.engine.training.state_file import StateFile
from skillviewer.engine.training.unseen_pairs import said_of_unmet, unmet_pairs
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.backbones.features import backbone
from skillviewer.nets.checkpoint import (
    Checkpoint,
    check_place,
    familiarity_tensors,
    load_checkpoint,
    round_as_kept,
    save_checkpoint,
)
from skillviewer.nets.configuration import BackboneConfig, CheckpointConfig, HeldOut, ModelCard


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
    together: ProcessGroup = ALONE,
) -> TrainingResult:
    """Train a model on a data set and write its checkpoint; a training that was killed goes on where it stood.

    Beside the checkpoint its folder gets the log and its curves, all that decided it (``configuration.json``, without
    names of videos) and how it was made (``provenance.json``). Until then the state lies beside the folder, in
    ``.NAME.training``.

    Args:
        plan: What is trained, and how.
        dataset: Videos and pairs.
        folder: Where the checkpoint goes.
        token: Raise it to stop; the state of the last epochs stays, and the same call goes on from it.
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
        ExportError: Nothing can be written there.
        SettingsError: The cache is too small for the features, or another training makes that checkpoint.
        DeviceError: The device is not there, or ran out of memory.
        Cancelled: The token was raised.
    """
    check_place(folder, replace=replace)
    check_keepable(plan)
    if test is not None and plan.select is Select.BEST_ON_TEST:
        raise SettingsError(
            "The pairs of --test choose no epoch: leave out --select best-on-test, which is there to see in evaluate "
            "what papers did."
        )
    if test is None:
        _check_people(dataset, plan.seed)
    with _Kept(plan, folder, together) as kept:
        device = choose_device(device_name)
        fed = TrainingInputs.of(plan, device, cache)
        source = fed.source
        _prepare(dataset, source, plan.candidates, token, report, together)
        if test is not None:
            _prepare(test, source, 1, token, report, together)
        bank: FeatureStore
        test_bank: FeatureStore
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
        fold, tested = divided.fold, divided.tested
        problems += divided.problems
        kept.begin(usable, fold, fed.backbones, token, report)
        watched = WatchedStore(bank)
        with device_errors():
            model, trained = fit_fold(
                plan,
                usable,
                fold,
                watched,
                device,
                token,
                report,
                stop,
                kept.state,
                together=together,
                unfreezing=fed.unfreezing,
            )
            if plan.select is not Select.BEST_ON_TEST:
                check_no_leak(fold, seen=watched.seen)
            round_as_kept(model, half=plan.half)  # what is tested is what is kept
            head, streams, (bank, test_bank) = fed.separate(model, (bank, test_bank))
            scores = score_videos(head, test_bank, tested.names, token)
        seen = set().union(*together.collect(watched.seen))
        report(Progress("writing the checkpoint", 0, 1))
        if not together.leads:
            together.wait()
            return TrainingResult(load_checkpoint(folder), trained.rows, (*dataset.problems, *problems))
        problems += said_of_unmet(len(unmet_pairs(plan, usable, fold, trained.epoch)), len(fold.train_pairs))
        selection = selection_rule(plan, choosing_folds(plan, usable, fold))
        provenance = provenance_of(device, model, trained, selection, seen, fold)

        def beside(made: Path) -> None:
            write_log(made, trained.rows, folder.name)
            kept.describe(made, provenance)

        checkpoint = save_checkpoint(
            folder,
            CheckpointConfig(
                attention_model=plan.model,
                sizes=head.sizes,
                preprocessing=plan.preprocessing_used,
                backbone=fed.backbones,
                precision=plan.precision,
                preset=plan.preset,
                dataset_preset=plan.dataset_preset,
            ),
            head,
            _card(plan, dataset, divided, scores, folder.name, selection),
            extra={**(streams or {}), **familiarity_tensors(learn_familiarity(pooled(bank, fold.train_videos)))},
            half=plan.half,
            replace=replace,
            beside=beside,
        )
        kept.end()
        together.wait()
        return TrainingResult(checkpoint, trained.rows, (*dataset.problems, *problems))


class _Kept:
    """Keeps a training while it is under way, and says in the checkpoint's folder what it was.

    Args:
        plan: What is trained, and how.
        folder: Of the checkpoint.
        together: The processes that train together; the first keeps, and all go on from it.
    """

    def __init__(self, plan: TrainingPlan, folder: Path, together: ProcessGroup) -> None:
        self._plan, self._folder, self._together = plan, folder.absolute(), together
        self._run = RunFolder(training_folder(self._folder))
        self._configuration: RunConfiguration | None = None
        self._trained: list[TrainedPair] = []
        self._alone = ExitStack()

    def __enter__(self) -> Self:
        """Let no other training write the same checkpoint meanwhile: the two would share a state."""
        if self._together.leads:
            self._alone.enter_context(training_lock(self._folder))
        return self

    def __exit__(self, *_: object) -> None:
        self._alone.close()

    def begin(
        self, dataset: Dataset, fold: Fold, backbones: BackboneConfig | None, token: CancelToken, report: Report
    ) -> None:
        """Make ready: what is there of the same training is gone on with, what is there of another stays beside it."""
        if self._together.leads:
            facts, problems = facts_of(dataset, self._plan.preprocessing, token, report)
            if problems:
                raise DatasetError(problems[0])
            self._trained = _nameless(dataset, fold, facts)
            weights = "" if backbones is None else f"{backbones.appearance_digest} {backbones.motion_digest}"
            digests = {self._plan.backbone_used: weights}
            self._configuration = RunConfiguration.of(self._plan, dataset, fold, facts, digests, checkpoint=True)
            self._run = RunFolder.at(self._run.path, self._configuration)
            self._run.begin(self._configuration)
        self._run = RunFolder(Path(self._together.collect(str(self._run.path))[0]))

    def state(self, stage: str) -> StateFile:
        """Return what keeps the state of a stage."""
        return self._run.state(stage, writes=self._together.leads)

    def describe(self, folder: Path, provenance: RunProvenance) -> None:
        """Say in a folder what it was, and of what it was trained; without names, for the folder may be given away."""
        configuration = msgspec.to_builtins(self._configuration)
        del configuration["held_out"]
        write_json(folder / CONFIGURATION, configuration)
        write_json(folder / PROVENANCE, provenance)
        write_pairs(folder / PAIRS, self._trained)

    def end(self) -> None:
        """Keep nothing of the training under way."""
        self._run.remove()


def _nameless(dataset: Dataset, fold: Fold, facts: Mapping[str, VideoFacts]) -> list[TrainedPair]:
    """Return the training pairs with what their videos show, but neither names nor places."""
    digests = {name: facts[name].file_digest for name in videos_of(fold.train_pairs)}
    extents = extents_of(dataset)
    videos = {n: TrainedVideo(digest[:8], Path(), digest, extents.get(n)) for n, digest in digests.items()}
    return [TrainedPair(videos[pair.better], videos[pair.worse], "trained") for pair in fold.train_pairs]


def _card(
    plan: TrainingPlan, dataset: Dataset, divided: "_Divided", scores: Mapping[str, float], name: str, selection: str
) -> ModelCard:
    result = FoldScores(divided.tested_fold, scores)
    return card_of(
        name,
        dataset,
        divided.fold,
        f"{dataset.name}: {len(divided.fold.train_videos)} videos. {dataset.rule}",
        plan.seed,
        plan.preset,
        held_out=_held_out(divided.tested, result, f"{divided.rule}; {selection}"),
        ceilings=ceilings(divided.tested, divided.tested_fold.test_pairs),
        notes=_notes(plan),
    )


def dataset_features(
    dataset: Dataset, source: KeptSource, candidates: int, token: CancelToken, report: Report
) -> tuple[FeatureStore, list[str]]:
    """Return the features (or snippets) of every video that has a file; arguments are those of ``build_bank``."""
    return build_bank(files_of(dataset), source, candidates, token, report, extents_of(dataset))


def _notes(plan: TrainingPlan) -> str:
    """Return what a person should know beside the preset."""
    said = []
    if plan.unfreeze:
        said.append("The last block of both backbones was trained too.")
    elif plan.trains_backbones:
        said.append(f"Both backbones were trained too, from the weights of {backbone(plan.trained_backbone).title}.")
    if (precision := plan.settings().precision) != "float32":
        said.append(f"Trained in {precision}.")
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
    fold = fold_of("all", usable.names, (), usable.pairs)
    return _Divided(fold, tested, tested_fold, rule, _called_alike(usable, tested))


def _called_alike(train: Dataset, test: Dataset) -> tuple[str, ...]:
    """Warn of people of two data sets who have one name: each data set may count its people from 1, too."""
    alike = set(train.participants.values()) & set(test.participants.values())
    if not alike:
        return ()
    who = f"{len(alike)} participants ({min(alike)}, for one) are" if len(alike) > 1 else f"“{min(alike)}” is"
    return (f"{who} in both data sets by name: if a person is in both, the held-out accuracy is too good.",)


def _prepare(
    dataset: Dataset, source: KeptSource, candidates: int, token: CancelToken, report: Report, together: ProcessGroup
) -> None:
    """See that there is room for features; of several processes each computes those of its share of the videos."""
    files = files_of(dataset)
    check_room(source, len(files), candidates)
    if together.size > 1:  # afterwards each finds all of them kept
        build_bank(files[together.rank :: together.size], source, candidates, token, report, extents_of(dataset))
        together.wait()


def _refuse_shared_frames(train: Dataset, test: Dataset, token: CancelToken) -> None:
    """Refuse a test video of which a frame is trained on, whatever its file is called and wherever it lies."""
    shared_sizes = frozenset.intersection(*(frozenset(_sizes(dataset).values()) for dataset in (train, test)))
    trained, tested = (_by_contents(dataset, shared_sizes, token) for dataset in (train, test))
    for digest in sorted(trained.keys() & tested.keys()):
        with VideoReader(tested[digest][0].path, token) as reader:
            info = reader.describe(token)
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


def _by_contents(dataset: Dataset, sizes: Collection[int], token: CancelToken) -> dict[str, list[VideoClip]]:
    """Return the attempts of a data set in files of some sizes, by the SHA-256 of the file, which is read once."""
    digests = {path: digest_of(path, token) for path, size in _sizes(dataset).items() if size in sizes}
    found: dict[str, list[VideoClip]] = {}
    for video in dataset.videos:
        if video.path in digests:
            found.setdefault(digests[video.path], []).append(VideoClip(video.path, video.extent))
    return found


def _held_out(dataset: Dataset, result: FoldScores, rule: str) -> HeldOut | None:
    pairs = result.tested(honest=False)
    if not pairs:
        return None
    interval = shown(pooled_accuracy([result], dataset))
    accuracy = count_pairs(pairs, result.scores).accuracy
    low, high = (x if math.isfinite(x) else None for x in (interval.low, interval.high))
    return HeldOut(accuracy=accuracy, low=low, high=high, n_pairs=len(pairs), rule=rule)
