"""Captions of pictures: times, frames, scores, and the origin of a map."""

import math
from collections.abc import Iterable

import numpy as np

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.analysis.scene import MapSource, Overlay, Scene
from skillviewer.core.text import signed

UNFAMILIAR = "This model does not know such videos."
"""Said in place of a score that means nothing."""

HIDDEN = "?"
"""Stands for a number that means nothing."""

EVEN_WORDS = "Attention was spread evenly; the map says little here."


def score_digits(analyses: Iterable[Analysis]) -> int:
    """Return the number of decimals that shows differences within these curves: 2, or more if they hardly move."""
    values = np.concatenate([a.score_curve.ravel() for a in analyses])
    span = float(np.ptp(values)) if len(values) else 0.0
    return int(np.clip(2 - math.floor(math.log10(span * 2)), 2, 5)) if span > 0 else 2


def score_so_far(analysis: Analysis, frame_index: int) -> tuple[int, float]:
    """Return the last step that every pass has finished by a frame, and the mean score after it; (-1, NaN) before.

    Pass 0 samples last in every segment, so its frames show when all passes have finished it.
    """
    step = int(np.searchsorted(analysis.samples[0], frame_index, side="right")) - 1
    return (step, float(analysis.score_curve[:, step].mean())) if step >= 0 else (-1, math.nan)


def format_score(analysis: Analysis, digits: int) -> str:
    """Return the score of a complete analysis, with its interval if there is one."""
    text = signed(analysis.score, digits)
    if analysis.interval is None:
        return text
    low, high = (signed(x, digits) for x in analysis.interval)
    return f"{text} ({low} to {high})"


def unfamiliar_sentence(analyses: Iterable[Analysis]) -> str:
    """Return that models do not know such videos, with the models' names; "" if every video is familiar."""
    models = dict.fromkeys(analysis.provenance.model for analysis in analyses if analysis.unfamiliar)
    return f"{UNFAMILIAR[:-1]} ({', '.join(models)})." if models else ""


def score_phrase(analysis: Analysis, digits: int, *, unfamiliar_scores: bool = False) -> str:
    """Return "score" with the score of a complete analysis, then its rating on the raters' scale if there is one.

    A model that does not know such videos says so; the score then follows if ``unfamiliar_scores``.
    """
    rating = analysis.scaled.words if analysis.scaled is not None else ""
    known = unfamiliar_sentence([analysis])
    if known and not unfamiliar_scores:
        return known
    return " · ".join(filter(None, (known, f"score {format_score(analysis, digits)}", rating)))


def format_sampled(scene: Scene) -> str:
    """Return the number of sampled frames passed so far: "sampled 12/25"."""
    return f"sampled {scene.sample + 1}/{scene.n_samples}"


def format_source(scene: Scene) -> str:
    """Return the origin of the map on screen; a held map is always named: "map held 0.32 s", an even one too."""
    if scene.kind is MapKind.NONE:
        return "no map"
    if scene.map_style.overlay is Overlay.OFF:
        return "map hidden"
    text = {
        MapSource.OWN: "map own",
        MapSource.HELD: f"map held {scene.age_s:.2f} s",
        MapSource.INTERPOLATED: "map interpolated",
        MapSource.NOTHING: "no map yet",
    }[scene.source]
    if scene.values is None:
        return text
    if scene.even:
        return f"{text}, spread evenly"
    return f"{text}, flat here" if scene.flat else text
