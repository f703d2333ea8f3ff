"""Packing of a study into an archive: all its files, with pseudonyms and blurred faces if requested."""

import hashlib
import sqlite3
import zipfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.errors import CheckpointError, ExportError, VideoError
from skillviewer.core.faces.blurring_text import SCORED_BEFORE_BLURRING
from skillviewer.core.faces.faces import Faces
from skillviewer.core.hashing import CARD, CARD_PAGE, CONFIG, WEIGHTS, checkpoint_sha256
from skillviewer.core.paths import reserve_name, safe_name
from skillviewer.core.progress import CancelToken, Report, one_by_one
from skillviewer.core.text import join_names
from skillviewer.core.tracks.tracks import TrackSet
from skillviewer.core.version import __version__
from skillviewer.data.analysis_file import SUFFIX as ANALYSIS_SUFFIX
from skillviewer.data.analysis_file import load_or_discard, save_analysis
from skillviewer.data.faces_file import SUFFIX as FACES_SUFFIX
from skillviewer.data.faces_file import FaceStore, save_faces
from skillviewer.data.study.archive.archive_format import (
    BLOCK_BYTES,
    FACES_FOLDER,
    FIXED_TIME_NS,
    FORMAT_VERSION,
    MANIFEST,
    README_NAME,
    TRACKS_FOLDER,
    ArchiveEntry,
    ArchiveOptions,
    KnownAnalysis,
    Manifest,
    entry_info,
)
from skillviewer.data.study.archive.pseudonyms import Pseudonyms, empty_texts, invent_pseudonyms, replace_names
from skillviewer.data.study.archive.video_copies import BLURRED_SUFFIX, VideoCopies
from skillviewer.data.study.database import copy_database, translate_errors
from skillviewer.data.study.identity import digest_of
from skillviewer.data.study.models import analysis_path
from skillviewer.data.study.study import Study
from skillviewer.data.study.video_rows import FileState, StudyVideo, clip_range_from_row
from skillviewer.data.tracks_file import SUFFIX as TRACKS_SUFFIX
from skillviewer.data.tracks_file import TrackStore, load_tracks, save_tracks
from skillviewer.data.trained_pairs import PAIRS_FILE, csv_with_new_paths

_TRAINING_FILES = ("log.csv", "curves.png", "report.json")
"""Files that ``engine.training.train_checkpoint`` and ``engine.finetuning.finetune`` add to a checkpoint."""


class Packer:
    """Packer of one study into an open zip file.

    Attributes:
        pseudonyms: Pseudonyms, or None to keep the names.
        warnings: Warnings for the user, one sentence each.
        n_videos: Number of packed video files.
        n_models: Number of packed checkpoints.
        analyses: Packed analyses.
    """

    def __init__(
        self,
        study_path: Path,
        folder: Path,
        file: zipfile.ZipFile,
        options: ArchiveOptions,
        token: CancelToken,
        report: Report,
    ) -> None:
        self._study_path = study_path
        self._temp_folder = folder
        self._archive = file
        self._options = options
        self._token = token
        self._report = report
        self.pseudonyms: Pseudonyms | None = None
        self._replace_names: Callable[[str], str] = str  # returns a text with pseudonyms, if there are any
        self._model_names: dict[str, str] = {}  # names of models in the archive, by digest
        self._entries: list[ArchiveEntry] = []
        self.analyses: list[KnownAnalysis] = []
        self.warnings: list[str] = []
        self.n_videos = 0
        self.n_models = 0
        # maps the digest of an original video to the digest of its copy in the archive, if they differ
        self._packed_digests: dict[str, str] = {}
        # maps the digest of an original video to the path of its copy in the archive
        self._packed_paths: dict[str, str] = {}
        self._video_copies: VideoCopies | None = None
        if options.blur_faces:
            self._video_copies = VideoCopies(folder, token, report, sound=options.sound)

    def run(self) -> None:
        """Pack all files, the manifest last; errors are those of ``archive.pack``."""
        stem = "study" if self._options.pseudonyms else safe_name(self._study_path.stem)
        copy_path = self._temp_folder / f"{stem}.skillstudy"
        with Study.open(self._study_path, read_only=True) as study:
            videos = (*study.videos.check(self._token), *study.videos.check_cameras(self._token))
            models = study.models.all()
            memory = study.copy_to_memory()
        # The copy is in memory until all names are replaced: others may read the archive's folder, in which a crash
        # would leave a file with the real names.
        with translate_errors(copy_path), closing(memory) as db:
            _erase_removed(db)
            if self._options.pseudonyms:
                self.pseudonyms = invent_pseudonyms(db)
                self._replace_names = self.pseudonyms.replacer()
            self._pack_videos(db, videos)
            self._pack_models(db, {model.digest: model.path for model in models if model.path is not None})
            self._pack_analyses(db)
            self._pack_faces(videos)
            if self._options.tracks:
                self._pack_tracks(videos)
            if self.pseudonyms is not None:
                replace_names(db, self.pseudonyms, keep_texts=self._options.texts)
                if self._options.texts:
                    self.warnings.append(
                        "Names in notes, reasons and labels were replaced; read those texts before you pass them on: "
                        "people can also be recognised by what is written about them."
                    )
            elif not self._options.texts:
                empty_texts(db)
            db.execute("VACUUM")
            copy_database(db, copy_path)
        with Study.open(copy_path, read_only=True) as study:  # raises an error if the copy cannot be read
            _ = study.settings
            study.videos.all()
            study.votes.all()
        self._add(copy_path, copy_path.name)
        if self._video_copies is not None:
            self.warnings = [*self._video_copies.warnings(), *self.warnings]
        elif self._options.sound and self.pseudonyms is not None and self.n_videos:
            self.warnings.insert(0, "The videos have no sound: with pseudonyms it is kept only in blurred videos.")
        faces_blurred: bool | msgspec.UnsetType = msgspec.UNSET  # manifests never say False
        if self._video_copies is not None and self._video_copies.faces:
            faces_blurred = True
            self._add(self._video_copies.write_readme(), README_NAME)
        manifest = Manifest(
            format=FORMAT_VERSION,
            program=f"SkillViewer {__version__}",
            study=copy_path.name,
            pseudonymised=self.pseudonyms is not None,
            files=tuple(self._entries),
            analyses=tuple(self.analyses),
            faces_blurred=faces_blurred,
        )
        self._archive.writestr(entry_info(MANIFEST), msgspec.json.format(msgspec.json.encode(manifest), indent=1))

    def _name_in_archive(self, name: str) -> str:
        return name if self.pseudonyms is None else self.pseudonyms.videos[name]

    def _pack_videos(self, db: sqlite3.Connection, videos: tuple[StudyVideo, ...]) -> None:
        names_used: set[str] = set()
        path_by_id: dict[int, str] = {}
        for video in one_by_one("packing videos", videos, self._report):
            is_lost = video.path is None or video.state not in (FileState.PRESENT, FileState.MOVED)
            suffix = _suffix_of(video)
            if not is_lost and video.digest in self._packed_paths:  # clips of one file share its copy
                path_by_id[video.id] = self._packed_paths[video.digest]
                continue
            if self._video_copies is not None and self._options.videos and not is_lost:
                suffix = BLURRED_SUFFIX
            name = self._name_in_archive(video.name)
            packed_path = f"videos/{reserve_name(safe_name(name), names_used)}{suffix}"
            path_by_id[video.id] = packed_path
            if not self._options.videos:
                continue
            if video.path is None or is_lost:
                self.warnings.append(f"{name} is not in the archive: its file is {video.state}.")
                continue
            if self._video_copies is None and digest_of(video.path, self._token) != video.digest:
                # the digest is computed again, since a study from elsewhere may state a forged size and time
                self.warnings.append(f"{name} is not in the archive: its file is {FileState.REPLACED}.")
                continue
            self._pack_video(db, video, video.path, packed_path)
            self._packed_paths[video.digest] = packed_path
            self.n_videos += 1
        for row in db.execute("SELECT id FROM video").fetchall():
            db.execute(
                "UPDATE video SET relative_path = ?, absolute_path = '', modified_ns = ?, other_digest = '' "
                "WHERE id = ?",
                (path_by_id.get(row["id"], ""), FIXED_TIME_NS, row["id"]),
            )

    def _pack_video(self, db: sqlite3.Connection, video: StudyVideo, source: Path, packed_path: str) -> None:
        if self._video_copies is not None:
            copy_path = self._video_copies.copy(source, video.digest, self._name_in_archive(video.name)).path
        elif self.pseudonyms is not None:
            from skillviewer.media.writing.remux import copy_without_metadata

            copy_path = self._temp_folder / f"copy{source.suffix.lower()}"
            copy_without_metadata(source, copy_path, self._token)
        else:
            entry = self._add(source, packed_path)
            if entry.sha256 != video.digest:
                raise ExportError(f"{source} changed during packing: try again when it is complete.")
            return
        entry = self._add(copy_path, packed_path)
        copy_path.unlink()
        self._packed_digests[video.digest] = entry.sha256
        db.execute(
            "UPDATE video SET digest = ?, size_bytes = ? WHERE digest = ?",
            (entry.sha256, entry.size_bytes, video.digest),
        )
        db.execute("UPDATE score SET video_digest = ? WHERE video_digest = ?", (entry.sha256, video.digest))
        if self._video_copies is not None:
            # scores get the note on blurring too, since analyses, which have it, may be left out of the archive
            db.execute(
                "UPDATE score SET warning = TRIM(warning || ' ' || ?) WHERE video_digest = ? AND INSTR(warning, ?) = 0",
                (SCORED_BEFORE_BLURRING, entry.sha256, SCORED_BEFORE_BLURRING),
            )

    def _pack_models(self, db: sqlite3.Connection, folders: dict[str, Path]) -> None:
        names_used: set[str] = set()
        rows = db.execute("SELECT digest, name, version FROM model ORDER BY name, version").fetchall()
        packed_names = self._packed_model_names([row["name"] for row in rows])
        for row in rows:
            name = packed_names[row["name"]]
            self._model_names[row["digest"]] = name
            packed_path = f"models/{reserve_name(safe_name(name), names_used)}"
            db.execute(
                "UPDATE model SET name = ?, relative_path = ?, absolute_path = ? WHERE digest = ?",
                (name, packed_path, packed_path, row["digest"]),
            )
            folder = folders.get(row["digest"])
            if not self._options.models:
                continue
            if folder is None:
                self.warnings.append(f"The model {name} is not in the archive: its checkpoint is missing.")
                continue
            if not self._is_checkpoint(folder, row["digest"]):
                self.warnings.append(
                    f"The model {name} is not in the archive: its folder holds another checkpoint, or none."
                )
                continue
            self._add_checkpoint(folder, packed_path)
            self.n_models += 1

    def _is_checkpoint(self, folder: Path, digest: str) -> bool:
        """Return True if a folder holds the checkpoint with a digest.

        The check protects other folders of this computer, since a study from elsewhere can name any of them.
        """
        try:
            return checkpoint_sha256(folder, self._token) == digest
        except OSError:
            return False

    def _add_checkpoint(self, folder: Path, packed_path: str) -> None:
        """Add the files of a checkpoint, and no other file of its folder."""
        for name in (CONFIG, WEIGHTS):
            self._add(folder / name, f"{packed_path}/{name}")
        if self.pseudonyms is not None:  # the other files may describe data and people
            return
        optional = (CARD, CARD_PAGE, *_TRAINING_FILES) if self._video_copies is None else (CARD, CARD_PAGE)
        for name in optional:
            if (folder / name).is_file():
                self._add(folder / name, f"{packed_path}/{name}")
        if self._video_copies is None and (folder / PAIRS_FILE).is_file():  # the file has the paths of unblurred videos
            self._add_pairs(folder / PAIRS_FILE, f"{packed_path}/{PAIRS_FILE}")

    def _packed_model_names(self, names: Sequence[str]) -> dict[str, str]:
        """Return a name in the archive for every name of a model. Different names get different ones."""
        if self.pseudonyms is None:
            return {name: name for name in names}
        packed_names: dict[str, str] = {}
        names_used: set[str] = set()
        for name in dict.fromkeys(names):
            packed_names[name] = reserve_name(self._replace_names(name), names_used)
        return packed_names

    def _add_pairs(self, file: Path, packed_path: str) -> None:
        to_root = "../" * packed_path.count("/")
        paths = {digest: to_root + video_path for digest, video_path in self._packed_paths.items()}
        try:
            text = csv_with_new_paths(file, paths)
        except CheckpointError as error:
            self.warnings.append(f"The pairs that a model was trained on are not in the archive: {error}")
            return
        pairs = self._temp_folder / PAIRS_FILE
        pairs.write_text(text, encoding="utf-8", newline="")
        self._add(pairs, packed_path)

    def _pack_analyses(self, db: sqlite3.Connection) -> None:
        if not self._options.analyses:
            return
        original_digests = {packed: original for original, packed in self._packed_digests.items()}
        rows = db.execute(
            "SELECT DISTINCT v.*, s.model_digest FROM video AS v JOIN score AS s ON s.video_digest = v.digest "
            "WHERE v.removed_at IS NULL AND v.digest <> '' ORDER BY v.id, s.model_digest"
        ).fetchall()
        damaged: dict[str, None] = {}
        for row in one_by_one("packing analyses", rows, self._report):
            digest = row["digest"]
            model_digest = row["model_digest"]
            name = self._name_in_archive(row["name"])
            source = analysis_path(original_digests.get(digest, digest), model_digest, clip_range_from_row(row))
            if not source.is_file():
                continue
            analysis = load_or_discard(source)
            if analysis is None:  # it can be computed again
                damaged[name] = None
                continue
            video = replace(analysis.video, path=Path(row["relative_path"]), digest=digest)
            packed_analysis = self._packed_analysis(replace(analysis, video=video))
            copy_path = self._temp_folder / f"copy{ANALYSIS_SUFFIX}"
            save_analysis(packed_analysis, copy_path)
            packed_path = f"analyses/{len(self.analyses):04d}{ANALYSIS_SUFFIX}"
            self._add(copy_path, packed_path)
            copy_path.unlink()
            self.analyses.append(KnownAnalysis(packed_path, name, model_digest))
        if damaged:
            self.warnings.append(
                f"Maps are missing in the archive, since their files are damaged: {join_names(tuple(damaged))}."
            )

    def _packed_analysis(self, analysis: Analysis) -> Analysis:
        """Return an analysis with names replaced, and with a note if faces were blurred."""
        if self.pseudonyms is not None:
            analysis = replace(
                analysis,
                video=replace(analysis.video, note=self._replace_names(analysis.video.note)),
                warning=self._replace_names(analysis.warning),
                provenance=replace(analysis.provenance, model=self._packed_model_name(analysis)),
            )
        if self._video_copies is not None:
            analysis = self._video_copies.analysis_of_copy(analysis)
        return analysis

    def _packed_model_name(self, analysis: Analysis) -> str:
        """Return the archive's name for the model that made an analysis."""
        provenance = analysis.provenance
        return self._model_names.get(provenance.model_digest) or self._replace_names(provenance.model)

    def _pack_faces(self, videos: tuple[StudyVideo, ...]) -> None:
        """Pack the faces of the videos, under the digests that the videos have in the archive."""
        store = FaceStore()
        copy_path = self._temp_folder / f"copy{FACES_SUFFIX}"
        for digest in sorted({video.digest for video in videos if video.digest}):
            try:
                faces = self._blurred_faces(digest)
                if faces is None:
                    faces = store.get(digest)
            except VideoError as error:
                self.warnings.append(f"The faces of a video are not in the archive. {error}")
                continue
            if faces is None:
                continue
            packed_digest = self._packed_digests.get(digest, digest)
            save_faces(replace(faces, video_digest=packed_digest), copy_path)
            self._add(copy_path, f"{FACES_FOLDER}{packed_digest}{FACES_SUFFIX}")
            copy_path.unlink()

    def _blurred_faces(self, digest: str) -> Faces | None:
        """Return the faces that were blurred in the copy of an original video, if there are any."""
        if self._video_copies is None:
            return None
        return self._video_copies.faces.get(digest)

    def _pack_tracks(self, videos: tuple[StudyVideo, ...]) -> None:
        """Pack the tracks of the videos, under the digests that the videos have in the archive."""
        store = TrackStore()
        copy_path = self._temp_folder / f"copy{TRACKS_SUFFIX}"
        video_by_digest = {video.digest: video for video in videos if video.digest}
        for video in video_by_digest.values():
            packed_digest = self._packed_digests.get(video.digest, video.digest)
            for file in store.files(video.digest):
                try:
                    tracks = load_tracks(file)
                    if self._video_copies is not None:
                        self._video_copies.check_tracks(tracks, packed_digest)
                except VideoError as error:
                    name = self._name_in_archive(video.name)
                    self.warnings.append(f"Tracks of {name} are not in the archive. {error}")
                    continue
                save_tracks(self._packed_tracks(tracks, packed_digest), copy_path)
                self._add(copy_path, f"{TRACKS_FOLDER}{file.name.replace(video.digest, packed_digest)}")
                copy_path.unlink()

    def _packed_tracks(self, tracks: TrackSet, digest: str) -> TrackSet:
        """Return tracks for the packed file of their video, with names of people replaced."""
        names_used: set[str] = set()
        renamed = [
            replace(
                track,
                name=reserve_name(self._replace_names(track.name), names_used),
                made_by=self._replace_names(track.made_by),
            )
            for track in tracks.tracks
        ]
        return replace(tracks, digest=digest, tracks=tuple(renamed))

    def _add(self, source: Path, packed_path: str) -> ArchiveEntry:
        """Put a file into the archive; files that are compressed already are not compressed again."""
        sha = hashlib.sha256()
        size = 0
        info = entry_info(packed_path)
        if packed_path.startswith(("videos/", "analyses/")):
            info.compress_type = zipfile.ZIP_STORED
        with source.open("rb") as original, self._archive.open(info, "w", force_zip64=True) as target:
            for block in iter(partial(original.read, BLOCK_BYTES), b""):
                self._token.check()
                sha.update(block)
                size += len(block)
                target.write(block)
        entry = ArchiveEntry(packed_path, size, sha.hexdigest())
        self._entries.append(entry)
        return entry


def _suffix_of(video: StudyVideo) -> str:
    """Return the suffix of a video's file, or of its recorded path if the file is lost."""
    path = Path(video.recorded_path) if video.path is None else video.path
    return path.suffix.lower()


def _erase_removed(db: sqlite3.Connection) -> None:
    """Erase removed notes and moments from a copy of a study, since the sender can see them on no screen.

    Rows of removed videos stay, since votes may refer to them, but without texts.
    """
    removed_videos = "(SELECT id FROM video WHERE removed_at IS NOT NULL)"
    db.execute(f"DELETE FROM note WHERE removed_at IS NOT NULL OR video IN {removed_videos}")  # noqa: S608 - our own words
    removed_moments = f"(SELECT id FROM moment WHERE removed_at IS NOT NULL OR video IN {removed_videos})"  # noqa: S608
    db.execute(f"DELETE FROM note WHERE moment IN {removed_moments}")  # noqa: S608
    db.execute(f"DELETE FROM moment WHERE id IN {removed_moments}")  # noqa: S608
    db.execute("UPDATE video SET notes = '', context = '' WHERE removed_at IS NOT NULL")
