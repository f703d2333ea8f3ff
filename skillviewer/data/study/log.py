"""The log of a study as one query over its rows, which undo never removes."""

from skillviewer.core.study_log import LogRow
from skillviewer.data.study.file import StudyFile

_SELECTS = """
SELECT added_at AS at, '', 'video added', name, digest FROM video
SELECT removed_at AS at, '', 'video removed', name, digest FROM video
SELECT added_at AS at, name, 'rater added', '', '' FROM rater
SELECT coalesce(judged_at, added_at) AS at, {rater}, 'vote', {left} || ' – ' || {right},
    CASE verdict WHEN 1 THEN 'left better' WHEN -1 THEN 'right better' WHEN 0 THEN 'no difference' ELSE 'skipped' END
    || CASE reason WHEN '' THEN '' ELSE ': ' || reason END FROM judgement
SELECT withdrawn_at AS at, {rater}, 'vote withdrawn', {left} || ' – ' || {right}, withdrawal.reason
    FROM withdrawal JOIN judgement ON judgement.id = judgement
SELECT asked_at AS at, '', 'pair back in the queue', {first} || ' – ' || {second}, '' FROM again
SELECT added_at AS at, '', 'agreed pair added', {first} || ' – ' || {second}, source FROM agreed_pair
SELECT made_at AS at, author, 'moment', {video}, trim(opinion || ' ' || label) FROM moment
SELECT removed_at AS at, author, 'moment removed', {video}, label FROM moment
SELECT made_at AS at, author, 'note', {video}, text FROM note
SELECT removed_at AS at, author, 'note removed', {video}, text FROM note
SELECT added_at AS at, '', 'model added', name || ' v' || version, state || ' ' || digest FROM model
SELECT assessed_at AS at, '', 'video assessed',
    (SELECT name FROM video WHERE digest = video_digest LIMIT 1), score || ' by ' || model_digest FROM score
SELECT added_at AS at, '', 'table of ratings added', name, '' FROM rating_table
SELECT added_at AS at, rater, 'rating', {video}, item || ' ' || value FROM rating
SELECT withdrawn_at AS at, rater, 'rating withdrawn', {video}, item || ' ' || value
    FROM rating_withdrawal JOIN rating ON rating.id = rating
"""
_NAMES = {
    "rater": "(SELECT name FROM rater WHERE id = rater)",
    "video": "(SELECT name FROM video WHERE id = video)",
    **{side: f"(SELECT name FROM video WHERE id = {side}_video)" for side in ("left", "right", "first", "second")},  # noqa: S608
}


def log_of(file: StudyFile) -> list[LogRow]:
    """Return all events of a study by time."""
    every = _SELECTS.strip().replace("\nSELECT", "\nUNION ALL SELECT").format(**_NAMES)
    rows = file.each(f"{every} ORDER BY at", lambda row: LogRow(*(str(cell or "") for cell in row)))
    return [row for row in rows if row.at]
