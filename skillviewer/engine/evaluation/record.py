"""Record of an evaluation: the contents of ``evaluation.json``."""

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
    """Record of an evaluation.

    Attributes:
        dataset: Name of the data set.
        task: Task that the videos show.
        rule: Rule by which judgements or ratings became pairs.
        n_videos: Number of videos.
        n_participants: Number of participants in the videos; 0 if participants are not known.
        n_pairs: Number of ordered pairs.
        folds_by: Unit that was held out: ``released``, ``participant`` or ``video``.
        split_title: The folds as text. The key in the file is ``division``.
        folds: Every fold.
        warning: Weakness of the folds, or "".
        n_seeds: Number of seeds.
        preset: Preset of the trainings.
        dataset_preset: Data set whose optimiser settings are taken from the preset.
        backbone: Backbone of the features, or "".
        trained_backbone: Initial weights of a network that trains its backbones, or "" if none was evaluated.
        preprocessing: Preprocessing of the videos.
        selection: Choice of the epochs, as text.
        ceilings: Accuracy of each ordering on all test pairs; a tie counts as half.
        models: Results of the models.
        problems: Videos that were left out and runs that failed, one sentence each.
        baseline: Model of another evaluation that all models are compared with; "" if they are compared with the first.
            The key in the file is ``against``.
        orderings: Accuracy of one rater, and of ordering by known facts about the videos, with intervals.
        verdict: Comparison of each model with each trivial baseline, one sentence each.
        one_rater: Metrics of one rater against the mean of the others.
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
    trained_backbone: str = ""  # "" in records of earlier versions
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
    """Return models, orderings and verdict as JSON: accuracies are fractions, and undefined numbers are null."""
    fields = {name: getattr(record, name) for name in ("models", "orderings", "verdict", "one_rater")}
    return msgspec.json.format(msgspec.json.encode(fields), indent=1).decode()
