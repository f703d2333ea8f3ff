"""Score curve of a video as lines of a plot, for figures and clips."""

from typing import TYPE_CHECKING

from skillviewer.core.analysis.score_curve import ScoreCurve
from skillviewer.core.arrays import FloatArray
from skillviewer.export.rendering.theme import Colour, rgb_fractions

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D


def plot_curve(
    axes: "Axes",
    curve: ScoreCurve,
    pass_times_s: FloatArray,
    *,
    colour: Colour,
    pass_colour: Colour,
    width_pt: float,
    pass_width_pt: float,
    zorder: int,
) -> "tuple[Line2D, list[Line2D]]":
    """Draw the mean of the passes as a line, and below it a line for each pass if there are several.

    Args:
        axes: Axes to draw on.
        curve: The score curve.
        pass_times_s: (K, N) times of the passes, on the clock of the plot.
        colour: Colour of the mean.
        pass_colour: Colour of the passes.
        width_pt: Width of the line of the mean, in points.
        pass_width_pt: Width of the lines of the passes, in points.
        zorder: Drawing order of the mean in matplotlib.

    Returns:
        The line of the mean, and the lines of the passes.
    """
    pass_lines: list[Line2D] = []
    if len(curve.passes) > 1:
        for times_s, scores in zip(pass_times_s, curve.passes, strict=True):
            pass_lines += axes.plot(times_s, scores, color=rgb_fractions(pass_colour), linewidth=pass_width_pt)
    (mean_line,) = axes.plot(
        pass_times_s[0], curve.mean, color=rgb_fractions(colour), linewidth=width_pt, zorder=zorder
    )
    return mean_line, pass_lines
