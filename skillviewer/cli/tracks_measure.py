"""``skillviewer tracks measure``: measures of the motion in videos that have tracks."""

import json
import math
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skillviewer.cli.failures import report_failure
from skillviewer.cli.options.values import PATH, SOURCE, Finite, Parameters
from skillviewer.cli.options.worker_options import worker_options, workers_from
from skillviewer.cli.output import echo
from skillviewer.cli.progress import BatchReport, progress_bar
from skillviewer.core.progress import CancelToken

if TYPE_CHECKING:
    from skillviewer.core.analysis.cohort import CohortPosition
    from skillviewer.core.kinematics.compared_measures import ComparedMotion
    from skillviewer.core.kinematics.measures import LengthUnit, MeasureValue, VideoMeasures
    from skillviewer.core.tracks.reference_path import ReferencePath
    from skillviewer.engine.runtime.processes import JobResult


@click.command()
@click.argument("sources", metavar="VIDEOS...", nargs=-1, required=True, type=SOURCE)
@click.option("--mm-per-px", type=Finite(0, min_open=True), help="Length of a pixel, to measure in millimetres.")
@click.option(
    "--known-length",
    nargs=5,
    type=Finite(),
    help="X1 Y1 X2 Y2 MM: two pixels and their distance, to measure in millimetres.",
)
@click.option("--reference", help="Target, or line to follow, in pixels: X,Y X,Y ...")
@click.option("--closed", is_flag=True, help="The line of --reference ends where it begins.")
@click.option("-o", "--output", type=PATH, help="Also write a table (.csv): a row for each video, point and measure.")
@click.option("--force", is_flag=True, help="Replace an existing table.")
@click.option("--tapping", is_flag=True, help="Measure thumb and index finger as tapping.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object on a line for every video.")
@worker_options
def measure(sources: tuple[Path, ...], output: Path | None, **parameters: Any) -> int:  # noqa: ANN401 - click's parameters
    """Measure the motion in VIDEOS (files, folders, lists, studies) that have tracks.

    Lengths are in millimetres if the scale is given, else in palm lengths or, without hands, in heights of the picture.
    Every measure has its error at this frame rate and noise, and the share of frames in which the point was seen. With
    20 comparable videos or more it has a percentile among them. Videos that were measured before are not measured
    again.
    """
    from skillviewer.cli.unit_sources import gather_units
    from skillviewer.core.atomic_write import atomic_export, check_free
    from skillviewer.core.kinematics.compared_measures import compare_measures
    from skillviewer.data.tables.csv_output import write_rows
    from skillviewer.engine.runtime.workers import ignore_progress, map_on_workers
    from skillviewer.engine.tracking.measure_units import MeasureJob, measure_unit

    as_json = parameters["as_json"]
    if output is not None:
        check_free(output, overwrite=parameters["force"])
    length_unit = _length_unit(parameters)
    reference = _parse_reference(parameters["reference"], closed=parameters["closed"])
    workers = workers_from(parameters)
    all_units, problems = gather_units(sources, None, None)
    units = list(workers.share(all_units))
    for path, problem in problems:
        report_failure(problem, str(path), as_json=as_json)
    job = MeasureJob(length_unit, reference, with_tapping=parameters["tapping"])
    measures_by_index: dict[int, VideoMeasures] = {}
    has_failed = bool(problems)

    def on_finished(index: int, outcome: "JobResult[VideoMeasures]") -> None:
        nonlocal has_failed
        problem = ""
        if outcome.result is None:
            problem = str(outcome.error)
            has_failed = True
            report_failure(problem, str(units[index].path), as_json=as_json)
        else:
            measures_by_index[index] = outcome.result
        batch_report.count_item(units[index].title, problem)

    with progress_bar(unit="video") as bar:
        report_done = bar if len(units) > 1 else None
        batch_report = BatchReport(len(units), report_done, log=None, stage="measuring")
        with closing(batch_report):
            map_on_workers(
                partial(measure_unit, job),
                units,
                workers,
                token=CancelToken(),
                on_progress=ignore_progress,
                on_done=on_finished,
            )
    table: list[Sequence[object]] = []
    for index, measures in sorted(measures_by_index.items()):
        other_videos = [other for other_index, other in measures_by_index.items() if other_index != index]
        compared_motions = compare_measures(measures, other_videos, "the given videos")
        _print_measures(units[index].path, measures, compared_motions, as_json=as_json)
        table += _table_rows(units[index].path, compared_motions)
    if output is not None and table:
        with atomic_export(output, overwrite=parameters["force"]) as temp_path:
            write_rows(temp_path, [_TABLE_COLUMNS, *table])
    return 1 if has_failed else 0


def _length_unit(parameters: Parameters) -> "LengthUnit | None":
    from skillviewer.core.kinematics.measures import LengthUnit

    known_length = parameters["known_length"]
    if known_length is not None and parameters["mm_per_px"] is not None:
        raise click.UsageError("Give --mm-per-px or --known-length, not both.")
    if known_length is None:
        return None if parameters["mm_per_px"] is None else LengthUnit.millimetres(parameters["mm_per_px"])
    x1, y1, x2, y2, length_mm = known_length
    length_px = math.hypot(x1 - x2, y1 - y2)
    if length_px == 0 or length_mm <= 0:
        raise click.BadParameter("Give two different pixels, and a length above 0.", param_hint="--known-length")
    return LengthUnit.millimetres(length_mm / length_px)


def _parse_reference(text: str | None, *, closed: bool) -> "ReferencePath | None":
    import numpy as np

    from skillviewer.core.tracks.reference_path import ReferencePath

    if text is None:
        return None
    try:
        corners = np.array([[float(part) for part in pair.split(",")] for pair in text.split()], dtype=np.float64)
        if corners.ndim != 2 or corners.shape[1] != 2 or not np.isfinite(corners).all():
            raise ValueError(text)  # noqa: TRY301
    except ValueError as error:
        raise click.BadParameter("Give pixels as X,Y X,Y ...", param_hint="--reference") from error
    return ReferencePath(corners, closed)


_TABLE_COLUMNS = ("video", "track", "point", "measure", "value", "unit", "error", "share_seen", "percentile", "note")


def _table_rows(path: Path, compared_motions: "Sequence[ComparedMotion]") -> list[Sequence[object]]:
    rows: list[Sequence[object]] = []
    for motion in compared_motions:
        for measure, position in motion.rows:
            percentile = None if position is None else position.percentile
            row = (
                str(path),
                motion.motion.track,
                motion.motion.point,
                measure.kind.name,
                measure.value,
                measure.unit,
                measure.error,
                measure.share_seen,
                percentile,
                measure.note,
            )
            rows.append(row)
    return rows


def _print_measures(
    path: Path, video_measures: "VideoMeasures", compared_motions: "Sequence[ComparedMotion]", *, as_json: bool
) -> None:
    if as_json:
        record = {
            "path": str(path),
            "unit": video_measures.unit.name,
            "unit_px": video_measures.unit.px,
            "rate_hz": video_measures.rate_hz,
            "motions": [
                {
                    "track": motion.motion.track,
                    "point": motion.motion.point,
                    "text": motion.text,
                    "pauses": [[pause.start_s, pause.stop_s] for pause in motion.motion.pauses],
                    "measures": [_measure_json(value, position) for value, position in motion.rows],
                }
                for motion in compared_motions
            ],
        }
        echo(json.dumps(record))
        return
    echo(f"{path}  (lengths in {video_measures.unit.name}, {video_measures.rate_hz:.3g} frames a second)")
    for motion in compared_motions:
        title = motion.text
        if not title:
            title = motion.motion.track
        echo(f"  {title}")
        for value, position in motion.rows:
            echo(f"    {_measure_line(value, position)}")


def _measure_json(measure: "MeasureValue", position: "CohortPosition | None") -> Mapping[str, object]:
    percentile = None if position is None else position.percentile
    return {
        "name": measure.kind.name,
        "value": measure.value,
        "unit": measure.unit,
        "error": measure.error,
        "share_seen": measure.share_seen,
        "percentile": percentile,
        "note": measure.note or None,
    }


def _measure_line(measure: "MeasureValue", position: "CohortPosition | None") -> str:
    value = "–" if measure.value is None else f"{measure.value:.4g}"
    error = "" if measure.error is None else f" ± {measure.error:.2g}"
    seen_text = f"seen {100 * measure.share_seen:.0f} %"
    percentile = ""
    if position is not None and position.has_percentile:
        percentile = f", percentile {position.percentile:.0f}"
    note = f" ({measure.note})" if measure.note else ""
    return f"{measure.kind.title:<40} {value}{error} {measure.unit}, {seen_text}{percentile}{note}"
