"""Exports as units of work: a worker opens no study, and writes what the process that opens them would write."""

from dataclasses import replace
from pathlib import Path

import pytest

from skillviewer.core.errors import ExportError
from skillviewer.core.paths import HOME_VARIABLE
from skillviewer.core.progress import NEVER, silent
from skillviewer.data.study import NewVideo, Study
from skillviewer.engine.exporting import export_units as units
from skillviewer.engine.exporting.requests import ExportRequest, ExportSource
from skillviewer.engine.exporting.service import ExportService
from skillviewer.export.exporters import EXPORTERS, exporter
from skillviewer.export.reports.report_options import ReportOptions
from skillviewer.media.reading.reader import VideoReader
from tests.export.analyses import analysis
from tests.videos import write_barcode_video


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ExportSource:
    """One of two scored videos of a study, with a note."""
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    with Study.create(tmp_path / "peg") as study:
        for i, name in enumerate("ab"):
            file = write_barcode_video(tmp_path / f"{name}.mp4", 30 + i).path
            study.videos.add([NewVideo(file)])
            with VideoReader(file) as reader:
                study.models.save_analysis(analysis(reader.info, passes=2, shift=float(i)))
        (video, _) = study.videos.all()
        return ExportSource(tmp_path / "a.mp4", "a", None, "e" * 64, video.digest, study=study.path)


def refused() -> None:
    raise ExportError("no model is at hand")


@pytest.mark.parametrize("name", [e.name for e in EXPORTERS if e.least == 1 and not e.needs_evidence])
def test_a_worker_opens_no_study_and_writes_the_same(
    name: str, target: ExportSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = exporter(name)
    end = made.suffixes[0]
    options = made.options() if made.options is not None else None
    if options is not None and hasattr(options, "dpi"):
        options = replace(options, dpi=72)
    with ExportService(refused) as service:  # type: ignore[arg-type]
        here = service.write(ExportRequest(made, (target,), tmp_path / f"here{end}", options))
        plain = service.without_studies(ExportRequest(made, (target,), tmp_path / f"there{end}", options))
    if isinstance(plain.options, ReportOptions):
        assert [member.name for member in plain.options.study_context.others] == ["b"]

    def never(*_args: object, **_more: object) -> None:
        raise AssertionError("a worker opened a study")

    monkeypatch.setattr(Study, "open", never)
    there = units._write("cpu", plain, NEVER, silent)
    assert there.path.read_bytes() == here.path.read_bytes()
    assert units.is_done(replace(plain, sources=(target,)))
    assert not units.is_done(replace(plain, sources=(replace(target, digest="0" * 64),)))


def test_a_video_without_a_score_is_told_what_to_do(target: ExportSource, tmp_path: Path) -> None:
    other = replace(target, model_digest="f" * 64, model=tmp_path)
    request = ExportRequest(exporter("clip"), (other,), tmp_path / "new.mp4")
    with (
        ExportService(units._refuse_scoring) as service,
        pytest.raises(ExportError, match="skillviewer score STUDY --out"),
    ):
        service.without_studies(request)
