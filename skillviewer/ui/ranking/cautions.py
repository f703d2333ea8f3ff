"""Warnings to a rater: on the name, missing videos, the last vote and the last few votes. They refuse nothing."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QCoreApplication

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.ranking.rater_names import tidy
from skillviewer.core.text import printable
from skillviewer.data.study import Vote

SENSIBLE_SHARE = 0.5  # share of a video on screen below which a vote came too early
UNWATCHED_SHARE = 0.01  # share of a video on screen below which it was not watched
RECENT_VOTES = 20  # number of latest votes for a side that are checked
TOO_MANY = 16  # votes for one side among them that are too many: either side, by chance, once in 85 times

_tr = partial(QCoreApplication.translate, "rank")


def hardly_seen(left: float, right: float, undo_key: str = "", played: tuple[float, float] = (0.0, 0.0)) -> str:
    """Return a sentence about a vote given before both videos were seen, or "".

    Args:
        left: Share of the left video that was on screen, 0 to 1.
        right: The same of the right video.
        undo_key: The key for undo, or "" where there is none.
        played: Shares of the left and the right video that the rater let play or went to, whether or not their pictures
            came in time.
    """
    least, most = min(left, right), max(left, right)
    if least >= SENSIBLE_SHARE:
        return ""
    if min(played) >= SENSIBLE_SHARE:  # the computer's fault, not the rater's
        words = _tr(
            "Both videos were played, but this computer was too slow: it showed {:.0f} % of the left and {:.0f} % "
            "of the right one."
        )
        return words.format(100 * left, 100 * right)
    side = _tr("left") if left <= right else _tr("right")
    if most < UNWATCHED_SHARE:
        words = _tr("That vote came before either video was watched.")
    elif most < SENSIBLE_SHARE:
        words = _tr("That vote came after {:.0f} % of the left and {:.0f} % of the right video.")
        words = words.format(100 * left, 100 * right)
    else:
        words = _tr("That vote came after {:.0f} % of the {} video.").format(100 * least, side)
    undo = _tr("{} takes it back.").format(undo_key) if undo_key else _tr("Edit › Undo takes it back.")
    return f"{words} {undo}"


def known_under(typed: str, known: str) -> str:
    """Return a sentence where the study knows the rater by a slightly different name than the one typed, or ""."""
    if tidy(typed) == tidy(known):
        return ""
    words = _tr("“{}” continues as the rater “{}”. A different rater needs a different name.")
    return words.format(printable(typed), printable(known))


def lost(n_lost: int, n_videos: int) -> str:
    """Return a sentence about videos that cannot be shown."""
    words = _tr("{} of {} videos are missing or were replaced. Pairs with them are left out.")
    return words.format(n_lost, n_videos)


def side_favoured(votes: Sequence[Vote]) -> str:
    """Return a sentence about votes of one rater, in the order of voting, that favour one side, or ""."""
    sided = [vote.verdict for vote in votes if vote.verdict in {Verdict.LEFT, Verdict.RIGHT}][-RECENT_VOTES:]
    left = sided.count(Verdict.LEFT)
    most = max(left, len(sided) - left)
    if len(sided) < RECENT_VOTES or most < TOO_MANY:
        return ""
    side = _tr("left") if left == most else _tr("right")
    return _tr(
        "{} of your last {} votes were for the {} side. Sides are assigned at random: is one side easier to see?"
    ).format(most, len(sided), side)
