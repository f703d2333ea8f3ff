"""What is known of a model before it has looked at anything."""

from dataclasses import dataclass

from skillviewer.core.analysis.analysis import MapKind


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """A model in a row of a table.

    Attributes:
        name: Name of its checkpoint.
        digest: SHA-256 of its configuration and weights.
        attention_model: Its entry in ATTENTION_MODELS.
        title: That entry's name for people.
        map_kind: What its maps are.
        n_parameters: Numbers that were trained: the head, and backbones of its own.
        accuracy: Pairwise accuracy on held-out pairs, 0 to 1, or None where none was measured.
        accuracy_interval: Its 95 % interval, or None.
        n_pairs: Held-out pairs.
        rule: What was held out, in words.
        features: What its features are computed with, in words: models that share it share features.
    """

    name: str
    digest: str
    attention_model: str
    title: str
    map_kind: MapKind
    n_parameters: int
    accuracy: float | None
    accuracy_interval: tuple[float, float] | None
    n_pairs: int
    rule: str
    features: str
