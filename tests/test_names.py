"""A public class name stands once in the program, a module name once in a layer."""

import ast
from collections import defaultdict
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "skillviewer"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")

MODULES_TWICE = {"screen"}
"""``screen`` is the entry of every screen."""


def test_public_class_name_stands_once() -> None:
    homes: dict[str, list[str]] = defaultdict(list)
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(path.relative_to(PACKAGE).as_posix())
    assert {name: where for name, where in homes.items() if len(where) > 1} == {}


def test_module_name_stands_once_in_a_layer() -> None:
    homes: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path in MODULES:
        where = path.relative_to(PACKAGE)
        homes[where.parts[0], path.stem].append(where.as_posix())
    assert {name: where for name, where in homes.items() if len(where) > 1 and name[1] not in MODULES_TWICE} == {}
