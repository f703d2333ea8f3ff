"""Sentences for raters: warnings about votes, notices about names and files, and the summary of a sitting."""

from collections.abc import Sequence

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.ranking.rater_names import normalize
from skillviewer.core.text import counted, format_duration, printable
from skillviewer.data.study import Vote
from skillviewer.data.study.judging.pair_queue import RaterProgress
from skillviewer.ui.ranking.judging_session import JudgingSession

ENOUGH_SHARE = 0.5  # share of a video on screen below which an answer came too early
UNWATCHED_SHARE = 0.01  # share of a video on screen below which it was not watched
N_RECENT_VOTES = 20  # number of latest votes for a side that are checked
SIDE_BIAS_VOTES = 16  # votes for one side among them that cause a warning: by chance, once in 85 times


def judging_summary(session: JudgingSession, duration_s: float) -> str:
    """Return a summary of a sitting of this duration, or "" without a rater."""
    if not session.rater or session.newest_vote_id is None:
        return ""
    progress = session.progress
    pairs = counted(session.n_judged, "pair")
    skipped = f", {session.n_skipped} skipped" if session.n_skipped else ""
    return (
        f"{session.rater} judged {pairs} in {format_duration(duration_s)}{skipped}: "
        f"{progress.n_own} of {progress.rater_target} in all. Every vote is stored."
    )


def format_progress(progress: RaterProgress) -> str:
    """Return the progress of the rater and of all raters, such as “You 3/12 · everyone 40/60”."""
    text = f"You {progress.n_own}/{progress.rater_target} · everyone {progress.all}"
    if progress.all > progress.target:  # imported votes exceed the target
        return text
    return f"{text}/{progress.target}"


def rest_message(session: JudgingSession, since_rest_s: float) -> str:
    """Return the message that suggests a pause."""
    pairs = counted(session.n_since_rest, "pair")
    minutes = max(round(since_rest_s / 60), 1)
    return f"You have judged {pairs} in {minutes} min. A few minutes away from the screen keep your judgement fair."


def done_message(session: JudgingSession) -> str:
    """Return the message after the last pair, or at the target."""
    progress = session.progress
    own_text = f"{session.rater} gave {counted(progress.n_own, 'judgement')}"
    all_text = f"All raters together gave {progress.all} of {progress.target}"
    if session.next_pair is None:
        own_text += " and has seen every pair"
        if progress.all >= progress.target:  # few videos have few pairs
            all_text = f"All raters together gave {progress.all}"
    return f"{own_text}. {all_text}. Thank you."


def early_vote_warning(left: float, right: float, undo_key: str = "", played: tuple[float, float] = (0.0, 0.0)) -> str:
    """Return a sentence about a vote that was given before both videos were seen, or "".

    Args:
        left: Share of the left video that was on screen, 0 to 1.
        right: Share of the right video that was on screen.
        undo_key: Text of the key for undo, or "".
        played: Shares of both that the rater played or sought, with frames that arrived too late to be shown.
    """
    lower = min(left, right)
    higher = max(left, right)
    if lower >= ENOUGH_SHARE:
        return ""
    if min(played) >= ENOUGH_SHARE:  # the computer's fault, not the rater's
        text = (
            "Both videos were played, but this computer was too slow: it showed {:.0f} % of the left and {:.0f} % "
            "of the right one."
        )
        return text.format(100 * left, 100 * right)
    side = "left" if left <= right else "right"
    if higher < UNWATCHED_SHARE:
        text = "Your last vote came before either video was watched."
    elif higher < ENOUGH_SHARE:
        text = f"Your last vote came after {100 * left:.0f} % of the left and {100 * right:.0f} % of the right video."
    else:
        text = f"Your last vote came after {100 * lower:.0f} % of the {side} video."
    return f"{text} {undo_hint(undo_key)}"


def undo_hint(undo_key: str) -> str:
    """Return a sentence on how to undo; ``undo_key`` is the text of the key for undo, or ""."""
    return f"{undo_key} takes it back." if undo_key else "Edit › Undo takes it back."


def known_rater_notice(typed_name: str, known_name: str) -> str:
    """Return a sentence if the study spells the name of the rater differently than the user typed it, or ""."""
    if normalize(typed_name) == normalize(known_name):
        return ""
    text = "“{}” continues as the rater “{}”. A different rater needs a different name."
    return text.format(printable(typed_name), printable(known_name))


def missing_videos_notice(n_missing: int, n_videos: int, consequence: str) -> str:
    """Return two sentences: about videos that cannot be shown, and about the next step."""
    return f"{n_missing} of {n_videos} videos are missing or were replaced. {consequence}"


def side_bias_warning(votes: Sequence[Vote]) -> str:
    """Return a sentence if the latest votes of one rater favour a side, or ""; votes are in the order of voting."""
    side_verdicts = [vote.verdict for vote in votes if vote.verdict in {Verdict.LEFT, Verdict.RIGHT}]
    recent_verdicts = side_verdicts[-N_RECENT_VOTES:]
    n_left = recent_verdicts.count(Verdict.LEFT)
    n_majority = max(n_left, len(recent_verdicts) - n_left)
    if len(recent_verdicts) < N_RECENT_VOTES or n_majority < SIDE_BIAS_VOTES:
        return ""
    side = "left" if n_left == n_majority else "right"
    return (
        f"{n_majority} of your last {len(recent_verdicts)} votes were for the {side} side. "
        "Sides are assigned at random: is one side easier to see?"
    )
