"""Tables of an evaluation: JSON, Markdown, CSV and a plot, with measured and published numbers."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from skillviewer.core.evaluation.accuracy import PooledEstimate
from skillviewer.core.evaluation.ceilings import ONE_RATER
from skillviewer.core.evaluation.intervals import Range
from skillviewer.core.evaluation.localisation import CONTROLS
from skillviewer.core.evaluation.metrics import METRICS, Metric
from skillviewer.core.evaluation.score_progress import SHARES
from skillviewer.core.ratings.rating_metrics import RATED_METRICS
from skillviewer.core.text import finite_or_none, percent
from skillviewer.engine.evaluation.record import EVALUATION, EvaluationRecord
from skillviewer.engine.evaluation.results import ModelResult, SeparationAccuracy
from skillviewer.engine.evaluation.table_csv import write_csv
from skillviewer.engine.features.snippets import PUBLISHED_BACKBONE
from skillviewer.engine.training.run_folder import write_json
from skillviewer.export.destination import atomic_output
from skillviewer.export.figures.plots import Accuracy, plot_accuracies
from skillviewer.nets.models import attention_model

MARKDOWN = "table.md"
CSV = "table.csv"
PLOT = "table.png"

_N_SEPARATION_RANGES = 5
_DRAWN_CEILINGS = (ONE_RATER, "skill")
"""Names of the orderings that the plot shows as lines."""
UNDEFINED = "–"
_BOTH_NEW = "**both new** (95 %)"
_POOLED = "pooled (95 %)"
_EQUAL_SUCCESS = "equal success (95 %)"
_ABOUT_ACCURACY = (
    "Percent of pairs that the scores order rightly, a tie being wrong. **Both new**: pairs with both videos held out, "
    "of all folds together, the number for people that no training has seen. The **accuracy of papers** is that of "
    "all pairs that touch a held-out video, where most partners were trained on: mean and standard deviation over the "
    "folds; pooled: all folds together. Intervals are over participants (or videos, if participants are not known). "
    "Equal success: test pairs that success does not order. Kendall's tau-b and Spearman's rho: with Bradley-Terry "
    "strengths, over the held-out videos."
)
_ABOUT_ORDERINGS = (
    "In italics: orderings by what is known of the videos, a tie as half. One rater: each rater on the pairs that the "
    "other raters order."
)
_ABOUT_METRICS = (
    "With 95 % intervals over people. Ratings of held-out videos are predicted from their scores by a monotone map "
    "made of other people's; numbers are means over the seeds. One rater: each rater against the mean of the others."
)
_ABOUT_ATTENTION = (
    "Held-out videos, sampled frames with a region in the picture. Pointing: share of frames whose strongest cell is "
    "within the tolerance of a region, in cells; energy: share of the map there. Uniform is chance; centre a Gaussian "
    "at the middle of the picture. Without tolerance the strongest cell has to meet the region itself."
)
_ABOUT_PROGRESS = (
    "Percent. Accuracy of the score after each share of the steps, pooled over the folds; and the share of the "
    "absolute contributions in each fifth of the steps of held-out videos. A contribution is the change of the score "
    "by occlusion of the step. With --sampling even, a share of the steps is that share of the video."
)
_ABOUT_WEIGHT = (
    "Percent of the weight of the maps within the tolerance of a region, mean over held-out videos, with an interval "
    "over participants (or videos). The entropy is 1 for uniform maps. The controls do not depend on the "
    "frame: a uniform map, a Gaussian at the centre, the cell (overall, and of each step) most often near a region in "
    "the training videos, and the model's own maps of other videos at the same step. The last column is the weight "
    "minus that of the best control."
)


def write_tables(record: EvaluationRecord, folder: Path) -> None:
    """Write ``evaluation.json``, ``table.md``, ``table.csv`` and ``table.png`` into a folder.

    Existing files are replaced. There is no plot if no model has a result.

    Raises:
        ExportError: A file cannot be written.
    """
    write_json(folder / EVALUATION, record)
    with atomic_output(folder / MARKDOWN, (".md",), overwrite=True) as temporary:
        temporary.write_text(markdown(record), encoding="utf-8")
    write_csv(record, folder / CSV)
    _write_plot(record, folder / PLOT)


def _write_plot(record: EvaluationRecord, path: Path) -> None:
    has_new_pairs = all(model.pooled_both_held_out.n_pairs for model in record.models)
    bars = []
    for model in record.models:
        estimate = model.pooled_both_held_out if has_new_pairs else model.pooled
        if math.isfinite(estimate.value):
            bars.append(
                Accuracy(_label(model), estimate.value, finite_or_none(estimate.low), finite_or_none(estimate.high))
            )
    if not bars:
        path.unlink(missing_ok=True)  # a plot of an earlier evaluation
        return
    references = {}
    for ordering in record.orderings:
        if ordering.name in _DRAWN_CEILINGS:
            estimate = ordering.both_new if has_new_pairs else ordering.pooled
            references[ordering.name] = estimate.value
    pairs = "pairs with both videos held out" if has_new_pairs else "test pairs of all folds"
    optimistic = ", best epoch on the test pairs: optimistic" if record.optimistic else ""
    title = f"{record.dataset}: {pairs}, 95 % intervals{optimistic}"
    plot_accuracies(bars, path, title=title, references=references, overwrite=True)


def _label(model: ModelResult) -> str:
    if model.published is None:
        return model.model
    return f"{model.model} (published, all pairs: {percent(model.published.accuracy)})"


def _format_decimal(value: float | None, places: int = 2) -> str:
    if value is None or not math.isfinite(value):
        return UNDEFINED
    return f"{value:.{places}f}"


def _format_signed_percent(value: float) -> str:
    return f"{100 * value:+.1f}"


def _format_estimate(estimate: PooledEstimate | None, format_number: Callable[[float], str]) -> str:
    """Return an estimate with its interval if that is defined."""
    if estimate is None or not math.isfinite(estimate.value):
        return UNDEFINED
    value = format_number(estimate.value)
    if not math.isfinite(estimate.low):
        return value
    return f"{value} ({format_number(estimate.low)} to {format_number(estimate.high)})"


def _format_percent(estimate: PooledEstimate | None) -> str:
    return _format_estimate(estimate, percent)


def _format_difference(estimate: PooledEstimate | None) -> str:
    return _format_estimate(estimate, _format_signed_percent)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a table as lines of Markdown; all columns but the first are aligned right."""
    alignments = ["---"] + ["--:"] * (len(header) - 1)
    lines = ["| " + " | ".join(header) + " |", "|" + "|".join(alignments) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return lines


def _section(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], about: str = "") -> list[str]:
    """Return a table with a heading above and an explanation below, or nothing if it has no rows."""
    if not rows:
        return []
    lines = [f"## {title}", "", *_table(header, rows), ""]
    if about:
        lines += [about, ""]
    return lines


def accuracy_table(record: EvaluationRecord) -> list[str]:
    """Return the table of accuracies as lines of Markdown: pairs with both videos held out first."""
    columns = _accuracy_columns(record)
    rows = [[format_cell(model) for format_cell in columns.values()] for model in record.models]
    _, *estimate_columns = columns
    orderings = record.orderings if rows else ()
    for ordering in orderings:
        estimates = {_BOTH_NEW: ordering.both_new, _POOLED: ordering.pooled, _EQUAL_SUCCESS: ordering.equal_success}
        rows.append([f"*{ordering.name}*", *(_format_percent(estimates.get(column)) for column in estimate_columns)])
    return _table(list(columns), rows)


def _accuracy_columns(record: EvaluationRecord) -> dict[str, Callable[[ModelResult], str]]:
    """Return the headings of the columns, each with the function that returns the cell of a model."""
    baseline = record.baseline
    if not baseline and record.models:
        baseline = record.models[0].model
    has_differences = any(model.difference for model in record.models)
    columns: dict[str, Callable[[ModelResult], str]] = {
        "model": lambda model: model.model,
        _BOTH_NEW: lambda model: _format_percent(model.pooled_both_held_out),
    }
    if has_differences:
        columns[f"both new, to {baseline} (95 %)"] = lambda model: _format_difference(model.difference_both_held_out)
    columns["accuracy of papers ± sd"] = _accuracy_of_papers
    if any(model.published for model in record.models):
        columns["published"] = _published_accuracy
    columns[_POOLED] = lambda model: _format_percent(model.pooled)
    if has_differences:
        columns[f"to {baseline} (95 %)"] = lambda model: _format_difference(model.difference)
    if any(model.equal_success for model in record.models):
        columns[_EQUAL_SUCCESS] = lambda model: _format_percent(model.equal_success)
    for metric in METRICS:
        if metric.name not in {"accuracy", "honest_accuracy"}:
            columns[metric.column] = partial(_metric_cell, metric)
    columns["parameters"] = lambda model: f"{model.parameters:,}"
    columns["training"] = lambda model: f"{model.seconds:.0f} s"
    return columns


def _accuracy_of_papers(model: ModelResult) -> str:
    deviation = f" ± {percent(model.sd)}" if math.isfinite(model.sd) else ""
    mark = "*" if model.optimistic else ""
    return f"{percent(model.accuracy)}{deviation}{mark}"


def _published_accuracy(model: ModelResult) -> str:
    return percent(model.published.accuracy) if model.published else UNDEFINED


def _metric_cell(metric: Metric, model: ModelResult) -> str:
    value = model.metrics[metric.name]
    return percent(value) if metric.percent else _format_decimal(value)


def metrics_table(record: EvaluationRecord) -> list[str]:
    """Return the chosen metrics with their intervals as lines of Markdown, or nothing if none was chosen."""
    titles = {metric.name: metric.column for metric in METRICS}
    titles |= {metric.name: metric.title for metric in RATED_METRICS}
    in_percent = {metric.name for metric in METRICS if metric.percent}
    in_percent |= {metric.name for metric in RATED_METRICS if metric.quantity is Range.PROPORTION}
    chosen_names = set[str]().union(*(model.chosen for model in record.models))
    names = [name for name in titles if name in chosen_names]
    if not names:
        return []
    metrics_by_title = {model.model: model.chosen for model in record.models}
    if record.one_rater:
        metrics_by_title[f"*{ONE_RATER}*"] = record.one_rater
    rows = []
    for title, metrics in metrics_by_title.items():
        cells = []
        for name in names:
            format_number = percent if name in in_percent else _format_decimal
            cells.append(_format_estimate(metrics.get(name), format_number))
        rows.append([title, *cells])
    return _table(["metrics (95 %)", *(titles[name] for name in names)], rows)


def _undefined_correlations(record: EvaluationRecord) -> list[str]:
    """Return a line for each model with some runs in which all scores are equal and correlations undefined."""
    lines = []
    for model in record.models:
        n = sum(math.isnan(run.metrics["kendall_tau_b"]) for run in model.runs)
        n_runs = len(model.runs)
        if 0 < n < n_runs:
            sentence = f"correlations are not defined in {n} of {n_runs} runs; the mean is of the others."
            lines += [f"{model.model}: {sentence}", ""]
    return lines


def _about_published(record: EvaluationRecord) -> list[str]:
    """Return lines on the sources and epochs of published accuracies, and on variants that share one."""
    quoted = [(model.model, model.published) for model in record.models if model.published is not None]
    lines = []
    for source in sorted({published.source for _, published in quoted}):
        models_by_epoch: dict[str, list[str]] = {}
        for model, published in quoted:
            if published.source == source:
                models_by_epoch.setdefault(published.epoch, []).append(model)
        epochs = "; ".join(f"{', '.join(models)}: of {epoch}" for epoch, models in models_by_epoch.items())
        lines += [f"Published: {source} ({epochs}).", ""]
    models_by_row: dict[str, list[str]] = {}
    for model, _ in quoted:
        models_by_row.setdefault(attention_model(model).row, []).append(model)
    for row, models in models_by_row.items():
        if len(models) > 1:
            variants = " and ".join(models)
            lines += [f"{variants} share the row “{row}”: it is not known which of them was measured.", ""]
    return lines


def _settings_sentence(record: EvaluationRecord) -> str:
    """Return the videos, folds, preset and features of an evaluation as text."""
    of_participants = f" of {record.n_participants} participants" if record.n_participants else ""
    backbones = []
    if record.backbone:
        flow = record.preprocessing.flow.algorithm
        backbones.append(f"{record.backbone} at {record.preprocessing.input_px} pixels, flow {flow}")
    if record.trained_backbone:
        is_published = record.trained_backbone == PUBLISHED_BACKBONE
        caveat = "" if is_published else ": not the published network"
        backbones.append(f"tsn trains {record.trained_backbone}{caveat}")
    features = "; ".join(backbones) if backbones else "time"
    seeds = "one seed" if record.n_seeds == 1 else f"{record.n_seeds} seeds"
    return (
        f"{record.n_videos} videos{of_participants}, {record.n_pairs} ordered pairs. {record.split_title}, "
        f"{seeds}; preset {record.preset} ({record.dataset_preset}); {features}."
    )


def markdown(record: EvaluationRecord) -> str:
    """Return the whole evaluation as a page of Markdown."""
    lines = [f"# {record.dataset}", "", _settings_sentence(record), ""]
    lines += [f"Selection rule: {record.selection}.", "", *accuracy_table(record), ""]
    if record.verdict:
        lines += [f"**{sentence}**" if "not" in sentence else sentence for sentence in record.verdict]
        lines.append("")
    orderings_text = f" {_ABOUT_ORDERINGS}" if record.orderings else ""
    lines += [_ABOUT_ACCURACY + orderings_text, "", *_undefined_correlations(record)]
    if record.optimistic:
        lines += ["\\* The epoch was chosen on the test pairs themselves: optimistic, only to compare with papers.", ""]
    lines += _about_published(record)
    metric_lines = metrics_table(record)
    if metric_lines:
        lines += ["## Metrics", "", *metric_lines, "", _ABOUT_METRICS, ""]
    lines += _progress_section(record)
    lines += _attention_section(record)
    lines += _weight_section(record)
    lines += _separation_section(record)
    lines += _fold_section(record)
    rule = f"Pairs: {record.rule}." if record.rule else ""
    notes = [sentence for sentence in (rule, record.warning, *record.problems) if sentence]
    if notes:
        lines += ["## Notes", "", *(f"- {note}" for note in notes), ""]
    return "\n".join(lines)


def _fold_section(record: EvaluationRecord) -> list[str]:
    header = ["fold", "held out", "training pairs", "test pairs", "both held out"]
    rows = []
    for fold in record.folds:
        counts = (fold.n_train_pairs, fold.n_test_pairs, fold.n_both_held_out)
        rows.append([fold.name, ", ".join(fold.held_out), *(str(count) for count in counts)])
    return _section("Folds", header, rows)


def _attention_section(record: EvaluationRecord) -> list[str]:
    header = ["model", "tolerance", "pointing", "× chance", "uniform", "centre"]
    header += ["energy", "× uniform", "centre's energy"]
    rows = []
    for model in record.models:
        for game in (model.attention, model.attention_exact):
            if game is None:
                continue
            row = [model.model, str(game.tolerance)]
            row += [percent(game.hits), _format_decimal(game.times_chance)]
            row += [percent(game.hits_uniform), percent(game.hits_centre)]
            row += [percent(game.energy), _format_decimal(game.energy_times_uniform), percent(game.energy_centre)]
            rows.append(row)
    return _section("Attention against regions", header, rows, _ABOUT_ATTENTION)


def _progress_section(record: EvaluationRecord) -> list[str]:
    header = ["model", *(f"{100 * share:g} %" for share in SHARES), "by fifths"]
    rows = []
    for model in record.models:
        if model.curve is not None:
            fifths = " / ".join(f"{100 * fifth:.0f}" for fifth in model.curve.fifths)
            rows.append([model.model, *(percent(estimate.value) for estimate in model.curve.accuracy), fifths])
    return _section("Along the video", header, rows, _ABOUT_PROGRESS)


def _weight_section(record: EvaluationRecord) -> list[str]:
    header = ["model", "weight (95 %)", "× uniform", "entropy", *CONTROLS, "above the best control (95 %)"]
    rows = []
    for model in record.models:
        attention = model.weight
        if attention is None:
            continue
        controls = {name: value for name, value in attention.controls.items() if math.isfinite(value)}
        best_control = max(controls, key=lambda name: controls[name])
        row = [model.model, _format_percent(attention.weight)]
        row += [_format_decimal(attention.times_uniform, 1), _format_decimal(attention.entropy)]
        row += [percent(value) for value in attention.controls.values()]
        row.append(f"{_format_difference(attention.above[best_control])}, {best_control}")
        rows.append(row)
    return _section("Weight near regions", header, rows, _ABOUT_WEIGHT)


def _separation_section(record: EvaluationRecord) -> list[str]:
    if not record.models or not record.models[0].by_separation:
        return []
    ranges = _even_ranges(record.models[0].by_separation)
    titles = []
    for low, high in ranges:
        range_title = f"{low}" if low == high else f"{low}–{high}"
        titles.append(range_title)
    rows = []
    for model in record.models:
        row = [model.model]
        for low, high in ranges:
            points = [point for point in model.by_separation if low <= point.separation <= high]
            n_pairs = sum(point.n_pairs for point in points)
            n_right = sum(point.accuracy * point.n_pairs for point in points)
            cell = percent(n_right / n_pairs) if n_pairs else UNDEFINED
            row.append(cell)
        rows.append(row)
    about = "Accuracy of pairs by the number of steps between their videos in the order that all pairs imply."
    return _section("By separation", ["steps apart", *titles], rows, about)


def _even_ranges(by_separation: Sequence[SeparationAccuracy]) -> list[tuple[int, int]]:
    """Divide separations into a few ranges with about equally many pairs, each as (least, greatest separation)."""
    n_pairs = sum(point.n_pairs for point in by_separation)
    ranges: list[tuple[int, int]] = []
    start = by_separation[0].separation
    n_counted = 0
    for point in by_separation:
        n_counted += point.n_pairs
        if n_counted >= n_pairs * (len(ranges) + 1) / _N_SEPARATION_RANGES:
            ranges.append((start, point.separation))
            start = point.separation + 1
    return ranges
