"""Numbers of shipped checkpoints on the sample study, each with its controls.

    python -m benchmarks.shipped [DATA] [MODEL ...] [--passes 4] [--cards] [-o FILE]

DATA is a study of two arms (``python -m benchmarks.simulated two-arms``), such as the sample study, of whose people the
models saw nothing. Printed are, with 95 % intervals over people:

- the accuracy on pairs of two people, for each model and for orderings by known numbers; a tie counts as half,
- the share of the attention on the pixels of the judged arm, and that of uniform maps, of a Gaussian in the middle, of
  one constant cell (the one that shows most of the judged arm in the videos of other people), and of the maps of other
  people's videos, if DATA has masks of the arm,
- where the moments lie: in clips with exactly one fault of an arm, how often the moment that lowered the score most
  overlaps it, with the moments of the Why page, with those by the contributions of the segments, and with those by
  the change of the score curve. The controls are a constant segment as long as the moment, at the share of a clip that
  meets most faults of other people, and chance, a segment as long as the moment at any place.

With --cards, the share of the last fifth is kept in the card of each model. With --orderings, nothing is assessed: the
accuracies of the orderings are written into the cards of all shipped models, on the pairs of the accuracy there, as a
training writes them. These pairs have 20 of one person's two clips, which the numbers above leave out.
"""

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from benchmarks.looking import PARTS, Study, change_text, covered_cells
from benchmarks.real_people import as_json, percent
from benchmarks.simulated.faults import JUDGED, OTHER
from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.map_comparison import entropy
from skillviewer.core.arrays import FloatArray
from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.evaluation.accuracy import FoldScores, pooled_accuracy, pooled_difference, pooled_mean
from skillviewer.core.evaluation.ceilings import ceilings
from skillviewer.core.evaluation.localisation import CONTROLS, OWN, UNIFORM, Geometry, centred_gaussian, weight_near
from skillviewer.core.evaluation.score_progress import contribution_shares
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.explanation.moments import Basis, Moment, find_moments
from skillviewer.core.hashing import CARD
from skillviewer.core.paths import models_dir, resources_dir
from skillviewer.engine.inference.engine import Engine
from skillviewer.nets.model_card import ModelCard, load_card
from skillviewer.nets.model_library import DEFAULT_MODEL

ORDERINGS = (
    ("true quality of the judged arm", "quality", 1.0),
    ("sum of both arms", "both_qualities", 1.0),
    ("quality of the other arm", "other_quality", 1.0),
    ("duration, short first", "frames", -1.0),
)
SHIPPED = (DEFAULT_MODEL, "sample-none", "sample-full", "sample-follow")
N_STARTS = 200
"""Places at which a segment may begin, for the controls of the moments."""


def person_of(dataset: Dataset) -> dict[str, str]:
    """Return the participant of every video."""
    return {name: dataset.participants[name] for name in dataset.names}


def between_people(dataset: Dataset) -> Fold:
    """Return all videos as held out, with the pairs of two people."""
    person = person_of(dataset)
    pairs = tuple(pair for pair in dataset.pairs if person[pair.better] != person[pair.worse])
    return Fold("all", (), tuple(dataset.names), (), pairs)


def accuracy(dataset: Dataset, scores: Mapping[str, float]) -> dict[str, Any]:
    """Return the accuracy on pairs of two people, a tie as half, with its interval over people."""
    return as_json(pooled_accuracy([FoldScores(between_people(dataset), scores)], dataset, tie=0.5))


def weights(study: Study, analyses: Mapping[str, Analysis], part: str) -> dict[str, Any]:
    """Return the share of the weight of maps on a part of the judged arm, and of every control, in all passes."""
    dataset, person = study.dataset, person_of(study.dataset)
    first = next(iter(analyses.values()))
    rows, columns = first.attention.shape[2:]
    middle = centred_gaussian(Geometry(rows, columns, first.map_rect, 1, 1))
    maps = {name: a.attention.reshape(-1, rows, columns).astype(np.float64) for name, a in analyses.items()}
    cells = {
        name: covered_cells(study, name, part, a.samples.ravel().tolist(), (rows, columns), a.map_rect)
        for name, a in analyses.items()
    }
    found: dict[str, dict[str, float]] = {source: {} for source in (OWN, *CONTROLS)}
    for name in maps:
        others = [other for other in maps if person[other] != person[name]]
        shares = weight_near({one: maps[one] for one in (name, *others)}, cells, others, middle)
        for source, values in shares.items():
            found[source][name] = values[name]
    even = float(np.mean(list(found[UNIFORM].values())))
    return {
        "weight": as_json(pooled_mean([found[OWN]], dataset)),
        "times_uniform": as_json(pooled_mean([{name: v / even for name, v in found[OWN].items()}], dataset)),
        "controls": {control: as_json(pooled_mean([found[control]], dataset)) for control in CONTROLS},
        "above": {
            control: as_json(pooled_mean([{n: found[OWN][n] - found[control][n] for n in maps}], dataset))
            for control in CONTROLS
        },
    }


def strongest_lowering(analysis: Analysis, evidence: Evidence, basis: Basis | None) -> Moment | None:
    """Return the moment that lowered the score most, or None if none did."""
    lowering = [moment for moment in find_moments(analysis, evidence, basis) if moment.amount < 0]
    return min(lowering, key=lambda moment: moment.amount) if lowering else None


def overlaps(start: FloatArray | float, length: float, fault: tuple[float, float]) -> Any:  # noqa: ANN401 - as start
    """Return 1.0 where a segment of some length from a start meets a fault, 0.0 where not, all in shares of a clip."""
    low, high = fault
    return ((start < high) & (np.add(start, length) > low)) * 1.0


def moments(study: Study, found: Mapping[str, Moment | None], arm: str) -> dict[str, Any]:
    """Return how often the strongest lowering moment overlaps the fault of clips with exactly one on an arm."""
    dataset, person = study.dataset, person_of(study.dataset)
    spans, faults = {}, {}
    for name, moment in found.items():
        own = [(first, after) for whose, first, after in study.faults.get(name, ()) if whose == arm]
        if len(own) == 1 and moment is not None:
            n = int(study.truth[name]["frames"])
            spans[name] = (moment.start_frame / n, moment.stop_frame / n)
            faults[name] = (own[0][0] / n, own[0][1] / n)
    hits, constant, chance = {}, {}, {}
    for name, (start, stop) in spans.items():
        length = stop - start
        starts = np.linspace(0.0, 1.0 - length, N_STARTS)
        others = [faults[other] for other in faults if person[other] != person[name]]
        often = np.sum([overlaps(starts, length, fault) for fault in others], axis=0)
        best = starts[np.flatnonzero(often == often.max())]
        hits[name] = float(overlaps(start, length, faults[name]))
        constant[name] = float(np.mean(overlaps(best, length, faults[name])))
        chance[name] = float(np.mean(overlaps(starts, length, faults[name])))
    less = {what: {n: hits[n] - other[n] for n in hits} for what, other in (("constant", constant), ("chance", chance))}
    return {
        "clips": len(hits),
        "hits": as_json(pooled_mean([hits], dataset)),
        "length": float(np.mean([stop - start for start, stop in spans.values()])) if spans else None,
        "constant": as_json(pooled_mean([constant], dataset)),
        "chance": as_json(pooled_mean([chance], dataset)),
        **{f"above_{what}": as_json(pooled_mean([values], dataset)) for what, values in less.items()},
    }


def keep(folder: Path, contributions: Sequence[FloatArray]) -> None:
    """Write into the card of a model the share of the last fifth."""
    last = [float(contribution_shares(one[None])[-1]) for one in contributions]
    save_card(folder, msgspec.structs.replace(load_card(folder), last_fifth=float(np.mean(last)) if last else None))


def write_orderings(folder: Path, dataset: Dataset) -> None:
    """Write the accuracies of the orderings into the card of a model, on the pairs of the accuracy there.

    Raises:
        ValueError: The accuracy of the card is of another number of pairs.
    """
    card = load_card(folder)
    if card.held_out is None or card.held_out.headline.n_pairs != len(dataset.pairs):
        raise ValueError(f"{folder.name} was tested on other pairs than those of {dataset.name}")
    fold = Fold("all", (), tuple(dataset.names), (), dataset.pairs)
    rows = tuple((row.name, row.both_new.value) for row in ceilings(dataset, [fold]))
    save_card(folder, msgspec.structs.replace(card, ceilings=rows))


def save_card(folder: Path, card: ModelCard) -> None:
    """Write a card as a training does."""
    (folder / CARD).write_bytes(msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n")


def measure(study: Study, model: str, passes: int) -> tuple[dict[str, Any], dict[str, float], list[FloatArray]]:
    """Assess and explain all videos; return the numbers of a model, its scores, and its contributions."""
    paths = {video.name: video.path for video in study.dataset.videos if video.path is not None}
    with Engine.open(model) as engine:
        analyses = {name: engine.assess(path, passes) for name, path in paths.items()}
        evidence = {name: engine.explain(analysis) for name, analysis in analyses.items()}
    scores = {name: analysis.score for name, analysis in analyses.items()}
    row: dict[str, Any] = {"accuracy": accuracy(study.dataset, scores)}
    row["moments"] = {}
    for basis in (None, *Basis):
        strongest = {name: strongest_lowering(analyses[name], evidence[name], basis) for name in analyses}
        row["moments"]["page" if basis is None else basis.name.lower()] = {
            arm: moments(study, strongest, arm) for arm in (JUDGED, OTHER)
        }
    row["by_segment"] = np.mean([one.contributions for one in evidence.values()], axis=0).round(3).tolist()
    maps = [a.attention.reshape(-1, *a.attention.shape[2:]) for a in analyses.values()]
    if all(one.size and float(one.std()) > 0 for one in maps):
        row["entropy"] = float(np.mean([entropy(one.astype(np.float64)).mean() for one in maps]))
        if study.arms.is_dir():
            row["on"] = {part: weights(study, analyses, part) for part in PARTS}
    return row, scores, [one.contributions for one in evidence.values()]


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def tables(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the tables of notebook/shipped-models.md."""
    lines = [_line("ordering", "pairs of two people (95 %)", "to `sample-none` (95 %)"), "|---|--:|--:|"]
    lines += [
        _line(name, percent(row["accuracy"]), percent(row.get("to_none"), signed=True)) for name, row in rows.items()
    ]
    heads = ["model", "part", "weight (95 %)", "× uniform (95 %)", *CONTROLS]
    heads += [f"minus {control}" for control in CONTROLS[2:]]
    lines += ["", _line(*heads), "|---|---|" + (len(heads) - 2) * "--:|"]
    for name, row in rows.items():
        for part, on in row.get("on", {}).items():
            times = on["times_uniform"]
            cells = [name, part, percent(on["weight"])]
            cells += [change_text(times).replace("+", "")]
            cells += [percent({"value": on["controls"][control]["value"]}) for control in CONTROLS]
            cells += [percent(on["above"][control], signed=True) for control in CONTROLS[2:]]
            lines.append(_line(*cells))
    heads = ["model", "moments by", "arm", "clips with one fault", "moment overlaps it (95 %)", "its share of the clip"]
    heads += ["constant segment", "minus constant (95 %)", "chance", "minus chance (95 %)"]
    lines += ["", _line(*heads), "|---|---|---|" + (len(heads) - 3) * "--:|"]
    found = (
        (name, basis, arm, one)
        for name, row in rows.items()
        for basis, arms in row.get("moments", {}).items()
        for arm, one in arms.items()
    )
    for name, basis, arm, one in found:
        cells = [name, basis, arm, str(one["clips"]), percent(one["hits"]), percent({"value": one["length"]})]
        cells += [percent({"value": one["constant"]["value"]}), percent(one["above_constant"], signed=True)]
        cells += [percent({"value": one["chance"]["value"]}), percent(one["above_chance"], signed=True)]
        lines.append(_line(*cells))
    return "\n".join(lines)


def add_differences(
    dataset: Dataset, rows: dict[str, dict[str, Any]], scores: Mapping[str, Mapping[str, float]]
) -> None:
    """Add the difference of every model to ``sample-none``, if that is one of them."""
    if "sample-none" not in scores:
        return
    fold = between_people(dataset)
    base = [FoldScores(fold, scores["sample-none"])]
    for name, values in scores.items():
        if name != "sample-none":
            rows[name]["to_none"] = as_json(pooled_difference([FoldScores(fold, values)], base, dataset))


def known_orderings(study: Study) -> Iterable[tuple[str, dict[str, float]]]:
    """Return the orderings by known numbers."""
    return ((f"ordered by {name}", study.ordered_by(column, sign)) for name, column, sign in ORDERINGS)


def main() -> None:
    """Assess and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", default=resources_dir() / "sample_study")
    parser.add_argument("models", nargs="*", default=SHIPPED)
    parser.add_argument("--passes", type=int, default=4)
    parser.add_argument("--cards", action="store_true", help="Keep the share of the last fifth in the cards.")
    parser.add_argument("--orderings", action="store_true", help="Write the orderings into all cards, and end.")
    parser.add_argument("-o", "--output", type=Path)
    args = parser.parse_args()
    study = Study.read(args.data)
    if args.orderings:
        for folder in sorted(models_dir().glob("sample-*")):
            write_orderings(folder, study.dataset)
        return
    rows: dict[str, dict[str, Any]] = {}
    scores: dict[str, dict[str, float]] = {}
    contributions: dict[str, list[FloatArray]] = {}
    for model in args.models:
        rows[model], scores[model], contributions[model] = measure(study, model, args.passes)
    for model in args.models if args.cards else ():
        keep(models_dir() / model, contributions[model])
    add_differences(study.dataset, rows, scores)
    for name, values in known_orderings(study):
        rows[name] = {"accuracy": accuracy(study.dataset, values)}
    if args.output:
        args.output.write_text(json.dumps({"rows": rows, "scores": scores}, indent=1) + "\n", encoding="utf-8")
    print(f"{len(between_people(study.dataset).test_pairs)} pairs of two people")
    print(tables(rows))


if __name__ == "__main__":
    main()
