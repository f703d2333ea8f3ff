"""Form of a study's archive: a zip file with a manifest of size and SHA-256 of every file; and its options."""

import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from skillviewer.core.errors import ExportError, StudyError
from skillviewer.core.progress import CancelToken, Progress, Report

SUFFIX = ".skillarchive"
SUFFIXES = (SUFFIX, ".zip")
FORMAT = 1
MANIFEST = "manifest.json"
FACES = "faces/"
"""Folder of the faces in an archive; each file is named after the digest of its video."""

README = "README.txt"
"""File to read first, in archives that need remarks."""

MODIFIED_NS = 1_577_836_800 * 10**9
"""2020-01-01: the same for every file, since times reveal days of work."""

BLOCK = 1 << 20
_LOCKED = 1  # bit of the flags of a file in a zip file
_UNREADABLE = (KeyError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)
"""Errors of a file in an archive that is missing, damaged, locked, or packed in an unknown way."""


class ArchiveEntry(msgspec.Struct, frozen=True):
    """One file of an archive."""

    name: str
    size_bytes: int
    sha256: str


class KnownAnalysis(msgspec.Struct, frozen=True):
    """An analysis in an archive: the file, the name of the video in the study, and the digest of the model."""

    file: str
    video: str
    model: str


class Manifest(msgspec.Struct, frozen=True):
    """Contents of an archive; ``faces_blurred`` is present only if videos were blurred."""

    format: int
    program: str
    study: str
    pseudonymised: bool
    files: tuple[ArchiveEntry, ...]
    analyses: tuple[KnownAnalysis, ...] = ()
    faces_blurred: bool | msgspec.UnsetType = msgspec.UNSET


@dataclass(frozen=True, slots=True)
class ArchiveOptions:
    """Options for the contents of an archive.

    Attributes:
        videos: Whether to include the video files; missing or replaced ones cannot be.
        models: Whether to include the checkpoints that the study names.
        analyses: Whether to include the analyses.
        pseudonyms: Whether to rename videos, participants and raters.
        texts: Whether to keep notes, reasons and labels; with pseudonyms, names in them are replaced.
        key: Path of the key to the pseudonyms, outside the archive; None for no key.
        blur_faces: Whether to write videos anew with blurred faces: the stored ones, or newly searched ones in videos
            without. The copies lose their metadata.
        sound: Whether blurred videos keep their sound; other videos are copied unchanged, or without sound if there are
            pseudonyms.
    """

    videos: bool = True
    models: bool = True
    analyses: bool = True
    pseudonyms: bool = False
    texts: bool = True
    key: Path | None = None
    blur_faces: bool = False
    sound: bool = False


def entry_info(name: str) -> zipfile.ZipInfo:
    """Return the header of a file in an archive, without a time or an owner."""
    info = zipfile.ZipInfo(name)  # dated 1980: no time of this computer
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    return info


def read_manifest(file: zipfile.ZipFile, path: Path) -> Manifest:
    """Return the manifest of an archive.

    Raises:
        StudyError: It has no readable manifest, or was made by a newer program.
    """
    try:
        if file.getinfo(MANIFEST).flag_bits & _LOCKED:
            raise StudyError(f"{path} is locked with a password: unlock it first with the program that locked it.")
        manifest = msgspec.json.decode(file.read(MANIFEST), type=Manifest)
    except (*_UNREADABLE, msgspec.MsgspecError) as error:
        raise StudyError(f"{path} is not an archive of a study.") from error
    if manifest.format > FORMAT:
        raise StudyError(f"{path} was made by a newer program ({manifest.program}). Open it with that.")
    return manifest


def checked(file: zipfile.ZipFile, entry: ArchiveEntry, token: CancelToken) -> Iterator[bytes]:
    """Yield the content of a file in an archive, and compare its hash with the manifest at the end.

    Raises:
        StudyError: The file is damaged.
        Cancelled: The token was raised.
    """
    sha = hashlib.sha256()
    try:
        with file.open(entry.name) as inside:
            while block := inside.read(BLOCK):
                token.check()
                sha.update(block)
                yield block
    except _UNREADABLE as error:
        raise StudyError(f"{file.filename} is damaged: {entry.name} in it cannot be read.") from error
    if sha.hexdigest() != entry.sha256:
        raise StudyError(f"{file.filename} is damaged: {entry.name} in it is not what was put in.")


def verify(path: Path, token: CancelToken, report: Report) -> None:
    """Read every file of a newly written archive.

    Raises:
        ExportError: A file differs from the original.
        Cancelled: The token was raised.
    """
    with zipfile.ZipFile(path) as file:
        manifest = read_manifest(file, path)
        if {*file.namelist()} != {MANIFEST, *(entry.name for entry in manifest.files)}:
            raise ExportError("The archive was not written: files are missing in it.")
        for done, entry in enumerate(manifest.files):
            report(Progress("reading the archive back", done, len(manifest.files)))
            try:
                for _ in checked(file, entry, token):
                    pass
            except StudyError as error:
                raise ExportError(f"The archive was not written: {entry.name} did not come back whole.") from error
        report(Progress("reading the archive back", len(manifest.files), len(manifest.files)))
