"""Files of weights alone, as networks are published: safetensors, or a torch file with nothing but weights."""

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
    """Load the weights of a backbone, strictly: no trunk weight may be missing, none may be unknown.

    The file is a ``.safetensors`` file, or one of torchvision's ``.pth`` files.

    Raises:
        CheckpointError: They cannot be read or belong to another network.
    """
    entry = backbone(name)
    weights = {k.replace("conv1_custom.", "conv1."): v for k, v in read_weights(path).items()}
    after_trunk = {k: v for k, v in weights.items() if k.startswith(entry.ignored)}
    state = {k: v.float() if v.is_floating_point() else v for k, v in weights.items() if k not in after_trunk}
    state = {entry.prefix + name: tensor for name, tensor in state.items()}
    first = state.get(entry.first_convolution)
    if first is None or first.ndim < 4:
        raise CheckpointError(f"{path} holds no weights of {entry.title}: {entry.first_convolution} is missing.")
    in_channels = int(first.shape[1])
    with shapes_only():
        expected = entry.make(in_channels).state_dict()
    for counter in (k for k in expected if k.endswith("num_batches_tracked")):
        state.setdefault(counter, torch.tensor(0))  # missing in older files
    problem = mismatch(state, expected)
    if problem:
        raise CheckpointError(f"{path} holds no weights of {entry.title}: {problem}.")
    return BackboneWeights(name, state, in_channels, weights_digest(state), after_trunk)
