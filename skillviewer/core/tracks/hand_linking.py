"""Linking of hands detected in single frames to tracks of the left and the right hand.

The network's side of a single hand switches now and then, two hands in a frame may get the same side, and one hand may
be found twice. Hands are therefore first linked by position, from frame to frame, to pieces. The side of each piece is
then chosen so that votes of the network and plausible motion over the gaps agree best, and no two pieces of one side
share a frame. Gaps stay gaps.
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

SIDE_WEIGHT = 0.25
"""Weight of a frame's vote for a side. It is small, because frames that follow each other err together."""

MAX_LOG_ODDS = 3.0
"""Largest absolute log-odds of a frame's vote for a side."""

SLACK_PALMS = 0.3
"""Palm lengths in the distance over a gap that costs 1: ``SLACK_PALMS`` + ``SLACK_SPEED`` · duration of the gap."""

SLACK_SPEED = 3.0
"""Palm lengths a second in the distance over a gap that costs 1."""

MAX_JUMP_COST = 6.0
"""Largest cost of a jump: that of eight contrary votes, 8 · ``SIDE_WEIGHT`` · ``MAX_LOG_ODDS``."""

FIRST_SEEN_COST = 3.0
"""Cost of the first piece of a side. A hand that appears near the last one is more likely the same than a new one."""

N_HYPOTHESES = 64
"""Number of assignments that are followed at once."""

LEFT_HAND = "left hand"
"""Name of the track of the left hand."""

RIGHT_HAND = "right hand"
"""Name of the track of the right hand."""


@dataclass(slots=True)
class _Piece:
    """A hand over searched frames that follow each other."""

    frames: list[int] = field(default_factory=list)
    hands: list[DetectedHand] = field(default_factory=list)

    @property
    def vote(self) -> float:
        """Weighted sum of the votes for the right side, minus those for the left."""
        probabilities = np.clip([hand.right_probability for hand in self.hands], 1e-6, 1 - 1e-6)
        log_odds = np.log(probabilities / (1 - probabilities))
        return SIDE_WEIGHT * float(np.clip(log_odds, -MAX_LOG_ODDS, MAX_LOG_ODDS).sum())


@dataclass(frozen=True, slots=True)
class _Hypothesis:
    """Sides of all pieces so far, with their cost."""

    cost: float
    last_indices: tuple[int, int]  # indices of the latest piece of the left and of the right side, or -1
    side: Side = Side.UNKNOWN  # side of the latest piece
    previous: "_Hypothesis | None" = None  # sides of the earlier pieces; None before the first piece

    def sides(self) -> list[Side]:
        """Return the sides of all pieces, in order."""
        sides: list[Side] = []
        hypothesis: _Hypothesis | None = self
        while hypothesis is not None and hypothesis.previous is not None:
            sides.append(hypothesis.side)
            hypothesis = hypothesis.previous
        return sides[::-1]


def _palm_px(hand: DetectedHand) -> float:
    return float(np.linalg.norm(hand.landmarks_px[WRIST] - hand.landmarks_px[MIDDLE_KNUCKLE]))


def _distance_px(first: DetectedHand, second: DetectedHand) -> float:
    return float(np.linalg.norm(first.landmarks_px - second.landmarks_px, axis=1).mean())


def without_twins(hands: Sequence[DetectedHand]) -> tuple[DetectedHand, ...]:
    """Return the distinct hands of a frame. If two hands lie on each other, only the more certain hand is returned."""
    distinct: list[DetectedHand] = []
    for hand in sorted(hands, key=lambda hand: -hand.presence):
        if all(_distance_px(hand, other) >= TWIN_PALMS * _palm_px(other) for other in distinct):
            distinct.append(hand)
    return tuple(distinct)


def _pieces(hands_by_frame: Sequence[FrameHands], times_s: FloatArray) -> list[_Piece]:
    """Return hands linked from each searched frame to the next."""
    pieces: list[_Piece] = []
    last_pieces: list[_Piece] = []  # those that reach the last frame
    last_frame = -1
    for frame_hands in hands_by_frame:
        follows = last_frame >= 0 and times_s[frame_hands.frame] - times_s[last_frame] <= LINK_S
        continued = _continued_pieces(last_pieces, frame_hands.hands) if follows else {}
        last_pieces = []
        for hand_index, hand in enumerate(frame_hands.hands):
            piece = continued.get(hand_index)
            if piece is None:
                piece = _Piece()
                pieces.append(piece)
            piece.frames.append(frame_hands.frame)
            piece.hands.append(hand)
            last_pieces.append(piece)
        last_frame = frame_hands.frame
    return pieces


def _continued_pieces(pieces: Sequence[_Piece], hands: Sequence[DetectedHand]) -> dict[int, _Piece]:
    """Return the pieces that hands of the next frame continue, by index of the hand; the nearest are linked first."""
    links: list[tuple[float, int, int]] = []
    for piece_index, piece in enumerate(pieces):
        last_hand = piece.hands[-1]
        for hand_index, hand in enumerate(hands):
            distance_px = _distance_px(last_hand, hand)
            if distance_px < _palm_px(last_hand):
                links.append((distance_px, piece_index, hand_index))
    continued: dict[int, _Piece] = {}
    continued_indices: set[int] = set()
    for _, piece_index, hand_index in sorted(links):
        if piece_index not in continued_indices and hand_index not in continued:
            continued_indices.add(piece_index)
            continued[hand_index] = pieces[piece_index]
    return continued


def _jump_cost(piece_before: _Piece, piece_after: _Piece, times_s: FloatArray) -> float:
    """Return the cost of a hand's way from the end of a piece to the start of another, 0 to ``MAX_JUMP_COST``."""
    gap_s = float(times_s[piece_after.frames[0]] - times_s[piece_before.frames[-1]])
    palms = _distance_px(piece_before.hands[-1], piece_after.hands[0]) / max(_palm_px(piece_before.hands[-1]), 1.0)
    return min(palms / (SLACK_PALMS + SLACK_SPEED * gap_s), MAX_JUMP_COST)


def _choose_sides(pieces: Sequence[_Piece], times_s: FloatArray) -> list[Side]:
    """Return the side of every piece, in order of their starts; UNKNOWN for a third hand in a frame.

    The sides are found by a beam search.
    """
    beam = [_Hypothesis(0.0, (-1, -1))]
    for index, piece in enumerate(pieces):
        vote = piece.vote
        extended = []
        for old_state in beam:
            n_free_sides = 0
            left_index, right_index = old_state.last_indices
            for side, last_index in ((Side.LEFT, left_index), (Side.RIGHT, right_index)):
                last_piece = pieces[last_index] if last_index >= 0 else None
                if last_piece is not None and last_piece.frames[-1] >= piece.frames[0]:
                    continue
                n_free_sides += 1
                jump_cost = FIRST_SEEN_COST if last_piece is None else _jump_cost(last_piece, piece, times_s)
                if side == Side.LEFT:
                    cost = old_state.cost + jump_cost + vote
                    last_indices = (index, right_index)
                else:
                    cost = old_state.cost + jump_cost - vote
                    last_indices = (left_index, index)
                extended.append(_Hypothesis(cost, last_indices, side, old_state))
            if n_free_sides == 0:
                extended.append(
                    _Hypothesis(old_state.cost + len(piece.frames), old_state.last_indices, Side.UNKNOWN, old_state)
                )
        # of hypotheses that end with the same pieces, only the cheapest can be the best in the end
        cheapest: dict[tuple[int, int], _Hypothesis] = {}
        for hypothesis in sorted(extended, key=lambda hypothesis: hypothesis.cost):
            cheapest.setdefault(hypothesis.last_indices, hypothesis)
        beam = list(cheapest.values())[:N_HYPOTHESES]
    return beam[0].sides()


def hand_tracks(
    hands_by_frame: Sequence[FrameHands], target: TrackSet, made_by: str, max_hands: int = 2
) -> tuple[Track, ...]:
    """Link hands to tracks.

    Args:
        hands_by_frame: Hands of the searched frames, in order of time; frames outside the range are left out.
        target: Tracks of the video and range that the new tracks belong to; those that it holds are not used.
        made_by: Networks and settings, in a few words.
        max_hands: Largest number of tracks.

    Returns:
        The left and the right hand, empty if none was found; then further hands that are in a frame with two others. If
        there are more than ``max_hands``, those with the most frames are returned.
    """
    frames = target.frames
    hands_by_frame = [frame_hands for frame_hands in hands_by_frame if frame_hands.frame in frames]
    times_s = np.full(frames.stop, np.nan)
    times_s[frames.start :] = target.times_s
    searched = np.full(len(frames), FrameState.UNSEARCHED, dtype=np.uint8)
    for frame_hands in hands_by_frame:
        searched[frame_hands.frame - frames.start] = FrameState.ABSENT
    distinct_hands = [replace(frame_hands, hands=without_twins(frame_hands.hands)) for frame_hands in hands_by_frame]
    pieces = _pieces(distinct_hands, times_s)
    pieces_by_side: dict[Side, list[_Piece]] = {side: [] for side in Side}
    for piece, side in zip(pieces, _choose_sides(pieces, times_s), strict=True):
        pieces_by_side[side].append(piece)
    tracks = [
        _track(LEFT_HAND, Side.LEFT, pieces_by_side[Side.LEFT], searched, frames, made_by),
        _track(RIGHT_HAND, Side.RIGHT, pieces_by_side[Side.RIGHT], searched, frames, made_by),
    ]
    n_further = max(0, max_hands - 2)
    further_hands = _further_hands(pieces_by_side[Side.UNKNOWN])[:n_further]
    for number, pieces_of_hand in enumerate(further_hands, start=3):
        tracks.append(_track(f"hand {number}", Side.UNKNOWN, pieces_of_hand, searched, frames, made_by))
    return tuple(tracks)


def _further_hands(pieces: Sequence[_Piece]) -> list[list[_Piece]]:
    """Return pieces in groups without two in a frame, the group with the most frames first."""
    groups: list[list[_Piece]] = []
    for piece in sorted(pieces, key=lambda piece: piece.frames[0]):
        group = next((group for group in groups if group[-1].frames[-1] < piece.frames[0]), None)
        if group is None:
            groups.append([piece])
        else:
            group.append(piece)
    return sorted(groups, key=lambda group: -sum(len(piece.frames) for piece in group))


def _track(name: str, side: Side, pieces: Sequence[_Piece], searched: np.ndarray, frames: range, made_by: str) -> Track:
    n_points = len(HAND_POINTS)
    states = searched.copy()
    xy_px = np.full((len(frames), n_points, 2), np.nan, dtype=np.float32)
    presence = np.zeros((len(frames), n_points), dtype=np.float32)
    for piece in pieces:
        for frame, hand in zip(piece.frames, piece.hands, strict=True):
            row = frame - frames.start
            states[row] = FrameState.FOUND
            xy_px[row] = hand.landmarks_px
            presence[row] = hand.presence
    return Track(name, HAND_POINTS, xy_px, presence, states, TrackKind.HAND, side, TrackMethod.HAND_NETWORK, made_by)


def swap_hands(tracks: TrackSet, frames: range) -> TrackSet:
    """Return tracks in which left and right hand are exchanged in some frames of the file.

    Raises:
        VideoError: There is no left and right hand.
        ValueError: The frames are outside the range.
    """
    left = tracks.track(LEFT_HAND)
    right = tracks.track(RIGHT_HAND)
    if left is None or right is None:
        raise VideoError("There is no left and right hand to exchange: find the hands first.")
    if frames.start < tracks.frames.start or frames.stop > tracks.frames.stop:
        raise ValueError(f"frames {frames.start} to {frames.stop} are not part of {tracks.frames}")
    rows = slice(frames.start - tracks.start_frame, frames.stop - tracks.start_frame)
    return tracks.with_tracks((left.replaced(rows, right), right.replaced(rows, left)))
