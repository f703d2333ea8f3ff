"""The colour scales of the panes: one for all maps of a kind, or one each."""

from collections.abc import Mapping
from dataclasses import replace

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.analysis.scene import Look, Scale, Scene, resolve
from skillviewer.export.rendering.canvas import common_looks


def looks_of(analyses: Mapping[str, Analysis], look: Look, scale: Scale) -> dict[str, Look]:
    """Return a look for each model.

    Under ``Scale.COMMON`` all maps of one kind share their limits: the largest value of any of them over the video,
    and 1 for gates. Maps of different kinds are numbers of different sorts, and each kind has a scale of its own.

    Args:
        analyses: By key of the model, whole or so far.
        look: How maps are shown otherwise.
        scale: What the limits are taken from.
    """
    known = {key: analysis for key, analysis in analyses.items() if analysis.n_samples}
    if scale is not Scale.COMMON or len(known) < 2:
        alone = Scale.VIDEO if scale is Scale.COMMON else scale
        return dict.fromkeys(known, replace(look, scale=alone))
    looks = common_looks(tuple(known.values()), replace(look, scale=scale))
    return dict(zip(known, looks, strict=True))


def shared_bars(analyses: Mapping[str, Analysis], looks: Mapping[str, Look]) -> dict[MapKind, Scene]:
    """Return for each kind of maps a scene that has its common limits; meant for ``Scale.COMMON``."""
    bars: dict[MapKind, Scene] = {}
    for key, look in looks.items():
        analysis = analyses[key]
        if analysis.map_kind is not MapKind.NONE and analysis.map_kind not in bars:
            bars[analysis.map_kind] = resolve(analysis, int(analysis.samples.max()), look)
    return bars
