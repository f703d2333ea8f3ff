"""Sources of published ImageNet weights of the backbones. No torch and no network access here."""

from dataclasses import dataclass

from skillviewer.core.registry import table


@dataclass(frozen=True, slots=True)
class WeightSource:
    """A published file of weights.

    Attributes:
        name: Name of the backbone.
        url: Address of the file.
        sha256_prefix: First digits of the file's SHA-256, which its name contains.
        size_mb: Approximate size of the file in millions of bytes.
        terms: Publisher and licence.
    """

    name: str
    url: str
    sha256_prefix: str
    size_mb: int
    terms: str


_TORCHVISION = "torchvision, BSD-3-Clause; trained on ImageNet-1K, whose pictures are for research and education"


def _torchvision(name: str, file: str, size_mb: int) -> WeightSource:
    prefix = file.removesuffix(".pth").rpartition("-")[2]
    return WeightSource(name, f"https://download.pytorch.org/models/{file}", prefix, size_mb, _TORCHVISION)


WEIGHT_SOURCES = table(
    _torchvision("resnet18", "resnet18-f37072fd.pth", 47),
    _torchvision("resnet34", "resnet34-b627a593.pth", 87),
    _torchvision("resnet50", "resnet50-0676ba61.pth", 103),
    _torchvision("resnet101", "resnet101-63fe2227.pth", 179),
    _torchvision("alexnet", "alexnet-owt-7be5be79.pth", 244),
)
"""torchvision's first ImageNet weights of each backbone (IMAGENET1K_V1): the recipe of the paper's time."""
