"""Warnings to a rater: on the name, the videos, the last vote and the last few; nothing is refused."""

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.ranking.rater_names import tidy
from skillviewer.core.text import printable
from skillviewer.data.study import Vote

SENSIBLE_SHARE = 0.5
"""A video of which less than this was on screen was hardly seen."""
NOTHING = 0.01
"""A video of which less than this was on screen was not watched."""
LOOKED_BACK = 20
"""Votes for one side or the other that are looked back on."""
FAVOURED = 16
"""So many of those on one side are too many: by chance this comes once in 85 times, either side counted."""


def _tr(text: str) -> str:
    return QCoreApplication.translate("rank", text)


def hardly_seen(left: float, right: float, undo_key: str = "", played: tuple[float, float] = (0.0, 0.0)) -> str:
    """Return a sentence about a vote that was given before both videos were seen, or "".

    Args:
        left: Share of the left video that was on screen, 0 to 1.
        right: The same of the right video.
        undo_key: The key that takes the vote back, or "" where there is none.
        played: Shares of the left and the right video that the rater let play or went to, whether or not their pictures
            came in time.
    """
    least, most = min(left, right), max(left, right)
    if least >= SENSIBLE_SHARE:
        return ""
    if min(played) >= SENSIBLE_SHARE:  # it was not the rater
        words = _tr(
            "Both videos were played, but this computer showed only {:.0f} % of the left and {:.0f} % of the right "
            "one: it is too slow for them."
        )
        return words.format(100 * left, 100 * right)
    side = _tr("left") if left <= right else _tr("right")
    if most < NOTHING:
        words = _tr("That vote came before either video was watched.")
    elif most < SENSIBLE_SHARE:
        words = _tr("That vote came after {:.0f} % of the left and {:.0f} % of the right video.")
        words = words.format(100 * left, 100 * right)
    else:
        words = _tr("That vote came after {:.0f} % of the {} video.").format(100 * least, side)
    undo = _tr("{} takes it back.").format(undo_key) if undo_key else _tr("Edit › Undo takes it back.")
    return f"{words} {undo}"


def known_under(typed: str, known: str) -> str:
    """Return a sentence where the study knows the rater by a name that is not quite what was typed, or ""."""
    if tidy(typed) == tidy(known):
        return ""
    words = _tr("“{}” goes on as “{}”, who is known here. Somebody else needs another name.")
    return words.format(printable(typed), printable(known))


def lost(n_lost: int, n_videos: int) -> str:
    """Return a sentence about videos that cannot be shown."""
    words = _tr("{} of {} videos are missing or were replaced; pairs with them are left out.")
    return words.format(n_lost, n_videos)


def side_favoured(votes: Sequence[Vote]) -> str:
    """Return a sentence about votes that go to one side too often, or "".

    Args:
        votes: Votes of one rater that stand, in the order of voting.
    """
    sided = [vote.verdict for vote in votes if vote.verdict in {Verdict.LEFT, Verdict.RIGHT}][-LOOKED_BACK:]
    left = sided.count(Verdict.LEFT)
    most = max(left, len(sided) - left)
    if len(sided) < LOOKED_BACK or most < FAVOURED:
        return ""
    side = _tr("left") if left == most else _tr("right")
    return _tr(
        "{} of your last {} votes went to the {} side. Which video stands where is left to chance: "
        "is one side easier to see?"
    ).format(most, len(sided), side)
