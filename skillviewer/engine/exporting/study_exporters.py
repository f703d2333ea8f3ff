"""The table of what is exported of a whole study: tables of votes, the report of its cohort, and the archive.

It stands here and not in ``export`` because it opens a study. To add one: a function, and an entry here.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skillviewer.core.errors import ExportError
from skillviewer.core.progress import CancelToken, Report, silent
from skillviewer.core.registry import table
from skillviewer.core.study_log import LogRow
from skillviewer.data.study import Study
from skillviewer.data.study.archive.archive import pack
from skillviewer.data.study.archive.archive_form import SUFFIXES, ArchiveOptions
from skillviewer.engine.exporting.cohort_report import CohortChoices, cohort_report
from skillviewer.export.destination import check
from skillviewer.export.options import offered
from skillviewer.export.pictures.blurring import BLUR_HELP, BLUR_TITLE
from skillviewer.export.preview import table_preview
from skillviewer.export.record import attach, dated, record_of
from skillviewer.export.reports.report import REPORT_SUFFIXES
from skillviewer.export.tables.tables import (
    TABLE_SUFFIXES,
    export_judgements,
    export_log,
    export_strengths,
    preview_judgements,
    preview_strengths,
)

if TYPE_CHECKING:
    from skillviewer.core.dataset.pairs import Judgement, Pair
    from skillviewer.export.preview import Preview

Write = Callable[[Path, Path, Any, bool, CancelToken, Report], tuple[str, ...]]
"""study, path, options, overwrite, token, report -> remarks"""


@dataclass(frozen=True, slots=True)
class StudyOptions:
    """Contents of the archive of a study; see ``data.study.archive.archive.ArchiveOptions``.

    Attributes:
        videos: Whether the video files go in.
        models: Whether the checkpoints go in.
        analyses: Whether what models said goes in.
        pseudonyms: Whether videos, participants and raters get other names.
        texts: Whether notes, reasons and labels stay then.
        key: File of the key to the pseudonyms, or None for none.
        blur_faces: Whether faces are blurred in the videos, which are written anew for it.
        sound: Whether blurred videos keep their sound.
    """

    videos: bool = offered(True, "With the videos")
    models: bool = offered(True, "With the models")
    analyses: bool = offered(True, "With scores and maps")
    pseudonyms: bool = offered(
        False, "Other names", "For videos, participants and raters; videos go without sound and origin"
    )
    texts: bool = offered(True, "Keep notes and reasons", "Names in them are replaced; else they are emptied")
    key: Path | None = offered(
        None, "Key to the names", "A CSV file apart from the archive; empty: the names cannot be recovered"
    )
    blur_faces: bool = offered(
        False, BLUR_TITLE, f"{BLUR_HELP}; videos are written anew, without what tells of their origin"
    )
    sound: bool = offered(
        False, "Keep the sound of blurred videos", "A voice identifies a person as well as a face does"
    )


@dataclass(frozen=True, slots=True)
class StudyExporter:
    """One way out of the program for a whole study.

    Attributes:
        name: Name by which it is asked for.
        title: Name for the user.
        suffixes: Suffixes of the files it writes; the first is the usual one.
        options: Dataclass of its options, or None.
        write: Writes it; called by ``export``.
        about: One sentence for the user.
        group: Word under which it is found on the command line together with others, or "".
        preview: Makes what is seen of it before it is written, of the study; None where that is nothing.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    options: type[Any] | None
    write: Write
    about: str
    group: str = ""
    preview: "Callable[[Path], Preview] | None" = None

    def export(
        self,
        study: Path,
        path: Path,
        options: object = None,
        *,
        overwrite: bool = False,
        token: CancelToken | None = None,
        report: Report = silent,
    ) -> tuple[str, ...]:
        """Write an export of a study.

        Args:
            study: The study; it may be open elsewhere.
            path: Destination; its suffix chooses the format.
            options: An instance of ``options``, or None for the defaults.
            overwrite: Whether a file of that name may be replaced.
            token: Raise it to stop; nothing is left behind.
            report: Told of progress.

        Returns:
            Remarks for the user, one sentence each.

        Raises:
            ExportError: It cannot be written; the message says why.
            StudyError: The study cannot be read.
        """
        check(path, self.suffixes, overwrite=overwrite)
        token = token if token is not None else CancelToken()
        token.check()
        options = dated(options if options is not None or self.options is None else self.options())
        remarks = self.write(study, path, options, overwrite, token, report)
        attach(path, record_of(self.name, options))
        return remarks


def _judged(study: Path) -> "tuple[Judgement, ...]":
    with Study.open(study, read_only=True) as opened:
        return opened.votes.judgements()


def _compared(study: Path) -> "tuple[tuple[Pair | Judgement, ...], dict[str, str], bool]":
    """Return what strengths are made of, the task by name of video, and whether anybody judged.

    Raises:
        ExportError: There is nothing.
    """
    with Study.open(study, read_only=True) as opened:
        dataset = opened.dataset()
    comparisons: tuple[Pair | Judgement, ...] = dataset.judgements or dataset.pairs
    if not comparisons:
        raise ExportError(f"{study.name} has no judgement and no pair that is agreed on: there are no strengths.")
    return comparisons, dataset.subtasks, bool(dataset.judgements)


def _judgements(study: Path, path: Path, *, overwrite: bool) -> tuple[str, ...]:
    judgements = _judged(study)
    export_judgements(judgements, path, overwrite=overwrite)
    return () if judgements else ("Nobody has judged a pair of this study yet: the table has no rows.",)


def _strengths(study: Path, path: Path, *, overwrite: bool) -> tuple[str, ...]:
    comparisons, tasks, judged = _compared(study)
    export_strengths(comparisons, path, tasks, overwrite=overwrite)
    return () if judged else ("The strengths are those of the agreed pairs: there are no judgements.",)


def _logged(study: Path) -> list[LogRow]:
    with Study.open(study, read_only=True) as opened:
        return opened.log()


def _log(study: Path, path: Path, *, overwrite: bool) -> tuple[str, ...]:
    export_log(_logged(study), path, overwrite=overwrite)
    return ()


def _archive(
    study: Path, path: Path, options: StudyOptions | None, token: CancelToken, report: Report, *, overwrite: bool
) -> tuple[str, ...]:
    chosen = options if options is not None else StudyOptions()
    made = pack(
        study,
        path,
        ArchiveOptions(**{each.name: getattr(chosen, each.name) for each in fields(chosen)}),
        overwrite=overwrite,
        token=token,
        report=report,
    )
    videos, models = _number(made.n_videos, "video", "videos"), _number(made.n_models, "model", "models")
    found = f"In the archive: {videos}, {models}, {_number(made.n_analyses, 'analysis', 'analyses')}."
    key = (f"The key to the names is {made.key}: keep it apart.",) if made.key is not None else ()
    return (found, *key, *made.remarks)


def _number(n: int, one: str, several: str) -> str:
    return f"{n} {one if n == 1 else several}"


STUDY_EXPORTERS = table(
    StudyExporter(
        "judgements",
        "Table of judgements",
        TABLE_SUFFIXES,
        None,
        lambda s, p, _o, w, _t, _r: _judgements(s, p, overwrite=w),
        about="One row for every judgement that stands: pair, verdict, rater and time.",
        group="table",
        preview=lambda s: preview_judgements(_judged(s)),
    ),
    StudyExporter(
        "strengths",
        "Table of strengths",
        TABLE_SUFFIXES,
        None,
        lambda s, p, _o, w, _t, _r: _strengths(s, p, overwrite=w),
        about="One row a video: its strength by the judgements, with its standard error.",
        group="table",
        preview=lambda s: preview_strengths(*_compared(s)[:2]),
    ),
    StudyExporter(
        "log",
        "Log of the study",
        TABLE_SUFFIXES,
        None,
        lambda s, p, _o, w, _t, _r: _log(s, p, overwrite=w),
        about="One row for everything that was done: votes, withdrawals, notes, models, by whom and when.",
        group="table",
        preview=lambda s: table_preview(LogRow, _logged(s)),
    ),
    StudyExporter(
        "cohort",
        "Cohort",
        REPORT_SUFFIXES,
        CohortChoices,
        lambda s, p, o, w, _t, _r: cohort_report(s, p, o, overwrite=w),
        about="How the scores of a study are spread, every video, the raters, and what is not known.",
        group="report",
    ),
    StudyExporter(
        "study",
        "Whole study",
        SUFFIXES,
        StudyOptions,
        lambda s, p, o, w, t, r: _archive(s, p, o, t, r, overwrite=w),
        about="Everything in one file that opens on another computer, with other names if need be.",
    ),
)
"""In the order of menus."""
