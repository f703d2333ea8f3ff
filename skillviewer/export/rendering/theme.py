"""Colours of exports: a dark theme for clips, and a white one for paper."""

from dataclasses import dataclass

Colour = tuple[int, int, int]
"""Red, green, blue, each 0 to 255."""


def blend(foreground: Colour, background: Colour, opacity: float) -> Colour:
    """Return the colour of ``foreground`` on ``background``, for an opacity of 0 to 1."""
    red, green, blue = (round(a * opacity + b * (1 - opacity)) for a, b in zip(foreground, background, strict=True))
    return (red, green, blue)


def rgb_fractions(colour: Colour) -> tuple[float, float, float]:
    """Return red, green and blue as fractions of 1, for matplotlib."""
    return (colour[0] / 255, colour[1] / 255, colour[2] / 255)


@dataclass(frozen=True, slots=True)
class ExportTheme:
    """Colours of exports on one background."""

    background: Colour
    text: Colour  # main text; contrast to the background at least 12 to 1
    muted: Colour  # units, ticks and secondary text; contrast at least 4.5 to 1
    line: Colour  # grid lines and frames
    # curves, in order; distinguishable by colour-blind people (Okabe and Ito, 2008), contrast at least 3 to 1
    series: tuple[Colour, ...]


DARK = ExportTheme(
    background=(18, 20, 24),
    text=(236, 238, 241),
    muted=(152, 159, 170),
    line=(52, 57, 66),
    series=(
        (110, 190, 255), (240, 180, 60), (70, 200, 150), (235, 130, 180), (240, 228, 90), (235, 120, 60),
        (150, 160, 255), (200, 205, 212), (150, 220, 230),
    ),
)  # fmt: skip
WHITE = ExportTheme(
    background=(255, 255, 255),
    text=(26, 28, 32),
    muted=(98, 104, 114),
    line=(218, 221, 226),
    series=(
        (0, 104, 170), (190, 105, 0), (0, 128, 96), (176, 84, 140), (120, 112, 0), (196, 70, 20), (84, 80, 190),
        (80, 84, 92), (20, 130, 150),
    ),
)  # fmt: skip

THEMES: tuple[tuple[str, object], ...] = (("dark", DARK), ("white", WHITE))
"""Name and theme of each choice."""
