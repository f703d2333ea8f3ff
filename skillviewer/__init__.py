"""SkillViewer: assess manipulation skill from video, and see why.

The public names below are imported on first use (PEP 562), so ``import skillviewer`` loads neither numpy, torch nor Qt.
docs/scripting.md describes them. All other modules are internal and may move.
"""

# ruff: noqa: I001 - names of one module in one line
from importlib import import_module
from typing import TYPE_CHECKING
from warnings import warn

from skillviewer.core.version import __version__ as __version__

if TYPE_CHECKING:
    from skillviewer.core.analysis.analysis import Analysis as Analysis, MapKind as MapKind
    from skillviewer.core.analysis.analysis_json import AnalysisRecord as AnalysisRecord
    from skillviewer.core.analysis.scene import MapStyle as MapStyle, Overlay as Overlay, resolve as resolve
    from skillviewer.core.dataset.folds import make_folds as make_folds
    from skillviewer.core.dataset.pairs import Dataset as Dataset, DatasetVideo as DatasetVideo, Pair as Pair
    from skillviewer.core.dataset.pairs import Verdict as Verdict
    from skillviewer.core.errors import Cancelled as Cancelled, DatasetError as DatasetError, ExportError as ExportError
    from skillviewer.core.errors import SkillViewerError as SkillViewerError, VideoError as VideoError
    from skillviewer.core.evaluation.accuracy import FoldScores as FoldScores
    from skillviewer.core.evaluation.metrics import Metric as Metric, Reference as Reference
    from skillviewer.core.explanation.evidence import Evidence as Evidence
    from skillviewer.core.faces.faces import FaceBox as FaceBox, Faces as Faces
    from skillviewer.core.paths import resources_dir as resources_dir
    from skillviewer.core.progress import CancelToken as CancelToken, Report as Report
    from skillviewer.core.ratings.fit_calibration import checked_map as checked_map
    from skillviewer.data.analysis_file import load_analysis as load_analysis, save_analysis as save_analysis
    from skillviewer.data.formats.formats import DatasetFormat as DatasetFormat, open_dataset as open_dataset
    from skillviewer.data.formats.tasks import Choices as Choices
    from skillviewer.data.study import NewVideo as NewVideo, Study as Study, Vote as Vote
    from skillviewer.engine.inference.engine import Engine as Engine
    from skillviewer.export.analysed_video import AnalysedVideo as AnalysedVideo
    from skillviewer.export.destination import atomic_output as atomic_output
    from skillviewer.export.exporters import EXPORTERS as EXPORTERS, Exporter as Exporter, exporter as exporter
    from skillviewer.export.figures.comparison import ComparedOptions as ComparedOptions
    from skillviewer.export.figures.comparison import export_compared as export_compared
    from skillviewer.export.figures.plots import Accuracy as Accuracy, plot_accuracies as plot_accuracies
    from skillviewer.export.figures.plots import plot_training as plot_training
    from skillviewer.export.figures.score_curve import CurveOptions as CurveOptions, export_curve as export_curve
    from skillviewer.export.pictures.clip import export_clip as export_clip, export_grid as export_grid
    from skillviewer.export.pictures.contact_sheet import SheetOptions as SheetOptions, export_sheet as export_sheet
    from skillviewer.export.pictures.picture_options import ClipOptions as ClipOptions, StillOptions as StillOptions
    from skillviewer.export.pictures.still import export_still as export_still
    from skillviewer.export.reports.report_options import ReportOptions as ReportOptions
    from skillviewer.export.tables.tables import export_comparison as export_comparison, export_curves as export_curves
    from skillviewer.export.tables.tables import export_evidence as export_evidence, export_maps as export_maps
    from skillviewer.export.tables.tables import export_record as export_record, export_scores as export_scores
    from skillviewer.export.tables.tables import table_schema as table_schema
    from skillviewer.media.files import videos_below as videos_below
    from skillviewer.media.flow.flow import tvl1 as tvl1
    from skillviewer.media.overlay.overlay import paint as paint
    from skillviewer.media.reading.reader import VideoReader as VideoReader
    from skillviewer.nets.attention import AttentionModel as AttentionModel
    from skillviewer.nets.attention_models.recurrence import (
        FrameAttention as FrameAttention,
        RecurrentModel as RecurrentModel,
    )
    from skillviewer.nets.backbones.backbone_entry import BackboneEntry as BackboneEntry, Normalisation as Normalisation
    from skillviewer.nets.models import AttentionEntry as AttentionEntry
    from skillviewer.nets.sizes import HeadSizes as HeadSizes

_MODULES = {
    "core.analysis.analysis": "Analysis MapKind",
    "core.analysis.analysis_json": "AnalysisRecord",
    "core.analysis.scene": "MapStyle Overlay resolve",
    "core.dataset.folds": "make_folds",
    "core.dataset.pairs": "Dataset DatasetVideo Pair Verdict",
    "core.errors": "Cancelled DatasetError ExportError SkillViewerError VideoError",
    "core.evaluation.accuracy": "FoldScores",
    "core.evaluation.metrics": "Metric Reference",
    "core.explanation.evidence": "Evidence",
    "core.faces.faces": "FaceBox Faces",
    "core.paths": "resources_dir",
    "core.progress": "CancelToken Report",
    "core.ratings.fit_calibration": "checked_map",
    "data.analysis_file": "load_analysis save_analysis",
    "data.formats.formats": "DatasetFormat open_dataset",
    "data.formats.tasks": "Choices",
    "data.study": "NewVideo Study Vote",
    "engine.inference.engine": "Engine",
    "export.analysed_video": "AnalysedVideo",
    "export.destination": "atomic_output",
    "export.exporters": "EXPORTERS Exporter exporter",
    "export.figures.comparison": "ComparedOptions export_compared",
    "export.figures.plots": "Accuracy plot_accuracies plot_training",
    "export.figures.score_curve": "CurveOptions export_curve",
    "export.pictures.clip": "export_clip export_grid",
    "export.pictures.contact_sheet": "SheetOptions export_sheet",
    "export.pictures.picture_options": "ClipOptions StillOptions",
    "export.pictures.still": "export_still",
    "export.reports.report_options": "ReportOptions",
    "export.tables.tables": (
        "export_comparison export_curves export_evidence export_maps export_record export_scores table_schema"
    ),
    "media.files": "videos_below",
    "media.flow.flow": "tvl1",
    "media.overlay.overlay": "paint",
    "media.reading.reader": "VideoReader",
    "nets.attention": "AttentionModel",
    "nets.attention_models.recurrence": "FrameAttention RecurrentModel",
    "nets.backbones.backbone_entry": "BackboneEntry Normalisation",
    "nets.models": "AttentionEntry",
    "nets.sizes": "HeadSizes",
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names.split()}

_RENAMED = {
    "Attended": "FrameAttention",
    "DatasetForm": "DatasetFormat",
    "Exhibit": "AnalysedVideo",
    "Look": "MapStyle",
    "aside": "atomic_output",
}
"""Deprecated names, kept for one version."""

__all__ = ["__version__"]
__all__ += list(_HOMES)


if not TYPE_CHECKING:  # else every misspelled name would be of type Any

    def __getattr__(name: str) -> object:
        if name in _RENAMED:
            warn(f"skillviewer.{name} is now skillviewer.{_RENAMED[name]}", DeprecationWarning, stacklevel=2)
            name = _RENAMED[name]
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
