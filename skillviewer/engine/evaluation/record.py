"""Everything that an evaluation says, as it stands in ``evaluation.json``."""

import msgspec

from skillviewer.core.dataset.dataset import Fold
from skillviewer.core.evaluation.accuracy import PooledEstimate
from skillviewer.core.evaluation.ceilings import Ordering
from skillviewer.core.video.preprocessing import Preprocessing
from skillviewer.engine.evaluation.results import ModelResult

EVALUATION = "evaluation.json"


class FoldRecord(msgspec.Struct, frozen=True, kw_only=True, rename={"n_both_held_out": "n_honest_pairs"}):
    """A fold in numbers and names."""

    name: str
    held_out: tuple[str, ...]
    n_train_pairs: int
    n_test_pairs: int
    n_both_held_out: int

    @classmethod
    def of(cls, fold: Fold) -> "FoldRecord":
        """Return a fold as plain values."""
        return cls(
            name=fold.name,
            held_out=fold.held_out_videos,
            n_train_pairs=len(fold.train_pairs),
            n_test_pairs=len(fold.test_pairs),
            n_both_held_out=len(fold.both_held_out),
        )


class EvaluationRecord(
    msgspec.Struct, frozen=True, kw_only=True, rename={"baseline": "against", "split_title": "division"}
):
    """Everything that an evaluation says.

    Attributes:
        rule: Rule by which judgements or ratings became pairs.
        n_participants: Participants in them, 0 if they are not known.
        folds_by: Unit that was held out: ``released``, ``participant`` or ``video``.
        split_title: The folds in words.
        warning: Their weak point, or "".
        dataset_preset: Whose optimiser settings.
        backbone: Backbone of the features, or "".
        trained_backbone: Initial weights of a network that trains its backbones, or "" if none was evaluated.
        selection: Choice of the epochs, in words.
        ceilings: Accuracy of each ordering on all test pairs, a tie as half.
        problems: Videos that were left out and runs that failed, one sentence each.
        baseline: The model of another evaluation that all are compared with, or "" where it is the first. Its key in
            the file is ``against``.
        orderings: Accuracy of one rater, and of ordering by what is known of the videos, with intervals.
        verdict: How the first model does against the trivial baselines, one sentence each.
        one_rater: Chosen metrics of one rater against the mean of the others.
    """

    dataset: str
    task: str
    rule: str
    n_videos: int
    n_participants: int
    n_pairs: int
    folds_by: str
    split_title: str
    folds: tuple[FoldRecord, ...]
    warning: str
    n_seeds: int
    preset: str
    dataset_preset: str
    backbone: str
    trained_backbone: str = ""  # of folders that do not say
    preprocessing: Preprocessing
    selection: str
    ceilings: dict[str, float]
    models: tuple[ModelResult, ...]
    problems: tuple[str, ...]
    baseline: str = ""
    orderings: tuple[Ordering, ...] = ()  # empty in records of earlier versions
    verdict: tuple[str, ...] = ()
    one_rater: dict[str, PooledEstimate] = {}

    @property
    def optimistic(self) -> bool:
        """True if epochs were chosen on the test pairs."""
        return any(model.optimistic for model in self.models)


def models_json(record: EvaluationRecord) -> str:
    """Return models, orderings and verdict as JSON: accuracies as fractions, null for what is not defined."""
    whole = {name: getattr(record, name) for name in ("models", "orderings", "verdict", "one_rater")}
    return msgspec.json.format(msgspec.json.encode(whole), indent=1).decode()
