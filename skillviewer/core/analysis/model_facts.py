"""Facts about a model, as a row of a table."""

from dataclasses import dataclass

from skillviewer.core.analysis.analysis import MapKind


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """One model, as a row of a table."""

    name: str
    digest: str  # SHA-256 of the configuration and the weights
    attention_model: str  # name of the entry in ``ATTENTION_MODELS``
    title: str  # display name of that entry
    map_kind: MapKind
    n_parameters: int  # number of trained parameters, of the head and of backbones trained with it
    accuracy: float | None  # pairwise accuracy on held-out pairs, 0 to 1, or None if not measured
    accuracy_interval: tuple[float, float] | None
    n_pairs: int  # number of held-out pairs
    rule: str  # sentence on the rule by which pairs were held out
    warning: str  # warning of the model's card, or ""
    features: str  # description of the feature extraction; models with equal descriptions share features
