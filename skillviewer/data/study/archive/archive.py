"""Archives: a whole study in one zip file, ``.skillarchive``, that opens on another computer.

An archive contains ``manifest.json`` (size and SHA-256 of every other file), the study, ``videos/``, ``models/``
(checkpoints), ``analyses/`` (so that nothing must be computed again), ``faces/`` (detected or drawn faces, so that the
same faces are blurred elsewhere), and on request ``tracks/`` (of hands and tools). It holds no path of the computer on
which it was made.

With pseudonyms, an archive contains no name of a video, participant or rater. Videos are copied without sound and
without metadata, and the key to the pseudonyms is stored elsewhere or not at all. With blurred faces, an archive
contains no picture of an original video: the videos are encoded again, and the study refers to the new files (see
``video_copies``).
"""

import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.atomic_write import TEMPORARY_SUFFIX, atomic_path, check_free
from skillviewer.core.errors import ExportError, os_reason
from skillviewer.core.progress import NEVER, CancelToken, Report, silent
from skillviewer.data.study.archive.archive_format import SUFFIXES, ArchiveOptions, verify
from skillviewer.data.study.archive.packer import Packer


@dataclass(frozen=True, slots=True)
class ArchiveResult:
    """Facts about a verified archive."""

    path: Path
    n_videos: int
    n_models: int
    n_analyses: int
    n_bytes: int
    warnings: tuple[str, ...]  # one sentence each
    key: Path | None  # file with the key to the pseudonyms, or None


def pack(
    study_path: Path,
    path: Path,
    options: ArchiveOptions | None = None,
    *,
    overwrite: bool = False,
    token: CancelToken = NEVER,
    report: Report = silent,
) -> ArchiveResult:
    """Pack a study into an archive, which is verified before it gets its name.

    The study may be open elsewhere and is not changed. The suffix of the path must be ``.skillarchive`` or ``.zip``.
    With ``overwrite`` an existing archive is replaced; a key is never replaced. If the job is cancelled, no file is
    left.

    Raises:
        ExportError: The path or the key is refused or cannot be written, a video cannot be copied without metadata, or
            the disk is full.
        StudyError: The study cannot be read.
        SettingsError: Its settings cannot be read.
        VideoError: Faces are to be blurred, and a video or its stored faces cannot be read, or the face search fails.
    """
    options = options if options is not None else ArchiveOptions()
    key = options.key
    if key is not None and not options.pseudonyms:
        raise ExportError(
            f"A key needs pseudonyms, but names are kept: ask for pseudonyms too (--pseudonyms), or leave out {key}."
        )
    if path.suffix.lower() not in SUFFIXES:
        raise ExportError(f"{path} cannot be written: choose a name that ends in {' or '.join(SUFFIXES)}.")
    is_key_written = False
    try:
        check_free(path, overwrite=overwrite)
        if key is not None:
            _check_key(key, path)
        path.parent.mkdir(parents=True, exist_ok=True)
        with (
            atomic_path(path, durable=True) as temp_path,
            tempfile.TemporaryDirectory(dir=path.parent, prefix=".", suffix=TEMPORARY_SUFFIX) as temp_folder,
            zipfile.ZipFile(temp_path, "x", allowZip64=True) as archive,
        ):
            packer = Packer(study_path, Path(temp_folder), file=archive, options=options, token=token, report=report)
            packer.run()
            archive.close()
            verify(temp_path, token, report)
            if key is not None:
                key_text = packer.pseudonyms.key() if packer.pseudonyms is not None else ""
                _write_key(key, key_text)
                is_key_written = True
            result = ArchiveResult(
                path=path,
                n_videos=packer.n_videos,
                n_models=packer.n_models,
                n_analyses=len(packer.analyses),
                n_bytes=temp_path.stat().st_size,
                warnings=tuple(packer.warnings),
                key=key,
            )
    except (OSError, zipfile.BadZipFile) as error:
        if key is not None and is_key_written:  # the archive did not get its name, so its key is useless
            key.unlink(missing_ok=True)
        reason = os_reason(error) if isinstance(error, OSError) else str(error)
        raise ExportError(f"{path} could not be written: {reason}.") from error
    return result


def _check_key(key: Path, archive: Path) -> None:
    """Refuse, before hours of work, a path for the key that is in use or cannot be written."""
    if key.resolve() == archive.resolve():
        raise ExportError(f"{key} is the archive itself: choose another name for the key, and keep it separate.")
    try:
        if key.exists():
            raise ExportError(
                f"{key} is there already, and may be the only key to an earlier archive: choose another name "
                "for the key."
            )
        key.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=key.parent):
            pass
    except OSError as error:
        raise _key_error(key, error) from error


def _write_key(key: Path, text: str) -> None:
    try:
        with atomic_path(key, durable=True) as temp_path:
            temp_path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise _key_error(key, error) from error


def _key_error(key: Path, error: OSError) -> ExportError:
    return ExportError(f"The key {key} could not be written: {os_reason(error)}. Nothing was packed.")
