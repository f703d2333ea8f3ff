"""Orders for exports: what is kept is used, what is not is asked of a model once, and one failure stops no other."""

import csv
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.model_facts import ModelFacts
from skillviewer.core.errors import Cancelled, CheckpointError, DeviceError, ExportError
from skillviewer.core.explanation.alignment import Alignment
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.faces.faces import Faces
from skillviewer.core.hashing import sha256_of
from skillviewer.core.paths import HOME_VARIABLE, cache_dir
from skillviewer.core.progress import NEVER, CancelToken, Progress, Report, silent
from skillviewer.core.tracks.tracks import FrameState, Track, TrackSet
from skillviewer.core.video.clips import ClipRange
from skillviewer.core.video.preprocessing import USUAL_PASSES
from skillviewer.data.analysis_file import save_analysis
from skillviewer.data.faces_file import FaceStore
from skillviewer.data.study import NewVideo, Study
from skillviewer.data.study.models import Score, analysis_path
from skillviewer.data.tracks_file import TrackStore
from skillviewer.engine.exporting.export_results import AnalysisReady, ExportedFile
from skillviewer.engine.exporting.requests import ExportRequest, ExportSource, find_stored_analysis
from skillviewer.engine.exporting.service import ExportService
from skillviewer.export.analysed_video import AnalysedVideo
from skillviewer.export.exporters import EXPORTERS, exporter
from skillviewer.export.pictures import blurring
from skillviewer.export.pictures.blurring import wants_blurring
from skillviewer.export.pictures.picture_options import ClipOptions, StillOptions
from skillviewer.export.preview import MAX_ROWS
from skillviewer.export.reports.page_preview import GAP_PX, PAGE_PX
from skillviewer.export.reports.report_options import ReportOptions, StudyContext
from skillviewer.media.reading import container
from skillviewer.media.reading import reader as reader_module
from skillviewer.media.reading.reader import VideoReader
from tests.export.analyses import analysis, evenly, evidence
from tests.facts import missing
from tests.videos import write_barcode_video

MODEL = "e" * 64


class FakeModelCache:
    """Counts what it is asked."""

    def __init__(self, *, fails: bool = False) -> None:
        self.asked: list[tuple[str, str, int]] = []
        self.fails = fails
        self.closed = False

    def assess(
        self,
        folder: Path,
        video: Path,
        passes: int,
        token: CancelToken,
        report: Report,
        clip_range: ClipRange | None = None,
        reader: VideoReader | None = None,
    ) -> Analysis:
        token.check()
        self.asked.append((folder.name, video.name, passes))
        if self.fails:
            raise DeviceError("The GPU ran out of memory.")
        report(Progress("looking", 1, 5))
        assert reader is not None, "the video is open already"
        return replace(analysis(reader.info, passes=passes, model=folder.name), clip_range=clip_range)

    def facts(self, folder: Path) -> ModelFacts:
        raise NotImplementedError

    def retain(self, folders: Collection[Path]) -> None:
        raise NotImplementedError

    def explain(
        self,
        folder: Path,
        analysis: Analysis,
        token: CancelToken,  # noqa: ARG002
        report: Report,  # noqa: ARG002
        reader: VideoReader | None = None,
    ) -> Evidence:
        assert reader is not None, "the video is open already"
        self.asked.append((folder.name, "explain", analysis.n_passes))
        if self.fails:
            raise DeviceError("The GPU ran out of memory.")
        return evidence(analysis)

    def align(
        self,
        folder: Path,
        analysis: Analysis,
        other_analysis: Analysis,
        token: CancelToken,  # noqa: ARG002
        report: Report,  # noqa: ARG002
    ) -> Alignment:
        self.asked.append((folder.name, "align", other_analysis.n_passes))
        return evenly(analysis, other_analysis)

    def close(self) -> None:
        self.closed = True


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))


def stored(source: ExportSource) -> Analysis | None:
    def digest_of(path: Path) -> str:
        with VideoReader(path) as reader:
            return reader.info.digest

    return find_stored_analysis(source, digest_of)


@pytest.fixture
def source(tmp_path: Path) -> ExportSource:
    video = write_barcode_video(tmp_path / "a ü.mp4", 30).path
    return ExportSource(video, "a ü", tmp_path / "tiny", MODEL)


def test_no_video_of_the_study_is_replaced_and_no_model_is_asked_for_it(source: ExportSource, tmp_path: Path) -> None:
    other = write_barcode_video(tmp_path / "b.mp4", 20).path
    with Study.create(tmp_path / "study") as study:
        study.videos.add([NewVideo(source.video), NewVideo(other)])
        asked = replace(source, study=study.path)
    before, model_cache = other.read_bytes(), FakeModelCache()
    orders = [ExportRequest(exporter("clip"), (asked,), path, overwrite=True) for path in (source.video, other)]
    with ExportService(lambda: model_cache) as desk:
        batch = desk.write_all(orders)
    assert [failure.endswith("Choose another name or folder.") for failure in batch.failures] == [True, True]
    assert model_cache.asked == []
    assert other.read_bytes() == before


def test_what_is_kept_is_used_and_no_model_is_loaded(source: ExportSource, tmp_path: Path) -> None:
    with VideoReader(source.video) as reader:
        said = analysis(reader.info, passes=3)
    moved = replace(said, video=replace(said.video, path=Path("/somewhere/else.mp4")))
    save_analysis(moved, analysis_path(said.video.digest, MODEL))

    def no_pool() -> FakeModelCache:
        raise AssertionError("no model is needed")

    with ExportService(no_pool) as desk:
        made = desk.write(ExportRequest(exporter("still"), (source,), tmp_path / "out" / "a.png"))
        assert made.path.is_file()
        assert made.facts[1].endswith("pixels")
        assert desk.preview(exporter("clip"), (source,), None) is not None
    found = stored(source)
    assert found is not None
    assert found.video.path == source.video
    assert found.n_passes == 3
    assert stored(replace(source, passes=2)) is None
    assert stored(replace(source, model_digest="f" * 64)) is None


def test_what_was_never_asked_is_asked_once_and_kept(source: ExportSource, tmp_path: Path) -> None:
    model_cache = FakeModelCache()
    told: list[Progress] = []
    with ExportService(lambda: model_cache) as desk:
        assert desk.preview(exporter("clip"), (source,), None) is None
        assert model_cache.asked == []
        desk.write(ExportRequest(exporter("scores"), (source,), tmp_path / "s.csv"), report=told.append)
        desk.write(ExportRequest(exporter("still"), (source,), tmp_path / "s.png"))
    assert model_cache.asked == [("tiny", "a ü.mp4", USUAL_PASSES)]
    assert model_cache.closed
    assert told[0].stage == "assessing a ü"
    assert told[-1].stage == "reading it back"


def test_evidence_is_computed_where_it_is_needed_or_welcome(source: ExportSource, tmp_path: Path) -> None:
    model_cache = FakeModelCache()
    with ExportService(lambda: model_cache) as desk:
        desk.write(ExportRequest(exporter("evidence"), (source,), tmp_path / "e.csv"))
        assert [asked[1] for asked in model_cache.asked] == ["a ü.mp4", "explain"]
        desk.write(ExportRequest(exporter("evidence"), (source,), tmp_path / "again.csv"))
        assert len(model_cache.asked) == 2, "it is kept"
        assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "e.csv").read_bytes()
        (kept,) = (cache_dir() / "evidence").rglob("*.evidence")
        kept.unlink()
        model_cache.fails = True
        with pytest.raises(DeviceError):
            desk.write(ExportRequest(exporter("evidence"), (source,), tmp_path / "f.csv"))
        (said,) = desk.write(ExportRequest(exporter("why"), (source,), tmp_path / "why.html")).warnings  # does without
        assert not missing(said, "lowered")
        assert desk.write(ExportRequest(exporter("still"), (source,), tmp_path / "a.png")).warnings == ()
    assert not (tmp_path / "f.csv").exists()


@pytest.mark.parametrize("name", [each.name for each in EXPORTERS if each.least == 1])
def test_each_video_is_opened_and_hashed_once(
    source: ExportSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    opened: list[Path] = []
    hashed: list[Path] = []

    class CountedFile(container.VideoFile):
        def __init__(self, path: Path, threads: int) -> None:
            opened.append(path)
            super().__init__(path, threads)

    def counted(path: Path, token: CancelToken = NEVER) -> str:
        hashed.append(path)
        return sha256_of(path, token)

    monkeypatch.setattr(reader_module, "VideoFile", CountedFile)
    monkeypatch.setattr(reader_module, "sha256_of", counted)
    monkeypatch.setattr(blurring, "find_faces", lambda reader, **_: Faces(reader.info.digest, reader.info.n_frames))
    made = exporter(name)
    options = made.options() if made.options is not None else None
    if options is not None and hasattr(options, "blur_faces"):
        options = replace(options, blur_faces=True)  # the search for faces reads the video, too
    if options is not None and hasattr(options, "dpi"):
        options = replace(options, dpi=72)
    with ExportService(FakeModelCache) as service:
        service.write(ExportRequest(made, (source,), tmp_path / f"a{made.suffixes[0]}", options))
        assert (opened.count(source.video), hashed.count(source.video)) == (1, 1), "assessed, explained, written"
        again = ExportRequest(made, (source,), tmp_path / f"b{made.suffixes[0]}", options)
        service.write(again)
        assert (opened.count(source.video), hashed.count(source.video)) == (2, 2), "stored"
        digest = stored_digest(source)
        opened.clear()
        service.write(replace(again, sources=(replace(source, digest=digest),), overwrite=True))
        n = int(made.needs_video or wants_blurring(options))
        assert opened.count(source.video) == n, "a table of a stored analysis, or of its evidence, needs no video"


def stored_digest(source: ExportSource) -> str:
    found = stored(source)
    assert found is not None
    return found.video.digest


@pytest.mark.parametrize("name", ["clip", "why", "timeline", "scores"])
def test_a_study_is_opened_once_to_read_and_once_to_write_the_log(
    source: ExportSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with Study.create(tmp_path / "peg") as made:
        made.videos.add([NewVideo(source.video)])
        of_study = replace(source, study=made.path)
    kind = exporter(name)
    options = kind.options() if kind.options is not None else None
    if name == "clip":
        options = ClipOptions(cameras=True)
    request = ExportRequest(kind, (of_study,), tmp_path / f"a{kind.suffixes[0]}", options, overwrite=True)
    opened: list[bool] = []
    open_study = Study.open

    def counted(path: Path, *, read_only: bool = False) -> Study:
        opened.append(read_only)
        return open_study(path, read_only=read_only)

    with ExportService(FakeModelCache, update_study=True) as service:
        service.write(request)  # writes the score into the study, too
        monkeypatch.setattr(Study, "open", counted)
        service.write(request)
    assert opened == [True, False]


def test_a_video_is_never_replaced_by_what_is_made_of_it(source: ExportSource) -> None:
    before = source.video.read_bytes()
    with ExportService(FakeModelCache) as desk, pytest.raises(ExportError, match="is never replaced"):
        desk.write(ExportRequest(exporter("clip"), (source,), source.video, overwrite=True))
    assert source.video.read_bytes() == before


def test_one_failure_of_several_is_told_and_a_single_one_is_raised(source: ExportSource, tmp_path: Path) -> None:
    (tmp_path / "2.csv").write_text("mine")
    orders = [ExportRequest(exporter("scores"), (source,), tmp_path / f"{n}.csv") for n in range(1, 4)]
    told: list[Progress] = []
    with ExportService(FakeModelCache) as desk:
        batch = desk.write_all(orders, report=told.append)
        assert [written.path.name for written in batch.written] == ["1.csv", "3.csv"]
        assert len(batch.failures) == 1
        assert "2.csv is there already" in batch.failures[0]
        assert {(p.done, p.total) for p in told if p.value is None} == {(0, 3), (2, 3)}
        assert [p.value for p in told if isinstance(p.value, ExportedFile)] == list(batch.written), (
            "each as it is finished"
        )
        with pytest.raises(ExportError, match=r"2\.csv is there already"):
            desk.write_all(orders[1:2])
        token = CancelToken()
        token.cancel()
        with pytest.raises(Cancelled):
            desk.write_all(orders, token)
    assert (tmp_path / "2.csv").read_text() == "mine"


def test_what_comes_to_be_known_is_told_at_once(source: ExportSource, tmp_path: Path) -> None:
    told: list[AnalysisReady] = []

    def report(progress: Progress) -> None:
        if isinstance(progress.value, AnalysisReady):
            told.append(progress.value)

    model_cache = FakeModelCache()
    (tmp_path / "2.csv").write_text("mine")
    orders = [ExportRequest(exporter("scores"), (source,), tmp_path / f"{n}.csv") for n in range(1, 4)]
    with ExportService(lambda: model_cache) as desk:
        desk.write_all(orders, report=report)
    assert len(model_cache.asked) == 1
    assert [(new.source, new.analysis.n_passes) for new in told] == [(source, USUAL_PASSES)] * 2  # kept is known too
    assert told[0].analysis.video.path == source.video
    del told[:]
    with ExportService(FakeModelCache) as desk:  # what comes with what is known of it is nothing new
        known = replace(source, analysis=stored(source))
        desk.write_all([ExportRequest(exporter("scores"), (known,), tmp_path / "4.csv")], report=report)
    assert told == []


def test_a_model_that_is_gone_is_said(source: ExportSource, tmp_path: Path) -> None:
    with ExportService(FakeModelCache) as desk, pytest.raises(CheckpointError, match="choose a model"):
        desk.write(ExportRequest(exporter("still"), (replace(source, model=None),), tmp_path / "a.png"))


def test_scores_are_kept_in_the_study(source: ExportSource, tmp_path: Path) -> None:
    with Study.create(tmp_path / "peg") as made:
        made.videos.add([NewVideo(source.video)])
        path, name = made.path, made.videos.all()[0].name
    of_study = replace(source, study=path)

    def scores() -> dict[str, Score]:
        with Study.open(path, read_only=True) as study:
            return study.models.scores(MODEL)

    with ExportService(FakeModelCache) as window:
        window.write(ExportRequest(exporter("scores"), (of_study,), tmp_path / "1.csv"))
    assert scores() == {}
    model_cache = FakeModelCache()
    with ExportService(lambda: model_cache, update_study=True) as desk:
        desk.write(ExportRequest(exporter("scores"), (of_study,), tmp_path / "2.csv"))
        assert model_cache.asked == []
        assert scores()[name].passes == USUAL_PASSES
        said = scores()
        desk.write(ExportRequest(exporter("scores"), (of_study,), tmp_path / "3.csv"))
        assert scores() == said
        desk.write(ExportRequest(exporter("scores"), (replace(of_study, passes=2),), tmp_path / "4.csv"))
        assert model_cache.asked == [("tiny", "a ü.mp4", 2)]
        assert scores() == said, "fewer passes were for that export alone"
        with Study.open(path) as elsewhere:  # a window that has it open
            assert not elsewhere.read_only
            desk.write(
                ExportRequest(exporter("scores"), (replace(of_study, passes=USUAL_PASSES + 1),), tmp_path / "5.csv")
            )
        assert scores() == said
        desk.write(ExportRequest(exporter("scores"), (replace(of_study, passes=USUAL_PASSES + 2),), tmp_path / "6.csv"))
        assert scores()[name].passes == USUAL_PASSES + 2
    known = stored(source)
    assert known is not None
    assert known.n_passes == USUAL_PASSES + 2
    with Study.open(path, read_only=True) as study:
        assert [m.name for m in study.models.all()] == ["tiny"]


def test_a_damaged_analysis_is_computed_again(source: ExportSource, tmp_path: Path) -> None:
    with VideoReader(source.video) as reader:
        path = analysis_path(reader.info.digest, MODEL)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"damaged")
    model_cache = FakeModelCache()
    with ExportService(lambda: model_cache) as desk:
        desk.write(ExportRequest(exporter("scores"), (source,), tmp_path / "s.csv"))
    assert len(model_cache.asked) == 1
    assert stored(source) is not None


def test_of_blurred_faces_the_second_video_of_a_report_is_told_of_too(source: ExportSource, tmp_path: Path) -> None:
    other = write_barcode_video(tmp_path / "better.mp4", 24).path
    shown = []
    for path in (source.video, other):
        with VideoReader(path) as reader:
            faces = Faces(reader.info.digest, reader.info.n_frames, method="a search")
            shown.append((analysis(reader.info), faces))
    (said, found), (better, found_there) = shown
    known = StudyContext(reference=AnalysedVideo(better, "better", faces=found_there))
    asked = replace(source, analysis=said, faces=found)
    with ExportService(FakeModelCache) as desk:
        order = ExportRequest(
            exporter("why"), (asked,), tmp_path / "why.html", ReportOptions(blur_faces=True, study_context=known)
        )
        warnings = desk.write(order).warnings
    assert [warning.split(",")[0] for warning in warnings if warning.startswith("No face")] == [
        "No face was found in a ü.mp4",
        "No face was found in better.mp4",
    ]


def test_a_preview_is_what_is_written(source: ExportSource, tmp_path: Path) -> None:
    from PIL import Image

    options = StillOptions(frame=12, title="a title")
    with ExportService(FakeModelCache) as desk:
        made = desk.write(ExportRequest(exporter("still"), (source,), tmp_path / "a.png", options), report=silent)
        seen = desk.preview(exporter("still"), (source,), options)
    assert seen is not None
    assert seen.picture is not None
    assert np.array_equal(np.asarray(Image.open(made.path)), seen.picture)


def test_tracks_are_drawn_on_request_and_missing_ones_are_told_of(source: ExportSource, tmp_path: Path) -> None:
    stored(source)
    service, options = ExportService(FakeModelCache), StillOptions(labels=False, curve=False, tracks=True)
    plain = service.write(ExportRequest(exporter("still"), (source,), tmp_path / "plain.png", options))
    assert any(not missing(warning, "no tracks") for warning in plain.warnings)
    with VideoReader(source.video) as reader:
        video = reader.info
    xy = np.full((video.n_frames, 1, 2), 20, np.float32)
    states = np.full(video.n_frames, FrameState.FOUND, np.uint8)
    tip = Track("tip", ("tip",), xy, np.ones((video.n_frames, 1), np.float32), states)
    TrackStore().put(TrackSet.of_video(video, tracks=[tip]))
    drawn = service.write(ExportRequest(exporter("still"), (source,), tmp_path / "drawn.png", options))
    assert not any("no tracks" in warning for warning in drawn.warnings)
    with Image.open(plain.path) as one, Image.open(drawn.path) as other:
        changed = (np.asarray(one) != np.asarray(other)).any(axis=2)
    rows, columns = np.nonzero(changed)
    scale = changed.shape[0] / video.height_px
    assert abs(rows.mean() - 20.5 * scale) < 1
    assert abs(columns.mean() - 20.5 * scale) < 1
    seen = service.preview(exporter("still"), (source,), options)
    assert seen is not None
    assert seen.picture is not None
    with Image.open(drawn.path) as written:
        assert np.array_equal(seen.picture, np.asarray(written))


def test_the_preview_of_a_report_is_its_pages(source: ExportSource, tmp_path: Path) -> None:
    import pypdf

    request = ExportRequest(exporter("why"), (source,), tmp_path / "why.pdf")
    with ExportService(FakeModelCache) as desk:
        made = desk.write(request)
        seen = desk.preview(exporter("why"), (source,), None)
    assert seen is not None
    assert seen.picture is not None
    pages = pypdf.PdfReader(made.path).pages
    heights = [round(PAGE_PX * float(page.mediabox.height) / float(page.mediabox.width)) for page in pages]
    assert seen.picture.shape[0] == pytest.approx(sum(heights) + GAP_PX * (len(pages) - 1), abs=len(pages))
    for top in (0, heights[0] + GAP_PX):
        assert (seen.picture[top : top + heights[0]] < 100).any(), "there are words on every page"


def test_the_preview_of_a_table_is_its_first_rows(source: ExportSource, tmp_path: Path) -> None:
    with ExportService(FakeModelCache) as desk:
        made = desk.write(ExportRequest(exporter("curves"), (source,), tmp_path / "c.csv"))
        seen = desk.preview(exporter("curves"), (source,), None)
    assert seen is not None
    with made.path.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    assert seen.picture is None
    assert (seen.header, seen.n_rows) == (tuple(header), len(rows))
    assert len(seen.rows) == min(MAX_ROWS, len(rows))
    for shown, written in zip(seen.rows, rows, strict=False):
        assert all(w == s or w.startswith(s.removesuffix("…")) for s, w in zip(shown, written, strict=True))


def test_a_preview_looks_for_no_faces_and_shows_none_that_would_be_blurred(
    source: ExportSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search takes as long as the video, in the worker thread in which other previews wait."""
    with VideoReader(source.video) as reader:
        said = analysis(reader.info, passes=3)
    save_analysis(said, analysis_path(said.video.digest, MODEL))

    def searched(*_: object, **__: object) -> Faces:
        raise AssertionError("nobody asked for a search")

    monkeypatch.setattr(blurring, "find_faces", searched)
    with ExportService(FakeModelCache) as desk:
        options = StillOptions(blur_faces=True)
        with pytest.raises(ExportError, match=r"looked.*ü\.mp4"):
            desk.preview(exporter("still"), (source,), options)
        FaceStore().put(Faces(said.video.digest, said.video.n_frames, method="a detector"))
        assert desk.preview(exporter("still"), (source,), options) is not None


def test_videos_are_aligned_with_the_first_by_one_model(tmp_path: Path) -> None:
    """A clip of two videos asks the model once; one video, or two models, are refused in one sentence."""
    model_cache, options = FakeModelCache(), ClipOptions(align=True)
    files = [write_barcode_video(tmp_path / f"{name}.mp4", n).path for name, n in (("low", 12), ("high", 14))]
    low, high = (ExportSource(file, file.stem, tmp_path / "m", MODEL) for file in files)
    with ExportService(lambda: model_cache) as service:
        service.write(ExportRequest(exporter("clip"), (low, high), tmp_path / "both.mp4", options))
        assert [what for _, what, _ in model_cache.asked] == ["low.mp4", "high.mp4", "align"]
        with pytest.raises(ExportError, match="choose two or more videos"):
            service.write(ExportRequest(exporter("clip"), (low,), tmp_path / "one.mp4", options))
        with VideoReader(files[1]) as reader:
            said = analysis(reader.info, model="n")
        foreign = replace(said.provenance, model_digest="f" * 64)
        other = replace(high, analysis=replace(said, provenance=foreign))
        with pytest.raises(ExportError, match="aligned in time by one model"):
            service.write(ExportRequest(exporter("clip"), (low, other), tmp_path / "two.mp4", options))
