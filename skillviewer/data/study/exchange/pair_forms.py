"""CSV forms for the export of votes, pairs and participants from a study."""

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
    """A form for the export of votes or pairs; every one can be imported again (see ``docs/data.md``)."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: Callable[[Study], Iterable[Sequence[object]]]


def _every_vote(study: Study) -> Iterable[Sequence[object]]:
    for vote in study.votes.all():
        yield tuple(_cell(getattr(vote, column)) for column in _VOTE_COLUMNS)


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Verdict):
        return int(value)
    return "" if value is None else value


def _standing(study: Study) -> Iterable[Sequence[object]]:
    for judgement in study.votes.judgements():
        yield judgement.left, judgement.right, int(judgement.verdict), judgement.rater


def _counted(study: Study) -> Iterable[Sequence[object]]:
    for votes in count_votes(study.votes.judgements()):
        yield (
            votes.first,
            votes.second,
            " ".join(["1"] * votes.for_first + ["0"] * votes.neither + ["-1"] * votes.for_second),
        )


def _labels(study: Study) -> Iterable[Sequence[object]]:
    dataset = study.dataset()
    yield from ((pair.better, pair.worse, 1) for pair in dataset.pairs)
    yield from ((pair.first, pair.second, 0) for pair in dataset.similar)


def _ordered(study: Study) -> Iterable[Sequence[object]]:
    yield from ((pair.better, pair.worse) for pair in study.dataset().pairs)


def _ground_truth(study: Study) -> Iterable[Sequence[object]]:
    yield from ((*sorted((pair.better, pair.worse)), pair.better) for pair in study.dataset().pairs)


PAIR_FORMS = table(
    PairForm("every-vote", "every vote ever cast, skipped and withdrawn ones too", _VOTE_COLUMNS, _every_vote),
    PairForm("judgements", "a rater's judgement, not withdrawn", ("left", "right", "label", "rater"), _standing),
    PairForm("votes", "two videos and all votes on them", ("left", "right", "votes"), _counted),
    PairForm("labels", "two videos and what the rule makes of their votes", ("left", "right", "label"), _labels),
    PairForm("better-worse", "a pair with a better video", ("better", "worse"), _ordered),
    PairForm("epic-skills", "the same, as EPIC-Skills 2018 writes it", ("Vid1", "Vid2", "Best"), _ground_truth),
)
"""Every form, in the order of menus."""


def export_pairs(study: Study, path: Path, form: str, *, overwrite: bool = False) -> int:
    """Write votes or pairs as a CSV file, atomically. Its folder must exist; ``form`` is one of ``PAIR_FORMS``.

    It returns the number of rows.

    Raises:
        ExportError: There is no such form, the file exists already, is the study or one of its videos, or cannot be
            written.
    """
    pair_form = look_up(PAIR_FORMS, form, "form of votes and pairs", ExportError)
    return _write_csv(study, path, pair_form.columns, pair_form.rows(study), overwrite)


def export_videos(study: Study, path: Path, *, overwrite: bool = False) -> int:
    """Write videos and participants, and known occasions, as a ``participants.csv``; others are left out.

    It returns the number of rows.

    Raises:
        ExportError: The file exists already, is the study or one of its videos, or cannot be written.
    """
    rows = [(v.name, v.participant, v.occasion) for v in study.videos.all() if v.participant]
    n = 2 + any(occasion for *_, occasion in rows)
    return _write_csv(study, path, ("video", "participant", "occasion")[:n], [row[:n] for row in rows], overwrite)


def _write_csv(
    study: Study, path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]], overwrite: bool
) -> int:
    check_not_source(path, (study.path, *(video.path for video in study.videos.all() if video.path is not None)))
    written = 0
    with (
        atomic_export(path, overwrite=overwrite) as temp_path,
        temp_path.open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            writer.writerow([escape_cell(value) for value in row])
            written += 1
    return written
