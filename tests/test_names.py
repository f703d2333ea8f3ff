"""A public class name stands once, a module name once in a layer, and identifiers keep to WORDS.md."""

import re
import tokenize
from collections import defaultdict
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "skillviewer"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")

MODULES_TWICE = {"screen"}
"""``screen`` is the entry of every screen."""

CLASS = re.compile(r"^ *class ([A-Za-z]\w*)", re.MULTILINE)
"""Begin of a public class, found without parsing its module."""

WORDS = PACKAGE.parent / "WORDS.md"
FOREIGN = {"get_window_extent", "extent"}
"""Names of matplotlib."""

DONE = set(
    """
    account aim annotator attribution bank bring_back deed exhibit experiment extensible_table extent footage grade
    heatmap honest importance known_as missing_data motion_vectors quintile set_aside starting_point strangeness
    strictness take_back taking_away tally tidy trajectory
    """.split()  # noqa: SIM905
)
"""Words to avoid, by the last column of WORDS.md, that the code has no other use for."""


def test_public_class_name_stands_once() -> None:
    homes: dict[str, list[str]] = defaultdict(list)
    for path in MODULES:
        for name in CLASS.findall(path.read_text(encoding="utf-8")):
            homes[name].append(path.relative_to(PACKAGE).as_posix())
    assert len(homes) > 100
    assert {name: where for name, where in homes.items() if len(where) > 1} == {}


def test_module_name_stands_once_in_a_layer() -> None:
    homes: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path in MODULES:
        where = path.relative_to(PACKAGE)
        homes[where.parts[0], path.stem].append(where.as_posix())
    assert {name: where for name, where in homes.items() if len(where) > 1 and name[1] not in MODULES_TWICE} == {}


def avoided_words() -> set[str]:
    """Return the words of the last column of WORDS.md, as parts of identifiers."""
    cells = [line.strip("|").split("|") for line in WORDS.read_text(encoding="utf-8").splitlines() if "|" in line]
    barred = {word for row in cells for word in re.sub(r"\(.*?\)", "", row[-1]).lower().split(",")}
    words = {word.strip().strip("_").replace(" ", "_") for word in barred}
    return {word for word in words if re.fullmatch(r"[a-z]+(_[a-z]+)*", word)} - {"in_place_of"}


def words_used(words: set[str]) -> dict[str, set[str]]:
    """Return the identifiers of the package that have each of some words, in the singular or plural, as a part."""
    found: dict[str, set[str]] = defaultdict(set)
    any_word = re.compile("|".join(map(re.escape, words)))
    for path in MODULES:
        if not any_word.search(path.read_text(encoding="utf-8").lower()):
            continue
        with path.open(encoding="utf-8") as file:
            names = {token.string for token in tokenize.generate_tokens(file.readline) if token.type == tokenize.NAME}
        for name in names - FOREIGN:
            padded = f"_{name.lower().strip('_')}_"
            for word in words:
                if f"_{word}_" in padded or f"_{word}s_" in padded:
                    found[word].add(name)
    return found


def test_identifiers_keep_to_the_words() -> None:
    assert DONE - avoided_words() == set(), "WORDS.md names them"
    assert words_used(DONE) == {}
