"""A length that the user marked in the picture: it turns pixels into millimetres, in its plane."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownLength:
    """A line in the picture whose length is known.

    Attributes:
        start_px: x and y of one end in pixels; (0, 0) is the centre of the top left pixel.
        end_px: The same of the other end.
        mm: Its length in millimetres.
    """

    start_px: tuple[float, float]
    end_px: tuple[float, float]
    mm: float

    def __post_init__(self) -> None:
        """Check that it has a length.

        Raises:
            ValueError: The ends coincide, or a number is not finite and positive.
        """
        if not (self.length_px > 0 and self.mm > 0 and math.isfinite(self.length_px) and math.isfinite(self.mm)):
            raise ValueError(f"a line of {self.length_px:g} pixels that is {self.mm:g} mm long")

    @property
    def length_px(self) -> float:
        """Length of the line in pixels."""
        return math.dist(self.start_px, self.end_px)

    @property
    def mm_per_px(self) -> float:
        """Millimetres of one pixel."""
        return self.mm / self.length_px
