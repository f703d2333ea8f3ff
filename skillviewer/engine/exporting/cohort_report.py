"""Report of the cohort of a study, from the scores in the study."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from skillviewer.core.analysis.calibration import CalibratedScore, ScoreCalibration
from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.dataset.pairs import Judgement, Pair
from skillviewer.core.dataset.rating_set import RatingSet
from skillviewer.core.faces.blurring_text import SCORED_BEFORE_BLURRING
from skillviewer.core.ratings.reliability import RaterAgreement, rater_agreement
from skillviewer.core.text import counted, signed
from skillviewer.data.study import ModelState, ModelVersion, Study, StudyVideo
from skillviewer.data.study.models import Score
from skillviewer.data.trained_pairs import load_trained_clips
from skillviewer.engine.exporting.model_context import describe_test
from skillviewer.engine.exporting.report_choices import choose_task, labels_of, model_of
from skillviewer.export.options import option_field
from skillviewer.export.reports.cohort import CohortModel, CohortOptions, CohortVideo
from skillviewer.export.reports.pdf import Paper
from skillviewer.export.reports.rater_summary import PairsInTraining
from skillviewer.export.reports.report import export_cohort
from skillviewer.nets.model_card import find_card


@dataclass(frozen=True, slots=True)
class CohortChoices:
    """Options of the report of a cohort. ``made_on`` is the date of the report, or None for today."""

    paper: Paper = option_field("a4", "Paper", "A web page has no size", choices=(("A4", "a4"), ("Letter", "letter")))
    task: str = option_field("", "Task", "Needed if the study has several")
    model: str = option_field("", "Model", "Empty for the one that the study uses")
    criterion: str = option_field("", "Criterion", "Empty for the one that the study looks at")
    names: bool = option_field(
        default=False, title="Name people", help="Participants and raters; else they get numbers"
    )
    made_on: date | None = None


def write_cohort_report(
    path: Path, target: Path, choices: CohortChoices | None = None, *, overwrite: bool = False
) -> tuple[str, ...]:
    """Write the cohort report of a study, and return warnings for the user. The study may be open elsewhere.

    Raises:
        ExportError: Nothing was assessed, a name is not in the study, or the file cannot be written or read back.
        StudyError: The study cannot be read.
    """
    choices = choices if choices is not None else CohortChoices()
    with Study.open(path, read_only=True) as study:
        study.select_criterion(choices.criterion or None)
        all_videos = study.videos.all()
        task = choose_task(study, {video.task for video in all_videos}, choices.task)
        videos = [video for video in all_videos if video.task == task]
        names_in_cohort = {video.name for video in videos}
        model = model_of(study, choices.model, choices.criterion)
        scores = {name: score for name, score in study.models.scores(model.digest).items() if name in names_in_cohort}
        dataset = study.dataset()
        title = study.title
        settings = study.settings
        criteria = _ratings_by_criterion(study, model, {video.name: (video.task, settings.task) for video in videos})
    card = find_card(model.path)
    scale = card.raters_scale if card is not None else None
    scored_videos = [video for video in videos if video.name in scores]
    by_rank = sorted(scored_videos, key=lambda video: video.name)
    by_rank.sort(key=lambda video: -scores[video.name].score)  # equal scores stay in the order of names
    participants_by_rank = ["" if video.participant is None else video.participant for video in by_rank]
    label_by_participant = labels_of(participants_by_rank, "P", names=choices.names)
    cohort_videos = []
    for video in scored_videos:
        score = scores[video.name]
        participant = "" if video.participant is None else video.participant
        cohort_videos.append(
            CohortVideo(
                name=video.name,
                score=score.score,
                interval=score.interval,
                participant=label_by_participant.get(participant, ""),
                warning=_own_warning(score),
                digest=video.digest,
                before_blur=SCORED_BEFORE_BLURRING in score.warning,
                passes=score.passes,
                scaled=on_scale(scale, score, video.task, settings.task),
            )
        )
    pairs = [pair for pair in dataset.pairs if pair.better in names_in_cohort and pair.worse in names_in_cohort]
    judgements = [
        judgement
        for judgement in dataset.judgements
        if judgement.left in names_in_cohort and judgement.right in names_in_cohort
    ]
    cohort_dataset = dataset.restricted(names_in_cohort)
    raters = labels_of(_raters_by_content(judgements, cohort_dataset.ratings), "R", names=choices.names)
    relabelled_judgements = [replace(judgement, rater=raters[judgement.rater]) for judgement in judgements]
    if not task:
        task = settings.task
    export_cohort(
        cohort_videos,
        CohortModel(f"{model.name} v{model.number}", model.digest, describe_test(card, model.facts)),
        target,
        CohortOptions(
            paper=choices.paper,
            title=title,
            task=task,
            statement=settings.statement,
            made_on=choices.made_on,
            judgements=tuple(relabelled_judgements),
            pairs=tuple(pairs),
            training=_pairs_in_training(model, scored_videos, pairs),
            criteria=criteria,
            agreement=_agreement(cohort_dataset, raters),
            single_rater=_single_rater(cohort_dataset),
        ),
        overwrite=overwrite,
    )
    return _warnings(len(videos), len(cohort_videos), {score.passes for score in scores.values()})


def _pairs_in_training(
    model: ModelVersion, videos: Sequence[StudyVideo], pairs: Sequence[Pair]
) -> PairsInTraining | None:
    """Return the agreed pairs and the scored videos that a model was trained on, or None if this is not known."""
    trained_clips = load_trained_clips(model.path) if model.path is not None else None
    if trained_clips is None:
        return None
    clips = {video.name: (video.digest, video.clip_range) for video in videos}
    pairs_of_clips = [pair for pair in pairs if pair.within(clips)]
    return PairsInTraining(
        pairs=frozenset(
            pair for pair in pairs_of_clips if trained_clips.has_pair(clips[pair.better], clips[pair.worse])
        ),
        videos=frozenset(name for name, clip in clips.items() if trained_clips.has_clip(*clip)),
    )


def _own_warning(score: Score) -> str:
    """Return the warning of a score without the note that the score was computed before faces were blurred."""
    return score.warning.replace(SCORED_BEFORE_BLURRING, "").strip()


def _ratings_by_criterion(
    study: Study, model_used: ModelVersion, tasks: Mapping[str, tuple[str, str]]
) -> dict[str, dict[str, str]]:
    """Return the rating as text, or else the score, by criterion and name of the video.

    The numbers of a criterion are those of ``model_used`` or of the newest model with this criterion. If all models
    have one criterion, nothing is returned. ``tasks`` has the names of the task of each video of the cohort.
    """
    models = [model_used, *sorted(study.models.all(), key=lambda model: model.added_at, reverse=True)]
    texts_by_criterion: dict[str, dict[str, str]] = {}
    for model in models:
        card = find_card(model.path) if model.state is not ModelState.DISCARDED else None
        if card is None or card.criterion in texts_by_criterion:
            continue
        texts = {}
        for name, score in study.models.scores(model.digest).items():
            if name in tasks:
                calibrated = on_scale(card.raters_scale, score, *tasks[name])
                texts[name] = signed(score.score)
                if calibrated is not None and calibrated.words:
                    texts[name] = calibrated.words
        texts_by_criterion[card.criterion] = texts
    return texts_by_criterion if len(texts_by_criterion) > 1 else {}


def on_scale(scale: ScoreCalibration | None, score: Score, *tasks: str) -> CalibratedScore | None:
    """Return a score on the raters' scale, or None if there is no scale. ``tasks`` are the names of the task."""
    if scale is None:
        return None
    is_unfamiliar = bool(_own_warning(score))
    return scale.calibrate(score.score, unfamiliar=is_unfamiliar).in_task(*tasks)


def _raters_by_content(judgements: Sequence[Judgement], ratings: RatingSet | None) -> list[str]:
    """Return the raters, those with the most votes and ratings first, else by what these say; names have no effect."""
    votes_by_rater: dict[str, list[tuple[str, str, int, float]]] = {}
    for judgement in judgements:
        time_s = -1.0 if judgement.taken_s is None else judgement.taken_s
        vote = (judgement.left, judgement.right, judgement.verdict.value, time_s)
        votes_by_rater.setdefault(judgement.rater, []).append(vote)
    ratings_by_rater: dict[str, list[tuple[str, str, str, float]]] = {}
    all_ratings = ratings.ratings if ratings is not None else ()
    for rating in all_ratings:
        content = (rating.item, rating.video, rating.occasion, rating.value)
        ratings_by_rater.setdefault(rating.rater, []).append(content)

    def sort_key(rater: str) -> tuple[object, ...]:
        votes = votes_by_rater.get(rater, [])
        own_ratings = sorted(ratings_by_rater.get(rater, []))
        return (-len(votes), -len(own_ratings), votes, own_ratings)

    return sorted(votes_by_rater | ratings_by_rater, key=sort_key)


def _agreement(dataset: Dataset, raters: Mapping[str, str]) -> RaterAgreement | None:
    """Return the agreement of the raters of the videos, or None with fewer than two raters.

    ``raters`` has the name to print of every rater.
    """
    if dataset.ratings is None or dataset.criterion not in dataset.ratings.items:
        return None
    if len(dataset.ratings.table(dataset.criterion).raters) < 2:
        return None
    relabelled = tuple(replace(rating, rater=raters[rating.rater]) for rating in dataset.ratings.ratings)
    return rater_agreement(replace(dataset.ratings, ratings=relabelled), dataset.criterion)


def _single_rater(dataset: Dataset) -> str:
    """Return a sentence on the ratings if one rater gave them all, or ""."""
    if dataset.ratings is None or dataset.criterion not in dataset.ratings.items:
        return ""
    table = dataset.ratings.table(dataset.criterion)
    if len(table.raters) != 1:
        return ""
    return (
        f"One rater rated {counted(len(table.videos), 'video')} for {dataset.criterion}: how far raters agree is not "
        "known."
    )


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
