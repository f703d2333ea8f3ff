"""Form of a study's archive: a zip file with a manifest of size and SHA-256 of every file; and its options."""

import hashlib
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from skillviewer.core.errors import ExportError, StudyError
from skillviewer.core.progress import CancelToken, Report, one_by_one

SUFFIX = ".skillarchive"
SUFFIXES = (SUFFIX, ".zip")
FORMAT = 1
MANIFEST = "manifest.json"
FACES = "faces/"
"""Folder of the faces in an archive; each file is named after the digest of its video."""

TRACKS = "tracks/"
"""Folder of the tracks in an archive; each file is named after the digest of its video, and the frames of its clip."""

README = "README.txt"
"""File to read first, in archives that need warnings."""

MODIFIED_NS = 1_577_836_800 * 10**9
"""2020-01-01: the same for every file, since times reveal days of work."""

BLOCK = 1 << 20
_LOCKED = 1  # bit of the flags of a file in a zip file
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)  # LZMA allocates what a file asks for
_BAD_ENTRY = (KeyError, ValueError, OverflowError, struct.error, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)
"""Errors of a file in an archive that is missing, damaged, locked, or packed in an unknown way."""

MAX_FILES = 100_000
_MAX_MANIFEST_BYTES = 1 << 25
_MAX_DIRECTORY_BYTES = 1 << 25  # of the central directory: every entry becomes an object
_END, _END_64 = b"PK\5\6", b"PK\6\6"  # signatures of the end record, in 32 and 64 bits

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
_Size = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
_Digest = Annotated[str, msgspec.Meta(max_length=64)]


class ArchiveEntry(msgspec.Struct, frozen=True):
    """One file of an archive."""

    name: _Name
    size_bytes: _Size
    sha256: _Digest


class KnownAnalysis(msgspec.Struct, frozen=True):
    """An analysis in an archive: the file, the name of the video in the study, and the digest of the model."""

    file: _Name
    video: str
    model: str


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
    # whether to write videos anew with blurred faces: the stored ones, or newly searched ones in videos without. The
    # copies lose their metadata
    blur_faces: bool = False
    # whether blurred videos keep their sound; other videos are copied unchanged, or without sound if there are
    # pseudonyms
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
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, 2) - (1 << 16) - 200))
        end = file.read()
    end_place, end_64_place = end.rfind(_END), end.rfind(_END_64)
    size = int.from_bytes(end[end_place + 12 : end_place + 16], "little") if end_place >= 0 else 0
    size_64 = (
        int.from_bytes(end[end_64_place + 40 : end_64_place + 48], "little") if 0 <= end_64_place < end_place else 0
    )
    if max(size if size < 0xFFFFFFFF else 0, size_64) > _MAX_DIRECTORY_BYTES:
        raise StudyError(f"{path} is not an archive of a study: it lists more than {MAX_FILES:,} files.")
    try:
        archive = zipfile.ZipFile(path)
    except _BAD_ENTRY as error:
        raise StudyError(f"{path} is not an archive, or it is damaged.") from error
    if any(info.compress_type not in _COMPRESSIONS for info in archive.infolist()):
        archive.close()
        raise StudyError(f"{path} is compressed in an unsupported way. Pack it as a plain zip file.")
    return archive


def read_manifest(file: zipfile.ZipFile, path: Path) -> Manifest:
    """Return the manifest of an archive.

    Raises:
        StudyError: It has no readable manifest, or was made by a newer program.
    """
    try:
        if file.getinfo(MANIFEST).flag_bits & _LOCKED:
            raise StudyError(f"{path} is locked with a password: unlock it first with the program that locked it.")
        with file.open(MANIFEST) as inside:
            text = inside.read(_MAX_MANIFEST_BYTES + 1)
        if len(text) > _MAX_MANIFEST_BYTES:
            raise StudyError(f"{path} is not an archive of a study: its manifest is too large.")
        manifest = msgspec.json.decode(text, type=Manifest)
    except (*_BAD_ENTRY, msgspec.MsgspecError) as error:
        raise StudyError(f"{path} is not an archive of a study.") from error
    if manifest.format > FORMAT:
        raise StudyError(f"{path} was made by a newer program ({manifest.program[:100]!r}). Open it with that.")
    listed = [entry.name.casefold() for entry in manifest.files]  # some file systems ignore case
    if len({*listed, MANIFEST}) <= len(listed) or len({*file.namelist()}) < len(file.namelist()):
        raise StudyError(f"{path} is not an archive of a study: a file is listed twice.")
    return manifest


def checked(file: zipfile.ZipFile, entry: ArchiveEntry, token: CancelToken) -> Iterator[bytes]:
    """Yield the content of a file in an archive; a StudyError tells at the end if its hash is not the manifest's."""
    sha = hashlib.sha256()
    left = entry.size_bytes
    try:
        with file.open(entry.name) as inside:
            while block := inside.read(min(BLOCK, left + 1)):
                token.check()
                left -= len(block)
                if left < 0:
                    raise StudyError(f"{file.filename} is damaged: {entry.name} is larger than the manifest says.")
                sha.update(block)
                yield block
    except _BAD_ENTRY as error:
        raise StudyError(f"{file.filename} is damaged: {entry.name} in it cannot be read.") from error
    if sha.hexdigest() != entry.sha256:
        raise StudyError(f"{file.filename} is damaged: {entry.name} in it is not what was put in.")


def verify(path: Path, token: CancelToken, report: Report) -> None:
    """Read every file of a newly written archive; an ExportError tells of one that differs from the original."""
    with open_archive(path) as file:
        manifest = read_manifest(file, path)
        if {*file.namelist()} != {MANIFEST, *(entry.name for entry in manifest.files)}:
            raise ExportError("The archive was not written: files are missing in it.")
        for entry in one_by_one("reading the archive back", manifest.files, report):
            try:
                for _ in checked(file, entry, token):
                    pass
            except StudyError as error:
                raise ExportError(f"The archive was not written: {entry.name} did not come back whole.") from error
