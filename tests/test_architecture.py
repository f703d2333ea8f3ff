"""The documents name the tree as it is: every wing, no other, files and classes that exist, the gate's targets."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "skillviewer"
TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
CHANGES = 10
MAX_FILES = 3


def section(title: str) -> str:
    """Return the text under a heading of the second level."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found is not None, title
    return found[1]


def rows(title: str) -> list[list[str]]:
    """Return the cells of every row of the tables under a heading, header rows apart."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    heads = {at - 1 for at, line in enumerate(lines) if set(line) <= set("|-:")}
    kept = [line for at, line in enumerate(lines) if at not in heads and at - 1 not in heads]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in kept]


def test_every_wing_has_its_row_and_no_wing_is_invented() -> None:
    named = [row[0].strip("`").rstrip("/") for row in rows("Wings")]
    packages = {path.parent.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py")}
    wings = sorted(path.as_posix() for path in packages if len(path.parts) > 1)
    assert sorted(named) == wings
    assert all(row[1] for row in rows("Wings"))


def test_every_layer_has_its_row() -> None:
    named = {row[0].strip("`/") for row in rows("Layers") if row[0].endswith("/`")}
    assert named == {path.parent.name for path in PACKAGE.glob("*/__init__.py")}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_named_files_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for path in re.findall(r"`([\w/.]+/[\w.]+\.(?:py|md))`", text):
        if "NAME" in path:
            assert (PACKAGE / path).parent.parent.is_dir(), path
        else:
            assert (PACKAGE / path).is_file() or (ROOT / path).is_file(), path


def test_ten_changes_touch_three_files_at_most() -> None:
    recipes = rows("To add a thing")
    assert len(recipes) == CHANGES
    for change, files, copied, tests in recipes:
        for path in re.findall(r"`([\w/]+\.py)`", copied):
            assert (PACKAGE / path).is_file(), (change, path)
        assert "`" in copied, change
        named = re.findall(r"`([^`]+)`", tests)
        assert named, change
        assert [path for path in named if not (ROOT / path).is_file()] == [], change
        paths = re.findall(r"`([\w/]+\.(?:py|md))`", files)
        assert 0 < len(paths) <= MAX_FILES, change
        for name in re.findall(r"`([A-Z_]{4,})`", files):
            assert any(
                re.search(rf"^{name}\b.*=", (PACKAGE / p).read_text("utf-8"), re.MULTILINE)
                for p in paths
                if (PACKAGE / p).is_file()
            ), (change, name)


def missing_classes(names: set[str]) -> list[str]:
    """Return the names among some that no class, function or type alias of the package has."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    made = r"^((class|def) {0}\b|{0}\b.*=)"
    return [name for name in sorted(names) if not re.search(made.format(name), source, re.MULTILINE)]


def test_objects_of_the_walk_exist() -> None:
    named = set(re.findall(r"`([A-Z][a-z]\w+?)(?:\.\w+)?`", section("A walk through the window")))
    assert len(named) > 20
    assert missing_classes(named) == []


def test_code_words_exist() -> None:
    words = (ROOT / "WORDS.md").read_text(encoding="utf-8").partition("## Words of the code")[2]
    named = set(re.findall(r"^\| `(\w+)` \|", words, re.MULTILINE))
    assert len(named) > 10
    assert missing_classes(named) == []


def test_targets_that_the_documents_name_are_in_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for page in PAGES:
        for target in re.findall(r"(?:^    |`)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), (page.name, target)


def test_links_lead_to_files_and_headings() -> None:
    for page in ROOT.glob("*.md"):
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
            if target.startswith("https://"):
                continue
            path, _, heading = target.partition("#")
            found = (ROOT / path).resolve()
            assert found.exists(), (page.name, target)
            if heading:
                titles = re.findall(r"^#+ (.*)$", found.read_text(encoding="utf-8"), re.MULTILINE)
                assert heading in {re.sub(r"[^\w -]", "", t.lower()).replace(" ", "-") for t in titles}, target
