"""Cache of evidence: one file per analysis, named like the file of the analysis."""

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
from skillviewer.data.analysis_file import SUFFIX as ANALYSIS_SUFFIX
from skillviewer.data.study.models import analysis_path

FORMAT = 1
SUFFIX = ".evidence"
_MAX_BYTES = 1 << 29
"""Largest size of an uncompressed file."""


_FIELD_TYPES = get_type_hints(Evidence)
"""Types of the saved fields of evidence, by name."""

del _FIELD_TYPES["clip_range"]  # the same as that of the analysis

_HEADER_TYPES = {"format": int, "samples": str}
"""Version of the format, and SHA-256 of the sampled frames."""

_EvidenceRecord = msgspec.defstruct("_EvidenceRecord", [*_HEADER_TYPES.items(), *_FIELD_TYPES.items()])


def evidence_path(analysis: Analysis) -> Path:
    """Return the path of the evidence for an analysis, whether or not the file exists."""
    path = analysis_path(analysis.video.digest, analysis.provenance.model_digest, analysis.clip_range)
    return cache_dir() / "evidence" / path.parent.name / (path.name.removesuffix(ANALYSIS_SUFFIX) + SUFFIX)


def save_evidence(analysis: Analysis, evidence: Evidence) -> None:
    """Save the evidence for an analysis. A full disk is no error, because the evidence can be computed again."""
    saved_fields = {name: getattr(evidence, name) for name in _FIELD_TYPES}
    record = _EvidenceRecord(format=FORMAT, samples=_samples_digest(analysis), **saved_fields)
    content = zlib.compress(msgspec.msgpack.encode(record, enc_hook=_encode_array))
    with suppress(ExportError), atomic_export(evidence_path(analysis), overwrite=True, durable=False) as temp_path:
        temp_path.write_bytes(content)


def load_evidence(analysis: Analysis) -> Evidence | None:
    """Load the evidence of an analysis, bit for bit; None if there is none for its sampled frames.

    A damaged file is removed.
    """
    path = evidence_path(analysis)
    try:
        content = zlib.decompressobj().decompress(path.read_bytes(), _MAX_BYTES)
        record = msgspec.msgpack.decode(content, type=_EvidenceRecord, dec_hook=_decode_array)
        fields = msgspec.structs.asdict(record)
        saved_format = fields.pop("format")
        samples_digest = fields.pop("samples")
        evidence = Evidence(**fields, clip_range=analysis.clip_range)
    except FileNotFoundError:
        return None
    except (OSError, zlib.error, msgspec.DecodeError, TypeError, ValueError):
        with suppress(OSError):
            path.unlink()
        return None
    if saved_format != FORMAT or samples_digest != _samples_digest(analysis) or not evidence.belongs_to(analysis):
        return None
    return evidence


def load_or_compute_evidence(analysis: Analysis, compute: Callable[[], Evidence]) -> Evidence:
    """Load the evidence of an analysis, or compute and save it."""
    evidence = load_evidence(analysis)
    if evidence is None:
        evidence = compute()
        save_evidence(analysis, evidence)
    return evidence


def _samples_digest(analysis: Analysis) -> str:
    samples = analysis.samples.astype("<i8")
    return hashlib.sha256(samples.tobytes()).hexdigest()


def _encode_array(value: object) -> object:
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{type(value).__name__} cannot be saved")
    return value.dtype.str, value.shape, value.tobytes()


def _decode_array(_kind: type, value: Any) -> object:  # noqa: ANN401 - content of the file
    dtype, shape, content = value
    return np.frombuffer(content, np.dtype(dtype)).reshape(shape)
