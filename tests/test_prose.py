"""Docstrings and pages keep the prose style of CONTRIBUTING.md."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "skillviewer"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "benchmarks").glob("*/*.md")])

RIDDLE = re.compile(r"(What|Whether|Of|Who|How|Where|Which)\b")
"""A docstring begins with a verb or a noun phrase, not with a question."""

WORDS = re.compile(r"\b(somebody|nobody|a person|of which|of whom|by whom|beside|stretch(es)?)\b", re.IGNORECASE)
"""Say the user, the rater, or use the passive; say whose it is; say next to, below, interval or clip."""

EMPTY = re.compile(r"(Take colours|Draw|Return it|Do it)\.")
"""A docstring that repeats the name of its function is left out."""


def texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and text of every docstring, those of attributes included; no expression contains one."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.value.value
        waiting += [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr)]


def fault(text: str) -> str:
    """Return what a docstring does against the style, or ""."""
    if RIDDLE.match(text):
        return f"begins with “{text.split(maxsplit=1)[0]}”"
    if EMPTY.fullmatch(text):
        return "says no more than the name"
    found = WORDS.search(text)
    return f"says “{found[0]}”" if found else ""


def test_docstrings_keep_to_the_style() -> None:
    found = [
        f"{path.relative_to(ROOT).as_posix()}:{line} {what}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for line, text in texts(ast.parse(path.read_text(encoding="utf-8")))
        if (what := fault(text))
    ]
    assert found == []


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
