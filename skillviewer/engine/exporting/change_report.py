"""The report of change over time: of one participant of a study by occasion, or of all, before against after."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from skillviewer.core.analysis.raters_scale import RatersScale
from skillviewer.core.errors import ExportError
from skillviewer.core.ratings.change import courses, in_order, raters_estimates
from skillviewer.core.ratings.reliability import Estimate
from skillviewer.core.text import printable
from skillviewer.core.version import __version__
from skillviewer.data.study import Study, StudyVideo
from skillviewer.data.study.models import Score
from skillviewer.engine.exporting.cohort_report import (
    CohortChoices,
    card_of,
    latest_of,
    model_of,
    on_scale,
    pseudonyms,
    task_of,
)
from skillviewer.export.options import offered
from skillviewer.export.reports.change import ChangeReport, ChangeSource, of_group, of_participant
from skillviewer.export.reports.report import export_change
from skillviewer.export.reports.why import made_on

_ATTEMPTS = (
    "An interval is about these attempts: what further raters of the same kind would give, or what the score of the "
    "model stands for. It does not hold how much a participant varies from one attempt to the next: film several."
)
_TOLD = (
    "A change is told where its interval excludes 0, and no line is drawn between occasions. Without a control group, "
    "a change is not yet an effect of training."
)
_DRAWN = " The model draws this mean towards 0."
_BY_MODEL = (
    "The model's scale draws ratings towards the mean of the people that it was made of: the mean change of a group by "
    "the model is too small, and the true one may lie beyond its interval. If the model was trained on these "
    "participants, its ratings are too near to those of the raters."
)


@dataclass(frozen=True, slots=True)
class ChangeChoices(CohortChoices):
    """Options of the report of change over time: those of a cohort, one participant or all, and two occasions."""

    participant: str = offered("", "Participant", "Empty for all participants, before against after")
    before: str = offered("", "Before", "Occasion; empty for the first of each participant")
    after: str = offered("", "After", "Occasion; empty for the last of each participant")


def write_change(
    path: Path, target: Path, choices: ChangeChoices | None = None, *, overwrite: bool = False
) -> tuple[str, ...]:
    """Write the report of a study, which may be open elsewhere; return remarks for the user.

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
    words = f"{n_without} videos have no participant or no occasion, and are not in the report."
    return (words,) if n_without else ()


def change_report(study: Study, choices: ChangeChoices) -> ChangeReport:
    """Return the report of an open study by the criterion that it looks at; errors are those of ``write_change``."""
    everything = study.videos.all()
    task = task_of(study, {v.task for v in everything}, choices.task)
    videos = [v for v in everything if v.task == task and v.participant and v.occasion]
    people = sorted({v.participant or "" for v in videos})
    if not people:
        raise ExportError(
            "No video has both a participant and an occasion: state them in the table of ratings, by “study add "
            "--participant --occasion”, or in the window (File › Set occasion…)."
        )
    if choices.participant and choices.participant not in people:
        known = ", ".join(people)
        raise ExportError(f"No video with an occasion shows “{choices.participant}”. Participants: {known}.")
    places = in_order({v.occasion for v in videos})
    before, after = (_occasion(said, places) for said in (choices.before, choices.after))
    if before and after and places[before] >= places[after]:
        raise ExportError(f"“{choices.before}” is not before “{choices.after}”: exchange them.")
    shown = pseudonyms(people, "P", names=choices.names)
    attempts = [(v.name, shown[v.participant or ""], v.occasion) for v in videos]
    found, notes, origin = _sources(study, videos, choices)
    if not any(estimates for _, estimates in found):
        raise ExportError(" ".join(["Neither raters nor a model rate these videos on a scale.", *notes]))
    sections = []
    for about, estimates in found:
        source = replace(about, courses=courses(attempts, estimates, places))
        alone = next((c for c in source.courses if c.participant == shown.get(choices.participant)), None)
        sections.append(
            of_participant(source, alone, before, after) if alone is not None else of_group(source, before, after)
        )
    by_model = (_BY_MODEL,) if origin else ()
    facts = (*origin, ("Computed by", f"SkillViewer {__version__}"), ("Date of report", f"{made_on(choices.made_on)}"))
    title = printable(shown.get(choices.participant, "All participants"))
    subtitle = printable(" · ".join(filter(None, (study.title, task or study.settings.task))))
    return ChangeReport(title, subtitle, tuple(sections), (_ATTEMPTS, _TOLD, *by_model, *notes), facts)


def _occasion(said: str, places: dict[str, int]) -> str:
    """Return an occasion in the spelling of the courses."""
    here = {text.strip().casefold(): place for text, place in places.items()}
    place = here.get(said.strip().casefold())
    ordered = sorted(places, key=lambda text: (places[text], text))
    if said and place is None:
        raise ExportError(f"No video is of the occasion “{said}”. Occasions: {', '.join(ordered)}.")
    return next((text for text in ordered if places[text] == place), "")


Found = tuple[list[tuple[ChangeSource, dict[str, Estimate]]], tuple[str, ...], tuple[tuple[str, str], ...]]


def _sources(study: Study, videos: Sequence[StudyVideo], choices: ChangeChoices) -> Found:
    """Return raters and model, each with the rating of every video, notes about the model, and facts about it."""
    found: list[tuple[ChangeSource, dict[str, Estimate]]] = []
    notes: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    ratings, task = study.ratings.all(), study.settings.task
    if study.criterion in ratings.items:
        scale = ratings.scale(study.criterion)
        levels = f" ({', '.join(f'{at} {word}' for at, word in enumerate(scale.levels))})" if scale.levels else ""
        digits = 1 if scale.step >= 1 else 2
        about = ChangeSource(f"By the raters: {printable(scale.item + levels)}", (), digits, scale.less_is_better)
        found.append((about, raters_estimates(ratings, scale.item)))
    used = study.models.default_model(study.settings.model)
    if choices.criterion or choices.model:
        used = model_of(study, choices.model) if choices.model else latest_of(study, choices.criterion)
    if used is not None:
        card, scores = card_of(used), study.models.scores(used.digest)
        scale_of = card.raters_scale if card is not None else None
        own = {v.name: _estimate(scale_of, scores[v.name], v.task, task) for v in videos if v.name in scores}
        told = {name: one for name, one in own.items() if isinstance(one, Estimate)}
        notes = tuple(dict.fromkeys(one for one in own.values() if isinstance(one, str)))
        if told and scale_of is not None:
            title = printable(f"By the model {used.name} v{used.version}: {scale_of.criterion}, on the raters' scale")
            line = scale_of.map.curve.values if scale_of.map is not None else (0.0,)
            digits = 1 if scale_of.step >= 1 else 2
            found.append((ChangeSource(title, (), digits, line[-1] < line[0], _DRAWN), told))
            facts = (("Model SHA-256", used.digest),)
            notes += (scale_of.about,)
    return found, notes, facts


def _estimate(scale: RatersScale | None, score: Score, *tasks: str) -> Estimate | str:
    """Return a score on the raters' scale, or the reason why it has no place there."""
    placed = on_scale(scale, score, *tasks)
    if placed is None:
        return "The model knows no raters' scale, so its scores are not shown: only raters' ratings are."
    if placed.rating is None or placed.low is None or placed.high is None:
        return placed.refusal
    return Estimate(placed.rating, placed.low, placed.high, placed.level)
