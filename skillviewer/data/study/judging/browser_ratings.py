"""Ratings that were given in a browser on the page of a pack: checked like any file from elsewhere, imported once."""

from collections import Counter
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
    PLACE_DIGITS,
    Code,
    Head,
    Identity,
    Seconds,
    Time,
    check_turns,
    import_statement,
    is_to_come,
    load_key,
    past,
    place_key,
    read_saved,
    saved_format,
    wrong_mark,
    wrong_times,
)
from skillviewer.data.study.rating_forms import RatingForm
from skillviewer.data.study.study import Study


class BrowserRating(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rated video of the page."""

    key: Identity
    turn: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]  # place in the order of the rater, from 0
    video: Code
    # item and rating; items that could not be judged are left out
    answers: Annotated[list[tuple[str, float]], msgspec.Meta(max_length=MAX_ITEMS)]
    rated_at: Time
    taken_s: Seconds  # time from first sight to the rating, without time away from the page
    watched: Annotated[float, msgspec.Meta(ge=0, le=1)]  # share of the video that was played, 0 to 1
    remark: Annotated[str, msgspec.Meta(max_length=300)]
    mark_s: Seconds | None  # marked time in the clip, from its first frame, or None
    withdrawn_at: Time | None  # time of the undo, or None


class RatingsFile(Head, frozen=True):
    """Contents of a file of ratings, without its checksum."""

    format: Literal["skillviewer-ratings"]
    pack: Identity
    rater: Code
    ratings: Annotated[list[BrowserRating], msgspec.Meta(max_length=100_000)]


def import_answers(study: Study, path: Path) -> str:
    """Import a file that the page of a pack saved: votes (``import_votes``) or ratings (``import_forms``)."""
    return import_forms(study, path) if saved_format(path) == "skillviewer-ratings" else import_votes(study, path)


def import_forms(study: Study, path: Path) -> str:
    """Import the ratings of a page into the study that its pack was made of; a second import adds nothing.

    All ratings are imported, or none. A video that the rater rated in two copies of the pack, or in the study since, is
    rated once: the rating that came first stays.

    Returns:
        A statement for the user: new ratings, known ones, and those left out.

    Raises:
        StudyError: The file cannot be read, is no file of ratings, was altered, or comes from a newer program; the pack
            was made of another study or by another rubric, or has no such rater, turn or video; a rating is none of
            the steps; or the study cannot be written.
    """
    file = read_saved(path, RatingsFile, "ratings")
    key = load_key(study, path, file.pack, file.rater, RatingPackKey)
    plan = study.forms.plan()
    if plan is None or plan.rubric.digest != key.rubric_digest:
        raise StudyError(f"{path} was rated by a rubric that is no longer that of {study.path.name}.")
    check_turns((rating.turn for rating in file.ratings), path.name, "ratings of video")
    names = study.videos.names()
    forms = [
        _form(number, browser_rating, file, key, names, plan.rubric, path)
        for number, browser_rating in enumerate(file.ratings, 1)
    ]
    known_forms = {form.key: form for form in study.forms.all()}
    distinct = _without_doubles(forms, tuple(known_forms.values()))
    n_undone = sum(not form.is_valid and form.key not in known_forms for form in distinct)
    n_new = study.forms.bring_in(distinct)
    n_left_out = len(forms) - len(distinct)
    return import_statement(
        counted(n_new - n_undone, "new rated video"),
        printable(key.raters[file.rater]),
        n_undone=n_undone,
        n_known=len(distinct) - n_new,
        left_out=f"{n_left_out} were left out, for the rater has rated their videos elsewhere" if n_left_out else "",
        times=(rating.rated_at for rating in file.ratings),
    )


def _without_doubles(forms: list[RatingForm], known_forms: tuple[RatingForm, ...]) -> list[RatingForm]:
    """Return forms without those of a turn, or of a rater and a video, that has a valid form already."""
    withdrawn_keys = {form.key for form in forms if not form.is_valid}
    standing = [form for form in known_forms if form.is_valid and form.key not in withdrawn_keys]
    key_by_slot = {slot: form.key for form in standing for slot in _slots(form)}
    distinct = []
    for form in forms:
        slots = _slots(form) if form.is_valid else []
        if all(key_by_slot.get(slot, form.key) == form.key for slot in slots):
            key_by_slot |= dict.fromkeys(slots, form.key)
            distinct.append(form)
    return distinct


def _slots(form: RatingForm) -> list[tuple[str, ...]]:
    """Return the turn of a form, and for a first form the video and the rater: each takes one valid form."""
    slots: list[tuple[str, ...]] = [(form.key[:PLACE_DIGITS],)]
    return [*slots, (form.video, form.rater)] if form.purpose is FormPurpose.FIRST else slots


def _form(
    number: int,
    rating: BrowserRating,
    file: RatingsFile,
    key: RatingPackKey,
    names: dict[int, str],
    rubric: Rubric,
    path: Path,
) -> RatingForm:
    """Return a rating as the study stores it; refuse one that cannot be, by the file, its row and the value."""
    turns = key.turns.get(file.rater, [])
    video, purpose = turns[rating.turn] if rating.turn < len(turns) else ("", FormPurpose.FIRST)
    answers = dict(rating.answers)
    wrong = ""
    if rating.video not in key.videos or key.videos[rating.video][0] not in names:
        wrong = f"the study has no video of the code “{rating.video}”, or no longer"
    elif rating.video != video:
        wrong = f"video {rating.turn + 1} of this rater is not “{rating.video}”"
    elif len(answers) < len(rating.answers):
        doubled = Counter(name for name, _ in rating.answers).most_common(1)[0][0]
        wrong = f"it rates “{doubled[:80]}” twice"
    else:
        wrong = rubric.wrong_answer(answers) or wrong_times(rating.rated_at, rating.withdrawn_at)
        wrong = wrong or wrong_mark(rating.mark_s, key.videos[rating.video][2])
    if wrong:
        raise StudyError(f"{path.name}, rating {number} cannot be: {printable(wrong)}. Nothing was imported.")
    video_number, start_s, _ = key.videos[rating.video]
    return RatingForm(
        video=names[video_number],
        rater=key.raters[file.rater],
        answers=answers,
        purpose=purpose,
        rubric_digest=key.rubric_digest,
        rated_at=None if is_to_come(rating.rated_at) else rating.rated_at,
        taken_s=rating.taken_s,
        watched=rating.watched,
        speed=key.speed,
        remark=rating.remark.strip(),
        mark_s=None if rating.mark_s is None else rating.mark_s + start_s,
        key=place_key(file.pack, file.rater, rating.turn) + rating.key[PLACE_DIGITS:],
        withdrawn_at=past(rating.withdrawn_at),
    )
