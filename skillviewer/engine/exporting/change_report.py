"""Report of change over time: of one participant of a study by occasion, or of all participants before and after."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.analysis.calibration import CalibratedScore
from skillviewer.core.errors import ExportError
from skillviewer.core.ratings.change import Course, courses, occasion_positions, raters_estimates
from skillviewer.core.ratings.reliability import Estimate
from skillviewer.core.text import printable
from skillviewer.core.version import __version__
from skillviewer.data.study import Study, StudyVideo
from skillviewer.engine.exporting.cohort_report import CohortChoices, on_scale
from skillviewer.engine.exporting.report_choices import choose_task, labels_of, latest_of, model_in_use, model_of
from skillviewer.export.options import option_field
from skillviewer.export.reports.change import ChangeReport, ChangeSource, group_section, participant_section
from skillviewer.export.reports.report import export_change
from skillviewer.export.reports.why_content import date_or_today
from skillviewer.nets.model_card import find_card

_ATTEMPTS = (
    "An interval is about these attempts: what further raters of the same kind would give, or what the score of the "
    "model stands for. It does not hold how much a participant varies from one attempt to the next: film several."
)
_LIMITS = (
    "A change is told where its interval excludes 0, and no line is drawn between occasions. Without a control group, "
    "a change is not yet an effect of training."
)
_NO_SCALE = "The model knows no raters' scale, so its scores are not shown: only raters' ratings are."
_BY_MODEL = (
    "The model's scale draws ratings towards the mean of the people that it was made of: the mean change of a group by "
    "the model is too small, and the true one may lie beyond its interval. If the model was trained on these "
    "participants, its ratings are too near to those of the raters."
)

_KEY_DIGITS = 6
"""Decimals of ratings by which people are numbered: later ones may differ between computers."""


@dataclass(frozen=True, slots=True)
class ChangeChoices(CohortChoices):
    """Options of the report of change over time."""

    participant: str = option_field("", "Participant", "Empty for all participants, before against after")
    before: str = option_field("", "Before", "Occasion; empty for the first of each participant")
    after: str = option_field("", "After", "Occasion; empty for the last of each participant")


def write_change_report(
    path: Path, target: Path, choices: ChangeChoices | None = None, *, overwrite: bool = False
) -> tuple[str, ...]:
    """Write the report of a study, and return warnings for the user. The study may be open elsewhere.

    Raises:
        DatasetError: The order of the occasions is unknown.
        ExportError: There are no ratings, a name is not in the study, or the file cannot be written or read back.
        StudyError: The study cannot be read.
    """
    choices = choices if choices is not None else ChangeChoices()
    with Study.open(path, read_only=True) as study:
        study.select_criterion(choices.criterion or None)
        report = change_report(study, choices)
        n_excluded = sum(not (video.participant and video.occasion) for video in study.videos.all())
    export_change(report, target, choices.paper, overwrite=overwrite)
    if not n_excluded:
        return ()
    return (f"{n_excluded} videos have no participant or no occasion, and are not in the report.",)


def change_report(study: Study, choices: ChangeChoices) -> ChangeReport:
    """Return the report of an open study by its current criterion; raises as ``write_change_report``."""
    contents = _gather_contents(study, choices)
    order = contents.order
    occasion_before = _find_occasion(choices.before, order)
    occasion_after = _find_occasion(choices.after, order)
    if occasion_before and occasion_after and order[occasion_before] >= order[occasion_after]:
        raise ExportError(
            f"“{occasion_before}” is not before “{occasion_after}”: state an earlier and a later occasion."
        )
    sources = contents.sources
    unknown = [sentence for source in sources for sentence in source.unknown]
    if not any(source.estimates for source in sources):
        raise ExportError(" ".join(["Neither raters nor a model rate these videos on a scale.", *unknown]))
    labels = contents.labels(names=choices.names)
    label = labels.get(choices.participant)
    sections = []
    for source, course_by_participant in zip(sources, contents.courses, strict=True):
        if not source.estimates:
            continue
        if label:
            section = participant_section(
                source, course_by_participant[choices.participant], occasion_before, occasion_after
            )
        else:
            courses_by_label = {labels[name]: course_by_participant[name] for name in labels}
            section = group_section(source, courses_by_label, occasion_before, occasion_after)
        sections.append(section)
    facts = [fact for source in sources for fact in source.facts]
    facts.append(("Computed by", f"SkillViewer {__version__}"))
    facts.append(("Date of report", f"{date_or_today(choices.made_on)}"))
    task = contents.task or study.settings.task
    title = label or "All participants"
    subtitle = " · ".join(text for text in (study.title, task) if text)
    return ChangeReport(
        title=printable(title),
        subtitle=printable(subtitle),
        sections=tuple(sections),
        unknown=(_ATTEMPTS, _LIMITS, *unknown),
        facts=tuple(facts),
    )


@dataclass(frozen=True, slots=True)
class _Contents:
    """Ratings of the participants of a task by occasion, under their own names."""

    task: str  # "" for the task of the study
    order: dict[str, int]  # position of every occasion in time
    participants: tuple[str, ...]  # names, sorted
    sources: tuple[ChangeSource, ...]
    courses: tuple[dict[str, Course], ...]  # of each source, by participant

    def labels(self, *, names: bool) -> dict[str, str]:
        """Return the names to print by participant, in the order of the rows."""
        if names:
            return labels_of(self.participants, "P", names=True)

        def sort_key(participant: str) -> list[tuple[float, ...]]:
            return [
                (self.order[occasion], n_videos, *_rounded(rating))
                for course_by_participant in self.courses
                for occasion, n_videos, rating in course_by_participant[participant]
            ]

        return labels_of(sorted(self.participants, key=sort_key), "P", names=False)


def _rounded(rating: Estimate) -> list[float]:
    """Return rating and interval as numbers to sort by; infinity for those that are missing."""
    rounded_numbers = []
    for number in (rating.value, rating.low, rating.high):
        if math.isfinite(number):
            rounded_numbers.append(round(number, _KEY_DIGITS))
        else:
            rounded_numbers.append(math.inf)
    return rounded_numbers


def _gather_contents(study: Study, choices: ChangeChoices) -> _Contents:
    """Return the contents of the report of an open study by its current criterion; raises an ExportError."""
    all_videos = study.videos.all()
    task = choose_task(study, {video.task for video in all_videos}, choices.task)
    videos = [video for video in all_videos if video.task == task and video.participant and video.occasion]
    attempts = [(video.name, video.participant, video.occasion) for video in videos if video.participant is not None]
    participants = sorted({participant for _, participant, _ in attempts})
    if not participants:
        raise ExportError(
            "No video has both a participant and an occasion: state them in the table of ratings, by “study add "
            "--participant --occasion”, or in the window (File › Set occasion…)."
        )
    if choices.participant and choices.participant not in participants:
        names = ", ".join(participants)
        raise ExportError(f"No video with an occasion shows “{choices.participant}”. Participants: {names}.")
    order = occasion_positions({video.occasion for video in videos})
    sources = (*_rater_source(study), *_model_source(study, videos, choices))
    return _Contents(
        task=task,
        order=order,
        participants=tuple(participants),
        sources=sources,
        courses=tuple(courses(attempts, source.estimates, order) for source in sources),
    )


def participant_labels(path: Path, choices: ChangeChoices) -> dict[str, str]:
    """Return the numbers of the participants of a study in reports without names, by name.

    Raises:
        DatasetError: The order of the occasions is unknown.
        ExportError: There is no such participant, or a choice is not in the study.
        StudyError: The study cannot be read.
    """
    with Study.open(path, read_only=True) as study:
        study.select_criterion(choices.criterion or None)
        return _gather_contents(study, choices).labels(names=False)


def _find_occasion(requested: str, order: dict[str, int]) -> str:
    """Return the first occasion at the position of the requested one, ignoring case; "" if none is requested."""
    positions = {occasion.strip().casefold(): position for occasion, position in order.items()}
    position = positions.get(requested.strip().casefold())
    occasions = sorted(order)
    occasions.sort(key=lambda occasion: order[occasion])  # equal positions stay in the order of names
    if requested and position is None:
        raise ExportError(f"No video is of the occasion “{requested}”. Occasions: {', '.join(occasions)}.")
    return next((occasion for occasion in occasions if order[occasion] == position), "")


def _rater_source(study: Study) -> Iterator[ChangeSource]:
    """Yield the ratings by the current criterion of the study, if there are any."""
    ratings = study.ratings.all()
    if study.criterion not in ratings.items:
        return
    scale = ratings.scale(study.criterion)
    name = scale.item
    if scale.levels:
        levels = ", ".join(f"{level} {word}" for level, word in enumerate(scale.levels))
        name = f"{name} ({levels})"
    estimates = raters_estimates(ratings, scale.item)
    yield ChangeSource(f"By the raters: {printable(name)}", estimates, scale.step, scale.less_is_better)


def _model_source(study: Study, videos: Sequence[StudyVideo], choices: ChangeChoices) -> Iterator[ChangeSource]:
    """Yield the scores of a model on the raters' scale; without any, a source with the reasons only."""
    model = latest_of(study, choices.criterion) if choices.criterion else model_in_use(study)
    if choices.model:
        model = model_of(study, choices.model)
    if model is None:
        return
    card = find_card(model.path)
    scale = card.raters_scale if card is not None else None
    scores = study.models.scores(model.digest)
    estimates = {}
    refusals: dict[str, None] = {}  # without duplicates and in order
    for video in videos:
        if video.name not in scores:
            continue
        calibrated = on_scale(scale, scores[video.name], video.task, study.settings.task)
        estimate = _estimate_of(calibrated) if calibrated is not None else None
        if estimate is not None:
            estimates[video.name] = estimate
        else:
            refusal = calibrated.refusal if calibrated is not None else _NO_SCALE
            refusals[refusal] = None
    if scale is None or not estimates:
        yield ChangeSource(model.name, {}, unknown=tuple(refusals))
        return
    ratings = scale.map.curve.values if scale.map is not None else (0.0,)  # in ascending order of scores
    yield ChangeSource(
        printable(f"By the model {model.name} v{model.number}: {scale.criterion}, on the raters' scale"),
        estimates,
        scale.step,
        less_is_better=ratings[-1] < ratings[0],
        warning=" The model draws this mean towards 0.",
        unknown=(_BY_MODEL, *refusals, scale.about),
        facts=(("Model SHA-256", model.digest),),
    )


def _estimate_of(score: CalibratedScore) -> Estimate | None:
    if score.rating is None or score.low is None or score.high is None:
        return None
    return Estimate(score.rating, score.low, score.high, score.level)
