"""Tables of an evaluation: JSON, Markdown, CSV and a plot, with measured and published numbers."""

import math
from collections.abc import Sequence
from pathlib import Path

from skillviewer.core.evaluation.accuracy import PooledEstimate
from skillviewer.core.evaluation.ceilings import ONE_RATER
from skillviewer.core.evaluation.intervals import Range
from skillviewer.core.evaluation.localisation import CONTROLS
from skillviewer.core.evaluation.metrics import METRICS
from skillviewer.core.evaluation.score_progress import SHARES
from skillviewer.core.ratings.rating_metrics import RATED_METRICS
from skillviewer.core.text import defined, percent
from skillviewer.engine.evaluation.record import EVALUATION, EvaluationRecord
from skillviewer.engine.evaluation.results import ModelResult, Separated
from skillviewer.engine.evaluation.table_csv import write_csv
from skillviewer.engine.features.snippets import PUBLISHED_BACKBONE
from skillviewer.engine.training.run_folder import write_json
from skillviewer.export.destination import atomic_output
from skillviewer.export.figures.plots import Accuracy, plot_accuracies
from skillviewer.nets.models import attention_model

MARKDOWN = "table.md"
CSV = "table.csv"
PLOT = "table.png"

_RANGES = 5
_DRAWN_CEILINGS = (ONE_RATER, "skill")
_NEW = "pairs with both videos held out"
NONE = "–"
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

    Where no model has a result there is no plot. Files that are there are replaced.

    Raises:
        ExportError: They cannot be written.
    """
    write_json(folder / EVALUATION, record)
    with atomic_output(folder / MARKDOWN, (".md",), overwrite=True) as temporary:
        temporary.write_text(markdown(record), encoding="utf-8")
    write_csv(record, folder / CSV)
    new = all(m.pooled_both_held_out.n_pairs for m in record.models)
    accuracies = [(_label(m), m.pooled_both_held_out if new else m.pooled) for m in record.models]
    bars = [
        Accuracy(title, estimate.value, defined(estimate.low), defined(estimate.high))
        for title, estimate in accuracies
        if math.isfinite(estimate.value)
    ]
    if not bars:
        (folder / PLOT).unlink(missing_ok=True)  # it would be of another evaluation
    else:
        optimistic = ", best epoch on the test pairs: optimistic" if record.optimistic else ""
        plot_accuracies(
            bars,
            folder / PLOT,
            title=f"{record.dataset}: {_NEW if new else 'test pairs of all folds'}, 95 % intervals{optimistic}",
            references={
                row.name: (row.both_new if new else row.pooled).value
                for row in record.orderings
                if row.name in _DRAWN_CEILINGS
            },
            overwrite=True,
        )


def _label(model: ModelResult) -> str:
    published = model.published and percent(model.published.accuracy)
    return f"{model.model} (published, all pairs: {published})" if published else model.model


def _decimal(value: float | None, places: int = 2) -> str:
    return NONE if value is None or not math.isfinite(value) else f"{value:.{places}f}"


def _span(interval: PooledEstimate | None, *, signed: bool = False) -> str:
    if interval is None or not math.isfinite(interval.value):
        return NONE
    numbers = [f"{100 * x:+.1f}" if signed else percent(x) for x in (interval.value, interval.low, interval.high)]
    return f"{numbers[0]} ({numbers[1]} to {numbers[2]})" if math.isfinite(interval.low) else numbers[0]


def _rows(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    line = ["|" + "|".join(["---"] + ["--:"] * (len(header) - 1)) + "|"]
    return ["| " + " | ".join(header) + " |", *line, *("| " + " | ".join(row) + " |" for row in rows)]


def _section(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], about: str = "") -> list[str]:
    """Return a table with its heading and what it shows; nothing without rows."""
    return [f"## {title}", "", *_rows(header, rows), "", *([about, ""] if about else [])] if rows else []


def accuracy_table(record: EvaluationRecord) -> list[str]:
    """Return the table of accuracies as lines of Markdown: pairs with both videos held out first."""
    others = [metric for metric in METRICS if metric.name not in {"accuracy", "honest_accuracy"}]
    first = record.baseline or (record.models[0].model if record.models else "")
    compared = any(model.difference for model in record.models)
    equal = any(model.equal_success for model in record.models)
    quoted = any(model.published for model in record.models)
    header = ["model", "**both new** (95 %)", *([f"both new, to {first} (95 %)"] if compared else [])]
    header += ["accuracy of papers ± sd", *(["published"] if quoted else []), "pooled (95 %)"]
    header += [f"to {first} (95 %)"] if compared else []
    header += ["equal success (95 %)"] if equal else []
    header += [*(metric.column for metric in others), "parameters", "training"]
    rows = []
    for m in record.models:
        spread = f"{percent(m.accuracy)} ± {percent(m.sd)}" if math.isfinite(m.sd) else percent(m.accuracy)
        row = [
            m.model,
            _span(m.pooled_both_held_out),
            *([_span(m.difference_both_held_out, signed=True)] if compared else []),
        ]
        row += [spread + ("*" if m.optimistic else "")]
        row += [percent(m.published.accuracy) if m.published else NONE] if quoted else []
        row += [_span(m.pooled), *([_span(m.difference, signed=True)] if compared else [])]
        row += [_span(m.equal_success)] if equal else []
        row += [(percent if metric.percent else _decimal)(m.metrics[metric.name]) for metric in others]
        rows.append([*row, f"{m.parameters:,}", f"{m.seconds:.0f} s"])
    for ordering in record.orderings if rows else ():
        estimates: dict[int, PooledEstimate | None] = {
            1: ordering.both_new,
            header.index("pooled (95 %)"): ordering.pooled,
        }
        estimates |= {header.index("equal success (95 %)"): ordering.equal_success} if equal else {}
        rows.append([f"*{ordering.name}*", *(_span(estimates.get(i)) for i in range(1, len(header)))])
    return _rows(header, rows)


def metrics_table(record: EvaluationRecord) -> list[str]:
    """Return the chosen metrics with their intervals as lines of Markdown; none without any."""
    titles = {metric.name: (metric.column, metric.percent) for metric in METRICS}
    titles |= {metric.name: (metric.title, metric.reach is Range.PROPORTION) for metric in RATED_METRICS}
    names = [name for name in titles if any(name in m.chosen for m in record.models)]
    if not names:
        return []
    metric_rows = [(m.model, m.chosen) for m in record.models]
    metric_rows += [(f"*{ONE_RATER}*", record.one_rater)] if record.one_rater else []
    rows = [
        [title, *((_span if titles[name][1] else _numbers)(metrics.get(name)) for name in names)]
        for title, metrics in metric_rows
    ]
    return _rows(["metrics (95 %)", *(titles[name][0] for name in names)], rows)


def _numbers(estimate: PooledEstimate | None) -> str:
    if estimate is None or not math.isfinite(estimate.value):
        return NONE
    span = f" ({_decimal(estimate.low)} to {_decimal(estimate.high)})" if math.isfinite(estimate.low) else ""
    return _decimal(estimate.value) + span


def _undefined(record: EvaluationRecord) -> list[str]:
    """Return a line for each model whose mean correlation lacks runs: it is undefined where all scores are equal."""
    lines = []
    for m in record.models:
        n = sum(math.isnan(run.metrics["kendall_tau_b"]) for run in m.runs)
        if 0 < n < len(m.runs):
            lines += [
                f"{m.model}: correlations are not defined in {n} of {len(m.runs)} runs; the mean is of the others.",
                "",
            ]
    return lines


def _about_published(record: EvaluationRecord) -> list[str]:
    """Return the epochs that published numbers belong to, and the variants that share a number."""
    quoted = [(m.model, m.published) for m in record.models if m.published is not None]
    lines = []
    for source in sorted({number.source for _, number in quoted}):
        models_by_epoch: dict[str, list[str]] = {}
        for model, number in quoted:
            if number.source == source:
                models_by_epoch.setdefault(number.epoch, []).append(model)
        listed = "; ".join(f"{', '.join(models)}: of {epoch}" for epoch, models in models_by_epoch.items())
        lines += [f"Published: {source} ({listed}).", ""]
    rows: dict[str, list[str]] = {}
    for model, _ in quoted:
        rows.setdefault(attention_model(model).row, []).append(model)
    for row, models in rows.items():
        if len(models) > 1:
            variants = " and ".join(models)
            lines += [f"{variants} share the row “{row}”: it is not known which of them was measured.", ""]
    return lines


def markdown(record: EvaluationRecord) -> str:
    """Return the whole evaluation as a page of Markdown."""
    of_participants = f" of {record.n_participants} participants" if record.n_participants else ""
    flow = record.preprocessing.flow.algorithm
    sentences = []
    if record.backbone:
        sentences.append(f"{record.backbone} at {record.preprocessing.input_px} pixels, flow {flow}")
    if record.trained_backbone:
        published = record.trained_backbone == PUBLISHED_BACKBONE
        sentences.append(f"tsn trains {record.trained_backbone}" + ("" if published else ": not the published network"))
    features = "; ".join(sentences) or "time"
    seeds = "one seed" if record.n_seeds == 1 else f"{record.n_seeds} seeds"
    lines = [
        f"# {record.dataset}",
        "",
        (
            f"{record.n_videos} videos{of_participants}, {record.n_pairs} ordered pairs. {record.split_title}, "
            f"{seeds}; preset {record.preset} ({record.dataset_preset}); {features}."
        ),
        "",
        f"Selection rule: {record.selection}.",
        "",
        *accuracy_table(record),
        "",
        *(f"**{sentence}**" if "not" in sentence else sentence for sentence in record.verdict),
        *([""] if record.verdict else []),
        _ABOUT_ACCURACY + (f" {_ABOUT_ORDERINGS}" if record.orderings else ""),
        "",
        *_undefined(record),
    ]
    if record.optimistic:
        lines += ["\\* The epoch was chosen on the test pairs themselves: optimistic, only to compare with papers.", ""]
    lines += _about_published(record)
    if metric_lines := metrics_table(record):
        lines += ["## Metrics", "", *metric_lines, "", _ABOUT_METRICS, ""]
    lines += _progress(record)
    lines += _attention(record)
    lines += _weights(record)
    lines += _separations(record)
    heads = ["fold", "held out", "training pairs", "test pairs", "both held out"]
    folds = [
        [f.name, ", ".join(f.held_out), str(f.n_train_pairs), str(f.n_test_pairs), str(f.n_both_held_out)]
        for f in record.folds
    ]
    lines += _section("Folds", heads, folds)
    rule = f"Pairs: {record.rule}." if record.rule else ""
    sentences = [sentence for sentence in (rule, record.warning, *record.problems) if sentence]
    if sentences:
        lines += ["## Notes", "", *(f"- {sentence}" for sentence in sentences), ""]
    return "\n".join(lines)


def _attention(record: EvaluationRecord) -> list[str]:
    rows = []
    for m in record.models:
        for a in (m.attention, m.attention_exact):
            if a is not None:
                numbers = (percent(a.hits), _decimal(a.times_chance), percent(a.hits_uniform), percent(a.hits_centre))
                energies = (percent(a.energy), _decimal(a.energy_times_uniform), percent(a.energy_centre))
                rows.append([m.model, str(a.tolerance), *numbers, *energies])
    header = ["model", "tolerance", "pointing", "× chance", "uniform", "centre"]
    header += ["energy", "× uniform", "centre's energy"]
    return _section("Attention against regions", header, rows, _ABOUT_ATTENTION)


def _progress(record: EvaluationRecord) -> list[str]:
    rows = []
    for model, curve in ((m.model, m.curve) for m in record.models):
        if curve is not None:
            fifths = " / ".join(f"{100 * part:.0f}" for part in curve.fifths)
            rows.append([model, *(percent(estimate.value) for estimate in curve.accuracy), fifths])
    heads = ["model", *(f"{100 * share:g} %" for share in SHARES), "by fifths"]
    return _section("Along the video", heads, rows, _ABOUT_PROGRESS)


def _weights(record: EvaluationRecord) -> list[str]:
    rows = []
    for m in record.models:
        if (w := m.weight) is not None:
            controls = {name: value for name, value in w.controls.items() if math.isfinite(value)}
            best = max(controls, key=lambda name: controls[name])
            numbers = (_span(w.weight), _decimal(w.times_uniform, 1), _decimal(w.entropy))
            against = f"{_span(w.above[best], signed=True)}, {best}"
            rows.append([m.model, *numbers, *(percent(value) for value in w.controls.values()), against])
    heads = ["model", "weight (95 %)", "× uniform", "entropy", *CONTROLS, "above the best control (95 %)"]
    return _section("Weight near regions", heads, rows, _ABOUT_WEIGHT)


def _separations(record: EvaluationRecord) -> list[str]:
    if not record.models or not record.models[0].by_separation:
        return []
    ranges = _even_ranges(record.models[0].by_separation)
    titles = [f"{low}" if low == high else f"{low}–{high}" for low, high in ranges]
    rows = []
    for m in record.models:
        row = [m.model]
        for low, high in ranges:
            inside = [point for point in m.by_separation if low <= point.separation <= high]
            n = sum(point.n_pairs for point in inside)
            row.append(percent(sum(point.accuracy * point.n_pairs for point in inside) / n) if n else NONE)
        rows.append(row)
    about = "Accuracy of pairs by the number of steps between their videos in the order that all pairs imply."
    return _section("By separation", ["steps apart", *titles], rows, about)


def _even_ranges(separated: Sequence[Separated]) -> list[tuple[int, int]]:
    """Divide separations into a few ranges that hold about equally many pairs."""
    total = sum(point.n_pairs for point in separated)
    ranges: list[tuple[int, int]] = []
    start = separated[0].separation
    counted = 0
    for point in separated:
        counted += point.n_pairs
        if counted >= total * (len(ranges) + 1) / _RANGES:
            ranges.append((start, point.separation))
            start = point.separation + 1
    return ranges
