"""The report of change over time: of one participant of a study by occasion, or of all, before against after."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.errors import ExportError
from skillviewer.core.ratings.change import courses, in_order, raters_estimates
from skillviewer.core.ratings.reliability import Estimate
from skillviewer.core.text import printable
from skillviewer.core.version import __version__
from skillviewer.data.study import Study, StudyVideo
from skillviewer.engine.exporting.cohort_report import (
    CohortChoices,
    card_of,
    latest_of,
    model_in_use,
    model_of,
    on_scale,
    pseudonyms,
    task_of,
)
from skillviewer.export.options import option_field
from skillviewer.export.reports.change import ChangeReport, ChangeSource, group_section, participant_section
from skillviewer.export.reports.report import export_change
from skillviewer.export.reports.why import date_or_today

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


@dataclass(frozen=True, slots=True)
class ChangeChoices(CohortChoices):
    """Options of the report of change over time: those of a cohort, one participant or all, and two occasions."""

    participant: str = option_field("", "Participant", "Empty for all participants, before against after")
    before: str = option_field("", "Before", "Occasion; empty for the first of each participant")
    after: str = option_field("", "After", "Occasion; empty for the last of each participant")


def write_change(
    path: Path, target: Path, choices: ChangeChoices | None = None, *, overwrite: bool = False
) -> tuple[str, ...]:
    """Write the report of a study, which may be open elsewhere; return warnings for the user.

    Raises:
        DatasetError: The order of the occasions is not clear.
        ExportError: Nothing can be said, a name is not in the study, or the file cannot be written or read back.
        StudyError: The study cannot be read.
    """
    choices = choices if choices is not None else ChangeChoices()
    with Study.open(path, read_only=True) as study:
        study.look_at(choices.criterion or None)
        report = change_report(study, choices)
        n_without = sum(not (v.participant and v.occasion) for v in study.videos.all())
    export_change(report, target, choices.paper, overwrite=overwrite)
    text = f"{n_without} videos have no participant or no occasion, and are not in the report."
    return (text,) if n_without else ()


def change_report(study: Study, choices: ChangeChoices) -> ChangeReport:
    """Return the report of an open study by the criterion that it looks at; errors are those of ``write_change``."""
    everything = study.videos.all()
    task = task_of(study, {v.task for v in everything}, choices.task)
    videos = [v for v in everything if v.task == task and v.participant and v.occasion]
    participants = sorted({v.participant or "" for v in videos})
    if not participants:
        raise ExportError(
            "No video has both a participant and an occasion: state them in the table of ratings, by “study add "
            "--participant --occasion”, or in the window (File › Set occasion…)."
        )
    if choices.participant and choices.participant not in participants:
        names = ", ".join(participants)
        raise ExportError(f"No video with an occasion shows “{choices.participant}”. Participants: {names}.")
    places = in_order({v.occasion for v in videos})
    before = _occasion(choices.before, places)
    after = _occasion(choices.after, places)
    if before and after and places[before] >= places[after]:
        raise ExportError(f"“{before}” is not before “{after}”: state an earlier and a later occasion.")
    labels = pseudonyms(participants, "P", names=choices.names)
    attempts = [(v.name, labels[v.participant or ""], v.occasion) for v in videos]
    sources = [*_by_raters(study), *_by_model(study, videos, choices)]
    unknown = [sentence for source in sources for sentence in source.unknown]
    if not any(source.estimates for source in sources):
        raise ExportError(" ".join(["Neither raters nor a model rate these videos on a scale.", *unknown]))
    name = labels.get(choices.participant)
    sections = []
    for source in (source for source in sources if source.estimates):
        by_participant = courses(attempts, source.estimates, places)
        sections.append(
            participant_section(source, by_participant[name], before, after)
            if name
            else group_section(source, by_participant, before, after)
        )
    origin = [fact for source in sources for fact in source.facts]
    facts = (
        *origin,
        ("Computed by", f"SkillViewer {__version__}"),
        ("Date of report", f"{date_or_today(choices.made_on)}"),
    )
    subtitle = printable(" · ".join(filter(None, (study.title, task or study.settings.task))))
    title = printable(name or "All participants")
    return ChangeReport(title, subtitle, tuple(sections), (_ATTEMPTS, _LIMITS, *unknown), facts)


def _occasion(requested: str, places: dict[str, int]) -> str:
    """Return an occasion in the spelling of the courses."""
    place_by_text = {text.strip().casefold(): place for text, place in places.items()}
    place = place_by_text.get(requested.strip().casefold())
    occasions = sorted(places, key=lambda text: (places[text], text))
    if requested and place is None:
        raise ExportError(f"No video is of the occasion “{requested}”. Occasions: {', '.join(occasions)}.")
    return next((text for text in occasions if places[text] == place), "")


def _by_raters(study: Study) -> Iterator[ChangeSource]:
    """Yield the ratings of the criterion that the study looks at, if there are any."""
    ratings = study.ratings.all()
    if study.criterion in ratings.items:
        scale = ratings.scale(study.criterion)
        levels = f" ({', '.join(f'{level} {word}' for level, word in enumerate(scale.levels))})" if scale.levels else ""
        title = f"By the raters: {printable(scale.item + levels)}"
        yield ChangeSource(title, raters_estimates(ratings, scale.item), scale.step, scale.less_is_better)


def _by_model(study: Study, videos: Sequence[StudyVideo], choices: ChangeChoices) -> Iterator[ChangeSource]:
    """Yield the scores of a model on the raters' scale, or without any the reasons alone."""
    model = latest_of(study, choices.criterion) if choices.criterion else model_in_use(study)
    model = model_of(study, choices.model) if choices.model else model
    if model is None:
        return
    card = card_of(model)
    scores = study.models.scores(model.digest)
    scale = card.raters_scale if card is not None else None
    placed = {v.name: on_scale(scale, scores[v.name], v.task, study.settings.task) for v in videos if v.name in scores}
    summaries = {
        name: Estimate(position.rating, position.low, position.high, position.level)
        for name, position in placed.items()
        if position is not None
        and position.rating is not None
        and position.low is not None
        and position.high is not None
    }
    refusals = dict.fromkeys(
        position.refusal if position is not None else _NO_SCALE
        for name, position in placed.items()
        if name not in summaries
    )
    if scale is None or not summaries:
        yield ChangeSource(model.name, {}, unknown=tuple(refusals))
        return
    line = scale.map.curve.values if scale.map is not None else (0.0,)
    yield ChangeSource(
        printable(f"By the model {model.name} v{model.version}: {scale.criterion}, on the raters' scale"),
        summaries,
        scale.step,
        less_is_better=line[-1] < line[0],
        warning=" The model draws this mean towards 0.",
        unknown=(_BY_MODEL, *refusals, scale.about),
        facts=(("Model SHA-256", model.digest),),
    )
