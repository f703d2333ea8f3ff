"""Linking of hands detected in single frames to tracks of the left and the right hand.

The network's side of a single hand switches now and then, two hands in a frame may get the same side, and one hand may
be found twice. Hands are therefore linked first by position to pieces that follow each other from frame to frame; the
side of each piece is then chosen so that votes of the network and plausible motion over the gaps agree best, and no two
pieces of one side share a frame. Gaps stay gaps.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from skillviewer.core.arrays import FloatArray
from skillviewer.core.errors import VideoError
from skillviewer.core.tracks.hand_detections import DetectedHand, FrameHands
from skillviewer.core.tracks.hand_points import HAND_POINTS, MIDDLE_KNUCKLE, WRIST
from skillviewer.core.tracks.tracks import FrameState, Side, Track, TrackKind, TrackMethod, TrackSet

LINK_S = 0.1
"""Longest time between two searched frames over which a hand is linked by its position."""

TWIN_PALMS = 0.5
"""Two hands in a frame that are nearer, in palm lengths, are one hand, found twice."""

SIDE_WEIGHT, MAX_LOG_ODDS = 0.25, 3.0
"""Weight of a frame's vote for a side, and the bound of its log-odds: frames that follow each other err together."""

SLACK_PALMS, SLACK_SPEED = 0.3, 3.0
"""Distance over a gap that costs 1: in palm lengths, and more by palm lengths a second of the gap."""

MAX_JUMP = 6.0
"""Largest cost of a jump, which eight contrary votes outweigh."""

FIRST_SEEN = 3.0
"""Cost of the first piece of a side: a hand that comes back near by is rather the same than one never seen."""

N_HYPOTHESES = 64
"""Number of assignments that are followed at once."""

LEFT_HAND, RIGHT_HAND = "left hand", "right hand"
"""Names of the tracks."""


@dataclass(slots=True)
class _Chain:
    """A hand over searched frames that follow each other."""

    frames: list[int] = field(default_factory=list)
    hands: list[DetectedHand] = field(default_factory=list)

    @property
    def vote(self) -> float:
        """Weighted sum of the votes for the right side, minus those for the left."""
        right = np.clip([hand.right for hand in self.hands], 1e-6, 1 - 1e-6)
        return SIDE_WEIGHT * float(np.clip(np.log(right / (1 - right)), -MAX_LOG_ODDS, MAX_LOG_ODDS).sum())


@dataclass(frozen=True, slots=True)
class _Hypothesis:
    """Sides of all pieces so far, with their cost."""

    cost: float
    last: tuple[int, int]  # the latest piece of the left and of the right side, or -1
    side: Side = Side.UNKNOWN  # of the latest piece
    before: "_Hypothesis | None" = None  # the sides of the pieces before it

    def sides(self) -> list[Side]:
        """Return the sides of all pieces, in order."""
        sides: list[Side] = []
        hypothesis: _Hypothesis | None = self
        while hypothesis is not None and hypothesis.before is not None:
            sides.append(hypothesis.side)
            hypothesis = hypothesis.before
        return sides[::-1]


def _palm_px(hand: DetectedHand) -> float:
    return float(np.linalg.norm(hand.landmarks_px[WRIST] - hand.landmarks_px[MIDDLE_KNUCKLE]))


def _distance_px(first: DetectedHand, second: DetectedHand) -> float:
    return float(np.linalg.norm(first.landmarks_px - second.landmarks_px, axis=1).mean())


def without_twins(hands: Sequence[DetectedHand]) -> tuple[DetectedHand, ...]:
    """Return the hands of a frame without those found twice: the more certain of two that lie on each other stays."""
    distinct: list[DetectedHand] = []
    for hand in sorted(hands, key=lambda hand: -hand.presence):
        if all(_distance_px(hand, other) >= TWIN_PALMS * _palm_px(other) for other in distinct):
            distinct.append(hand)
    return tuple(distinct)


def _chains(hands_by_frame: Sequence[FrameHands], times_s: FloatArray) -> list[_Chain]:
    """Return hands linked from each searched frame to the next, nearest first."""
    chains: list[_Chain] = []
    growing: list[_Chain] = []
    last_frame = -1
    for frame_hands in hands_by_frame:
        follows = last_frame >= 0 and times_s[frame_hands.frame] - times_s[last_frame] <= LINK_S
        continuable = growing if follows else []
        links = sorted(
            (distance, i, k)
            for i, chain in enumerate(continuable)
            for k, hand in enumerate(frame_hands.hands)
            if (distance := _distance_px(chain.hands[-1], hand)) < _palm_px(chain.hands[-1])
        )
        linked: dict[int, _Chain] = {}
        linked_from: set[int] = set()
        for _, i, k in links:
            if i not in linked_from and k not in linked:
                linked_from.add(i)
                linked[k] = continuable[i]
        growing = [linked.get(k) or _Chain() for k in range(len(frame_hands.hands))]
        chains += [chain for chain in growing if not chain.frames]
        for chain, hand in zip(growing, frame_hands.hands, strict=True):
            chain.frames.append(frame_hands.frame)
            chain.hands.append(hand)
        last_frame = frame_hands.frame
    return chains


def _jump_cost(before: _Chain, after: _Chain, times_s: FloatArray) -> float:
    """Return the cost of a hand's way from the end of a piece to the start of another, 0 to ``MAX_JUMP``."""
    gap_s = float(times_s[after.frames[0]] - times_s[before.frames[-1]])
    palms = _distance_px(before.hands[-1], after.hands[0]) / max(_palm_px(before.hands[-1]), 1.0)
    return min(palms / (SLACK_PALMS + SLACK_SPEED * gap_s), MAX_JUMP)


def _assigned(chains: Sequence[_Chain], times_s: FloatArray) -> list[Side]:
    """Return the side of every piece, in order of their starts; UNKNOWN for a third hand in a frame."""
    beam = [_Hypothesis(0.0, (-1, -1))]
    for i, chain in enumerate(chains):
        vote = chain.vote
        longer = []
        for old in beam:
            free = 0
            for place, side in enumerate((Side.LEFT, Side.RIGHT)):
                last = chains[old.last[place]] if old.last[place] >= 0 else None
                if last is not None and last.frames[-1] >= chain.frames[0]:
                    continue
                free += 1
                jump = FIRST_SEEN if last is None else _jump_cost(last, chain, times_s)
                cost = old.cost + jump + (vote if side == Side.LEFT else -vote)
                latest = (i, old.last[1]) if side == Side.LEFT else (old.last[0], i)
                longer.append(_Hypothesis(cost, latest, side, old))
            if not free:
                longer.append(_Hypothesis(old.cost + len(chain.frames), old.last, Side.UNKNOWN, old))
        best: dict[tuple[int, int], _Hypothesis] = {}
        for new in sorted(longer, key=lambda new: new.cost):
            best.setdefault(new.last, new)
        beam = list(best.values())[:N_HYPOTHESES]
    return beam[0].sides()


def hand_tracks(
    hands_by_frame: Sequence[FrameHands], empty: TrackSet, made_by: str, max_hands: int = 2
) -> tuple[Track, ...]:
    """Link hands to tracks.

    Args:
        hands_by_frame: Hands of the searched frames, in order of time; frames outside the range are left out.
        empty: Video and range.
        made_by: Networks and settings, in a few words.
        max_hands: Largest number of tracks.

    Returns:
        The left and the right hand, empty if none was found; then further hands that are in a frame with two others.
        Of more hands than asked for, those that are followed longest stay.
    """
    frames = empty.frames
    hands_by_frame = [frame_hands for frame_hands in hands_by_frame if frame_hands.frame in frames]
    times_s = np.full(frames.stop, np.nan)
    times_s[frames.start :] = empty.times_s
    searched = np.full(len(frames), FrameState.UNSEARCHED, dtype=np.uint8)
    for frame_hands in hands_by_frame:
        searched[frame_hands.frame - frames.start] = FrameState.ABSENT
    chains = _chains(
        [replace(frame_hands, hands=without_twins(frame_hands.hands)) for frame_hands in hands_by_frame], times_s
    )
    sides = _assigned(chains, times_s)
    of_side = {
        side: [chain for chain, of_chain in zip(chains, sides, strict=True) if of_chain == side] for side in Side
    }
    lanes = {(LEFT_HAND, Side.LEFT): of_side[Side.LEFT], (RIGHT_HAND, Side.RIGHT): of_side[Side.RIGHT]}
    for lane in _lanes(of_side[Side.UNKNOWN])[: max(0, max_hands - 2)]:
        lanes[f"hand {len(lanes) + 1}", Side.UNKNOWN] = lane
    return tuple(_track(name, side, chains, searched, frames, made_by) for (name, side), chains in lanes.items())


def _lanes(chains: Sequence[_Chain]) -> list[list[_Chain]]:
    """Return chains in groups without two in a frame, the group with the most frames first."""
    lanes: list[list[_Chain]] = []
    for chain in sorted(chains, key=lambda chain: chain.frames[0]):
        lane = next((lane for lane in lanes if lane[-1].frames[-1] < chain.frames[0]), None)
        if lane is None:
            lanes.append([chain])
        else:
            lane.append(chain)
    return sorted(lanes, key=lambda lane: -sum(len(chain.frames) for chain in lane))


def _track(name: str, side: Side, chains: Sequence[_Chain], searched: np.ndarray, frames: range, made_by: str) -> Track:
    n_points = len(HAND_POINTS)
    states = searched.copy()
    xy_px = np.full((len(frames), n_points, 2), np.nan, dtype=np.float32)
    presence = np.zeros((len(frames), n_points), dtype=np.float32)
    for chain in chains:
        for frame, hand in zip(chain.frames, chain.hands, strict=True):
            row = frame - frames.start
            states[row] = FrameState.FOUND
            xy_px[row] = hand.landmarks_px
            presence[row] = hand.presence
    kind, method = TrackKind.HAND, TrackMethod.HAND_NETWORK
    return Track(name, HAND_POINTS, xy_px, presence, states, kind, side, method, made_by)


def swap_hands(tracks: TrackSet, frames: range) -> TrackSet:
    """Return tracks in which left and right hand are exchanged in some frames of the file.

    Raises:
        VideoError: There is no left and right hand.
        ValueError: The frames are outside the range.
    """
    left, right = tracks.track(LEFT_HAND), tracks.track(RIGHT_HAND)
    if left is None or right is None:
        raise VideoError("There is no left and right hand to exchange: find the hands first.")
    if frames.start < tracks.frames.start or frames.stop > tracks.frames.stop:
        raise ValueError(f"frames {frames.start} to {frames.stop} are not part of {tracks.frames}")
    rows = slice(frames.start - tracks.start_frame, frames.stop - tracks.start_frame)
    return tracks.with_tracks((left.replaced(rows, right), right.replaced(rows, left)))
