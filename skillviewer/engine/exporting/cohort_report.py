"""The report of a whole study: its cohort, from the scores that the study keeps."""

import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from skillviewer.core.analysis.calibration import CalibratedScore, ScoreCalibration
from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.dataset.pairs import SKILL
from skillviewer.core.errors import CheckpointError, ExportError
from skillviewer.core.faces.blurring_text import SAID_BEFORE
from skillviewer.core.ratings.reliability import RaterAgreement, rater_agreement
from skillviewer.core.text import signed
from skillviewer.data.study import ModelState, ModelVersion, Study
from skillviewer.data.study.models import Score
from skillviewer.export.options import option_field
from skillviewer.export.reports.cohort import CohortModel, CohortOptions, CohortVideo
from skillviewer.export.reports.pdf import Paper
from skillviewer.export.reports.report import export_cohort
from skillviewer.nets.library import criterion_of

if TYPE_CHECKING:
    from skillviewer.nets.model_card import ModelCard


@dataclass(frozen=True, slots=True)
class CohortChoices:
    """Options of the report of a study's cohort.

    The options say themselves what they are; ``made_on`` is None for today.
    """

    paper: Paper = option_field("a4", "Paper", "A web page has no size", choices=(("A4", "a4"), ("Letter", "letter")))
    task: str = option_field("", "Task", "Where the study has several")
    model: str = option_field("", "Model", "Empty for the one that the study uses")
    criterion: str = option_field("", "Criterion", "Empty for the one that the study looks at")
    names: bool = option_field(True, "Name people", "Participants and raters; else they get numbers")
    made_on: date | None = None


def cohort_report(
    path: Path, target: Path, choices: CohortChoices | None = None, *, overwrite: bool = False
) -> tuple[str, ...]:
    """Write the cohort report of a study, which may be open elsewhere; return warnings for the user.

    Raises:
        ExportError: Nothing was assessed, a name is not in the study, or the file cannot be written or read back.
        StudyError: The study cannot be read.
    """
    choices = choices if choices is not None else CohortChoices()
    with Study.open(path, read_only=True) as study:
        study.look_at(choices.criterion or None)
        everything = study.videos.all()
        task = task_of(study, {v.task for v in everything}, choices.task)
        videos = [v for v in everything if v.task == task]
        model = model_of(study, choices.model, choices.criterion)
        scores = study.models.scores(model.digest)
        dataset = study.dataset()
        title, settings = study.title, study.settings
        criteria = _criteria(study, model, {v.name: (v.task, settings.task) for v in videos})
    card = card_of(model)
    scale = card.raters_scale if card is not None else None
    inside = {v.name for v in videos}
    judgements_inside = [j for j in dataset.judgements if j.left in inside and j.right in inside]
    participants = pseudonyms([v.participant or "" for v in videos if v.name in scores], "P", names=choices.names)
    raters = pseudonyms([j.rater for j in judgements_inside], "R", names=choices.names)
    assessed = [
        CohortVideo(
            v.name,
            s.score,
            s.interval,
            participants.get(v.participant or "", ""),
            s.warning.replace(SAID_BEFORE, "").strip(),
            v.digest,
            before_blur=SAID_BEFORE in s.warning,
            passes=s.passes,
            scaled=on_scale(scale, s, v.task, settings.task),
        )
        for v in videos
        if (s := scores.get(v.name)) is not None
    ]
    judgements = tuple(replace(j, rater=raters[j.rater]) for j in judgements_inside)
    export_cohort(
        assessed,
        CohortModel(f"{model.name} v{model.version}", model.digest),
        target,
        CohortOptions(
            paper=choices.paper,
            title=title,
            task=task or settings.task,
            statement=settings.statement,
            made_on=choices.made_on,
            judgements=judgements,
            pairs=tuple(p for p in dataset.pairs if p.better in inside and p.worse in inside),
            criteria=criteria,
            agreement=_agreement(dataset.restricted(inside), names=choices.names),
        ),
        overwrite=overwrite,
    )
    return _warnings(len(videos), len(assessed), {s.passes for name, s in scores.items() if name in inside})


def card_of(model: ModelVersion) -> "ModelCard | None":
    """Return the card of a model, or None if its checkpoint is not in its place or cannot be read."""
    from skillviewer.nets.model_card import load_card  # torch takes seconds

    with suppress(CheckpointError):
        return load_card(model.path) if model.path is not None else None
    return None


def _criteria(
    study: Study, model_used: ModelVersion, tasks: Mapping[str, tuple[str, str]]
) -> dict[str, dict[str, str]]:
    """Return rating, or score without one, by criterion and video: of the model in use, and the latest of the others.

    Empty if all models are of one criterion.
    """
    models = [model_used, *sorted(study.models.all(), key=lambda m: m.added_at, reverse=True)]
    by_criterion: dict[str, dict[str, str]] = {}
    for model in (m for m in models if m.state is not ModelState.DISCARDED):
        card = card_of(model)
        if card is not None and card.criterion not in by_criterion:
            scores = {name: s for name, s in study.models.scores(model.digest).items() if name in tasks}
            scaled = {name: on_scale(card.raters_scale, s, *tasks[name]) for name, s in scores.items()}
            ratings = {name: calibrated.words for name, calibrated in scaled.items() if calibrated is not None}
            by_criterion[card.criterion] = {name: ratings.get(name) or signed(s.score) for name, s in scores.items()}
    return by_criterion if len(by_criterion) > 1 else {}


def on_scale(scale: ScoreCalibration | None, score: Score, *tasks: str) -> CalibratedScore | None:
    """Return a score on the raters' scale, for a video of a task by any of its names; None without a scale."""
    if scale is None:
        return None
    return scale.of(score.score, unfamiliar=bool(score.warning.replace(SAID_BEFORE, "").strip())).in_task(*tasks)


def _agreement(dataset: Dataset, *, names: bool) -> RaterAgreement | None:
    """Return the agreement of the raters who rated the videos; None with fewer than two."""
    if dataset.ratings is None or dataset.criterion not in dataset.ratings.items:
        return None
    if len(dataset.ratings.table(dataset.criterion).raters) < 2:
        return None
    raters = pseudonyms(list(dataset.ratings.raters), "R", names=names)
    anonymous = tuple(replace(rating, rater=raters[rating.rater]) for rating in dataset.ratings.ratings)
    return rater_agreement(replace(dataset.ratings, ratings=anonymous), dataset.criterion)


def _warnings(n_videos: int, n_assessed: int, passes: set[int]) -> tuple[str, ...]:
    sentences = []
    if n_assessed < n_videos:
        sentences.append(
            f"{n_videos - n_assessed} of {n_videos} videos have not been assessed by this model and are not in the "
            "report."
        )
    if len(passes) > 1:
        counts = ", ".join(str(n) for n in sorted(passes))
        sentences.append(
            f"The videos were assessed with different numbers of passes ({counts}): their intervals differ in kind."
        )
    return tuple(sentences)


def task_of(study: Study, tasks: set[str], requested: str) -> str:
    """Return the task that is asked for, or the only one of the videos.

    Raises:
        ExportError: There is no such task, or there are several and none is asked for.
    """
    if requested:
        if requested in tasks or (requested == study.settings.task and "" in tasks):
            return requested if requested in tasks else ""
        names = ", ".join(sorted(task for task in tasks if task)) or study.settings.task or "none"
        raise ExportError(f"The study has no videos of the task “{requested}”. Its tasks: {names}.")
    if len(tasks) > 1:
        names = ", ".join(sorted(task or study.settings.task or "(none)" for task in tasks))
        raise ExportError(
            f"The study has videos of {len(tasks)} tasks ({names}), whose scores cannot be compared: choose one."
        )
    return next(iter(tasks), "")


def latest_of(study: Study, criterion: str) -> ModelVersion | None:
    """Return the newest model of a study, not discarded and in its place, that learnt a criterion; None without."""
    folded = criterion.casefold()
    models = [m for m in study.models.all() if m.state is not ModelState.DISCARDED and m.path is not None]
    candidates = [m for m in models if m.path is not None and criterion_of(m.path).casefold() == folded]
    return max(candidates, key=lambda m: m.added_at, default=None)


def model_in_use(study: Study) -> ModelVersion | None:
    """Return the model in use, or that with the most scores; if it learnt another criterion, the newest of this one."""
    model = study.models.default_model(study.settings.model)
    learnt = criterion_of(model.path) if model is not None and model.path is not None else SKILL
    return model if learnt.casefold() in {SKILL, study.criterion.casefold()} else latest_of(study, study.criterion)


def model_of(study: Study, requested: str, criterion: str = "") -> ModelVersion:
    """Return the model that is asked for, the newest of a criterion, the one in use, or that with the most scores.

    Raises:
        ExportError: There is no such model.
    """
    if criterion and not requested:
        newest = latest_of(study, criterion)
        if newest is None:
            raise ExportError(
                f"The study has no model of the criterion “{criterion}”: score its videos with one, or choose a model."
            )
        return newest
    if requested:
        models = [m for m in study.models.all() if m.state is not ModelState.DISCARDED]
        matches = [m for m in models if requested in {m.name, f"{m.name} v{m.version}", m.digest}]
        if not matches:
            names = ", ".join(f"{m.name} v{m.version}" for m in models) or "none"
            raise ExportError(f"The study has no model “{requested}”. Its models: {names}.")
        return max(matches, key=lambda m: m.version)
    model = model_in_use(study)
    if model is None:
        if study.models.default_model(study.settings.model) is not None:
            return model_of(study, "", study.criterion)  # which says that there is none
        raise ExportError(
            "No video of the study has been assessed. Assess them first: in the window, or by skillviewer export table "
            "scores STUDY -o scores.csv."
        )
    return model


def pseudonyms(originals: list[str], letter: str, *, names: bool) -> dict[str, str]:
    """Return the names of people in the report: their own, or numbers in random order."""
    names_sorted = sorted({name for name in originals if name})
    if not names:
        secrets.SystemRandom().shuffle(names_sorted)
    return {name: name if names else f"{letter}{number}" for number, name in enumerate(names_sorted, start=1)}
