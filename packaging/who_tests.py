"""List the tests of a module: python packaging/who_tests.py skillviewer/core/text.py (make who-tests FILE=...).

The tests that mirror the module's path come first: ``tests/cli/test_score.py`` for ``skillviewer/cli/score.py``. Then
come test files that import the module, or one that does (a re-export, a caller, a helper), those of its folder first.
Where ``.coverage`` holds contexts (``pytest --cov --cov-context=test``), the tests that ran lines of the module follow.
"""

import argparse
import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

PACKAGE, TESTS = "skillviewer", "tests"


def module_name(path: Path) -> str:
    """Return the dotted name of a file, relative to the root of the repository."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def imported(tree: ast.Module, public: Mapping[str, str]) -> Iterator[str]:
    """Yield the dotted names that a file imports, at any depth; a public name stands for its module.

    Args:
        tree: Syntax tree of the file.
        public: Module of every name that the package itself offers.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == PACKAGE:
            yield from (public.get(alias.name, f"{PACKAGE}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def importers(root: Path) -> dict[str, set[str]]:
    """Return, for every module of the package and the tests, the modules that import it."""
    trees = {}
    for folder in (PACKAGE, TESTS):
        for path in sorted((root / folder).rglob("*.py")):
            trees[module_name(path.relative_to(root))] = ast.parse(path.read_text(encoding="utf-8"))
    offered = trees.pop(PACKAGE, ast.Module([], []))
    public = {
        alias.name: node.module
        for node in ast.walk(offered)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    found: dict[str, set[str]] = {name: set() for name in trees}
    for name, tree in trees.items():
        for other in imported(tree, public):
            if other in found and other != name:
                found[other].add(name)
    return found


def tests_of(module: str, graph: Mapping[str, set[str]]) -> dict[str, str]:
    """Return the test files of a module, each with the module through which it imports it, or "" if directly.

    Those that mirror its path come first, then those of its folder, then those that import it, then the others.
    """
    folder, _, name = module.rpartition(".")
    folder = folder.replace(PACKAGE, TESTS, 1)
    mirror = f"{folder}.test_{name}"
    mirrored = {test for test in graph if test == mirror or test.startswith(f"{mirror}_")}
    direct = graph[module]
    through = {test: by for by in sorted(direct, reverse=True) for test in graph[by]}
    found = through | dict.fromkeys(direct | mirrored, "")
    order = sorted(
        found, key=lambda test: (test not in mirrored, not test.startswith(f"{folder}."), test not in direct, test)
    )
    return {test: found[test] for test in order if _is_test(test)}


def _is_test(name: str) -> bool:
    return name.startswith(f"{TESTS}.") and name.rpartition(".")[2].startswith("test_")


def covering(root: Path, path: Path) -> list[str]:
    """Return the tests that ran lines of a file, by the contexts in ``.coverage``; none where it has none."""
    if not (root / ".coverage").is_file():
        return []
    from coverage import CoverageData

    data = CoverageData(str(root / ".coverage"))
    data.read()
    contexts = data.contexts_by_lineno(str(path.resolve()))
    return sorted({context.partition("|")[0] for names in contexts.values() for context in names if context})


def main() -> int:
    """Print the tests of one file; return 1 if there are none, 2 if it is no module of the package or the tests."""
    parser = argparse.ArgumentParser(description="List the tests of a module.")
    parser.add_argument("file", type=Path, help="a module, skillviewer/core/text.py for one")
    path, root = parser.parse_args().file, Path.cwd()
    graph = importers(root)
    module = module_name(path.resolve().relative_to(root) if path.resolve().is_relative_to(root) else path)
    if module not in graph:
        print(
            f"{path} is no module of {PACKAGE}/ or {TESTS}/: give a path such as {PACKAGE}/core/text.py.",
            file=sys.stderr,
        )
        return 2
    found = [
        f"{name.replace('.', '/')}.py" + (f"  (through {through})" if through else "")
        for name, through in tests_of(module, graph).items()
    ]
    found += covering(root, path)
    if not found:
        print(f"No test mirrors or imports {path}: search {TESTS}/ for its words.", file=sys.stderr)
        return 1
    print("\n".join(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
