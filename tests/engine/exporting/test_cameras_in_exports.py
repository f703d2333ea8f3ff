"""Clips of a video of a study get the cameras that the study keeps of it."""

from pathlib import Path

from skillviewer.data.study import NewVideo, Study
from skillviewer.engine.exporting.requests import ExportSource
from skillviewer.engine.exporting.source_studies import SourceStudies, with_cameras
from skillviewer.export.analysed_video import AnalysedVideo
from skillviewer.media.reading.reader import VideoReader
from tests.export.analyses import analysis
from tests.videos import write_barcode_video


def test_a_clip_gets_the_cameras_of_its_study(tmp_path: Path) -> None:
    front, side = (write_barcode_video(tmp_path / f"{name}.mp4", n).path for name, n in (("front", 20), ("side", 25)))
    with Study.create(tmp_path / "peg") as study:
        study.videos.add([NewVideo(front)])
        study.cameras.add("front", side, offset_s=0.25, confidence=0.7)
        path = study.path
    with VideoReader(front) as reader:
        video = AnalysedVideo(analysis(reader.info))
    with SourceStudies() as studies:
        (shown,) = with_cameras([ExportSource(front, study=path)], [video], studies)
        (alone,) = with_cameras([ExportSource(front)], [video], studies)
    assert [(c.camera.name, c.camera.offset_s, c.faces) for c in shown.cameras] == [("side", 0.25, None)]
    assert alone.cameras == ()
