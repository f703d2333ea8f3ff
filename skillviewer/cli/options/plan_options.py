"""Options of every command that trains on a data set."""

from typing import TYPE_CHECKING, Any

import click

from skillviewer.cli.options.dataset_options import CommandT, add_options
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
    from skillviewer.engine.features.cache import FeatureCache
    from skillviewer.engine.training.plan import TrainingPlan

MAX_CACHE_GB, MAX_SEGMENTS = 1_000_000, 4096
_PUBLISHED = frozenset({"paper", "official-code"})
AUTO_SEGMENT_S = 1.0
"""Greatest duration of a segment of ``--segments auto``: an error of a second is seen."""

cache_option = click.option(
    "--cache-gb", type=Finite(min=0.1, max=MAX_CACHE_GB), default=20, show_default=True, help="Room for features."
)
"""Room for features."""


def _segments(_context: click.Context, _option: click.Parameter, text: str | None) -> dict[str, Any] | None:
    """Return the fields of ``Preprocessing`` for a number of segments, ``auto`` or ``auto:MOST``; None if not given."""
    if text is None:
        return None
    number = text.removeprefix("auto:")
    min_text = TRAINED_ON.n_segments
    if text == "auto":
        return {"segment_s": AUTO_SEGMENT_S}
    if (
        not number.isdecimal()
        or len(number) > 9
        or not (1 if number == text else min_text) <= int(number) <= MAX_SEGMENTS
    ):
        raise click.BadParameter(
            f"{text} is no number from 1 to {MAX_SEGMENTS}, nor auto, nor auto:{min_text} or more."
        )
    return {"n_segments": int(text)} if number == text else {"segment_s": AUTO_SEGMENT_S, "most_segments": int(number)}


_OPTIONS = (
    click.option(
        "--preset", default="small-study", show_default=True, help="small-study, fine-detail, paper or official-code."
    ),
    click.option("--dataset-preset", help="Data set whose published settings the preset takes; else DATA."),
    click.option(
        "--features",
        type=click.Choice([effort.name for effort in FEATURE_EFFORTS]),
        help="How many frames are looked at: " + "; ".join(f"{e.name}: {e.title}" for e in FEATURE_EFFORTS) + ".  "
        "[default: as in earlier runs in the folder of an evaluation, else quick, and thorough with the presets paper "
        "and official-code]",
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
        callback=_segments,
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
        help="Choose the epoch on average over so many inner folds.",
    ),
    click.option("--epochs", type=click.IntRange(1), help="Number of epochs, if not the preset's."),
    click.option("--learning-rate", type=Finite(min=0, min_open=True), help="Step size, if not the preset's."),
    click.option("--weight-decay", type=Finite(min=0), help="L2 penalty, if not the preset's."),
    click.option(
        "--crop",
        type=click.Choice(CROPS),
        help="See the part of the picture around the hands, or around all tracks, alone (docs/tracks.md).",
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
        help="Numbers in which training computes single frames; auto: bfloat16 where the device computes in it, which "
        "takes half the time, else float32.",
    ),
    cache_option,
)


def plan_options(command: CommandT) -> CommandT:
    """Add the options to a command, which gets their values by name."""
    return add_options(command, _OPTIONS)


def feature_effort(name: str | None, preset_name: str) -> FeatureEffort:
    """Return the effort for features that was chosen, or the usual one of a preset."""
    effort_name = name or ("thorough" if preset_name in _PUBLISHED else "quick")
    return next(effort for effort in FEATURE_EFFORTS if effort.name == effort_name)


def training_plan(parameters: Parameters, published: str | None) -> "TrainingPlan":
    """Return the plan that was chosen.

    Args:
        parameters: The options.
        published: The published data set that is trained on, whose settings the preset takes unless others are chosen.

    Raises:
        CheckpointError: There is no such preset.
        DeviceError: The device is not there.
    """
    from skillviewer.engine.runtime.device import choose_device, training_precision
    from skillviewer.engine.training.plan import TrainingPlan
    from skillviewer.engine.training.train_settings import EpochSelection
    from skillviewer.nets.presets import DATASETS, preset

    effort = feature_effort(parameters["features"], parameters["preset"])
    known_preset = published if published in DATASETS else "other"
    precision = parameters["precision"]
    device = choose_device(parameters["device"])
    settings = preset(parameters["preset"])
    return TrainingPlan(
        preset=parameters["preset"],
        dataset_preset=parameters["dataset_preset"] or known_preset,
        backbone=parameters["backbone"] or settings.backbone,
        trained_backbone=parameters["tsn_backbone"],
        own_motion=parameters["motion_weights"] == "own",
        preprocessing=Preprocessing(
            **(parameters["segments"] if parameters["segments"] is not None else {"n_segments": effort.n_segments}),
            input_px=parameters["input_px"] or settings.input_px,
            rate_hz=parameters["rate"],
            flow=FlowSettings(algorithm=parameters["flow"] or effort.flow),
            sampling=parameters["sampling"] or settings.sampling,
            crop=parameters["crop"] or "",
        ),
        fusion_stride=int(parameters["stride"]) if parameters["stride"] else None,
        candidates=parameters["candidates"] or effort.candidates,
        select=EpochSelection(parameters["select"] or "inner"),
        refit=parameters["refit"],
        inner_folds=parameters["inner_folds"],
        epochs=parameters["epochs"],
        learning_rate=parameters["learning_rate"],
        weight_decay=parameters["weight_decay"],
        training_precision=training_precision(precision, device),
        with_tracks=parameters["with_tracks"],
    )


def feature_cache(parameters: Parameters) -> "FeatureCache":
    """Return the cache of features, with the room that was chosen."""
    from skillviewer.engine.features.cache import FeatureCache

    return FeatureCache(max_bytes=int(parameters["cache_gb"] * 2**30))
