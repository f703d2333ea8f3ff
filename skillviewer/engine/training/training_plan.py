"""Plan of a training: model and settings, independent of videos and devices."""

import dataclasses
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from skillviewer.core.analysis.track_term import TrackTerm
from skillviewer.core.dataset.dataset import Fold
from skillviewer.core.dataset.pairs import videos_of
from skillviewer.core.errors import SettingsError
from skillviewer.core.video.preprocessing import TRAINED_ON, Preprocessing
from skillviewer.engine.features import snippets
from skillviewer.engine.features.snippets import PUBLISHED_BACKBONE
from skillviewer.engine.training.batches import adapt_to_sparse_pairs
from skillviewer.engine.training.train_settings import EpochSelection, TrainSettings
from skillviewer.nets.backbones.backbones import backbone
from skillviewer.nets.backbones.deployment import Precision
from skillviewer.nets.configuration import BackboneConfig, CheckpointConfig
from skillviewer.nets.models import NUMERIC_INPUTS, TRIVIAL, InputKind, attention_model
from skillviewer.nets.presets import TSN_SNIPPETS, preset
from skillviewer.nets.sizes import HeadSizes, map_grid

_PART_TITLES = ((0.2, 0.3, "a quarter", "quarters"), (0.3, 0.37, "a third", "thirds"), (0.45, 0.55, "half", "halves"))
"""(least share, greatest share, title of one part, title of several parts)"""


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """Model and settings of a training."""

    model: str = "full"  # entry in ATTENTION_MODELS
    preset: str = "small-study"  # entry in PRESETS
    dataset_preset: str = "other"  # data set whose optimiser settings are taken from the preset
    backbone: str = "efficientnet-lite0"  # entry in BACKBONES, with ImageNet weights
    # entry in BACKBONES with the initial weights of tsn, which trains its backbones; published with AlexNet
    trained_backbone: str = PUBLISHED_BACKBONE
    own_motion: bool = False  # whether the motion stream starts from weights trained on flow, instead of on pictures
    preprocessing: Preprocessing = TRAINED_ON
    fusion_stride: int | None = None  # 2 as released, 1 for finer maps, or None for that of the preset
    candidates: int = 4  # k: candidate frames per segment; training draws one of them
    select: EpochSelection = EpochSelection.INNER_FOLDS  # rule for the epoch that is kept
    refit: bool = True  # whether to train again on all training videos, for as many epochs as were chosen
    inner_folds: int = 1  # number of inner folds on which the epoch is chosen, as the best on average
    unfreeze: str = ""  # ``last-block`` to train the last block of both backbones too, or ""
    epochs: int | None = None  # number of epochs, or None for that of the preset
    learning_rate: float | None = None  # step size, or None for that of the preset
    weight_decay: float | None = None  # L2 penalty, or None for that of the preset
    seed: int = 0  # seed of folds, batches and initial weights
    precision: Precision = "float32"  # number type of the features
    # number type of the layers that process single frames; other layers are in float32
    training_precision: Precision = "float32"
    with_tracks: bool = False  # whether to add a ridge regression on track measures to the model's score
    half: bool = True  # whether to store the checkpoint's matrices in float16

    def sizes(self) -> HeadSizes:
        """Return the head's sizes on the features of the backbone.

        Raises:
            CheckpointError: A name is unknown.
            SettingsError: The picture is too small for the backbone, or for a map.
        """
        used_backbone = backbone(self.backbone)
        if self.inputs is InputKind.SNIPPETS:
            return snippets.sizes_of(preset(self.preset), self.trained_backbone)
        if self.inputs in NUMERIC_INPUTS:
            return attention_model(self.model).with_published_input(preset(self.preset).head_of(self.dataset_preset))
        px = self.preprocessing.input_px
        if px < used_backbone.least_px:
            raise SettingsError(
                f"{used_backbone.title} needs pictures of at least {used_backbone.least_px} pixels, not {px}: take "
                "more (--input-px), or another backbone."
            )
        n_channels = 2 * used_backbone.n_channels
        sizes = preset(self.preset).sizes(n_channels, used_backbone.grid(px), self.dataset_preset)
        if self.fusion_stride is not None:
            sizes = dataclasses.replace(sizes, fusion_stride=self.fusion_stride)
        try:
            map_grid(sizes)
        except ValueError as error:
            rows, columns = sizes.grid
            raise SettingsError(
                f"{self.backbone} divides a picture of {px} pixels into only {rows} x {columns} cells, too few for a "
                "map: take more pixels."
            ) from error
        return sizes

    @property
    def inputs(self) -> InputKind:
        """Kind of the model's inputs."""
        return attention_model(self.model).inputs

    @property
    def backbone_used(self) -> str:
        """Backbone of the model; "" for a model without one."""
        backbones = {InputKind.FEATURES: self.backbone, InputKind.SNIPPETS: self.trained_backbone}
        return backbones.get(self.inputs, "")

    @property
    def trains_backbones(self) -> bool:
        """True if the backbones, or their last blocks, are trained with the head."""
        return bool(self.unfreeze) or self.inputs is InputKind.SNIPPETS

    @property
    def adds_tracks(self) -> bool:
        """True if the score of a ridge on tracks is added to that of the model; False for all trivial baselines."""
        return self.with_tracks and self.inputs is InputKind.FEATURES and self.model not in TRIVIAL

    @property
    def preprocessing_used(self) -> Preprocessing:
        """Preprocessing of videos for this model."""
        if self.inputs is InputKind.SNIPPETS:
            return snippets.preprocessing_of(self.preprocessing)
        return self.preprocessing

    def checkpoint_config(
        self, sizes: HeadSizes, backbones: BackboneConfig, tracks: TrackTerm | None = None
    ) -> CheckpointConfig:
        """Return the configuration of a checkpoint that is trained by this plan.

        ``tracks`` is the term that is added to the score of the head, or None.
        """
        return CheckpointConfig(
            attention_model=self.model,
            sizes=sizes,
            preprocessing=self.preprocessing_used,
            backbone=backbones,
            precision=self.precision,
            preset=self.preset,
            dataset_preset=self.dataset_preset,
            tracks=tracks,
        )

    def check(self) -> None:
        """Check that the plan can be trained.

        Raises:
            CheckpointError: A name is unknown.
            SettingsError: Settings contradict each other or the model.
        """
        if self.with_tracks and self.trains_backbones:
            raise SettingsError(
                "With --with-tracks only the head can be trained: leave out --unfreeze, and models that train their "
                "backbones (tsn)."
            )
        if self.inputs is InputKind.SNIPPETS:
            self._check_snippets()
        n_splits = self.sizes().tsn_splits
        self.settings()  # raises the SettingsError of contradictory settings
        if attention_model(self.model).compares_splits and self.preprocessing.n_segments < n_splits:
            raise SettingsError(
                f"{self.model} compares {n_splits} splits of a video: take at least {n_splits} segments."
            )

    def _check_snippets(self) -> None:
        """Raise a SettingsError for settings that a model on snippets cannot have."""
        if self.unfreeze:
            raise SettingsError(f"{self.model} trains its whole backbones anyway: leave out --unfreeze.")
        if self.preprocessing.crop:
            raise SettingsError(f"{self.model} sees snippets of the whole picture: leave out --crop.")
        if self.own_motion:
            raise SettingsError(
                f"The motion stream of {self.model} begins with the weights for pictures, as published: leave out "
                "--motion-weights own."
            )
        is_hub_name = "/" in self.trained_backbone  # owner/name
        if is_hub_name or backbone(self.trained_backbone).flow is not None:
            raise SettingsError(f"{self.model} cannot train {self.trained_backbone}. Choose resnet50, for one.")
        if self.preprocessing.segment_s is not None:
            raise SettingsError(
                f"{self.model} draws snippets from equal splits: give it a number of segments, not auto."
            )

    def settings_on(self, fold: Fold) -> TrainSettings:
        """Return the settings of the training on a fold, with batches of pairs if its pairs are sparse."""
        settings = self.settings()
        pairs = fold.train_pairs
        optimiser = adapt_to_sparse_pairs(settings.optimiser, len(pairs), len(videos_of(pairs)))
        return dataclasses.replace(settings, optimiser=optimiser)

    def settings(self) -> TrainSettings:
        """Return the training settings: published settings of the model if it has any, else the settings of the preset.

        Raises:
            SettingsError: An epoch is chosen on several inner folds without a training on all videos afterwards, or
                step sizes are given for a model that was published with its own.
        """
        if self.inner_folds > 1 and not (self.refit and self.select is EpochSelection.INNER_FOLDS):
            raise SettingsError(
                f"An epoch chosen on {self.inner_folds} inner folds needs a training on all videos afterwards: leave "
                "out --no-refit, and choose by --select inner."
            )
        chosen_preset = preset(self.preset)
        published_phases = attention_model(self.model).training
        loss = preset(self.preset).loss
        if self.inputs is InputKind.SNIPPETS:
            if self.trained_backbone == PUBLISHED_BACKBONE:
                n_snippets = TSN_SNIPPETS
            else:
                n_snippets = chosen_preset.snippets
                published_phases = ()  # their step sizes are those of the published network
            loss = dataclasses.replace(loss, snippets=n_snippets)
        has_own_step_sizes = self.learning_rate is not None or self.weight_decay is not None
        if published_phases and has_own_step_sizes:
            raise SettingsError(
                f"{self.model} is trained with the step sizes and decays that it was published with: leave out "
                "--learning-rate and --weight-decay."
            )
        if published_phases:
            _, optimiser = published_phases[0]
        else:
            optimiser = chosen_preset.optimiser(self.dataset_preset)
        if self.epochs is not None:
            optimiser = dataclasses.replace(optimiser, epochs=self.epochs)
        if self.learning_rate is not None:
            optimiser = dataclasses.replace(optimiser, learning_rate=self.learning_rate)
        if self.weight_decay is not None:
            optimiser = dataclasses.replace(optimiser, weight_decay=self.weight_decay)
        return TrainSettings(optimiser, loss, self.select, self.seed, published_phases, self.training_precision)


def describe_selection(plan: TrainingPlan, inner_folds: Sequence[Fold] = ()) -> str:
    """Return the choice of the epoch as text; ``inner_folds`` are the inner folds, empty if they are not made yet."""
    if plan.select is EpochSelection.LAST:
        return "last epoch"
    if plan.select is EpochSelection.BEST_ON_TEST:
        return "epoch chosen on the test pairs themselves: optimistic, only to compare with the paper"
    refit_text = ", then trained afresh on all training videos for as many epochs" if plan.refit else ""
    part, parts = held_out_part(inner_folds)
    n = len(inner_folds) if inner_folds else plan.inner_folds
    average_text = f", on average over {n} different {parts}" if n > 1 else ""
    fewer_text = f" ({plan.inner_folds} were asked for, {n} could be made)" if n < plan.inner_folds else ""
    return f"epoch chosen on {part}{average_text}{fewer_text}{refit_text}"


def held_out_part(inner_folds: Sequence[Fold]) -> tuple[str, str]:
    """Return the part of the training videos that inner folds hold out, as text, and the plural of such a part.

    If the parts are far from a quarter, a third and a half, or differ in size, the words give numbers of videos.
    Without folds, a quarter is assumed.
    """
    if not inner_folds:
        _, _, title, plural = _PART_TITLES[0]
        return f"{title} of the training videos", plural
    held_out_counts = [len(fold.held_out_videos) for fold in inner_folds]
    least = min(held_out_counts)
    most = max(held_out_counts)
    n_videos = len(inner_folds[0].train_videos) + len(inner_folds[0].held_out_videos)
    share = fmean(held_out_counts) / n_videos
    has_equal_parts = most - least <= max(1, n_videos / 10)
    for min_share, max_share, title, plural in _PART_TITLES:
        if has_equal_parts and min_share <= share <= max_share:
            return f"{title} of the training videos", plural
    count_text = f"{least}" if least == most else f"{least} to {most}"
    return f"{count_text} of {n_videos} training videos", "parts"


def join_selection_texts(texts: Iterable[str]) -> str:
    """Join the descriptions of the choice of the epoch in several runs, the commonest first; "" if there are none."""
    return "; in some runs ".join(text for text, _ in Counter(texts).most_common())
