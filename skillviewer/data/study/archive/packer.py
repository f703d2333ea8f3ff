"""Packing of a study into an archive: all its files, with pseudonyms and blurred faces if requested."""

import hashlib
import sqlite3
import zipfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import msgspec

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.errors import CheckpointError, ExportError, VideoError
from skillviewer.core.faces.blurring_text import SAID_BEFORE
from skillviewer.core.hashing import CARD, CARD_PAGE, CONFIG, WEIGHTS, checkpoint_sha256
from skillviewer.core.paths import free_name, reserve_name, safe_name
from skillviewer.core.progress import CancelToken, Report, one_by_one
from skillviewer.core.tracks.tracks import TrackSet
from skillviewer.core.version import __version__
from skillviewer.data.analysis_file import SUFFIX as ANALYSIS_SUFFIX
from skillviewer.data.analysis_file import load_or_discard, save_analysis
from skillviewer.data.faces_file import SUFFIX as FACES_SUFFIX
from skillviewer.data.faces_file import FaceStore, save_faces
from skillviewer.data.study.archive.archive_faces import BLURRED_SUFFIX, VideoCopies
from skillviewer.data.study.archive.archive_form import (
    BLOCK,
    FACES,
    FORMAT,
    MANIFEST,
    MODIFIED_NS,
    README,
    TRACKS,
    ArchiveEntry,
    ArchiveOptions,
    KnownAnalysis,
    Manifest,
    entry_info,
)
from skillviewer.data.study.archive.pseudonyms import Pseudonyms, empty_texts, invent, rewrite
from skillviewer.data.study.database import copy_database, translate_errors
from skillviewer.data.study.identity import digest_of
from skillviewer.data.study.models import analysis_path
from skillviewer.data.study.study import Study
from skillviewer.data.study.video_rows import FileState, StudyVideo, clip_range_from_row
from skillviewer.data.tables.rows import abbreviated
from skillviewer.data.tracks_file import SUFFIX as TRACKS_SUFFIX
from skillviewer.data.tracks_file import TrackStore, load_tracks, save_tracks
from skillviewer.data.trained_pairs import PAIRS, moved

_TRAINING_FILES = ("log.csv", "curves.png", "report.json")
"""Files that ``engine.training.train`` and ``engine.finetuning.finetune`` add to a checkpoint."""


class Packer:
    """Packs one study into an open zip file."""

    def __init__(
        self,
        study_path: Path,
        folder: Path,
        file: zipfile.ZipFile,
        options: ArchiveOptions,
        token: CancelToken,
        report: Report,
    ) -> None:
        self.study_path = study_path
        self.folder = folder
        self.file = file
        self.options = options
        self.token = token
        self.report = report
        self.names: Pseudonyms | None = None
        self.clean: Callable[[str], str] = str
        self.model_names: dict[str, str] = {}  # names in the archive, by digest
        self.entries: list[ArchiveEntry] = []
        self.analyses: list[KnownAnalysis] = []
        self.warnings: list[str] = []
        self.n_videos = self.n_models = 0
        self.digests: dict[str, str] = {}  # of the copies, by digest of the original
        self.places: dict[str, str] = {}  # paths in the archive, by digest of the original
        self.blurred = VideoCopies(folder, token, report, sound=options.sound) if options.blur_faces else None

    def run(self) -> None:
        """Pack everything, the manifest last; raises as ``archive.pack``."""
        stem = "study" if self.options.pseudonyms else safe_name(self.study_path.stem)
        copy = self.folder / f"{stem}.skillstudy"
        with Study.open(self.study_path, read_only=True) as study:
            videos = (*study.videos.check(self.token), *study.videos.check_cameras(self.token))
            models = study.models.all()
            memory = study.in_memory()
        # in memory until all names are replaced: others may read the archive's folder, even after a power failure
        with translate_errors(copy), closing(memory) as db:
            _leave_removed(db)
            if self.options.pseudonyms:
                self.names = invent(db)
                self.clean = self.names.replacer()
            self._pack_videos(db, videos)
            self._pack_models(db, {m.digest: m.path for m in models if m.path is not None})
            self._pack_analyses(db)
            self._pack_faces(videos)
            if self.options.tracks:
                self._pack_tracks(videos)
            if self.names is not None:
                rewrite(db, self.names, texts=self.options.texts)
                if self.options.texts:
                    self.warnings.append(
                        "Names in notes, reasons and labels were replaced; read those texts before you pass them on: "
                        "people can also be recognised by what is written about them."
                    )
            elif not self.options.texts:
                empty_texts(db)
            db.execute("VACUUM")
            copy_database(db, copy)
        with Study.open(copy, read_only=True) as study:  # a study that cannot be opened elsewhere is not sent
            _ = study.settings, study.videos.all(), study.votes.all()
        self._add(copy, copy.name)
        if self.blurred is not None:
            self.warnings = [*self.blurred.warnings(), *self.warnings]
        elif self.options.sound and self.names is not None and self.n_videos:
            self.warnings.insert(0, "The videos have no sound: with pseudonyms it is kept only in blurred videos.")
        blurred = self.blurred is not None and bool(self.blurred.faces)
        if self.blurred is not None and blurred:
            self._add(self.blurred.readme(), README)
        manifest = Manifest(
            format=FORMAT,
            program=f"SkillViewer {__version__}",
            study=copy.name,
            pseudonymised=self.names is not None,
            files=tuple(self.entries),
            analyses=tuple(self.analyses),
            faces_blurred=True if blurred else msgspec.UNSET,
        )
        self.file.writestr(entry_info(MANIFEST), msgspec.json.format(msgspec.json.encode(manifest), indent=1))

    def _given_name(self, name: str) -> str:
        return name if self.names is None else self.names.videos[name]

    def _pack_videos(self, db: sqlite3.Connection, videos: tuple[StudyVideo, ...]) -> None:
        names_used: set[str] = set()
        places: dict[int, str] = {}
        for video in one_by_one("packing videos", videos, self.report):
            is_lost = video.path is None or video.state not in (FileState.PRESENT, FileState.MOVED)
            suffix = Path(video.path.name if video.path is not None else video.recorded_path).suffix.lower()
            if not is_lost and video.digest in self.places:  # clips of one file share its copy
                places[video.id] = self.places[video.digest]
                continue
            if self.blurred is not None and self.options.videos and not is_lost:
                suffix = BLURRED_SUFFIX
            place = f"videos/{reserve_name(safe_name(self._given_name(video.name)), names_used)}{suffix}"
            places[video.id] = place
            if not self.options.videos:
                continue
            state = video.state
            if video.path is not None and not is_lost and self.blurred is None:
                is_lost = digest_of(video.path, self.token) != video.digest  # a study can claim any size and time
                state = FileState.REPLACED if is_lost else state
            if video.path is None or is_lost:
                self.warnings.append(f"{self._given_name(video.name)} is not in the archive: its file is {state}.")
                continue
            self._pack_video(db, video, video.path, place)
            self.places[video.digest] = place
            self.n_videos += 1
        for row in db.execute("SELECT id FROM video").fetchall():
            db.execute(
                "UPDATE video SET relative_path = ?, absolute_path = '', modified_ns = ?, other_digest = '' "
                "WHERE id = ?",
                (places.get(row["id"], ""), MODIFIED_NS, row["id"]),
            )

    def _pack_video(self, db: sqlite3.Connection, video: StudyVideo, source: Path, place: str) -> None:
        if self.blurred is not None:
            copy = self.blurred.copy(source, video.digest, self._given_name(video.name)).path
        elif self.names is not None:
            from skillviewer.media.writing.remux import copy_without_metadata

            copy = self.folder / f"copy{source.suffix.lower()}"
            copy_without_metadata(source, copy, self.token)
        else:
            if self._add(source, place).sha256 != video.digest:
                raise ExportError(f"{source} changed during packing: try again when it is complete.")
            return
        entry = self._add(copy, place)
        copy.unlink()
        self.digests[video.digest] = entry.sha256
        db.execute(
            "UPDATE video SET digest = ?, size_bytes = ? WHERE digest = ?",
            (entry.sha256, entry.size_bytes, video.digest),
        )
        db.execute("UPDATE score SET video_digest = ? WHERE video_digest = ?", (entry.sha256, video.digest))
        if self.blurred is not None:  # on the score itself, as analyses may be left out
            db.execute(
                "UPDATE score SET warning = TRIM(warning || ' ' || ?) WHERE video_digest = ? AND INSTR(warning, ?) = 0",
                (SAID_BEFORE, entry.sha256, SAID_BEFORE),
            )

    def _pack_models(self, db: sqlite3.Connection, folders: dict[str, Path]) -> None:
        names_used: set[str] = set()
        rows = db.execute("SELECT digest, name, version FROM model ORDER BY name, version").fetchall()
        names = self._names_of_models([row["name"] for row in rows])
        for row in rows:
            name = self.model_names[row["digest"]] = names[row["name"]]
            place = f"models/{reserve_name(safe_name(name), names_used)}"
            db.execute(
                "UPDATE model SET name = ?, relative_path = ?, absolute_path = ? WHERE digest = ?",
                (name, place, place, row["digest"]),
            )
            folder = folders.get(row["digest"])
            if not self.options.models:
                continue
            if folder is None:
                self.warnings.append(f"The model {name} is not in the archive: its checkpoint is missing.")
                continue
            if not self._is_checkpoint(folder, row["digest"]):
                self.warnings.append(
                    f"The model {name} is not in the archive: its folder holds another checkpoint, or none."
                )
                continue
            self._add_checkpoint(folder, place)
            self.n_models += 1

    def _is_checkpoint(self, folder: Path, digest: str) -> bool:
        """Return True if a folder holds the checkpoint with a digest: a study can name any folder of this computer."""
        try:
            return checkpoint_sha256(folder, self.token) == digest
        except OSError:
            return False

    def _add_checkpoint(self, folder: Path, place: str) -> None:
        """Add the files of a checkpoint, and no other file of its folder."""
        optional = (CARD, CARD_PAGE, *_TRAINING_FILES) if self.blurred is None else (CARD, CARD_PAGE)
        for name in (CONFIG, WEIGHTS, *optional):
            # a card and the files of a training may describe data and people
            if name in (CONFIG, WEIGHTS) or (self.names is None and (folder / name).is_file()):
                self._add(folder / name, f"{place}/{name}")
        if self.names is None and self.blurred is None and (folder / PAIRS).is_file():  # it contains paths of videos
            self._add_pairs(folder / PAIRS, f"{place}/{PAIRS}")

    def _names_of_models(self, names: Sequence[str]) -> dict[str, str]:
        if self.names is None:
            return {name: name for name in names}
        unique: dict[str, str] = {}
        for name in dict.fromkeys(names):
            unique[name] = free_name(self.clean(name), {other.casefold(): None for other in unique.values()})
        return unique

    def _add_pairs(self, file: Path, place: str) -> None:
        to_root = "../" * place.count("/")
        try:
            text = moved(file, {digest: to_root + video_place for digest, video_place in self.places.items()})
        except CheckpointError as error:
            self.warnings.append(f"The pairs that a model was trained on are not in the archive: {error}")
            return
        pairs = self.folder / PAIRS
        pairs.write_text(text, encoding="utf-8", newline="")
        self._add(pairs, place)

    def _pack_analyses(self, db: sqlite3.Connection) -> None:
        if not self.options.analyses:
            return
        old_digests = {new: old for old, new in self.digests.items()}
        rows = db.execute(
            "SELECT DISTINCT v.*, s.model_digest FROM video AS v JOIN score AS s ON s.video_digest = v.digest "
            "WHERE v.removed_at IS NULL AND v.digest <> '' ORDER BY v.id, s.model_digest"
        ).fetchall()
        damaged: dict[str, None] = {}
        for row in one_by_one("packing analyses", rows, self.report):
            digest, model = row["digest"], row["model_digest"]
            source = analysis_path(old_digests.get(digest, digest), model, clip_range_from_row(row))
            if not source.is_file():
                continue
            analysis = load_or_discard(source)
            if analysis is None:  # it can be computed again
                damaged[self._given_name(row["name"])] = None
                continue
            video = replace(analysis.video, path=Path(row["relative_path"]), digest=digest)
            analysis = replace(analysis, video=video)
            if self.names is not None:
                analysis = replace(
                    analysis,
                    video=replace(video, note=self.clean(video.note)),
                    warning=self.clean(analysis.warning),
                    provenance=replace(analysis.provenance, model=self._model_of(analysis)),
                )
            if self.blurred is not None:
                analysis = self.blurred.restated(analysis)
            copy = self.folder / f"copy{ANALYSIS_SUFFIX}"
            save_analysis(analysis, copy)
            place = f"analyses/{len(self.analyses):04d}{ANALYSIS_SUFFIX}"
            self._add(copy, place)
            copy.unlink()
            self.analyses.append(KnownAnalysis(place, self._given_name(row["name"]), model))
        if damaged:
            self.warnings.append(
                f"Maps are missing in the archive, for what was kept of them is damaged: {abbreviated(tuple(damaged))}."
            )

    def _model_of(self, analysis: Analysis) -> str:
        said_by = analysis.provenance
        return self.model_names.get(said_by.model_digest) or self.clean(said_by.model)

    def _pack_faces(self, videos: tuple[StudyVideo, ...]) -> None:
        """Pack the faces of the videos, under the digests of these in the archive."""
        store = FaceStore()
        copy = self.folder / f"copy{FACES_SUFFIX}"
        for digest in sorted({video.digest for video in videos if video.digest}):
            try:
                faces = self.blurred.faces.get(digest) if self.blurred is not None else None
                faces = faces or store.get(digest)
            except VideoError as error:
                self.warnings.append(f"The faces of a video are not in the archive. {error}")
                continue
            if faces is None:
                continue
            packed_digest = self.digests.get(digest, digest)
            save_faces(replace(faces, video_digest=packed_digest), copy)
            self._add(copy, f"{FACES}{packed_digest}{FACES_SUFFIX}")
            copy.unlink()

    def _pack_tracks(self, videos: tuple[StudyVideo, ...]) -> None:
        """Pack the tracks of the videos, under the digests of these in the archive."""
        store = TrackStore()
        copy = self.folder / f"copy{TRACKS_SUFFIX}"
        for video in {video.digest: video for video in videos if video.digest}.values():
            packed_digest = self.digests.get(video.digest, video.digest)
            for file in store.files(video.digest):
                try:
                    tracks = load_tracks(file)
                    if self.blurred is not None:
                        self.blurred.check_tracks(tracks, packed_digest)
                except VideoError as error:
                    self.warnings.append(f"Tracks of {self._given_name(video.name)} are not in the archive. {error}")
                    continue
                save_tracks(self._renamed_tracks(tracks, packed_digest), copy)
                self._add(copy, f"{TRACKS}{file.name.replace(video.digest, packed_digest)}")
                copy.unlink()

    def _renamed_tracks(self, tracks: TrackSet, digest: str) -> TrackSet:
        """Return tracks of another file, without the names of people."""
        names_used: set[str] = set()
        renamed = [
            replace(track, name=reserve_name(self.clean(track.name), names_used), made_by=self.clean(track.made_by))
            for track in tracks.tracks
        ]
        return replace(tracks, digest=digest, tracks=tuple(renamed))

    def _add(self, source: Path, place: str) -> ArchiveEntry:
        """Put a file into the archive, compressed if that makes it smaller."""
        sha = hashlib.sha256()
        size = 0
        info = entry_info(place)
        if place.startswith(("videos/", "analyses/")):
            info.compress_type = zipfile.ZIP_STORED
        with source.open("rb") as original, self.file.open(info, "w", force_zip64=True) as target:
            while block := original.read(BLOCK):
                self.token.check()
                sha.update(block)
                size += len(block)
                target.write(block)
        entry = ArchiveEntry(place, size, sha.hexdigest())
        self.entries.append(entry)
        return entry


def _leave_removed(db: sqlite3.Connection) -> None:
    """Erase removed rows from a copy of a study, since they cannot be checked before the archive is passed on.

    Rows of removed videos stay without texts, since votes may name them.
    """
    removed_videos = "(SELECT id FROM video WHERE removed_at IS NOT NULL)"
    moments = f"SELECT id FROM moment WHERE removed_at IS NOT NULL OR video IN {removed_videos}"  # noqa: S608 - our own words
    db.execute(
        f"DELETE FROM note WHERE removed_at IS NOT NULL OR video IN {removed_videos} OR moment IN ({moments})"  # noqa: S608
    )
    db.execute(f"DELETE FROM moment WHERE id IN ({moments})")  # noqa: S608
    db.execute("UPDATE video SET notes = '', context = '' WHERE removed_at IS NOT NULL")
