"""Small data sets made of names alone."""

from itertools import combinations

from skillviewer.core.dataset.dataset import Dataset, DatasetVideo
from skillviewer.core.dataset.pairs import Pair


def ranked(names: list[str], with_participants: bool = True) -> Dataset:
    """Return a data set in which every earlier name is better than every later one; the letter is the participant."""
    return Dataset(
        name="ranked",
        form="pair-folder",
        task="ranked",
        videos=tuple(DatasetVideo(n, None, n[0] if with_participants else None) for n in names),
        pairs=tuple(Pair(a, b) for a, b in combinations(names, 2)),
    )


def people(letters: str, attempts: int) -> list[str]:
    """Return names like A1, A2, B1, B2."""
    return [f"{letter}{i + 1}" for letter in letters for i in range(attempts)]
