"""Files of backbone weights, and their download, the only use of the network in the program.

``fetch`` runs only if the user calls it (``skillviewer weights fetch resnet101``). It sends nothing but the request for
the file.
"""

import hashlib
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from skillviewer.core.atomic_write import atomic_path
from skillviewer.core.errors import CheckpointError, os_reason
from skillviewer.core.paths import data_dir, models_dir
from skillviewer.core.progress import CancelToken, Progress, Report, silent
from skillviewer.nets.backbones.weight_sources import WEIGHT_SOURCES, WeightSource

_BLOCK_BYTES = 2**20
_SUFFIXES = (".safetensors", ".pth")


def weights_dir() -> Path:
    """Return the folder of fetched weights."""
    return data_dir() / "weights"


def find_weights(name: str) -> Path | None:
    """Return the file with the ImageNet weights of a backbone, shipped or fetched, or None."""
    shipped = models_dir() / name / "weights.safetensors"
    if shipped.is_file():
        return shipped
    for suffix in _SUFFIXES:
        path = weights_dir() / (name + suffix)
        if path.is_file():
            return path
    return None


def weight_files() -> Iterator[tuple[str, Path | None]]:
    """Yield the name of every backbone with weights that ship, can be fetched or were added, and its file or None."""
    names = [path.parent.name for path in sorted(models_dir().glob("*/weights.safetensors"))]
    shipped = [name for name in names if not (models_dir() / name / "config.json").exists()]
    fetchable = [source.name for source in WEIGHT_SOURCES]
    added_paths = sorted(path for path in weights_dir().glob("*/*") if path.suffix in _SUFFIXES)
    added = []
    for path in added_paths:
        relative_path = path.relative_to(weights_dir())
        added.append(relative_path.with_suffix("").as_posix())
    for name in [*shipped, *fetchable, *added]:
        yield name, find_weights(name)


def fetch(source: WeightSource, token: CancelToken, report: Report = silent) -> Path:
    """Download weights, check their digest, and save them in ``weights_dir()``.

    The report receives the number of downloaded bytes.

    Raises:
        CheckpointError: The network, the digest or the disk failed; no file is left.
    """
    target = weights_dir() / (source.name + Path(source.url).suffix)
    digest = hashlib.sha256()
    try:
        with atomic_path(target) as temp_path:
            with temp_path.open("wb") as file, urllib.request.urlopen(source.url, timeout=30) as answer:  # noqa: S310
                length_text = answer.headers.get("Content-Length")
                total = int(length_text) if length_text else 0
                n_bytes = 0
                for block in iter(partial(answer.read, _BLOCK_BYTES), b""):
                    token.check()
                    file.write(block)
                    digest.update(block)
                    n_bytes += len(block)
                    report(Progress(f"fetching {source.name}", n_bytes, total))
            prefix = digest.hexdigest()[: len(source.sha256_prefix)]
            if prefix != source.sha256_prefix:
                raise CheckpointError(
                    f"What came from {source.url} is not {source.name}: its SHA-256 begins with {prefix}, not "
                    f"{source.sha256_prefix}. Nothing was kept."
                )
    except urllib.error.URLError as error:
        raise CheckpointError(
            f"{source.url} could not be fetched ({error.reason}). Fetch the file on a computer with a network and put "
            f"it at {target}."
        ) from error
    except OSError as error:
        raise CheckpointError(f"{source.name} could not be kept at {target}: {os_reason(error)}.") from error
    return target
