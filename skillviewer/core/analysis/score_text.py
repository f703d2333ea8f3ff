"""Texts on scores, sampled frames and the origin of a map."""

import math
from collections.abc import Iterable

import numpy as np

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.analysis.map_style import Overlay
from skillviewer.core.analysis.scene import MapSource, Scene
from skillviewer.core.text import signed

UNFAMILIAR = "This model does not know such videos."
"""Shown instead of the score of a video that is unfamiliar to the model."""

HIDDEN = "?"
"""Shown instead of a number of a video that is unfamiliar to the model."""

LEARNT_TEXT = "The model learnt from this video: on new people it is less accurate."
"""Sentence on a video that the model was trained on."""

SPREAD_EVENLY_TEXT = "Attention was spread evenly; the map says little here."


def score_decimals(analyses: Iterable[Analysis]) -> int:
    """Return the number of decimals, 2 to 5, that shows the differences within the score curves."""
    values = np.concatenate([analysis.score_curve.ravel() for analysis in analyses])
    span = float(np.ptp(values)) if len(values) else 0.0
    if not span > 0:  # 0, or NaN for a baseline without scores
        return 2
    magnitude = math.floor(math.log10(span * 2))  # 0 for spans of 0.5 to 5
    return min(max(2 - magnitude, 2), 5)


def score_so_far(analysis: Analysis, frame_index: int) -> tuple[int, float]:
    """Return the last step that all passes have finished at a frame, and their mean score after it.

    Before the first step these are -1 and NaN. Pass 0 samples the latest frame of every segment, so that it finishes
    every step last.
    """
    step = int(np.searchsorted(analysis.samples[0], frame_index, side="right")) - 1
    if step < 0:
        return -1, math.nan
    return step, float(analysis.score_curve[:, step].mean())


def format_score(analysis: Analysis, digits: int) -> str:
    """Return the score of a complete analysis, with its interval if there is one."""
    text = signed(analysis.score, digits)
    if analysis.interval is None:
        return text
    low, high = analysis.interval
    return f"{text} ({signed(low, digits)} to {signed(high, digits)})"


def unfamiliar_sentence(analyses: Iterable[Analysis]) -> str:
    """Return a sentence that names the models to which the video is unfamiliar, or ""."""
    models = dict.fromkeys(analysis.provenance.model for analysis in analyses if analysis.unfamiliar)
    return f"{UNFAMILIAR[:-1]} ({', '.join(models)})." if models else ""


def score_phrase(analysis: Analysis, digits: int, *, unfamiliar_scores: bool = False) -> str:
    """Return the score of a complete analysis and its rating on the raters' scale, as one text.

    If the video is unfamiliar to the model, the text is a warning, followed by the score if ``unfamiliar_scores``.
    """
    warning = unfamiliar_sentence([analysis])
    if warning and not unfamiliar_scores:
        return warning
    texts = (warning, f"score {format_score(analysis, digits)}", analysis.rating)
    return " · ".join(text for text in texts if text)


def format_sampled(scene: Scene) -> str:
    """Return the number of sampled frames up to the frame on screen, such as "sampled 12/25"."""
    return f"sampled {scene.sample + 1}/{scene.n_samples}"


def format_source(scene: Scene) -> str:
    """Return where the map on screen is from, such as "map: 0.32 s old", and whether it is even or flat."""
    if scene.kind is MapKind.NONE:
        return "no map"
    if scene.map_style.overlay is Overlay.OFF:
        return "map hidden"
    text = {
        MapSource.OWN: "map: this frame",
        MapSource.HELD: f"map: {scene.age_s:.2f} s old",
        MapSource.INTERPOLATED: "map interpolated",
        MapSource.NOTHING: "no map yet",
    }[scene.source]
    if scene.values is None:
        return text
    if scene.is_spread_evenly:
        return f"{text}, spread evenly"
    return f"{text}, flat here" if scene.is_flat else text
