"""Rating forms: videos as raters rated them in the program or in a browser, by the rubric of the study.

The first form of a rater on a video makes ratings like those of a table. A repeat makes none, since it would count like
the ratings of another rater. Rows of forms are never changed: an undone form is withdrawn by a row of another table.
"""

import json
import secrets
import sqlite3
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated

import msgspec

from skillviewer.core.errors import DatasetError, SettingsError, StudyError, first_line
from skillviewer.core.ratings.rated_item import RatedItem
from skillviewer.core.ratings.rating_order import FormPurpose
from skillviewer.core.ratings.repeat_agreement import RepeatAgreement, repeat_agreement
from skillviewer.core.ratings.rubric import Rubric
from skillviewer.data.ratings.rubric_file import RubricFile, file_from_rubric, rubric_from_file
from skillviewer.data.study.file import StudyFile
from skillviewer.data.study.study_ratings import StudyRatings
from skillviewer.data.study.values import (
    format_optional_time,
    format_time,
    insert,
    now,
    read_json,
    read_optional_time,
    read_time,
)
from skillviewer.data.study.votes import video_id

FORM_TABLE = "rated in the program"
"""Name of the table of ratings to which the ratings of forms belong."""
DEFAULT_REPEAT_SHARE = 0.1
"""Default share of videos that a rater rates twice."""
PLAN_SETTING = "rating_plan"
"""Name of the setting in which a study stores its rating plan."""
_MAX_SEED = (1 << 48) - 1
_SELECT = """
    SELECT f.*, v.name AS video_name, w.withdrawn_at
    FROM rating_form AS f
    JOIN video AS v ON v.id = f.video
    LEFT JOIN rating_form_withdrawal AS w ON w.rating_form = f.id
"""


@dataclass(frozen=True, slots=True)
class RatingPlan:
    """Rubric by which the videos of a study are rated, and their order."""

    rubric: Rubric
    seed: int  # seed of the random order of the videos for each rater
    repeat_share: float = DEFAULT_REPEAT_SHARE  # share of videos that every rater rates twice, 0 to 0.5


@dataclass(frozen=True, slots=True)
class RatingForm:
    """Ratings of one video by one rater."""

    video: str  # name of the video
    rater: str
    answers: Mapping[str, float]  # rating by item; items that could not be judged are left out
    purpose: FormPurpose = FormPurpose.FIRST
    rubric_digest: str = ""  # digest of the rubric of the answers, or "" for the study's rubric
    rated_at: datetime | None = None  # time of the rating, or None if not recorded
    taken_s: float | None = None  # time from first sight to the rating in seconds, or None
    watched: float | None = None  # proportion of the video that was watched, 0 to 1, or None
    speed: float = 1.0  # playback speed; 1 is real time
    remark: str = ""  # remark of the rater, or ""
    mark_s: float | None = None  # time that the rater marked, in seconds from the first frame of the file, or None
    id: int = 0  # number in the study; 0 before it is submitted
    key: str = ""  # identifier that is the same in every copy of the study; set when it is submitted
    withdrawn_at: datetime | None = None  # time of the withdrawal, or None while it is valid

    @property
    def is_valid(self) -> bool:
        """True unless it was withdrawn."""
        return self.withdrawn_at is None


class _StoredPlan(msgspec.Struct, frozen=True):
    rubric: RubricFile
    seed: Annotated[int, msgspec.Meta(ge=0, le=_MAX_SEED)]
    repeat_share: Annotated[float, msgspec.Meta(ge=0, le=0.5)]


class RatingForms:
    """Rating plan and rating forms of an open study; errors are those of ``Study``."""

    def __init__(self, file: StudyFile) -> None:
        self._file = file

    def plan(self) -> RatingPlan | None:
        """Return the rating plan of the study, or None if it has no rubric."""
        text = self._file.scalar("SELECT value FROM setting WHERE name = ?", (PLAN_SETTING,))
        if text is None:
            return None
        try:
            plan = read_json(str(text), _StoredPlan)
            return RatingPlan(rubric_from_file(plan.rubric), plan.seed, plan.repeat_share)
        except (ValueError, DatasetError) as error:
            raise StudyError(f"The study has a damaged rubric ({first_line(error)}): choose one again.") from error

    def set_plan(
        self, rubric: Rubric, repeat_share: float = DEFAULT_REPEAT_SHARE, seed: int | None = None
    ) -> RatingPlan:
        """Set the rubric, and the share of videos that every rater rates twice.

        Without ``seed`` the study's seed is kept, or drawn if there is none. The rubric cannot be replaced while valid
        forms use it.

        Raises:
            SettingsError: The share is not 0 to 0.5, or the seed is out of range.
            StudyError: Videos are rated by another rubric, an item has another scale in the study, or the study cannot
                be written.
        """
        if not 0 <= repeat_share <= 0.5:
            raise SettingsError(f"The share of videos rated twice is {repeat_share:g}: choose from 0 to 0.5.")
        if seed is not None and not 0 <= seed <= _MAX_SEED:
            raise SettingsError(f"The seed is {seed}: choose from 0 to {_MAX_SEED}.")
        StudyRatings(self._file).check_scales(rubric.scales)
        with self._file.transaction() as db:
            old_plan = self._plan_or_none()
            if old_plan is not None and old_plan.rubric != rubric:
                n_rated = len({form.video for form in self.all() if form.is_valid})
                if n_rated:
                    raise StudyError(
                        f"{n_rated} videos are rated by “{old_plan.rubric.name}”: its items and words stay as they "
                        "are. Rate by another rubric in a copy of the study."
                    )
            if seed is None:
                seed = old_plan.seed if old_plan is not None else secrets.randbelow(_MAX_SEED + 1)
            plan = RatingPlan(rubric, seed, repeat_share)
            stored_plan = _StoredPlan(file_from_rubric(rubric), seed, repeat_share)
            text = msgspec.json.encode(stored_plan).decode()
            if old_plan != plan:
                self._file.log("setting changed", "rubric", f"{rubric.name}, {repeat_share:g} twice, seed {seed}")
            db.execute("INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", (PLAN_SETTING, text))
        return plan

    def _plan_or_none(self) -> RatingPlan | None:
        try:
            return self.plan()
        except StudyError:  # a damaged plan may be replaced
            return None

    def submit(self, form: RatingForm) -> RatingForm:
        """Add a form and its ratings to the study on disk, and return the form with its number and key.

        A missing ``rated_at`` is set to now. The form replaces existing ratings of the same video, rater, item and
        occasion, which count again when the form is withdrawn.

        Raises:
            StudyError: The study has no rubric, an answer is none of its steps, there is no such video, the rater has
                rated the video already, or the study cannot be written.
        """
        rated_at = read_time(now()) if form.rated_at is None else form.rated_at
        form = replace(form, rated_at=rated_at, key="")
        with self._file.transaction() as db:
            number = self._insert(db, form, self._rubric_of(form))
        return self.get(number)

    def _rubric_of(self, form: RatingForm) -> Rubric:
        """Return the rubric of a form, or raise a StudyError if the form does not fit the study's rubric."""
        plan = self.plan()
        if plan is None:
            raise StudyError("The study has no rubric to rate by: choose one first.")
        digest = plan.rubric.digest
        if form.rubric_digest not in {"", digest}:
            raise StudyError(f"The form of “{form.video}” was rated by another rubric than “{plan.rubric.name}”.")
        problem = plan.rubric.wrong_answer(form.answers)
        if problem:
            raise StudyError(f"The form of “{form.video}” cannot be stored: {problem}.")
        return plan.rubric

    def _insert(self, db: sqlite3.Connection, form: RatingForm, rubric: Rubric) -> int:
        rater = form.rater.strip()
        if not rater:
            raise StudyError("A rater needs a name.")
        video = video_id(db, form.video)
        if form.purpose is FormPurpose.FIRST and self._has_first(db, video, rater):
            raise StudyError(f"{rater} has rated “{form.video}” already: undo that rating to give another.")
        key = form.key or uuid.uuid4().hex
        number = insert(
            db,
            "rating_form",
            key=key,
            video=video,
            rater=rater,
            purpose=str(form.purpose),
            answers=json.dumps([[name, form.answers[name]] for name in form.answers], ensure_ascii=False),
            rubric_digest=rubric.digest,
            rated_at=format_optional_time(form.rated_at),
            taken_s=form.taken_s,
            watched=form.watched,
            speed=form.speed,
            remark=form.remark,
            mark_s=form.mark_s,
            added_at=now(),
        )
        if form.purpose is FormPurpose.FIRST:
            self._add_ratings(db, number, video, rater, rubric, rubric.ratings(form.answers))
        return number

    @staticmethod
    def _has_first(db: sqlite3.Connection, video: int, rater: str) -> bool:
        query = (
            "SELECT 1 FROM rating_form AS f LEFT JOIN rating_form_withdrawal AS w ON w.rating_form = f.id "
            "WHERE f.video = ? AND f.rater = ? AND f.purpose = 'first' AND w.rating_form IS NULL"
        )
        return db.execute(query, (video, rater)).fetchone() is not None

    def _add_ratings(
        self, db: sqlite3.Connection, form: int, video: int, rater: str, rubric: Rubric, ratings: Mapping[str, float]
    ) -> None:
        """Add the ratings of a form; each replaces the valid rating of the same video, rater, item and occasion."""
        study_ratings = StudyRatings(self._file)
        scales = study_ratings.merged_scales([scale for scale in rubric.scales if scale.item in ratings])
        (occasion,) = db.execute("SELECT occasion FROM video WHERE id = ?", (video,)).fetchone()
        row = db.execute("SELECT id FROM rating_table WHERE name = ? AND mapping = ''", (FORM_TABLE,)).fetchone()
        table = (
            row["id"] if row is not None else insert(db, "rating_table", name=FORM_TABLE, mapping="", added_at=now())
        )
        for item, value in ratings.items():
            study_ratings.save_scale(db, scales[item])
            replaced = _valid_rating_id(db, video, rater, item, occasion)
            if replaced is not None:
                insert(db, "rating_withdrawal", rating=replaced, withdrawn_at=now())
            insert(
                db,
                "rating",
                rating_table=table,
                video=video,
                rater=rater,
                item=item,
                value=value,
                occasion=occasion,
                added_at=now(),
                rating_form=form,
                replaced=replaced,
            )

    def withdraw(self, number: int, withdrawn_at: datetime | None = None) -> RatingForm:
        """Withdraw a form and its ratings, and return the form; the replaced ratings count again.

        Raises:
            StudyError: There is no such form, it was withdrawn already, or the study cannot be written.
        """
        form = self.get(number)
        if not form.is_valid:
            raise StudyError(f"The rating of a video with number {number} was undone already.")
        with self._file.transaction() as db:
            if withdrawn_at is None:
                withdrawn_at = read_time(now())
            self._withdraw(db, number, withdrawn_at)
        return self.get(number)

    @staticmethod
    def _withdraw(db: sqlite3.Connection, number: int, withdrawn_at: datetime) -> None:
        insert(db, "rating_form_withdrawal", rating_form=number, withdrawn_at=format_time(withdrawn_at))
        ratings_query = (
            "SELECT r.* FROM rating AS r LEFT JOIN rating_withdrawal AS w ON w.rating = r.id "
            "WHERE r.rating_form = ? AND w.rating IS NULL"
        )
        for row in db.execute(ratings_query, (number,)).fetchall():
            insert(db, "rating_withdrawal", rating=row["id"], withdrawn_at=now())
            if row["replaced"] is not None:
                db.execute(
                    "INSERT INTO rating (rating_table, video, rater, item, value, occasion, added_at, rating_form, "
                    "replaced) SELECT rating_table, video, rater, item, value, occasion, ?, rating_form, replaced "
                    "FROM rating WHERE id = ?",
                    (now(), row["replaced"]),
                )

    def get(self, number: int) -> RatingForm:
        """Return the form with a number."""
        rows = self._file.query(f"{_SELECT} WHERE f.id = ?", (number,))
        if not rows:
            raise StudyError(f"The study has no rating of a video with number {number}.")
        return _form(rows[0])

    def all(self) -> tuple[RatingForm, ...]:
        """Return all forms of the videos in the study, withdrawn ones too, in the order of adding."""
        rows = self._file.query(f"{_SELECT} WHERE v.removed_at IS NULL ORDER BY f.id")
        return tuple(map(_form, rows))

    def raters(self) -> tuple[str, ...]:
        """Return the raters with a valid form, in the order of their first forms."""
        return tuple(dict.fromkeys(form.rater for form in self.all() if form.is_valid))

    def import_forms(self, forms: Sequence[RatingForm]) -> int:
        """Import forms in one transaction, and return the number of new ones; forms with a known key are left out.

        A second form of a rater on a video becomes a repeat. Withdrawals are imported for new and for known forms.

        Raises:
            StudyError: See ``submit``; nothing is imported.
        """
        n_new = 0
        with self._file.transaction() as db:
            number_by_key = {row["key"]: row["id"] for row in db.execute("SELECT id, key FROM rating_form")}
            withdrawn = {row[0] for row in db.execute("SELECT rating_form FROM rating_form_withdrawal")}
            for form in sorted(forms, key=lambda form: form.is_valid):  # withdrawn forms come first
                number = number_by_key.get(form.key)
                if number is None:
                    rubric = self._rubric_of(form)
                    purpose = form.purpose
                    if self._has_first(db, video_id(db, form.video), form.rater.strip()):
                        purpose = FormPurpose.REPEAT
                    number = self._insert(db, replace(form, purpose=purpose), rubric)
                    number_by_key[form.key] = number
                    n_new += 1
                if form.withdrawn_at is not None and number not in withdrawn:
                    self._withdraw(db, number, form.withdrawn_at)
                    withdrawn.add(number)
        return n_new


def _valid_rating_id(db: sqlite3.Connection, video: int, rater: str, item: str, occasion: str) -> int | None:
    """Return the number of the valid rating of a video, rater, item and occasion, or None."""
    row = db.execute(
        "SELECT r.id FROM rating AS r LEFT JOIN rating_withdrawal AS w ON w.rating = r.id WHERE w.rating IS NULL "
        "AND r.video = ? AND r.rater = ? AND r.item = ? AND r.occasion = ?",
        (video, rater, item, occasion),
    ).fetchone()
    return None if row is None else int(row["id"])


def _form(row: sqlite3.Row) -> RatingForm:
    try:
        answers = dict(read_json(row["answers"], list[tuple[str, float]]))
    except ValueError as error:
        raise StudyError(
            f"The study holds a damaged rating of a video ({first_line(error)}): open one of its backups."
        ) from error
    return RatingForm(
        video=row["video_name"],
        rater=row["rater"],
        answers=answers,
        purpose=FormPurpose(row["purpose"]),
        rubric_digest=row["rubric_digest"],
        rated_at=read_optional_time(row["rated_at"]),
        taken_s=row["taken_s"],
        watched=row["watched"],
        speed=row["speed"],
        remark=row["remark"],
        mark_s=row["mark_s"],
        id=row["id"],
        key=row["key"],
        withdrawn_at=read_optional_time(row["withdrawn_at"]),
    )


def rated_items(forms: Iterable[RatingForm], rubric: Rubric | None) -> list[RatedItem]:
    """Return a row for every item of every form, withdrawn forms too; without a rubric, for answered items only."""
    rows = []
    for form in forms:
        ratings: dict[str, float | None] = dict(form.answers)
        if rubric is not None:
            unanswered = dict.fromkeys([item.name for item in rubric.items])
            ratings = unanswered | rubric.ratings(form.answers)
        rated_at = None if form.rated_at is None else form.rated_at.isoformat()
        withdrawn_at = None if form.withdrawn_at is None else form.withdrawn_at.isoformat()
        for item, rating in ratings.items():
            rows.append(
                RatedItem(
                    video=form.video,
                    rater=form.rater,
                    item=item,
                    rating=rating,
                    purpose=str(form.purpose),
                    rated_at=rated_at,
                    taken_s=form.taken_s,
                    watched=form.watched,
                    speed=form.speed,
                    mark_s=form.mark_s,
                    remark=form.remark,
                    withdrawn_at=withdrawn_at,
                )
            )
    return rows


def self_agreement(forms: Iterable[RatingForm], rubric: Rubric, raters: Collection[str] = ()) -> list[RepeatAgreement]:
    """Return the agreement of raters with themselves, by rater and item, over the videos that they rated twice.

    If a rater repeated a video several times, the first repeat counts. Without ``raters`` all raters are included.
    """
    first_answers: dict[tuple[str, str], Mapping[str, float]] = {}  # by rater and video
    repeated_answers: dict[tuple[str, str], Mapping[str, float]] = {}
    for form in forms:
        is_included = not raters or form.rater in raters
        if not form.is_valid or not is_included:
            continue
        answers = first_answers if form.purpose is FormPurpose.FIRST else repeated_answers
        answers.setdefault((form.rater, form.video), form.answers)
    rating_pairs: dict[str, list[tuple[Mapping[str, float], Mapping[str, float]]]] = {}  # by rater
    for (rater, video), answers_of_first in first_answers.items():
        pairs_of_rater = rating_pairs.setdefault(rater, [])
        if (rater, video) in repeated_answers:
            repeated_ratings = rubric.ratings(repeated_answers[rater, video])
            pairs_of_rater.append((rubric.ratings(answers_of_first), repeated_ratings))
    agreements = []
    for rater, pairs_of_rater in rating_pairs.items():
        for scale in rubric.scales:
            pairs = [
                (first[scale.item], repeated_ratings[scale.item])
                for first, repeated_ratings in pairs_of_rater
                if scale.item in first and scale.item in repeated_ratings
            ]
            if pairs:
                agreements.append(repeat_agreement(rater, scale, pairs))
    return agreements
