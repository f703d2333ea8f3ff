"""Facts about one model, as a row of a table."""

from dataclasses import dataclass

from skillviewer.core.analysis.analysis import MapKind


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """One model, as a row of a table."""

    name: str
    digest: str  # SHA-256 of its configuration and weights
    attention_model: str  # its entry in ATTENTION_MODELS
    title: str  # display name of that entry
    map_kind: MapKind  # kind of its maps
    n_parameters: int  # number of trained parameters: the head, and backbones of its own
    accuracy: float | None  # pairwise accuracy on held-out pairs, 0 to 1, or None if not measured
    accuracy_interval: tuple[float, float] | None
    n_pairs: int
    rule: str  # sentence on what was held out
    warning: str  # warning of its card, or ""
    features: str  # description of its feature extraction; models with the same one share features
