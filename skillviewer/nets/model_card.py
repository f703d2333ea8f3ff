"""Card of a checkpoint: the facts for the user. No torch here: its import takes seconds."""

from pathlib import Path
from typing import Any, TypeVar

import msgspec

from skillviewer.core.analysis.calibration import ScoreCalibration
from skillviewer.core.dataset.pairs import SKILL
from skillviewer.core.errors import CheckpointError, first_line, os_reason
from skillviewer.core.evaluation.accuracy import PooledEstimate
from skillviewer.core.evaluation.accuracy_text import format_accuracy
from skillviewer.core.evaluation.outcome import OutcomeCheck, outcome_warning
from skillviewer.core.hashing import CARD
from skillviewer.core.text import finite_or_none

FORMAT = 1
"""Version of the checkpoint format; the program reads no other."""

_LATER_PREPROCESSING = {f"preprocessing.{name}" for name in ("sampling", "segment_s", "most_segments", "crop")}
_LATER = {"outcome", "last_fifth", "criterion", "raters_scale", "plugins", "held_out.both_new", "tracks", "verdict"}
LATER_FIELDS = frozenset(_LATER_PREPROCESSING | _LATER)
"""Fields added to this version of the format; their defaults are the behaviour before they were added."""

_MAX_JSON_BYTES = 1 << 20
"""Largest configuration or card of a checkpoint."""

StructT = TypeVar("StructT", bound=msgspec.Struct)


class PairAccuracy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Proportion of pairs that a model orders as the raters do, 0 to 1; ties count as wrong."""

    accuracy: float
    # lower end of its 95 % interval; None if one participant was tested, or no participant changes the value
    low: float | None
    high: float | None
    n_pairs: int

    @property
    def interval(self) -> tuple[float, float] | None:
        """The interval, or None."""
        if self.low is None or self.high is None:
            return None
        return self.low, self.high

    @property
    def text(self) -> str:
        """The accuracy with its interval: “88.2 % (64.4 to 96.9)”."""
        return format_accuracy(self.accuracy, self.low, self.high)


class HeldOut(PairAccuracy, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Accuracy on all pairs that touch a held-out video (the papers' number), and on those of new people."""

    rule: str  # description of the held-out videos and of the selection of the epoch
    # accuracy on pairs with both videos held out, so that training saw neither person; None if not measured
    both_new: PairAccuracy | None = None

    @classmethod
    def of(cls, pooled: PooledEstimate, rule: str, both_new: PooledEstimate | None = None) -> "HeldOut":
        """Return accuracies for a card from those on all held-out pairs and on pairs with both videos held out."""
        of_new_people = None
        if both_new is not None and both_new.n_pairs:
            of_new_people = PairAccuracy(**_accuracy_fields(both_new))
        return cls(**_accuracy_fields(pooled), rule=rule, both_new=of_new_people)

    @property
    def headline(self) -> PairAccuracy:
        """The accuracy to state first: on pairs of new people, where it was measured."""
        return self.both_new or self

    @property
    def headline_pairs(self) -> str:
        """The pairs of the headline, as text."""
        return BOTH_NEW if self.both_new is not None else "held-out pairs"

    @property
    def headline_text(self) -> str:
        """The headline with its interval, and the number and kind of its pairs."""
        return f"{self.headline.text} of {self.headline.n_pairs} {self.headline_pairs}"


BOTH_NEW = "pairs of new people"
"""Pairs with both videos held out."""


def _accuracy_fields(pooled: PooledEstimate) -> dict[str, Any]:
    return {
        "accuracy": pooled.value,
        "low": finite_or_none(pooled.low),
        "high": finite_or_none(pooled.high),
        "n_pairs": pooled.n_pairs,
    }


class ModelCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Facts about a checkpoint for the user."""

    name: str
    attention_model: str = ""  # entry in ATTENTION_MODELS; filled in on saving
    task: str
    created: str  # date and time, ISO 8601
    program: str  # name and version of the training program
    training_data: str  # description of the training data
    n_videos: int
    n_pairs: int
    held_out: HeldOut | None = None  # accuracies on held-out pairs, or None if not measured
    # (name, accuracy) on the pairs of the headline: orderings that no model can beat, or that it must beat (duration)
    ceilings: tuple[tuple[str, float], ...] = ()
    verdict: str = ""  # sentence that compares the accuracy with the trivial baselines, or "" if none were compared
    # accuracy on held-out pairs with different and with equal outcome (success), or None if not measured
    outcome: OutcomeCheck | None = None
    # share of the contributions in the last fifth of held-out videos, or None if not measured
    last_fifth: float | None = None
    seed: int = 0
    preset: str = ""
    notes: str = ""  # further notes
    criterion: str = SKILL  # criterion of the ratings or votes that it learnt from
    # map from its scores to the raters' scale, or the reason for none; None if there are no ratings
    raters_scale: ScoreCalibration | None = None
    plugins: tuple[str, ...] = ()  # packages with versions that add its model and its backbone; filled in on saving

    @property
    def accuracy(self) -> float | None:
        """Accuracy on pairs of new people, else on all held-out pairs, or None if not measured."""
        return None if self.held_out is None else self.held_out.headline.accuracy

    @property
    def warning(self) -> str:
        """Warning about a model that detects the outcome of a video or looks at its end, or ""."""
        return outcome_warning(self.outcome, self.last_fifth)


def load_card(folder: Path) -> ModelCard:
    """Read the card of a checkpoint alone, without its weights, or raise a CheckpointError."""
    return decode_part(folder / CARD, read_part(folder, CARD), ModelCard)


def find_card(folder: Path | None) -> ModelCard | None:
    """Return the card of a checkpoint, or None if the checkpoint is missing or its card cannot be read."""
    if folder is None:
        return None
    try:
        return load_card(folder)
    except CheckpointError:
        return None


def read_part(folder: Path, name: str) -> bytes:
    """Return a file of a checkpoint, or raise a CheckpointError."""
    try:
        return (folder / name).read_bytes()
    except FileNotFoundError as error:
        raise CheckpointError(f"{folder} is no checkpoint: it has no {name}.") from error
    except OSError as error:
        raise CheckpointError(f"{folder / name} cannot be read: {os_reason(error)}.") from error


def decode_part(path: Path, data: bytes, kind: type[StructT]) -> StructT:
    """Decode JSON strictly: a missing field is an error too, since a default would be a guess.

    Only ``LATER_FIELDS`` may be missing. They get their default, which is the behaviour of older checkpoints.

    Raises:
        CheckpointError: It is damaged, or of another version.
    """
    if len(data) > _MAX_JSON_BYTES:
        raise CheckpointError(f"{path} is not as this program writes it: it exceeds {_MAX_JSON_BYTES >> 20} MB.")
    try:
        raw_fields = msgspec.json.decode(data)
        file_format = raw_fields.get("format", FORMAT) if isinstance(raw_fields, dict) else FORMAT
        if file_format != FORMAT:
            is_newer = isinstance(file_format, int) and file_format > FORMAT
            advice = "Update SkillViewer" if is_newer else "Train the model again"
            raise CheckpointError(
                f"{path} has checkpoint format {file_format!s:.40}, and this program reads {FORMAT}. {advice}."
            )
        value = msgspec.convert(raw_fields, kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is not as this program writes it: {first_line(error)}.") from error
    problem = _field_problem(raw_fields, msgspec.to_builtins(value))
    if problem:
        raise CheckpointError(f"{path} is not as this program writes it: {problem}.")
    return value


def _field_problem(actual: object, expected_value: object, prefix: str = "") -> str:
    """Return the first unknown or missing field of nested objects, as text; "" if there is none."""
    if not isinstance(actual, dict) or not isinstance(expected_value, dict):
        return ""
    for name in sorted(actual.keys() ^ expected_value.keys()):
        if name in actual:
            return f"unknown field {prefix}{name}"
        if f"{prefix}{name}" not in LATER_FIELDS:
            return f"no field {prefix}{name}"
    for name in expected_value.keys() & actual.keys():
        problem = _field_problem(actual[name], expected_value[name], f"{prefix}{name}.")
        if problem:
            return problem
    return ""
