"""A line of known length in the picture, which converts pixels to millimetres in the plane of the line."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownLength:
    """A line in the picture whose length is known.

    Attributes:
        start_px: x and y of one end in pixels; (0, 0) is the centre of the top left pixel.
        end_px: x and y of the other end.
        mm: Length of the line in millimetres.
    """

    start_px: tuple[float, float]
    end_px: tuple[float, float]
    mm: float

    def __post_init__(self) -> None:
        """Check the length.

        Raises:
            ValueError: The ends coincide, ``mm`` is not positive, or a number is not finite.
        """
        if not (self.length_px > 0 and self.mm > 0 and math.isfinite(self.length_px) and math.isfinite(self.mm)):
            raise ValueError(
                "the length must be positive and finite in pixels and in millimetres, not "
                f"{self.length_px:g} px and {self.mm:g} mm"
            )

    @property
    def length_px(self) -> float:
        """Length of the line in pixels."""
        return math.dist(self.start_px, self.end_px)

    @property
    def mm_per_px(self) -> float:
        """Millimetres of one pixel."""
        return self.mm / self.length_px
