"""Export of votes, pairs and participants from a study as CSV."""

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from skillviewer.core.atomic_write import atomic_export, check_not_source
from skillviewer.core.csv_safety import escape_cell
from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.errors import ExportError
from skillviewer.core.ranking.consensus import count_votes
from skillviewer.core.registry import look_up, table
from skillviewer.data.study.study import Study

_VOTE_COLUMNS = (
    "left", "right", "rater", "verdict", "judged_at", "taken_s", "watched", "speed", "reason", "left_mark_s",
    "right_mark_s", "purpose", "criterion", "key", "withdrawn_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PairForm:
    """A form in which votes or pairs are exported, and can be imported again (see ``docs/data.md``)."""

    name: str  # name by which the form is requested
    title: str  # meaning of a row, for the user
    columns: tuple[str, ...]
    rows: Callable[[Study], Iterable[Sequence[object]]]


def _vote_rows(study: Study) -> Iterable[Sequence[object]]:
    for vote in study.votes.all():
        yield tuple(_to_cell(getattr(vote, column)) for column in _VOTE_COLUMNS)


def _to_cell(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Verdict):
        return int(value)
    return "" if value is None else value


def _judgement_rows(study: Study) -> Iterable[Sequence[object]]:
    for judgement in study.votes.judgements():
        yield judgement.left, judgement.right, int(judgement.verdict), judgement.rater


def _vote_count_rows(study: Study) -> Iterable[Sequence[object]]:
    for votes in count_votes(study.votes.judgements()):
        verdicts = ["1"] * votes.for_first + ["0"] * votes.neither + ["-1"] * votes.for_second
        yield votes.first, votes.second, " ".join(verdicts)


def _label_rows(study: Study) -> Iterable[Sequence[object]]:
    dataset = study.dataset()
    for pair in dataset.pairs:
        yield pair.better, pair.worse, 1
    for similar_pair in dataset.similar:
        yield similar_pair.first, similar_pair.second, 0


def _pair_rows(study: Study) -> Iterable[Sequence[object]]:
    for pair in study.dataset().pairs:
        yield pair.better, pair.worse


def _epic_skills_rows(study: Study) -> Iterable[Sequence[object]]:
    for pair in study.dataset().pairs:
        first, second = sorted((pair.better, pair.worse))
        yield first, second, pair.better


PAIR_FORMS = table(
    PairForm("every-vote", "every vote ever cast, skipped and withdrawn ones too", _VOTE_COLUMNS, _vote_rows),
    PairForm("judgements", "a rater's judgement, not withdrawn", ("left", "right", "label", "rater"), _judgement_rows),
    PairForm("votes", "two videos and all votes on them", ("left", "right", "votes"), _vote_count_rows),
    PairForm("labels", "two videos and what the rule makes of their votes", ("left", "right", "label"), _label_rows),
    PairForm("better-worse", "a pair with a better video", ("better", "worse"), _pair_rows),
    PairForm("epic-skills", "the same, as EPIC-Skills 2018 writes it", ("Vid1", "Vid2", "Best"), _epic_skills_rows),
)
"""Every form, in the order of menus."""


def export_pairs(study: Study, path: Path, form: str, *, overwrite: bool = False) -> int:
    """Write votes or pairs as a CSV file, atomically, and return the number of rows.

    The folder of the file must exist. ``form`` is the name of one of ``PAIR_FORMS``.

    Raises:
        ExportError: There is no such form, the file exists already, is the study or one of its videos, or cannot be
            written.
    """
    pair_form = look_up(PAIR_FORMS, form, "form of votes and pairs", ExportError)
    return _write_csv(study, path, pair_form.columns, pair_form.rows(study), overwrite)


def export_videos(study: Study, path: Path, *, overwrite: bool = False) -> int:
    """Write the participants of videos, and occasions if there are any, as CSV; return the number of rows.

    Videos without a participant are left out.

    Raises:
        ExportError: The file exists already, is the study or one of its videos, or cannot be written.
    """
    columns = ["video", "participant", "occasion"]
    rows = [[video.name, video.participant, video.occasion] for video in study.videos.all() if video.participant]
    if not any(occasion for _, _, occasion in rows):
        columns = columns[:2]
        rows = [row[:2] for row in rows]
    return _write_csv(study, path, columns, rows, overwrite)


def _write_csv(
    study: Study, path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]], overwrite: bool
) -> int:
    check_not_source(path, (study.path, *(video.path for video in study.videos.all() if video.path is not None)))
    n_rows = 0
    with (
        atomic_export(path, overwrite=overwrite) as temp_path,
        temp_path.open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            writer.writerow([escape_cell(value) for value in row])
            n_rows += 1
    return n_rows
