"""Tables of the notebook: one row per model, from the output of ``skillviewer evaluate -o FOLDER``.

    python -m benchmarks.table FOLDER [FOLDER ...]
    python -m benchmarks.table --beside FOLDER FOLDER ...

The models of several folders are listed one after the other, each once. With ``--beside`` the folders are of several
data sets, and a row has the main numbers of a model on each.
"""

import argparse
import json
from pathlib import Path
from typing import Any

HEADER = (
    "model",
    "**both held out**",
    "accuracy ± folds",
    "± seeds",
    "pooled (95 %)",
    "to full (95 %)",
    "pointing, 1 cell (× chance)",
    "at the cell itself (× chance)",
    "parameters",
)


def number(value: float | None, *, signed: bool = False) -> str:
    """Return a fraction in percent."""
    return "" if value is None else f"{100 * value:+.1f}" if signed else f"{100 * value:.1f}"


def span(interval: dict[str, Any] | None, *, signed: bool = False) -> str:
    """Return a value and its interval, or a dash."""
    if interval is None:
        return "–"
    value, low, high = (number(interval[name], signed=signed) for name in ("value", "low", "high"))
    return f"{value} ({low} to {high})" if low else value


def pointed(found: dict[str, Any] | None) -> str:
    """Return the percentage of maps that point at a region, with its ratio to chance."""
    return "" if found is None else f"{number(found['hits'])} ({found['times_chance']:.1f})"


def row(m: dict[str, Any]) -> str:
    """Return the row of a model."""
    cells = (
        m["model"],
        number(m["metrics"]["honest_accuracy"]),
        f"{number(m['accuracy'])} ± {number(m['sd'])}",
        number(m["sd_seeds"]),
        span(m["pooled"]),
        span(m["difference"], signed=True),
        pointed(m["attention"]),
        pointed(m["attention_exact"]),
        f"{m['parameters']:,}",
    )
    return "| " + " | ".join(cells) + " |"


BESIDE = ("both held out (95 %)", "pooled (95 %)", "to full (95 %)", "pointing, 1 cell (× chance)")


def beside(records: list[dict[str, Any]]) -> None:
    """Print the main numbers of every model on several data sets in one table."""
    print("| model | " + " | ".join(f"{record['dataset']}: {title}" for record in records for title in BESIDE) + " |")
    print("|---|" + "--:|" * (len(BESIDE) * len(records)))
    found = [{m["model"]: m for m in record["models"]} for record in records]
    for name in found[0]:
        cells = [name]
        for m in (models.get(name) for models in found):
            row = [] if m is None else [span(m["pooled_honest"]), span(m["pooled"]), span(m["difference"], signed=True)]
            row += [] if m is None else [pointed(m["attention"])]
            cells += row or [""] * len(BESIDE)
        print("| " + " | ".join(cells) + " |")


def main() -> None:
    """Print the table, and the results of ordering by known numbers and of a centred guess."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--beside", action="store_true", help="Folders are of several data sets.")
    given = parser.parse_args()
    folders: list[Path] = given.folders
    missing = [folder for folder in folders if not (folder / "evaluation.json").is_file()]
    if missing:
        parser.error(f"{missing[0]} has no evaluation.json: skillviewer evaluate writes it after its runs")
    records = [json.loads((folder / "evaluation.json").read_text("utf-8")) for folder in folders]
    if given.beside:
        beside(records)
        return
    print("| " + " | ".join(HEADER) + " |")
    print("|---|" + "--:|" * (len(HEADER) - 1))
    models: dict[str, dict[str, Any]] = {}
    for m in (m for record in records for m in record["models"]):
        if m["model"] not in models:
            models[m["model"]] = m
            print(row(m))
    first = records[0]
    print(f"\n{first['n_videos']} videos, {first['n_pairs']} ordered pairs, {first['n_seeds']} seeds", end="; ")
    print(f"{first['selection']}.")
    print("Ordering by: " + ", ".join(f"{what} {number(value)}" for what, value in first["ceilings"].items()))
    for what, m in models.items():
        epochs = sorted(run["epoch"] for run in m["runs"])
        line = f"{what}: epochs {epochs[0]} to {epochs[-1]}, {m['seconds'] / len(m['runs']):.0f} s per run"
        for where, found in (("centre", m["attention"]), ("at the cell itself", m["attention_exact"])):
            line += f", {where} {number(found['hits_centre'])}" if found else ""
        print(line)


if __name__ == "__main__":
    main()
