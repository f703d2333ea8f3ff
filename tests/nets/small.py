"""Small models and features for tests: every size different, so that none can stand in for another."""

from dataclasses import replace

import torch
from torch import Tensor, nn

from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.models import NUMBERS, AttentionEntry, Inputs, attention_model
from skillviewer.nets.sizes import HeadSizes

SMALL = HeadSizes(
    feature_channels=6,
    grid=(4, 6),
    fusion_hidden=7,
    channels=5,
    task_hidden=4,
    attention_hidden=3,
    embed=2,
    cbam_hidden=9,
    cbam_reduction=2,
    cbam_spatial=3,
    sca_embed=8,
    tsn_hidden=(8, 7),
    raan_hidden=5,
    raan_filters=3,
)

N_FRAMES = 8

RELEASED = (
    "full", "none", "no-rnn", "xbar", "htask", "sharp", "prefix", "average", "follow", "pool", "pool-gru", "cbam",
    "cbam-original", "visual", "visual-gru", "sca", "sca-original", "tsn", "tsn-frozen", "raan", "pooled",
    "motion", "duration",
)  # fmt: skip
"""Names in checkpoints and results that users have: each stays, has an oracle, and has its parameters counted."""


def small_sizes(entry: AttentionEntry, sizes: HeadSizes = SMALL) -> HeadSizes:
    own = entry.paper_sizes
    return (
        replace(sizes, feature_channels=own.feature_channels, grid=(1, 1)) if own and entry.inputs in NUMBERS else sizes
    )


def scramble(model: nn.Module, seed: int = 0) -> None:
    """Give every parameter and statistic a value that matters, also those that begin at 0 or 1."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if tensor.is_floating_point():
                values = 0.5 * torch.randn(tensor.shape, generator=generator)
                tensor.copy_(values.abs() + 0.5 if name.endswith(("running_var", "scale")) else values)


def small_model(name: str, sizes: HeadSizes = SMALL, seed: int = 0) -> AttentionModel:
    entry = attention_model(name)
    model = entry.build(small_sizes(entry, sizes)).eval()
    scramble(model, seed)
    return model


def small_features(
    name: str, batch: int = 3, n_frames: int = N_FRAMES, sizes: HeadSizes = SMALL, seed: int = 1
) -> Tensor:
    """Return features (B, N, 2F, rows, columns), or ascending times for a model that takes time."""
    entry = attention_model(name)
    own = small_sizes(entry, sizes)
    generator = torch.Generator().manual_seed(seed)
    if entry.inputs is Inputs.TIME:
        return torch.rand(batch, n_frames, 1, 1, 1, generator=generator).cumsum(1) * 10
    if entry.inputs is Inputs.FLOW:
        return torch.rand(batch, n_frames, own.feature_channels, 1, 1, generator=generator) * 3
    return torch.randn(batch, n_frames, own.feature_channels, *own.grid, generator=generator)
