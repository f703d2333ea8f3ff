"""The table of what can be exported; menus, dialogs, command lines and contract tests are made from it.

To add one: a file with a function, and an entry here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skillviewer.core.errors import ExportError
from skillviewer.core.job import CancelToken, Report, silent
from skillviewer.core.registry import look_up, table
from skillviewer.export.clip import CLIP_SUFFIXES, ClipOptions, export_grid
from skillviewer.export.exhibit import Exhibit
from skillviewer.export.sheet import SHEET_SUFFIXES, SheetOptions, export_sheet
from skillviewer.export.still import STILL_SUFFIXES, StillOptions, export_stills
from skillviewer.export.table import (
    MAPS_SUFFIXES,
    RECORD_SUFFIXES,
    TABLE_SUFFIXES,
    export_curves,
    export_maps,
    export_record,
    export_scores,
)

Write = Callable[[Sequence[Exhibit], Path, Any, bool, CancelToken, Report], Path]
"""exhibits, path, options, overwrite, token, report -> path"""


@dataclass(frozen=True, slots=True)
class Exporter:
    """One way out of the program.

    Attributes:
        name: Name by which it is asked for.
        title: Name for people.
        suffixes: Suffixes of the files it writes; the first is the usual one.
        options: Dataclass of its options, whose defaults are sensible, or None.
        needs_video: Whether the video itself must be there, or the analysis is enough.
        takes_several: Whether one file can hold several analyses.
        write: Writes it; called by ``export``.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    options: type[Any] | None
    needs_video: bool
    takes_several: bool
    write: Write

    def export(
        self,
        exhibits: Sequence[Exhibit],
        path: Path,
        options: object = None,
        *,
        overwrite: bool = False,
        token: CancelToken | None = None,
        report: Report = silent,
    ) -> Path:
        """Write an export.

        Args:
            exhibits: What is exported.
            path: Where to; its suffix chooses the format.
            options: An instance of ``options``, or None for the defaults.
            overwrite: Whether a file of that name may be replaced.
            token: Raise it to stop; nothing is left behind.
            report: Told of progress.

        Raises:
            ExportError: What is asked for cannot be written; the message says why.
            VideoError: A video cannot be read.
            Cancelled: The token was raised.
        """
        if not exhibits or (len(exhibits) > 1 and not self.takes_several):
            wanted = "one or more analysed videos" if self.takes_several else "one analysed video"
            raise ExportError(f"{self.title} is made of {wanted}, not of {len(exhibits)}.")
        token = token if token is not None else CancelToken()
        token.check()
        return self.write(exhibits, path, options, overwrite, token, report)


EXPORTERS = table(
    Exporter(
        "clip",
        "Annotated clip",
        CLIP_SUFFIXES,
        ClipOptions,
        True,
        True,
        lambda e, p, o, w, t, r: export_grid(e, p, o, t, r, overwrite=w),
    ),
    Exporter(
        "still",
        "Still",
        STILL_SUFFIXES,
        StillOptions,
        True,
        True,
        lambda e, p, o, w, _t, _r: export_stills(e, p, o, overwrite=w),
    ),
    Exporter(
        "sheet",
        "Contact sheet",
        SHEET_SUFFIXES,
        SheetOptions,
        True,
        True,
        lambda e, p, o, w, t, r: export_sheet(e, p, o, overwrite=w, token=t, report=r),
    ),
    Exporter(
        "scores",
        "Table of scores",
        TABLE_SUFFIXES,
        None,
        False,
        True,
        lambda e, p, _o, w, _t, _r: export_scores([x.analysis for x in e], p, overwrite=w),
    ),
    Exporter(
        "curves",
        "Table of score curves",
        TABLE_SUFFIXES,
        None,
        False,
        True,
        lambda e, p, _o, w, _t, _r: export_curves([x.analysis for x in e], p, overwrite=w),
    ),
    Exporter(
        "result",
        "Result as JSON",
        RECORD_SUFFIXES,
        None,
        False,
        False,
        lambda e, p, _o, w, _t, _r: export_record(e[0].analysis, p, overwrite=w),
    ),
    Exporter(
        "maps",
        "Attention maps",
        MAPS_SUFFIXES,
        None,
        False,
        False,
        lambda e, p, _o, w, _t, _r: export_maps(e[0].analysis, p, overwrite=w),
    ),
)
"""In the order of menus."""


def exporter(name: str) -> Exporter:
    """Return the exporter of a name.

    Raises:
        ExportError: There is none.
    """
    return look_up(EXPORTERS, name, "export", ExportError)
