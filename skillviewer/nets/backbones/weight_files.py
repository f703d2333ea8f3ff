"""Reading of published weights: safetensors files, or torch files with nothing but weights."""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from skillviewer.core.errors import CheckpointError, first_line
from skillviewer.nets.backbones.backbone_weights import BackboneWeights, mismatch, weights_digest
from skillviewer.nets.backbones.backbones import backbone
from skillviewer.nets.meta_device import shapes_only


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read named tensors from a ``.safetensors`` file or a torch file with nothing but weights.

    State dicts wrapped by training scripts (``state_dict``), or with prefixed names (``module.``), are unwrapped.

    Raises:
        CheckpointError: The file is missing, damaged or of another kind.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        weights = torch.load(path, map_location="cpu", weights_only=True)  # noqa: TID251 - the one place
    except FileNotFoundError as error:
        raise CheckpointError(f"There are no weights at {path}.") from error
    except (OSError, SafetensorError, RuntimeError, EOFError, KeyError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read as weights: {first_line(error)}. Get the file again.") from error
    except Exception as error:  # the unpickler's own errors, whose type depends on the content of the file
        raise CheckpointError(
            f"{path} holds more than weights ({first_line(error)}), and this program opens no such file. Save "
            "the state dict alone, or convert it to safetensors."
        ) from error
    if isinstance(weights, dict) and isinstance(weights.get("state_dict"), dict):
        weights = weights["state_dict"]
    if not isinstance(weights, dict) or not all(isinstance(v, Tensor) for v in weights.values()):
        raise CheckpointError(f"{path} holds no state dict. Save the state dict of the network alone.")
    return {str(name).removeprefix("module."): tensor for name, tensor in weights.items()}


def load_backbone_weights(path: Path, name: str) -> BackboneWeights:
    """Load the weights of a backbone strictly: every weight of the trunk has to be present and known.

    Args:
        path: A ``.safetensors`` file, or a ``.pth`` file of torchvision.
        name: Name of the backbone.

    Raises:
        CheckpointError: The weights cannot be read, or belong to another network.
    """
    entry = backbone(name)
    weights = {key.replace("conv1_custom.", "conv1."): tensor for key, tensor in read_weights(path).items()}
    after_trunk = {}
    state = {}
    for key, tensor in weights.items():
        if key.startswith(entry.ignored):
            after_trunk[key] = tensor
        else:
            state[entry.prefix + key] = tensor.float() if tensor.is_floating_point() else tensor
    first = state.get(entry.first_convolution)
    if first is None or first.ndim < 4:
        raise CheckpointError(f"{path} holds no weights of {entry.title}: {entry.first_convolution} is missing.")
    in_channels = int(first.shape[1])
    with shapes_only():
        expected_state = entry.make(in_channels).state_dict()
    for key in expected_state:
        if key.endswith("num_batches_tracked"):  # missing in older files
            state.setdefault(key, torch.tensor(0))
    problem = mismatch(state, expected_state)
    if problem:
        raise CheckpointError(f"{path} holds no weights of {entry.title}: {problem}.")
    return BackboneWeights(name, state, in_channels, weights_digest(state), after_trunk)
