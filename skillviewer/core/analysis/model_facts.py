"""Facts about a model, known before it assesses anything."""

from dataclasses import dataclass

from skillviewer.core.analysis.analysis import MapKind


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """One model, as a row of a table.

    Attributes:
        digest: SHA-256 of its configuration and weights.
        attention_model: Its entry in ATTENTION_MODELS.
        title: Display name of that entry.
        map_kind: Kind of its maps.
        n_parameters: Number of trained parameters: the head, and backbones of its own.
        accuracy: Pairwise accuracy on held-out pairs, 0 to 1, or None if not measured.
        rule: Sentence on what was held out.
        caution: Warning of its card, or "".
        features: Description of its feature extraction; models with the same one share features.
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
    caution: str
    features: str
