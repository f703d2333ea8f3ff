"""An archive of a study: what may go in, and its form, a zip file with a manifest of size and SHA-256 of every file."""

import hashlib
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from skillviewer.core.errors import ExportError, StudyError
from skillviewer.core.progress import CancelToken, Progress, Report

SUFFIX = ".skillarchive"
SUFFIXES = (SUFFIX, ".zip")
FORMAT = 1
MANIFEST = "manifest.json"
FACES = "faces/"
"""Where the faces of videos stand in an archive, each file called by the digest of its video."""

README = "README.txt"
"""What a person should read first, in archives of which something has to be said."""

MODIFIED_NS = 1_577_836_800 * 10**9
"""2020-01-01: the same for every file, since times tell of days of work."""

BLOCK = 1 << 20
_FORBIDDEN = '<>:"/\\|?*'
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)  # are no files on Windows
_MOST_BYTES = 200  # of the 255 that most systems take
_LOCKED = 1  # bit of the flags of a file in a zip file
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)  # LZMA takes the memory that a file asks for
_UNREADABLE = (
    KeyError,
    ValueError,
    OverflowError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    RuntimeError,
)
"""What is raised for a file of an archive that is not there, damaged, locked, or packed in a way that is not known."""


MOST_FILES = 100_000
_MOST_MANIFEST = 1 << 25
_MOST_CONTENTS = 1 << 25  # table of contents at the end of a zip file, of which every entry becomes an object
_END, _END_64 = b"PK\5\6", b"PK\6\6"  # marks of the end of a zip file, and of one with numbers of 64 bits

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
_Size = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
_Digest = Annotated[str, msgspec.Meta(max_length=64)]


class ArchiveEntry(msgspec.Struct, frozen=True):
    """One file of an archive."""

    name: _Name
    size_bytes: _Size
    sha256: _Digest


class KnownAnalysis(msgspec.Struct, frozen=True):
    """What a model said of a video: the file, the name of the video in the study, and the digest of the model."""

    file: _Name
    video: str
    model: str


class Manifest(msgspec.Struct, frozen=True):
    """What an archive holds; ``faces_blurred`` stands in it only where videos were blurred."""

    format: int
    program: str
    study: _Name
    pseudonymised: bool
    files: Annotated[tuple[ArchiveEntry, ...], msgspec.Meta(max_length=MOST_FILES)]
    analyses: tuple[KnownAnalysis, ...] = ()
    faces_blurred: bool | msgspec.UnsetType = msgspec.UNSET


@dataclass(frozen=True, slots=True)
class ArchiveOptions:
    """What goes into an archive.

    Attributes:
        videos: Whether the video files go in; those that are missing or replaced cannot.
        models: Whether the checkpoints that the study names go in.
        analyses: Whether what models said goes in.
        pseudonyms: Whether videos, participants and raters get other names.
        texts: Whether notes, reasons and labels stay; where names are replaced, names in them are too.
        key: Where the key to the pseudonyms is written, apart from the archive; nowhere if None.
        blur_faces: Whether videos are written anew with their faces blurred: those that were found or drawn before, and
            what is found now in videos that were never searched. They lose what tells of their origin.
        sound: Whether blurred videos keep their sound; videos that are not blurred go as they are, or with other names
            without sound.
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
    """Return the head of a file in an archive, without a time or an owner."""
    info = zipfile.ZipInfo(name)  # 1980: no time of this computer
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    return info


def safe_name(name: str) -> str:
    """Return a name that is a file name on every system, with room behind it for a number and a suffix."""
    kept = "".join("_" if c in _FORBIDDEN or not c.isprintable() else c for c in name).strip(" .")
    short = kept[:100].encode()[:_MOST_BYTES].decode(errors="ignore").rstrip(" .")
    return f"{short}_" if _DEVICE.match(short) else short or "unnamed"


def free_entry(name: str, taken: set[str]) -> str:
    """Return a name that is not taken yet, in any case, and take it."""
    free, number = name, 2
    while free.casefold() in taken:
        free, number = f"{name} ({number})", number + 1
    taken.add(free.casefold())
    return free


def open_archive(path: Path) -> zipfile.ZipFile:
    """Open an archive for reading, once its table of contents is seen to be no larger than one of ``MOST_FILES`` files.

    Raises:
        StudyError: It is larger, or no zip file that can be read.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, 2) - (1 << 16) - 200))
        end = file.read()
    at, at_64 = end.rfind(_END), end.rfind(_END_64)
    size = int.from_bytes(end[at + 12 : at + 16], "little") if at >= 0 else 0
    size_64 = int.from_bytes(end[at_64 + 40 : at_64 + 48], "little") if 0 <= at_64 < at else 0
    if max(size if size < 0xFFFFFFFF else 0, size_64) > _MOST_CONTENTS:
        raise StudyError(f"{path} is not an archive of a study: it lists more files than {MOST_FILES:,}.")
    try:
        archive = zipfile.ZipFile(path)
    except _UNREADABLE as error:
        raise StudyError(f"{path} is not an archive, or it is damaged.") from error
    if any(info.compress_type not in _PACKED for info in archive.infolist()):
        archive.close()
        raise StudyError(f"{path} is packed in a way that is not known here. Pack it as a plain zip file.")
    return archive


def read_manifest(file: zipfile.ZipFile, path: Path) -> Manifest:
    """Return the manifest of an archive.

    Raises:
        StudyError: It has none that can be read, or was made by a newer program.
    """
    try:
        if file.getinfo(MANIFEST).flag_bits & _LOCKED:
            raise StudyError(f"{path} is locked with a password: unlock it first with the program that locked it.")
        with file.open(MANIFEST) as inside:
            text = inside.read(_MOST_MANIFEST + 1)
        if len(text) > _MOST_MANIFEST:
            raise StudyError(f"{path} is not an archive of a study: its manifest is larger than any of the program.")
        manifest = msgspec.json.decode(text, type=Manifest)
    except (*_UNREADABLE, msgspec.MsgspecError) as error:
        raise StudyError(f"{path} is not an archive of a study.") from error
    if manifest.format > FORMAT:
        raise StudyError(f"{path} was made by a newer program ({manifest.program:.100}). Open it with that.")
    listed = [entry.name.casefold() for entry in manifest.files]  # as systems that do not tell letters' cases apart
    if len({*listed, MANIFEST}) <= len(listed) or len({*file.namelist()}) < len(file.namelist()):
        raise StudyError(f"{path} is not an archive of a study: a file is listed twice in it.")
    return manifest


def checked(file: zipfile.ZipFile, entry: ArchiveEntry, token: CancelToken) -> Iterator[bytes]:
    """Yield what is in a file of an archive; at its end it must be what the manifest says.

    Raises:
        StudyError: It is damaged.
        Cancelled: The token was raised.
    """
    sha, left = hashlib.sha256(), entry.size_bytes
    try:
        with file.open(entry.name) as inside:
            while block := inside.read(min(BLOCK, left + 1)):
                token.check()
                left -= len(block)
                if left < 0:
                    raise StudyError(f"{file.filename} is damaged: {entry.name} in it is larger than was put in.")
                sha.update(block)
                yield block
    except _UNREADABLE as error:
        raise StudyError(f"{file.filename} is damaged: {entry.name} in it cannot be read.") from error
    if sha.hexdigest() != entry.sha256:
        raise StudyError(f"{file.filename} is damaged: {entry.name} in it is not what was put in.")


def verify(path: Path, token: CancelToken, report: Report) -> None:
    """Read every file of an archive that was just written.

    Raises:
        ExportError: It is not what was to be written.
        Cancelled: The token was raised.
    """
    with open_archive(path) as file:
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
