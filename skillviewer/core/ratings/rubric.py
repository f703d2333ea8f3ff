"""Rubrics: the items by which a rater rates a video, with their steps and anchors."""

import hashlib
import json
import math
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from skillviewer.core.dataset.rating_set import RatingScale
from skillviewer.core.errors import DatasetError
from skillviewer.core.text import printable

MAX_ITEMS = 30
MAX_STEPS = 10
"""Most steps of an item, since each step has a key."""

MAX_NAME = 80
"""Most characters of a name."""

MAX_TEXT = 400
"""Most characters of an anchor, a question, a source or a note."""

_ROUNDING = 1e-9
_LARGEST = 1e6


@dataclass(frozen=True, slots=True)
class Anchor:
    """Text of the meaning of a step."""

    step: float  # the rating
    text: str


@dataclass(frozen=True, slots=True)
class RubricItem:
    """An item of a rubric, with ratings from ``low`` to ``high`` in equal steps."""

    name: str  # name of the item and of the criterion of its ratings
    low: float = 1.0  # lowest rating
    high: float = 5.0  # highest rating
    step: float = 1.0  # distance of two neighbouring ratings
    question: str = ""  # explanation for the rater, or ""
    anchors: tuple[Anchor, ...] = ()  # meanings of some steps, the lowest first
    less_is_better: bool = False  # whether a lower rating shows better skill

    def __post_init__(self) -> None:
        _check_text(self.name, "The name of an item", MAX_NAME, required=True)
        _check_text(self.question, f"The question of “{self.name}”", MAX_TEXT)
        for number in (self.low, self.high, self.step):
            if not math.isfinite(number) or abs(number) > _LARGEST:
                raise DatasetError(f"“{self.name}” has a scale with the number {number:g}: use -1000000 to 1000000.")
        if self.step <= 0 or not self.low < self.high:
            raise DatasetError(
                f"“{self.name}” runs from {self.low:g} to {self.high:g} in steps of {self.step:g}: state the lower "
                "end first, and a step above 0."
            )
        n_steps = (self.high - self.low) / self.step + 1
        if n_steps > MAX_STEPS + 0.5:
            raise DatasetError(
                f"“{self.name}” has {n_steps:.0f} steps, and {MAX_STEPS} are possible, one key for each: use wider "
                "steps."
            )
        if abs(n_steps - round(n_steps)) > 1e-6:
            raise DatasetError(
                f"“{self.name}” runs from {self.low:g} to {self.high:g}, which steps of {self.step:g} do not reach."
            )
        anchor_steps = [anchor.step for anchor in self.anchors]
        are_on_scale = all(self.nearest(step) is not None for step in anchor_steps)
        if not are_on_scale or anchor_steps != sorted(set(anchor_steps)):
            steps_text = ", ".join(f"{step:g}" for step in anchor_steps)
            raise DatasetError(
                f"“{self.name}” has anchors at {steps_text}: give each step of the scale at most one, the lowest first."
            )
        for anchor in self.anchors:
            _check_text(anchor.text, f"An anchor of “{self.name}”", MAX_TEXT, required=True)

    @property
    def steps(self) -> tuple[float, ...]:
        """All ratings, the lowest first."""
        n_steps = round((self.high - self.low) / self.step) + 1
        return tuple(round(self.low + index * self.step, 9) for index in range(n_steps))

    @property
    def keys(self) -> tuple[str, ...]:
        """Key of each step: the step itself if all steps are whole numbers from 0 to 9, else its position from 1."""
        steps = self.steps
        if all(step.is_integer() and 0 <= step <= 9 for step in steps):
            return tuple(f"{step:.0f}" for step in steps)
        return tuple(str((index + 1) % 10) for index in range(len(steps)))

    def nearest(self, rating: float) -> float | None:
        """Return the step that equals a rating up to rounding errors, or None."""
        return next((step for step in self.steps if abs(step - rating) <= _ROUNDING), None)

    def anchor(self, step: float) -> str:
        """Return the meaning of a step, or ""."""
        return next((anchor.text for anchor in self.anchors if abs(anchor.step - step) <= _ROUNDING), "")

    @property
    def scale(self) -> RatingScale:
        """Scale of the item's ratings."""
        return RatingScale(self.name, self.low, self.high, self.step, less_is_better=self.less_is_better, stated=True)


@dataclass(frozen=True, slots=True)
class Rubric:
    """The items by which a video is rated.

    If ``total`` is set, the sum of all items is a rating too, for videos whose items were all rated.
    """

    name: str  # title
    items: tuple[RubricItem, ...]
    total: str = ""  # name of the sum of all items, or "" for none
    source: str = ""  # publication of the items, or ""
    note: str = ""  # remark for users who choose the rubric, or ""
    _by_name: Mapping[str, RubricItem] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        _check_text(self.name, "The name of a rubric", MAX_NAME, required=True)
        _check_text(self.total, "The name of the sum", MAX_NAME)
        _check_text(self.source, "The source of a rubric", MAX_TEXT)
        _check_text(self.note, "The note of a rubric", MAX_TEXT)
        if not 1 <= len(self.items) <= MAX_ITEMS:
            raise DatasetError(f"A rubric has 1 to {MAX_ITEMS} items; “{self.name}” has {len(self.items)}.")
        used_names: set[str] = set()
        for name in (*(item.name for item in self.items), self.total):
            casefolded_name = name.casefold()
            if casefolded_name and casefolded_name in used_names:
                raise DatasetError(f"Two items of “{self.name}” are called “{name}”: give each a name of its own.")
            used_names.add(casefolded_name)
        if self.total and len({item.less_is_better for item in self.items}) > 1:
            raise DatasetError(f"“{self.total}” adds items of opposite directions: leave it out.")
        object.__setattr__(self, "_by_name", {item.name: item for item in self.items})

    def item(self, name: str) -> RubricItem | None:
        """Return the item with a name, or None."""
        return self._by_name.get(name)

    @property
    def scales(self) -> tuple[RatingScale, ...]:
        """Scales of the ratings. The sum comes first, since the first item is the default criterion of a study."""
        item_scales = tuple(item.scale for item in self.items)
        if not self.total:
            return item_scales
        total_scale = RatingScale(
            self.total,
            low=sum(item.low for item in self.items),
            high=sum(item.high for item in self.items),
            step=min(item.step for item in self.items),
            less_is_better=self.items[0].less_is_better,
            stated=True,
        )
        return (total_scale, *item_scales)

    def ratings(self, answers: Mapping[str, float]) -> dict[str, float]:
        """Return the answers by item, and their sum if all items were answered."""
        ratings = {item.name: answers[item.name] for item in self.items if item.name in answers}
        if self.total and len(ratings) == len(self.items):
            return {self.total: round(sum(ratings.values()), 9), **ratings}
        return ratings

    def wrong_answer(self, answers: Mapping[str, float]) -> str:
        """Return a text on the first invalid answer, without a full stop, or ""."""
        for name, rating in answers.items():
            item = self.item(name)
            if item is None:
                return f"the rubric “{self.name}” has no item “{printable(name[:MAX_NAME])}”"
            if item.nearest(rating) is None:
                steps_text = ", ".join(f"{step:g}" for step in item.steps)
                return f"“{name}” is rated {rating:g}, and its steps are {steps_text}"
        return ""

    @property
    def digest(self) -> str:
        """SHA-256 of the content, by which ratings refer to the rubric."""
        content = {"items": [asdict(item) for item in self.items], "name": self.name, "total": self.total}
        text = json.dumps(content, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def _check_text(text: str, noun: str, max_length: int, *, required: bool = False) -> None:
    if required and not text.strip():
        raise DatasetError(f"{noun} is empty.")
    if len(text) > max_length:
        raise DatasetError(f"{noun} has {len(text)} characters, and {max_length} are possible: “{text[:40]}…”.")
    if text != text.strip() or any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co"} for char in text):
        raise DatasetError(f"{noun} has blanks at its ends or characters that cannot be shown: {text[:40]!r}.")
