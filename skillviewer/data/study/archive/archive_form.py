"""An archive of a study: what may go in, and its form, a zip file with a manifest of size and SHA-256 of every file."""

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
"""Where the faces of videos stand in an archive, each file called by the digest of its video."""

README = "README.txt"
"""What a person should read first, in archives of which something has to be said."""

MODIFIED_NS = 1_577_836_800 * 10**9
"""2020-01-01: the same for every file, since times tell of days of work."""

BLOCK = 1 << 20
_LOCKED = 1  # bit of the flags of a file in a zip file
_UNREADABLE = (KeyError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)
"""What is raised for a file of an archive that is not there, damaged, locked, or packed in a way that is not known."""


class ArchiveEntry(msgspec.Struct, frozen=True):
    """One file of an archive."""

    name: str
    size_bytes: int
    sha256: str


class KnownAnalysis(msgspec.Struct, frozen=True):
    """What a model said of a video: the file, the name of the video in the study, and the digest of the model."""

    file: str
    video: str
    model: str


class Manifest(msgspec.Struct, frozen=True):
    """What an archive holds; ``faces_blurred`` stands in it only where videos were blurred."""

    format: int
    program: str
    study: str
    pseudonymised: bool
    files: tuple[ArchiveEntry, ...]
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


def read_manifest(file: zipfile.ZipFile, path: Path) -> Manifest:
    """Return the manifest of an archive.

    Raises:
        StudyError: It has none that can be read, or was made by a newer program.
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
    """Yield what is in a file of an archive; at its end it must be what the manifest says.

    Raises:
        StudyError: It is damaged.
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
    """Read every file of an archive that was just written.

    Raises:
        ExportError: It is not what was to be written.
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
