"""Sources of published ImageNet weights of the backbones. No torch and no network access here."""

from dataclasses import dataclass

from skillviewer.core.registry import table


@dataclass(frozen=True, slots=True)
class WeightSource:
    """A published file of weights."""

    name: str  # name of the backbone
    url: str
    sha256_prefix: str  # first digits of the SHA-256 of the file, which its name contains; "" if unknown
    terms: str  # publisher and licence


_TORCHVISION = "torchvision, BSD-3-Clause; trained on ImageNet-1K, whose pictures are for research and education"


def _torchvision(name: str, file: str) -> WeightSource:
    prefix = file.removesuffix(".pth").rpartition("-")[2]
    return WeightSource(name, f"https://download.pytorch.org/models/{file}", prefix, _TORCHVISION)


WEIGHT_SOURCES = table(
    _torchvision("resnet18", "resnet18-f37072fd.pth"),
    _torchvision("resnet34", "resnet34-b627a593.pth"),
    _torchvision("resnet50", "resnet50-0676ba61.pth"),
    _torchvision("resnet101", "resnet101-63fe2227.pth"),
    _torchvision("alexnet", "alexnet-owt-7be5be79.pth"),
)
"""torchvision's first ImageNet weights of each backbone (IMAGENET1K_V1): the recipe of the paper's time."""
