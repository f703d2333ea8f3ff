"""The score curve of a video as lines of a plot, the same in figures and in clips."""

from typing import TYPE_CHECKING

from skillviewer.core.analysis.score_curve import ScoreCurve
from skillviewer.core.arrays import FloatArray
from skillviewer.export.rendering.theme import Colour, unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D


def plot_curve(
    axes: "Axes",
    curve: ScoreCurve,
    pass_times_s: FloatArray,
    *,
    colour: Colour,
    faint: Colour,
    width: float,
    faint_width: float,
    zorder: int,
) -> "tuple[Line2D, list[Line2D]]":
    """Draw the mean of the passes as a bold line over the passes, if there are several.

    Args:
        axes: Where to draw.
        curve: The curve.
        pass_times_s: (K, N) times of its passes, on the clock of the plot.
        colour: Colour of the mean.
        faint: Colour of the passes.
        width: Width of the mean's line, in points.
        faint_width: Width of the passes' lines.
        zorder: Height of the mean among the parts of the plot.

    Returns:
        The line of the mean, and those of the passes.
    """
    passes: list[Line2D] = []
    if len(curve.passes) > 1:
        for times_s, scores in zip(pass_times_s, curve.passes, strict=True):
            passes += axes.plot(times_s, scores, color=unit(faint), linewidth=faint_width)
    (mean,) = axes.plot(pass_times_s[0], curve.mean, color=unit(colour), linewidth=width, zorder=zorder)
    return mean, passes
