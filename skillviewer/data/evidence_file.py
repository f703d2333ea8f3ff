"""Files of evidence in the cache, named as the files of analyses. They spare seconds of computing."""

import hashlib
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
import numpy as np

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.atomic_write import atomic_export
from skillviewer.core.errors import ExportError
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.paths import cache_dir
from skillviewer.data.analysis_file import SUFFIX as ANALYSIS
from skillviewer.data.study.models import analysis_path

FORMAT = 1
SUFFIX = ".evidence"
_MAX_BYTES = 1 << 29
"""Largest size of a file when it is unpacked."""


_FACTS = {name: kind for name, kind in get_type_hints(Evidence).items() if name != "clip_range"}
"""Fields of evidence that are saved; its range is that of the analysis."""

_Kept = msgspec.defstruct("_Kept", [("format", int), ("samples", str), *_FACTS.items()])
"""These fields after the number of the format and the SHA-256 of the frames that the analysis looked at."""


def evidence_path(analysis: Analysis) -> Path:
    """Return the path of the evidence for an analysis, whether or not the file exists."""
    path = analysis_path(analysis.video.digest, analysis.provenance.model_digest, analysis.clip_range)
    return cache_dir() / "evidence" / path.parent.name / (path.name.removesuffix(ANALYSIS) + SUFFIX)


def save_evidence(analysis: Analysis, evidence: Evidence) -> None:
    """Save the evidence for an analysis; it can be computed again, so that a full disk is no error."""
    saved = _Kept(FORMAT, _samples_of(analysis), *(getattr(evidence, name) for name in _FACTS))
    content = zlib.compress(msgspec.msgpack.encode(saved, enc_hook=_plain))
    with suppress(ExportError), atomic_export(evidence_path(analysis), overwrite=True, durable=False) as temp_path:
        temp_path.write_bytes(content)


def load_evidence(analysis: Analysis) -> Evidence | None:
    """Load the evidence of an analysis, bit for bit; None if there is none for these very frames.

    A damaged file is removed, since it can be computed again.
    """
    path = evidence_path(analysis)
    try:
        unpacked = zlib.decompressobj().decompress(path.read_bytes(), _MAX_BYTES)
        saved = msgspec.structs.asdict(msgspec.msgpack.decode(unpacked, type=_Kept, dec_hook=_array))
        made_of = saved.pop("format"), saved.pop("samples")
        evidence = Evidence(**saved, clip_range=analysis.clip_range)
    except FileNotFoundError:
        return None
    except (OSError, zlib.error, msgspec.DecodeError, TypeError, ValueError):
        with suppress(OSError):
            path.unlink()
        return None
    return evidence if made_of == (FORMAT, _samples_of(analysis)) and evidence.belongs_to(analysis) else None


def load_or_compute_evidence(analysis: Analysis, compute: Callable[[], Evidence]) -> Evidence:
    """Load the evidence of an analysis, or compute and save it."""
    evidence = load_evidence(analysis)
    if evidence is None:
        evidence = compute()
        save_evidence(analysis, evidence)
    return evidence


def _samples_of(analysis: Analysis) -> str:
    return hashlib.sha256(analysis.samples.astype("<i8").tobytes()).hexdigest()


def _plain(value: object) -> object:
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{type(value).__name__} cannot be kept")
    return value.dtype.str, value.shape, value.tobytes()


def _array(_kind: type, value: Any) -> object:  # noqa: ANN401 - what the file holds
    dtype, shape, content = value
    return np.frombuffer(content, np.dtype(dtype)).reshape(shape)
