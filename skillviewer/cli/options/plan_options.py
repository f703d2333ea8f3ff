"""Options of every command that trains on a data set."""

from typing import TYPE_CHECKING, Any

import click

from skillviewer.cli.options.add_options import CommandT, add_options
from skillviewer.cli.options.values import DEVICE, Finite, Parameters
from skillviewer.core.video.preprocessing import (
    CROPS,
    FEATURE_EFFORTS,
    FLOW_ALGORITHMS,
    SAMPLINGS,
    TRAINED_ON,
    FeatureEffort,
    FlowSettings,
    Preprocessing,
)

if TYPE_CHECKING:
    from skillviewer.engine.features.feature_cache import FeatureCache
    from skillviewer.engine.training.training_plan import TrainingPlan

MAX_CACHE_GB = 1_000_000
MAX_SEGMENTS = 4096
_PUBLISHED_PRESETS = frozenset({"paper", "official-code"})
AUTO_SEGMENT_S = 1.0
"""Longest segment of ``--segments auto``: short enough to contain an error that lasts a second."""

cache_option = click.option(
    "--cache-gb", type=Finite(min=0.1, max=MAX_CACHE_GB), default=20, show_default=True, help="Room for features."
)


def _parse_segments(_context: click.Context, _option: click.Parameter, text: str | None) -> dict[str, Any] | None:
    """Return the fields of ``Preprocessing`` for a number of segments, ``auto`` or ``auto:MOST``; None if not given."""
    if text is None:
        return None
    if text == "auto":
        return {"segment_s": AUTO_SEGMENT_S}
    is_auto = text.startswith("auto:")
    number = text.removeprefix("auto:")
    smallest = TRAINED_ON.n_segments if is_auto else 1
    is_number = number.isdecimal() and len(number) <= 9
    if not is_number or not smallest <= int(number) <= MAX_SEGMENTS:
        raise click.BadParameter(
            f"{text} is no number from 1 to {MAX_SEGMENTS}, nor auto, nor auto:{TRAINED_ON.n_segments} or more."
        )
    if is_auto:
        return {"segment_s": AUTO_SEGMENT_S, "most_segments": int(number)}
    return {"n_segments": int(number)}


_EFFORT_TITLES = "; ".join(f"{effort.name}: {effort.title}" for effort in FEATURE_EFFORTS)

_OPTIONS = (
    click.option(
        "--preset", default="small-study", show_default=True, help="small-study, fine-detail, paper or official-code."
    ),
    click.option("--dataset-preset", help="Data set whose published settings the preset takes; else DATA."),
    click.option(
        "--features",
        type=click.Choice([effort.name for effort in FEATURE_EFFORTS]),
        help=f"How many frames are looked at: {_EFFORT_TITLES}.  [default: as in earlier runs in the folder of an "
        "evaluation, else quick, and thorough with the presets paper and official-code]",
    ),
    click.option("--backbone", help="efficientnet-lite0, resnet101, ...; else the preset's."),
    click.option(
        "--tsn-backbone",
        default="alexnet",
        show_default=True,
        help="Backbone that tsn trains: alexnet as published, or another of the list.",
    ),
    click.option("--flow", type=click.Choice(FLOW_ALGORITHMS), help="Optical flow, if not that of --features."),
    click.option(
        "--motion-weights",
        type=click.Choice(["across", "own"]),
        default="across",
        show_default=True,
        help="Weights of the motion stream: those for pictures (across), or BACKBONE-flow.pth, trained on flow (own).",
    ),
    click.option("--rate", type=Finite(min=0.1, max=1000), help="Clock in Hz (the paper's slow tasks: 10)."),
    click.option(
        "--segments",
        callback=_parse_segments,
        metavar="N|auto|auto:MOST",
        help="Sampled frames a video, if not those of --features; auto: one a second, at least 25 and at most 200 "
        "(auto:N for at most N); best with --model average.",
    ),
    click.option(
        "--sampling",
        type=click.Choice(SAMPLINGS),
        help="Sampling of frames: over the whole video (even), or backwards from its end as in the paper's code "
        "(paper); default: as in earlier runs in the folder of an evaluation, else as in the preset.",
    ),
    click.option("--input-px", type=click.IntRange(32), help="Side of the input square, if not the preset's."),
    click.option(
        "--stride",
        type=click.Choice(["1", "2"]),
        help="Fusion stride, if not the preset's: 2 for maps of 7 x 7 cells, as released, 1 for 13 x 13.",
    ),
    click.option(
        "--candidates", type=click.IntRange(1), help="Frames a segment to draw from, if not those of --features."
    ),
    click.option(
        "--select",
        type=click.Choice(["inner", "last", "best-on-test"]),
        help="Which epoch is kept: the best on training videos held out, the last, or the best on the test pairs "
        "(optimistic; only to compare with papers).  [default: inner; with --model auto: last]",
    ),
    click.option(
        "--refit/--no-refit",
        default=True,
        show_default=True,
        help="Train again on all training videos once the epoch is chosen.",
    ),
    click.option(
        "--inner-folds",
        type=click.IntRange(1, 4),
        default=1,
        show_default=True,
        help="Number of inner folds over which the choice of the epoch is averaged.",
    ),
    click.option("--epochs", type=click.IntRange(1), help="Number of epochs, if not the preset's."),
    click.option("--learning-rate", type=Finite(min=0, min_open=True), help="Step size, if not the preset's."),
    click.option("--weight-decay", type=Finite(min=0), help="L2 penalty, if not the preset's."),
    click.option(
        "--crop",
        type=click.Choice(CROPS),
        help="Crop the picture to the part around the hands, or around all tracks (docs/tracks.md).",
    ),
    click.option(
        "--with-tracks",
        is_flag=True,
        help="Add the score of a ridge on measures of tracks to that of a network, with a weight learned inside the "
        "training people (docs/tracks.md).",
    ),
    DEVICE,
    click.option(
        "--precision",
        type=click.Choice(["auto", "float32", "bfloat16"]),
        default="auto",
        show_default=True,
        help="Number format in which training computes single frames; auto: bfloat16 if the device supports it, which "
        "halves the time, else float32.",
    ),
    cache_option,
)


def plan_options(command: CommandT) -> CommandT:
    """Add the options to a command, which gets their values by name."""
    return add_options(command, _OPTIONS)


def feature_effort(name: str | None, preset_name: str) -> FeatureEffort:
    """Return the effort of a name, or the default effort of a preset if ``name`` is None."""
    if name is None:
        name = "thorough" if preset_name in _PUBLISHED_PRESETS else "quick"
    return next(effort for effort in FEATURE_EFFORTS if effort.name == name)


def training_plan(parameters: Parameters, published: str | None) -> "TrainingPlan":
    """Return the training plan that the options state.

    Args:
        parameters: Values of the options.
        published: Name of the published data set that is trained on, or None. The preset takes its settings, unless
            ``--dataset-preset`` names another.

    Raises:
        CheckpointError: There is no such preset.
        DeviceError: There is no such device.
    """
    from skillviewer.engine.runtime.device import choose_device, training_precision
    from skillviewer.engine.training.train_settings import EpochSelection
    from skillviewer.engine.training.training_plan import TrainingPlan
    from skillviewer.nets.presets import DATASETS, preset

    effort = feature_effort(parameters["features"], parameters["preset"])
    device = choose_device(parameters["device"])
    settings = preset(parameters["preset"])
    default_values: Parameters = {
        "segments": {"n_segments": effort.n_segments},
        "dataset_preset": published if published in DATASETS else "other",
        "backbone": settings.backbone,
        "input_px": settings.input_px,
        "flow": effort.flow,
        "sampling": settings.sampling,
        "crop": "",
        "candidates": effort.candidates,
        "select": "inner",
    }
    values: Parameters = {name: parameters[name] or default for name, default in default_values.items()}
    fusion_stride = int(parameters["stride"]) if parameters["stride"] else None
    return TrainingPlan(
        preset=parameters["preset"],
        dataset_preset=values["dataset_preset"],
        backbone=values["backbone"],
        trained_backbone=parameters["tsn_backbone"],
        own_motion=parameters["motion_weights"] == "own",
        preprocessing=Preprocessing(
            **values["segments"],
            input_px=values["input_px"],
            rate_hz=parameters["rate"],
            flow=FlowSettings(algorithm=values["flow"]),
            sampling=values["sampling"],
            crop=values["crop"],
        ),
        fusion_stride=fusion_stride,
        candidates=values["candidates"],
        select=EpochSelection(values["select"]),
        refit=parameters["refit"],
        inner_folds=parameters["inner_folds"],
        epochs=parameters["epochs"],
        learning_rate=parameters["learning_rate"],
        weight_decay=parameters["weight_decay"],
        training_precision=training_precision(parameters["precision"], device),
        with_tracks=parameters["with_tracks"],
    )


def with_last_epoch(parameters: Parameters) -> Parameters:
    """Return the values with ``--select last`` if no epoch selection is stated, as for an automatic choice."""
    return {**parameters, "select": parameters["select"] or "last"}


def feature_cache(parameters: Parameters) -> "FeatureCache":
    """Return the cache of features, limited to the size of ``--cache-gb``."""
    from skillviewer.engine.features.feature_cache import FeatureCache

    return FeatureCache(max_bytes=int(parameters["cache_gb"] * 2**30))
