"""Archives: a whole study in one zip file, ``.skillarchive``, that opens on another computer.

An archive contains ``manifest.json`` (size and SHA-256 of every other file), the study, ``videos/``, ``models/``
(checkpoints), ``analyses/`` (so that nothing must be computed again), ``faces/`` (detected or drawn faces, so that the
same is blurred elsewhere), and on request ``tracks/`` (of hands and tools). It holds no path of the computer it was
made on. With pseudonyms it contains no name of a video, participant or rater: videos are copied without sound and
without metadata, and the key is stored elsewhere or not at all. With blurred faces it contains no picture of an
original video: videos are written anew, and the study refers to the new files (see ``archive_faces``).
"""

import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.atomic_write import TEMPORARY, atomic_path, check_free
from skillviewer.core.errors import ExportError
from skillviewer.core.progress import NEVER, CancelToken, Report, silent
from skillviewer.data.study.archive.archive_form import SUFFIXES, ArchiveOptions, verify
from skillviewer.data.study.archive.packer import Packer


@dataclass(frozen=True, slots=True)
class Archived:
    """Result of packing, after verification. ``key`` is the file with the pseudonyms."""

    path: Path
    n_videos: int
    n_models: int
    n_analyses: int
    n_bytes: int
    warnings: tuple[str, ...]
    key: Path | None


def pack(
    study_path: Path,
    path: Path,
    options: ArchiveOptions | None = None,
    *,
    overwrite: bool = False,
    token: CancelToken = NEVER,
    report: Report = silent,
) -> Archived:
    """Write a study as one file, and verify all of it before it gets its name.

    The study may be open elsewhere and is not changed. The suffix is ``.skillarchive`` or ``.zip``; with ``overwrite``
    an archive is replaced, a key never is. When the job is cancelled nothing is left behind.

    Raises:
        ExportError: The path is refused, the key cannot be written, a video cannot be copied without metadata, or the
            disk is full.
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
    written: list[Path] = []
    try:
        check_free(path, overwrite=overwrite)
        if key is not None:
            _check_key(key, path)
        path.parent.mkdir(parents=True, exist_ok=True)
        with (
            atomic_path(path, durable=True) as part,
            tempfile.TemporaryDirectory(dir=path.parent, prefix=".", suffix=TEMPORARY) as folder,
            zipfile.ZipFile(part, "x", allowZip64=True) as file,
        ):
            packer = Packer(study_path, Path(folder), file, options, token, report)
            packer.run()
            file.close()
            verify(part, token, report)
            if key is not None:
                _write_key(key, packer.names.key() if packer.names is not None else "")
                written.append(key)
            archived = Archived(
                path,
                packer.n_videos,
                packer.n_models,
                len(packer.analyses),
                part.stat().st_size,
                tuple(packer.warnings),
                key,
            )
    except (OSError, zipfile.BadZipFile) as error:
        for one in written:  # the archive did not get its name, so its key is useless
            one.unlink(missing_ok=True)
        raise ExportError(f"{path} could not be written: {getattr(error, 'strerror', None) or error}.") from error
    return archived


def _check_key(key: Path, path: Path) -> None:
    """Refuse a path for the key before hours of work: that of the archive, of a file, or one that cannot be written."""
    if key.resolve() == path.resolve():
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
        raise _no_key(key, error) from error


def _write_key(key: Path, text: str) -> None:
    try:
        with atomic_path(key, durable=True) as temp_path:
            temp_path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise _no_key(key, error) from error


def _no_key(key: Path, error: OSError) -> ExportError:
    return ExportError(f"The key {key} could not be written: {error.strerror or error}. Nothing was packed.")
