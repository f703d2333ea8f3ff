"""SkillViewer: assess manipulation skill from video, and see why.

The public names below are imported on first use (PEP 562), so ``import skillviewer`` loads neither numpy, torch nor Qt.
docs/scripting.md describes them. All other modules are internal and may move.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from skillviewer.core.version import __version__ as __version__

if TYPE_CHECKING:
    from skillviewer.core.analysis.analysis import Analysis as Analysis
    from skillviewer.core.analysis.analysis_json import AnalysisRecord as AnalysisRecord
    from skillviewer.core.analysis.scene import Look as Look
    from skillviewer.core.analysis.scene import Overlay as Overlay
    from skillviewer.core.analysis.scene import resolve as resolve
    from skillviewer.core.dataset.folds import make_folds as make_folds
    from skillviewer.core.dataset.pairs import Verdict as Verdict
    from skillviewer.core.errors import Cancelled as Cancelled
    from skillviewer.core.errors import SkillViewerError as SkillViewerError
    from skillviewer.core.errors import VideoError as VideoError
    from skillviewer.core.explanation.evidence import Evidence as Evidence
    from skillviewer.core.faces.faces import FaceBox as FaceBox
    from skillviewer.core.faces.faces import Faces as Faces
    from skillviewer.core.paths import resources_dir as resources_dir
    from skillviewer.core.progress import CancelToken as CancelToken
    from skillviewer.core.ratings.scale_map import checked_map as checked_map
    from skillviewer.data.analysis_file import load_analysis as load_analysis
    from skillviewer.data.analysis_file import save_analysis as save_analysis
    from skillviewer.data.formats.formats import open_dataset as open_dataset
    from skillviewer.data.formats.tasks import Choices as Choices
    from skillviewer.data.study import NewVideo as NewVideo
    from skillviewer.data.study import Study as Study
    from skillviewer.data.study import Vote as Vote
    from skillviewer.engine.inference.engine import Engine as Engine
    from skillviewer.export.exhibit import Exhibit as Exhibit
    from skillviewer.export.exporters import EXPORTERS as EXPORTERS
    from skillviewer.export.exporters import exporter as exporter
    from skillviewer.export.figures.comparison import ComparedOptions as ComparedOptions
    from skillviewer.export.figures.comparison import export_compared as export_compared
    from skillviewer.export.figures.plots import Accuracy as Accuracy
    from skillviewer.export.figures.plots import plot_accuracies as plot_accuracies
    from skillviewer.export.figures.plots import plot_training as plot_training
    from skillviewer.export.figures.score_curve import CurveOptions as CurveOptions
    from skillviewer.export.figures.score_curve import export_curve as export_curve
    from skillviewer.export.pictures.clip import ClipOptions as ClipOptions
    from skillviewer.export.pictures.clip import export_clip as export_clip
    from skillviewer.export.pictures.clip import export_grid as export_grid
    from skillviewer.export.pictures.contact_sheet import SheetOptions as SheetOptions
    from skillviewer.export.pictures.contact_sheet import export_sheet as export_sheet
    from skillviewer.export.pictures.still import StillOptions as StillOptions
    from skillviewer.export.pictures.still import export_still as export_still
    from skillviewer.export.reports.report_options import ReportOptions as ReportOptions
    from skillviewer.export.tables.tables import export_comparison as export_comparison
    from skillviewer.export.tables.tables import export_curves as export_curves
    from skillviewer.export.tables.tables import export_evidence as export_evidence
    from skillviewer.export.tables.tables import export_maps as export_maps
    from skillviewer.export.tables.tables import export_record as export_record
    from skillviewer.export.tables.tables import export_scores as export_scores
    from skillviewer.export.tables.tables import table_schema as table_schema
    from skillviewer.media.files import videos_below as videos_below
    from skillviewer.media.flow.flow import tvl1 as tvl1
    from skillviewer.media.overlay.overlay import paint as paint
    from skillviewer.media.reading.reader import VideoReader as VideoReader

_MODULES = {
    "core.analysis.analysis": "Analysis",
    "core.analysis.analysis_json": "AnalysisRecord",
    "core.analysis.scene": "Look Overlay resolve",
    "core.dataset.folds": "make_folds",
    "core.dataset.pairs": "Verdict",
    "core.errors": "Cancelled SkillViewerError VideoError",
    "core.explanation.evidence": "Evidence",
    "core.faces.faces": "FaceBox Faces",
    "core.paths": "resources_dir",
    "core.progress": "CancelToken",
    "core.ratings.scale_map": "checked_map",
    "data.analysis_file": "load_analysis save_analysis",
    "data.formats.formats": "open_dataset",
    "data.formats.tasks": "Choices",
    "data.study": "NewVideo Study Vote",
    "engine.inference.engine": "Engine",
    "export.exhibit": "Exhibit",
    "export.exporters": "EXPORTERS exporter",
    "export.figures.comparison": "ComparedOptions export_compared",
    "export.figures.plots": "Accuracy plot_accuracies plot_training",
    "export.figures.score_curve": "CurveOptions export_curve",
    "export.pictures.clip": "ClipOptions export_clip export_grid",
    "export.pictures.contact_sheet": "SheetOptions export_sheet",
    "export.pictures.still": "StillOptions export_still",
    "export.reports.report_options": "ReportOptions",
    "export.tables.tables": (
        "export_comparison export_curves export_evidence export_maps export_record export_scores table_schema"
    ),
    "media.files": "videos_below",
    "media.flow.flow": "tvl1",
    "media.overlay.overlay": "paint",
    "media.reading.reader": "VideoReader",
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names.split()}

__all__ = ["__version__"]
__all__ += list(_HOMES)


if not TYPE_CHECKING:  # else every misspelled name would be of type Any

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
