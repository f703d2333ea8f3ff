"""Where in the picture the cells lie that raised and lowered a score most, in words that a person would use."""

from dataclasses import dataclass

import numpy as np

from skillviewer.core.analysis import Analysis
from skillviewer.core.evidence import Evidence
from skillviewer.core.faithfulness import rounding_of
from skillviewer.core.moments import NEGLIGIBLE, PLACES, thirds
from skillviewer.core.partition import spread


@dataclass(frozen=True, slots=True)
class Ninth:
    """A ninth of the picture and what its cells contributed to the score.

    Attributes:
        place: One of ``PLACES``: "the upper left".
        amount: Sum of the contributions of the cells in it, a cell on the border by its share; signed.
    """

    place: str
    amount: float


def strongest_ninths(analysis: Analysis, evidence: Evidence) -> tuple[Ninth | None, Ninth | None] | None:
    """Return the ninth of the picture that raised the score most and the one that lowered it most.

    Args:
        analysis: What the model said.
        evidence: What its cells contributed.

    Returns:
        (raised, lowered), each None where no ninth did so by more than next to nothing; None for a model without cells.
    """
    cells = evidence.cell_contributions
    if cells is None:
        return None
    amounts = spread(cells, analysis.map_rect, thirds(analysis.map_rect))
    least = max(rounding_of(evidence.score), NEGLIGIBLE * float(np.abs(amounts).max()))
    found = []
    for sign in (1.0, -1.0):
        row, column = (int(i) for i in np.unravel_index(int(np.argmax(sign * amounts)), amounts.shape))
        amount = float(amounts[row, column])
        found.append(Ninth(PLACES[row][column], amount) if sign * amount > least else None)
    return found[0], found[1]
