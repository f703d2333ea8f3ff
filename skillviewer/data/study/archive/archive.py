"""A whole study in one file that opens on another computer: ``.skillarchive``, a zip file.

In it: ``manifest.json`` (size and SHA-256 of every other file), the study, ``videos/``, ``models/`` (checkpoints),
``analyses/`` (what models said, so that nothing need be computed again) and ``faces/`` (where faces were found or
drawn, so that the same is blurred elsewhere). It holds no path of the computer that it was made on. With pseudonyms, no
name of a video, participant or rater is left in it: videos are copied without sound and without what their files say of
their origin, and the key lies elsewhere or nowhere. With blurred faces, no picture of an original video is left in it:
videos are written anew, and the study names the files that are there (see ``archive_faces``).
"""

import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.atomic_write import ASIDE, check_free, written_aside
from skillviewer.core.errors import ExportError
from skillviewer.core.progress import CancelToken, Report, silent
from skillviewer.data.study.archive.archive_form import SUFFIXES, ArchiveOptions, verify
from skillviewer.data.study.archive.packer import Packer


@dataclass(frozen=True, slots=True)
class Archived:
    """What was written, after it was read back.

    Attributes:
        path: The archive.
        n_videos: Video files in it.
        n_models: Checkpoints in it.
        n_analyses: Analyses in it.
        n_bytes: Its size.
        remarks: What a person should know, one sentence each.
        key: Where the key to the pseudonyms was written, or None.
    """

    path: Path
    n_videos: int
    n_models: int
    n_analyses: int
    n_bytes: int
    remarks: tuple[str, ...]
    key: Path | None


def pack(
    study_path: Path,
    path: Path,
    options: ArchiveOptions | None = None,
    *,
    overwrite: bool = False,
    token: CancelToken | None = None,
    report: Report = silent,
) -> Archived:
    """Write a study as one file, and read all of it back before it gets its name.

    Args:
        study_path: The study; it may be open elsewhere and is not changed.
        path: Where to; its suffix is ``.skillarchive`` or ``.zip``.
        options: What goes in.
        overwrite: Whether an archive of that name may be replaced; a key never is.
        token: Raise it to stop; nothing is left behind.
        report: Told of every file.

    Raises:
        ExportError: The name is refused, the key cannot be written where it is to go, a video cannot be copied without
            its origin, or the disk is full.
        StudyError: The study cannot be read.
        SettingsError: Its settings cannot be read.
        VideoError: Faces are to be blurred, and a video or what is kept of its faces cannot be read, or faces cannot be
            searched for.
        Cancelled: The token was raised.
    """
    options = options if options is not None else ArchiveOptions()
    token = token if token is not None else CancelToken()
    key = options.key
    if key is not None and not options.pseudonyms:
        raise ExportError(
            f"The key is to other names, and names are kept: ask for other names too (--pseudonyms), or leave out "
            f"{key}."
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
            written_aside(path, durable=True) as part,
            tempfile.TemporaryDirectory(dir=path.parent, prefix=".", suffix=ASIDE) as folder,
            zipfile.ZipFile(part, "x", allowZip64=True) as file,
        ):
            packer = Packer(study_path, Path(folder), file, options, token, report)
            packer.run()
            file.close()
            verify(part, token, report)
            if key is not None:
                _write_key(key, packer.names.key() if packer.names is not None else "")
                written.append(key)
            made = Archived(
                path,
                packer.n_videos,
                packer.n_models,
                len(packer.analyses),
                part.stat().st_size,
                tuple(packer.remarks),
                key,
            )
    except (OSError, zipfile.BadZipFile) as error:
        for one in written:  # to nothing: the archive did not get its name
            one.unlink(missing_ok=True)
        raise ExportError(f"{path} could not be written: {getattr(error, 'strerror', None) or error}.") from error
    return made


def _check_key(key: Path, path: Path) -> None:
    """Refuse a place where the key cannot go, before hours of work.

    Raises:
        ExportError: The archive is to go there, a file is there already, or none can be written there.
    """
    if key.resolve() == path.resolve():
        raise ExportError(f"{key} is to be the archive: choose another name for the key, and keep it apart.")
    try:
        if key.exists():
            raise ExportError(
                f"{key} is there already, and may be the only key to what was given away before: choose another name "
                "for the key."
            )
        key.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=key.parent):
            pass
    except OSError as error:
        raise _no_key(key, error) from error


def _write_key(key: Path, text: str) -> None:
    try:
        with written_aside(key, durable=True) as beside:
            beside.write_text(text, encoding="utf-8")
    except OSError as error:
        raise _no_key(key, error) from error


def _no_key(key: Path, error: OSError) -> ExportError:
    return ExportError(f"The key {key} could not be written: {error.strerror or error}. Nothing was packed.")
