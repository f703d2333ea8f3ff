"""File format of study archives: a zip file with a manifest that states size and SHA-256 of every file."""

import hashlib
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from skillviewer.core.errors import ExportError, StudyError
from skillviewer.core.progress import CancelToken, Report, one_by_one

SUFFIX = ".skillarchive"
SUFFIXES = (SUFFIX, ".zip")
FORMAT_VERSION = 1
MANIFEST = "manifest.json"
FACES_FOLDER = "faces/"
"""Folder of the faces in an archive; each file is named after the digest of its video."""

TRACKS_FOLDER = "tracks/"
"""Folder of the tracks in an archive; each file is named after the digest of its video, and the frames of its clip."""

README_NAME = "README.txt"
"""File to read first, in archives that need warnings."""

FIXED_TIME_NS = 1_577_836_800 * 10**9
"""2020-01-01, the time of all files, since real times reveal when people worked."""

BLOCK_BYTES = 1 << 20
_ENCRYPTED_FLAG = 1  # bit of the flags of a file in a zip file
# without LZMA, which allocates as much memory as a file asks for
_ALLOWED_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)
_ENTRY_ERRORS = (
    KeyError,
    ValueError,
    OverflowError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    RuntimeError,
)
"""Errors of reading a file in an archive that is missing, damaged, encrypted, or packed in an unknown way."""

MAX_FILES = 100_000
_MAX_MANIFEST_BYTES = 1 << 25
_MAX_DIRECTORY_BYTES = 1 << 25  # of the central directory, since every entry becomes an object
_END_SIGNATURE = b"PK\5\6"
_END_64_SIGNATURE = b"PK\6\6"
_MAX_END_BYTES = (1 << 16) + 200  # the end records with the longest comment

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
_Size = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
_Digest = Annotated[str, msgspec.Meta(max_length=64)]


class ArchiveEntry(msgspec.Struct, frozen=True):
    """One file of an archive."""

    name: _Name
    size_bytes: _Size
    sha256: _Digest


class KnownAnalysis(msgspec.Struct, frozen=True):
    """An analysis in an archive."""

    file: _Name  # name of the file in the archive
    video: str  # name of the video in the study
    model: str  # digest of the model


class Manifest(msgspec.Struct, frozen=True):
    """Contents of an archive; ``faces_blurred`` is present only if videos were blurred."""

    format: int
    program: str
    study: _Name
    pseudonymised: bool
    files: Annotated[tuple[ArchiveEntry, ...], msgspec.Meta(max_length=MAX_FILES)]
    analyses: tuple[KnownAnalysis, ...] = ()
    faces_blurred: bool | msgspec.UnsetType = msgspec.UNSET


@dataclass(frozen=True, slots=True)
class ArchiveOptions:
    """Options for the contents of an archive."""

    videos: bool = True  # whether to include the video files; missing or replaced ones cannot be
    models: bool = True  # whether to include the checkpoints that the study names
    analyses: bool = True  # whether to include the analyses
    tracks: bool = False  # whether to include the tracks of hands and tools: motion can identify people
    pseudonyms: bool = False  # whether to rename videos, participants and raters
    texts: bool = True  # whether to keep notes, reasons and labels; with pseudonyms, names in them are replaced
    key: Path | None = None  # path of the key to the pseudonyms, outside the archive; None for no key
    # whether to encode videos again with blurred faces and without metadata; faces are searched in videos without
    # stored faces
    blur_faces: bool = False
    # whether blurred videos keep their sound. Videos that are not blurred are copied unchanged, or without sound if
    # there are pseudonyms
    sound: bool = False


def entry_info(name: str) -> zipfile.ZipInfo:
    """Return the header of a file in an archive, without a time or an owner."""
    info = zipfile.ZipInfo(name)  # dated 1980: no time of this computer
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    return info


def open_archive(path: Path) -> zipfile.ZipFile:
    """Open an archive for reading, after a check of the size of its central directory.

    Raises:
        StudyError: It lists more than about ``MAX_FILES`` files, or is no readable zip file.
        OSError: The file cannot be read.
    """
    if _directory_bytes(path) > _MAX_DIRECTORY_BYTES:
        raise StudyError(f"{path} is not an archive of a study: it lists more than {MAX_FILES:,} files.")
    try:
        archive = zipfile.ZipFile(path)
    except _ENTRY_ERRORS as error:
        raise StudyError(f"{path} is not an archive, or it is damaged.") from error
    if any(info.compress_type not in _ALLOWED_COMPRESSIONS for info in archive.infolist()):
        archive.close()
        raise StudyError(f"{path} is compressed in an unsupported way. Pack it as a plain zip file.")
    return archive


def _directory_bytes(path: Path) -> int:
    """Return the size of the central directory that the end records of a zip file state, or 0 without these."""
    with path.open("rb") as file:
        n_bytes = file.seek(0, os.SEEK_END)
        file.seek(max(0, n_bytes - _MAX_END_BYTES))
        end = file.read()
    start = end.rfind(_END_SIGNATURE)
    start_64 = end.rfind(_END_64_SIGNATURE)
    size = 0
    size_64 = 0
    if start >= 0:
        size = int.from_bytes(end[start + 12 : start + 16], "little")
    if size == 0xFFFFFFFF:  # stated in the record of 64 bits
        size = 0
    if 0 <= start_64 < start:
        size_64 = int.from_bytes(end[start_64 + 40 : start_64 + 48], "little")
    return max(size, size_64)


def read_manifest(file: zipfile.ZipFile, path: Path) -> Manifest:
    """Return the manifest of an archive.

    Raises:
        StudyError: The archive has no readable manifest, or was made by a newer program.
    """
    try:
        if file.getinfo(MANIFEST).flag_bits & _ENCRYPTED_FLAG:
            raise StudyError(f"{path} is locked with a password: unlock it first with the program that locked it.")
        with file.open(MANIFEST) as manifest_file:
            text = manifest_file.read(_MAX_MANIFEST_BYTES + 1)
        if len(text) > _MAX_MANIFEST_BYTES:
            raise StudyError(f"{path} is not an archive of a study: its manifest is too large.")
        manifest = msgspec.json.decode(text, type=Manifest)
    except (*_ENTRY_ERRORS, msgspec.MsgspecError) as error:
        raise StudyError(f"{path} is not an archive of a study.") from error
    if manifest.format > FORMAT_VERSION:
        raise StudyError(f"{path} was made by a newer program ({manifest.program[:100]!r}). Open it with that.")
    names = [MANIFEST, *(entry.name.casefold() for entry in manifest.files)]  # some file systems ignore case
    if _has_duplicates(names) or _has_duplicates(file.namelist()):
        raise StudyError(f"{path} is not an archive of a study: a file is listed twice.")
    return manifest


def _has_duplicates(names: Sequence[str]) -> bool:
    return len(set(names)) < len(names)


def checked_blocks(file: zipfile.ZipFile, entry: ArchiveEntry, token: CancelToken) -> Iterator[bytes]:
    """Yield the content of a file in an archive in blocks.

    Raises:
        StudyError: The file is damaged. A wrong SHA-256 is noticed after the last block.
    """
    sha = hashlib.sha256()
    n_expected_bytes = entry.size_bytes
    try:
        with file.open(entry.name) as archived_file:
            while True:
                block = archived_file.read(min(BLOCK_BYTES, n_expected_bytes + 1))
                if not block:
                    break
                token.check()
                n_expected_bytes -= len(block)
                if n_expected_bytes < 0:
                    raise StudyError(f"{file.filename} is damaged: {entry.name} is larger than the manifest says.")
                sha.update(block)
                yield block
    except _ENTRY_ERRORS as error:
        raise StudyError(f"{file.filename} is damaged: {entry.name} in it cannot be read.") from error
    if sha.hexdigest() != entry.sha256:
        raise StudyError(f"{file.filename} is damaged: {entry.name} in it is not what was put in.")


def verify(path: Path, token: CancelToken, report: Report) -> None:
    """Read every file of a newly written archive, or raise an ExportError if one differs from the original."""
    with open_archive(path) as file:
        manifest = read_manifest(file, path)
        listed_names = {entry.name for entry in manifest.files}
        if set(file.namelist()) != {MANIFEST, *listed_names}:
            raise ExportError("The archive was not written: files are missing in it.")
        for entry in one_by_one("reading the archive back", manifest.files, report):
            try:
                for _ in checked_blocks(file, entry, token):
                    pass
            except StudyError as error:
                raise ExportError(f"The archive was not written: {entry.name} did not come back whole.") from error
