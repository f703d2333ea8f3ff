"""Import of ratings that raters gave in a browser on the page of a pack."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from skillviewer.core.errors import StudyError
from skillviewer.core.ratings.rating_order import FormPurpose
from skillviewer.core.ratings.rubric import MAX_ITEMS, Rubric
from skillviewer.core.text import counted, printable
from skillviewer.data.study.judging.browser_votes import import_votes
from skillviewer.data.study.judging.rating_pack import RatingPackKey
from skillviewer.data.study.judging.saved_file import (
    Code,
    FileHeader,
    HexId,
    Seconds,
    Time,
    answer_key,
    check_turns,
    import_statement,
    is_in_future,
    load_key,
    mark_problem,
    not_in_future,
    read_saved,
    saved_format,
    time_problem,
    turn_digits_of,
)
from skillviewer.data.study.rating_forms import RatingForm
from skillviewer.data.study.study import Study


class BrowserRating(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A video rated on the page."""

    key: HexId
    turn: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]  # position in the order of the rater, from 0
    video: Code
    # item and rating; items that could not be judged are left out
    answers: Annotated[list[tuple[str, float]], msgspec.Meta(max_length=MAX_ITEMS)]
    rated_at: Time
    taken_s: Seconds  # time from first sight to the rating, without time away from the page
    watched: Annotated[float, msgspec.Meta(ge=0, le=1)]  # share of the video that was played, 0 to 1
    remark: Annotated[str, msgspec.Meta(max_length=300)]
    mark_s: Seconds | None  # marked time in the clip, from its first frame, or None
    withdrawn_at: Time | None  # time of the undo, or None


class RatingsFile(FileHeader, frozen=True):
    """Contents of a file of ratings, without its checksum."""

    format: Literal["skillviewer-ratings"]
    pack: HexId
    rater: Code
    ratings: Annotated[list[BrowserRating], msgspec.Meta(max_length=100_000)]


def import_answers(study: Study, path: Path) -> str:
    """Import a file that the page of a pack saved: votes (``import_votes``) or ratings (``import_forms``)."""
    if saved_format(path) == "skillviewer-ratings":
        return import_forms(study, path)
    return import_votes(study, path)


def import_forms(study: Study, path: Path) -> str:
    """Import the ratings of a page into the study of its pack; a second import of the same file adds nothing.

    All ratings are imported, or none. If the rater has rated a video in another copy of the pack or in the study, the
    rating that was imported or given first stays, and the other one is left out.

    Returns:
        A sentence for the user with the numbers of new, known and left out ratings.

    Raises:
        StudyError: The file cannot be read, is no file of ratings, was altered, or comes from a newer program; the pack
            was made of another study or by another rubric, or has no such rater, turn or video; a rating is none of
            the steps; or the study cannot be written.
    """
    ratings_file = read_saved(path, RatingsFile, "ratings")
    pack_key = load_key(study, path, ratings_file.pack, ratings_file.rater, key_type=RatingPackKey)
    plan = study.forms.plan()
    if plan is None or plan.rubric.digest != pack_key.rubric_digest:
        raise StudyError(f"{path} was rated by a rubric that is no longer that of {study.path.name}.")
    check_turns((rating.turn for rating in ratings_file.ratings), path.name, "ratings of video")
    names = study.videos.names()
    forms = [
        _form(number, browser_rating, ratings_file, pack_key, names, plan.rubric, path)
        for number, browser_rating in enumerate(ratings_file.ratings, 1)
    ]
    study_forms = study.forms.all()
    imported_forms = _keep_one_valid_form_per_slot(forms, study_forms)
    known_keys = {form.key for form in study_forms}
    n_undone = sum(not form.is_valid and form.key not in known_keys for form in imported_forms)
    n_added = study.forms.import_forms(imported_forms)
    n_left_out = len(forms) - len(imported_forms)
    left_out_text = f"{n_left_out} were left out, for the rater has rated their videos elsewhere" if n_left_out else ""
    return import_statement(
        counted(n_added - n_undone, "new rated video"),
        printable(pack_key.raters[ratings_file.rater]),
        n_undone=n_undone,
        n_known=len(imported_forms) - n_added,
        left_out_text=left_out_text,
        times=(rating.rated_at for rating in ratings_file.ratings),
    )


def _keep_one_valid_form_per_slot(forms: Sequence[RatingForm], study_forms: Sequence[RatingForm]) -> list[RatingForm]:
    """Return the forms without valid forms whose slot is taken, by a valid form of the study or an earlier valid form.

    Withdrawn forms take no slot, and are all returned.
    """
    withdrawn_keys = {form.key for form in forms if not form.is_valid}
    key_by_slot: dict[tuple[str, ...], str] = {}
    for form in study_forms:
        if form.is_valid and form.key not in withdrawn_keys:
            key_by_slot |= dict.fromkeys(_slots(form), form.key)
    kept_forms = []
    for form in forms:
        slots = _slots(form) if form.is_valid else []
        if all(key_by_slot.get(slot, form.key) == form.key for slot in slots):
            key_by_slot |= dict.fromkeys(slots, form.key)
            kept_forms.append(form)
    return kept_forms


def _slots(form: RatingForm) -> list[tuple[str, ...]]:
    """Return the slots of a form: its turn and, for a first form, the pair of video and rater.

    A slot takes one valid form.
    """
    slots: list[tuple[str, ...]] = [(turn_digits_of(form.key),)]
    if form.purpose is FormPurpose.FIRST:
        slots.append((form.video, form.rater))
    return slots


def _form(
    number: int,
    rating: BrowserRating,
    file: RatingsFile,
    pack_key: RatingPackKey,
    names: dict[int, str],
    rubric: Rubric,
    path: Path,
) -> RatingForm:
    """Return a rating of the page as a form of the study, or raise a StudyError if the pack cannot give it."""
    turns = pack_key.turns.get(file.rater, [])
    asked_code = ""
    purpose = FormPurpose.FIRST
    if rating.turn < len(turns):
        asked_code, purpose = turns[rating.turn]
    problem = _problem(rating, pack_key, names, asked_code, rubric)
    if problem:
        raise StudyError(f"{path.name}, rating {number} cannot be: {printable(problem)}. Nothing was imported.")
    video_id, start_s, _ = pack_key.videos[rating.video]
    rated_at = None if is_in_future(rating.rated_at) else rating.rated_at
    mark_s = None if rating.mark_s is None else rating.mark_s + start_s
    return RatingForm(
        video=names[video_id],
        rater=pack_key.raters[file.rater],
        answers=dict(rating.answers),
        purpose=purpose,
        rubric_digest=pack_key.rubric_digest,
        rated_at=rated_at,
        taken_s=rating.taken_s,
        watched=rating.watched,
        speed=pack_key.speed,
        remark=rating.remark.strip(),
        mark_s=mark_s,
        key=answer_key(file.pack, file.rater, rating.turn, rating.key),
        withdrawn_at=not_in_future(rating.withdrawn_at),
    )


def _problem(
    rating: BrowserRating, pack_key: RatingPackKey, names: dict[int, str], asked_code: str, rubric: Rubric
) -> str:
    """Return what is wrong with a rating, or ""; ``asked_code`` is the code of the video to rate."""
    if rating.video not in pack_key.videos or pack_key.videos[rating.video][0] not in names:
        return f"the study has no video with the code “{rating.video}”, or no longer contains this video"
    if rating.video != asked_code:
        return f"video {rating.turn + 1} of this rater is not “{rating.video}”"
    answers = dict(rating.answers)
    if len(answers) < len(rating.answers):
        repeated_item, _ = Counter(item for item, _ in rating.answers).most_common(1)[0]
        return f"it rates “{repeated_item[:80]}” twice"
    _, _, clip_seconds = pack_key.videos[rating.video]
    return (
        rubric.wrong_answer(answers)
        or time_problem(rating.rated_at, rating.withdrawn_at)
        or mark_problem(rating.mark_s, clip_seconds)
    )
