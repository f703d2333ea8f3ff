"""SkillViewer: assess manipulation skill from video, and see why.

The public names below are imported on first use (PEP 562), so ``import skillviewer`` loads neither numpy, torch nor Qt.
docs/scripting.md describes them. All other modules are internal and may move.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from skillviewer.core.version import __version__

if TYPE_CHECKING:
    from skillviewer.core.analysis.analysis import Analysis
    from skillviewer.core.analysis.analysis_json import AnalysisRecord
    from skillviewer.core.analysis.scene import Look, Overlay, resolve
    from skillviewer.core.dataset.folds import make_folds
    from skillviewer.core.dataset.pairs import Verdict
    from skillviewer.core.errors import Cancelled, SkillViewerError, VideoError
    from skillviewer.core.explanation.evidence import Evidence
    from skillviewer.core.faces.faces import FaceBox, Faces
    from skillviewer.core.paths import resources_dir
    from skillviewer.core.progress import CancelToken
    from skillviewer.data.analysis_file import load_analysis, save_analysis
    from skillviewer.data.formats.choices import Choices
    from skillviewer.data.formats.formats import open_dataset
    from skillviewer.data.study import NewVideo, Study, Vote
    from skillviewer.engine.inference.engine import Engine
    from skillviewer.export.exhibit import Exhibit
    from skillviewer.export.exporters import EXPORTERS, exporter
    from skillviewer.export.figures.comparison import ComparedOptions, export_compared
    from skillviewer.export.figures.plots import Accuracy, plot_accuracies, plot_training
    from skillviewer.export.figures.score_curve import CurveOptions, export_curve
    from skillviewer.export.pictures.clip import ClipOptions, export_clip, export_grid
    from skillviewer.export.pictures.contact_sheet import SheetOptions, export_sheet
    from skillviewer.export.pictures.still import StillOptions, export_still
    from skillviewer.export.reports.report_options import ReportOptions
    from skillviewer.export.tables.attention_maps import export_maps
    from skillviewer.export.tables.tables import (
        export_comparison,
        export_curves,
        export_evidence,
        export_record,
        export_scores,
        table_schema,
    )
    from skillviewer.media.files import videos_below
    from skillviewer.media.flow.flow import tvl1
    from skillviewer.media.overlay.overlay import paint
    from skillviewer.media.reading.reader import VideoReader


__all__ = [
    "EXPORTERS",
    "Accuracy",
    "Analysis",
    "AnalysisRecord",
    "CancelToken",
    "Cancelled",
    "Choices",
    "ClipOptions",
    "ComparedOptions",
    "CurveOptions",
    "Engine",
    "Evidence",
    "Exhibit",
    "FaceBox",
    "Faces",
    "Look",
    "NewVideo",
    "Overlay",
    "ReportOptions",
    "SheetOptions",
    "SkillViewerError",
    "StillOptions",
    "Study",
    "Verdict",
    "VideoError",
    "VideoReader",
    "Vote",
    "__version__",
    "export_clip",
    "export_compared",
    "export_comparison",
    "export_curve",
    "export_curves",
    "export_evidence",
    "export_grid",
    "export_maps",
    "export_record",
    "export_scores",
    "export_sheet",
    "export_still",
    "exporter",
    "load_analysis",
    "make_folds",
    "open_dataset",
    "paint",
    "plot_accuracies",
    "plot_training",
    "resolve",
    "resources_dir",
    "save_analysis",
    "table_schema",
    "tvl1",
    "videos_below",
]

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
    "data.analysis_file": "load_analysis save_analysis",
    "data.formats.choices": "Choices",
    "data.formats.formats": "open_dataset",
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
    "export.tables.attention_maps": "export_maps",
    "export.tables.tables": "export_comparison export_curves export_evidence export_record export_scores table_schema",
    "media.files": "videos_below",
    "media.flow.flow": "tvl1",
    "media.overlay.overlay": "paint",
    "media.reading.reader": "VideoReader",
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names.split()}


if not TYPE_CHECKING:  # else every misspelled name would be of type Any

    def __getattr__(name: str) -> object:
        """Import a public name from its module, once."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        return value


def __dir__() -> list[str]:
    """List the public names, imported or not."""
    return sorted({*globals(), *__all__})
