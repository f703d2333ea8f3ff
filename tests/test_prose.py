"""Docstrings keep the prose style of CONTRIBUTING.md: a count for every folder that may only shrink.

``python -m tests.test_prose`` lowers the counts in ``tests/prose_baseline.json`` to those of today.
"""

import ast
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "skillviewer"
BASELINE = Path(__file__).with_name("prose_baseline.json")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])

RIDDLE = re.compile(r"(What|Whether|Of|Who|How|Where|Which)\b")
"""A docstring begins with a verb or a noun phrase, not with a question."""

WORDS = re.compile(r"\b(somebody|nobody|a person|of which|of whom|by whom|beside|stretch(es)?)\b", re.IGNORECASE)
"""Say the user, the rater, or use the passive; say whose it is; say next to, below, interval or clip."""

EMPTY = re.compile(r"(Take colours|Draw|Return it|Do it)\.")
"""A docstring that repeats the name of its function is left out."""


def texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and text of every docstring, those of attributes included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.value.value


def fault(text: str) -> str:
    """Return what a docstring does against the style, or ""."""
    if RIDDLE.match(text):
        return f"begins with “{text.split(maxsplit=1)[0]}”"
    if EMPTY.fullmatch(text):
        return "says no more than the name"
    found = WORDS.search(text)
    return f"says “{found[0]}”" if found else ""


def faults() -> dict[str, list[str]]:
    """Return the faults of every folder of the package, one line each."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(PACKAGE.rglob("*.py")):
        for line, text in texts(ast.parse(path.read_text(encoding="utf-8"))):
            what = fault(text)
            if what:
                folder = path.parent.relative_to(ROOT).as_posix()
                found[folder].append(f"{path.relative_to(ROOT).as_posix()}:{line} {what}")
    return found


def test_docstrings_keep_to_the_style() -> None:
    allowed: dict[str, int] = json.loads(BASELINE.read_text(encoding="utf-8"))
    found = faults()
    for folder in sorted({*found, *allowed}):
        now, before = len(found.get(folder, [])), allowed.get(folder, 0)
        assert now <= before, f"{folder}: {now} faults, {before} allowed.\n" + "\n".join(found[folder])
        assert now >= before, (
            f"{folder} has {now} faults: lower its {before} in {BASELINE.name} (python -m tests.test_prose)."
        )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Return the score.", ""),
        ("What the score is.", "begins with “What”"),
        ("Official name.", ""),
        ("Take colours.", "says no more than the name"),
        ("Return the videos.\n\nArgs:\n    a: Folder of which nobody knows.", "says “of which”"),
        ("Return the folder beside it.", "says “beside”"),
    ],
)
def test_faults_are_told_from_good_docstrings(text: str, expected: str) -> None:
    assert fault(text) == expected


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_keep_to_the_style(page: Path) -> None:
    text = re.sub(
        r"```.*?```|`[^`\n]+`|^    .*?$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE
    )
    told = [f"{match[0]}: …{text[max(0, match.start() - 40) : match.end() + 20]!r}" for match in WORDS.finditer(text)]
    assert told == []


def lower_baseline() -> None:
    """Write the counts of today where they are lower; without a baseline, all of them."""
    before: dict[str, int] = json.loads(BASELINE.read_text(encoding="utf-8")) if BASELINE.exists() else {}
    counts = {folder: len(lines) for folder, lines in faults().items()}
    kept = {folder: min(n, before.get(folder, 0)) if before else n for folder, n in counts.items()}
    BASELINE.write_text(json.dumps({k: n for k, n in sorted(kept.items()) if n}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    lower_baseline()
