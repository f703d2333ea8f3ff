"""Table of the exporters of a whole study: tables of votes, reports, and the archive.

It is not in ``export`` because its functions open studies. To add an exporter, write a function, add its name to
``StudyExportName``, and add an entry here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from skillviewer.core.errors import ExportError
from skillviewer.core.progress import NEVER, CancelToken, Report, silent
from skillviewer.core.registry import table
from skillviewer.core.text import counted
from skillviewer.core.timelines.labels import label_agreement, label_counts
from skillviewer.data.study import Study
from skillviewer.data.study.archive.archive import pack
from skillviewer.data.study.archive.archive_format import SUFFIXES, ArchiveOptions
from skillviewer.data.study.exchange.study_timeline import moments_by_author
from skillviewer.data.study.rating_forms import rated_items
from skillviewer.engine.exporting.change_report import ChangeChoices, participant_labels, write_change_report
from skillviewer.engine.exporting.cohort_report import CohortChoices, write_cohort_report
from skillviewer.export.destination import check_destination
from skillviewer.export.embedded_record import AlteredExportError, ExportRecord, embed_record, make_record, with_date
from skillviewer.export.exporters import REPORTS_GROUP, TABLES_GROUP, StudyExportName, quick_writer
from skillviewer.export.options import option_field
from skillviewer.export.pictures.blurring import BLUR_HELP, BLUR_TITLE
from skillviewer.export.preview import Preview
from skillviewer.export.reports.page_preview import preview_report
from skillviewer.export.reports.report import REPORT_SUFFIXES
from skillviewer.export.tables.tables import TABLE_SUFFIXES, export_table, preview_table


class StudyWriter(Protocol):
    """Function that writes a file from a study, and returns warnings for the user, one sentence each."""

    def __call__(
        self,
        study: Path,
        path: Path,
        options: Any,  # noqa: ANN401 - an instance of the exporter's own options, or None
        /,
        *,
        overwrite: bool,
        token: CancelToken,
        report: Report,
    ) -> tuple[str, ...]:
        """Write a file, and return warnings."""


@dataclass(frozen=True, slots=True)
class StudyOptions(ArchiveOptions):
    """Options of the archive of a study: its contents."""

    videos: bool = option_field(default=True, title="With the videos")
    models: bool = option_field(default=True, title="With the models")
    analyses: bool = option_field(default=True, title="With scores and maps")
    tracks: bool = option_field(
        default=False, title="With tracks of hands and tools", help="Motion can identify people, even without a name"
    )
    pseudonyms: bool = option_field(
        default=False,
        title="Other names",
        help="For videos, participants and raters; videos go without sound and origin",
    )
    texts: bool = option_field(
        default=True, title="Keep notes and reasons", help="Names in them are replaced; else they are emptied"
    )
    key: Path | None = option_field(
        None, "Key to the names", "A CSV file apart from the archive; empty: the names cannot be recovered"
    )
    blur_faces: bool = option_field(
        default=False,
        title=BLUR_TITLE,
        help=f"{BLUR_HELP}; videos are written anew, without what tells of their origin",
    )
    sound: bool = option_field(
        default=False,
        title="Keep the sound of blurred videos",
        help="A voice identifies a person as well as a face does",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyExporter:
    """One kind of file that the program writes from a whole study.

    The attributes are those of ``Exporter``, but ``write`` and ``preview`` take the path of the study.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    write: StudyWriter
    options: type[Any] | None = None
    about: str
    group: str = ""
    preview: Callable[[Path, Any], Preview] | None = None
    # returns the numbers of the participants in a report without names, by name, if it can be about one of them
    participant_labels: Callable[[Path, Any], Mapping[str, str]] | None = None

    def export(
        self,
        study: Path,
        path: Path,
        options: object = None,
        *,
        overwrite: bool = False,
        token: CancelToken = NEVER,
        report: Report = silent,
    ) -> tuple[str, ...]:
        """Write an export of a study.

        Args:
            study: The study; it may be open elsewhere.
            path: Destination; its suffix chooses the format.
            options: An instance of ``options``, or None for the defaults.
            overwrite: Whether an existing file may be replaced.
            token: Cancels the export; no file is left.
            report: Receives the progress.

        Returns:
            Warnings for the user, one sentence each.

        Raises:
            ExportError: The export cannot be written; the message says why.
            StudyError: The study cannot be read.
        """
        check_destination(path, self.suffixes, overwrite=overwrite)
        token.check()
        if options is None and self.options is not None:
            options = self.options()
        options = with_date(options)
        warnings = self.write(study, path, options, overwrite=overwrite, token=token, report=report)
        embed_record(path, self._record(study, options))
        return warnings

    def _record(self, study: Path, options: Any) -> ExportRecord:  # noqa: ANN401 - options of the exporter
        """Return the record of an export; a participant who is not to be named stands there with the number."""
        if self.participant_labels is not None and options.participant and not options.names:
            label = self.participant_labels(study, options)[options.participant]
            options = replace(options, participant=label)
        return make_record(self.name, options)

    def recorded_options(self, study: Path, options: Any) -> Any:  # noqa: ANN401 - options of the exporter
        """Return the options of a record with the name of a participant in place of the number.

        Raises:
            AlteredExportError: No participant of the study has this number.
            SkillViewerError: The study cannot be read, or a choice is not in it.
        """
        if self.participant_labels is None or not options.participant or options.names:
            return options
        every_participant = replace(options, participant="")
        for name, label in self.participant_labels(study, every_participant).items():
            if label == options.participant:
                return replace(options, participant=name)
        raise AlteredExportError(f"participant says {options.participant:.60}, a number that nobody in the study has.")


@dataclass(frozen=True, slots=True)
class _TableInput:
    """Input of a table."""

    arguments: tuple[Any, ...]  # arguments of the function that makes the rows
    warnings: tuple[str, ...] = ()  # warnings for the user, one sentence each


@dataclass(frozen=True, slots=True)
class CriterionChoice:
    """Criterion of the votes in a table."""

    criterion: str = option_field("", "Criterion", "Empty for the one that the study looks at")


def _judgements_input(study: Study) -> _TableInput:
    judgements = study.votes.judgements()
    warnings = () if judgements else ("No pair of this study has been judged yet: the table has no rows.",)
    return _TableInput((judgements,), warnings)


def _strengths_input(study: Study) -> _TableInput:
    dataset = study.dataset()
    if not dataset.judgements and not dataset.pairs:
        raise ExportError(f"{study.path.name} has no judgement and no pair that is agreed on: there are no strengths.")
    if dataset.judgements:
        return _TableInput((dataset.judgements, dataset.subtasks))
    warning = "The strengths are those of the agreed pairs: there are no judgements."
    return _TableInput((dataset.pairs, dataset.subtasks), (warning,))


def _rated_items_input(study: Study) -> _TableInput:
    plan = study.forms.plan()
    rubric = plan.rubric if plan is not None else None
    return _TableInput((rated_items(study.forms.all(), rubric),))


def _log_input(study: Study) -> _TableInput:
    return _TableInput((study.log(),))


def _labels_input(study: Study) -> _TableInput:
    moments, _ = moments_by_author(study)
    return _TableInput((label_counts(moments),))


def _label_agreement_input(study: Study) -> _TableInput:
    moments, model_names = moments_by_author(study)
    return _TableInput((label_agreement(moments, model_names),))


def _table_exporter(
    name: StudyExportName,
    title: str,
    about: str,
    get_input: Callable[[Study], _TableInput],
    options: type[CriterionChoice] | None = CriterionChoice,
) -> StudyExporter:
    """Return the exporter of a table. ``get_input`` returns the input of the table from a study."""

    def load(path: Path, choice: CriterionChoice | None) -> _TableInput:
        with Study.open(path, read_only=True) as study:
            if choice is not None:
                study.select_criterion(choice.criterion or None)
            return get_input(study)

    def write(study: Path, path: Path, choice: CriterionChoice | None, *, overwrite: bool) -> tuple[str, ...]:
        table_input = load(study, choice)
        export_table(name, path, *table_input.arguments, overwrite=overwrite)
        return table_input.warnings

    def preview(study: Path, choice: CriterionChoice | None) -> Preview:
        return preview_table(name, *load(study, choice).arguments)

    return StudyExporter(
        name=name.value,
        title=title,
        suffixes=TABLE_SUFFIXES,
        write=quick_writer(write),
        options=options,
        about=about,
        group=TABLES_GROUP,
        preview=preview,
    )


def _write_archive(
    study: Path, path: Path, options: StudyOptions | None, /, *, overwrite: bool, token: CancelToken, report: Report
) -> tuple[str, ...]:
    if options is None:
        options = StudyOptions()
    packed = pack(study, path, options, overwrite=overwrite, token=token, report=report)
    videos = counted(packed.n_videos, "video")
    models = counted(packed.n_models, "model")
    analyses = counted(packed.n_analyses, "analysis", "analyses")
    sentences = [f"In the archive: {videos}, {models}, {analyses}."]
    if packed.key is not None:
        sentences.append(f"The key to the names is {packed.key}: keep it apart.")
    return (*sentences, *packed.warnings)


STUDY_EXPORTERS = table(
    _table_exporter(
        StudyExportName.JUDGEMENTS,
        "Table of judgements",
        "One row for every judgement that stands: pair, verdict, rater and time.",
        _judgements_input,
    ),
    _table_exporter(
        StudyExportName.STRENGTHS,
        "Table of strengths",
        "One row for each video: its strength by the judgements, with its standard error.",
        _strengths_input,
    ),
    _table_exporter(
        StudyExportName.RATED_ITEMS,
        "Table of rated items",
        about="One row for every item of every video that was rated in the program or in a browser, repeats too.",
        get_input=_rated_items_input,
        options=None,
    ),
    _table_exporter(
        StudyExportName.LOG,
        "Log of the study",
        about="One row for everything that was done: votes, withdrawals, notes, models, by whom and when.",
        get_input=_log_input,
        options=None,
    ),
    _table_exporter(
        StudyExportName.LABELS,
        "Table of labelled moments",
        about="One row for each video, rater and label: the number of moments.",
        get_input=_labels_input,
        options=None,
    ),
    _table_exporter(
        StudyExportName.LABEL_AGREEMENT,
        "Table of agreement on moments",
        about="One row for every two raters, or a rater and the model, and label: kappa over time.",
        get_input=_label_agreement_input,
        options=None,
    ),
    StudyExporter(
        name=StudyExportName.COHORT.value,
        title="Cohort",
        suffixes=REPORT_SUFFIXES,
        write=quick_writer(write_cohort_report),
        options=CohortChoices,
        about="Distribution of the scores of a study, every video, the raters, and the limits.",
        group=REPORTS_GROUP,
        preview=lambda study, options: preview_report(lambda path: write_cohort_report(study, path, options)),
    ),
    StudyExporter(
        name=StudyExportName.CHANGE.value,
        title="Change over time",
        suffixes=REPORT_SUFFIXES,
        write=quick_writer(write_change_report),
        options=ChangeChoices,
        about="One participant by occasion (pre, post, dates), or all before against after, on the raters' scale.",
        group=REPORTS_GROUP,
        preview=lambda study, options: preview_report(lambda path: write_change_report(study, path, options)),
        participant_labels=participant_labels,
    ),
    StudyExporter(
        name=StudyExportName.STUDY.value,
        title="Whole study",
        suffixes=SUFFIXES,
        write=_write_archive,
        options=StudyOptions,
        about="Everything in one file that opens on another computer, with other names if need be.",
    ),
)
"""The exporters, in the order of menus."""
