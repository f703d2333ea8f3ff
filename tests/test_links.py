"""Links between the pages of the repository lead to a file and to a heading in it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = (
    ROOT,
    ROOT / "docs",
    ROOT / "docs" / "reference",
    ROOT / "benchmarks" / "notebook",
    ROOT / "benchmarks" / "simulated",
)
PAGES = sorted(page for folder in FOLDERS for page in folder.glob("*.md"))
NOTEBOOK = ROOT / "benchmarks" / "notebook"
HEAD = ("date", "command", "conclusion")


def without_code(page: Path) -> str:
    return re.sub(r"```.*?```|`[^`\n]+`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Return the anchors of the headings of a page, as GitHub and MkDocs make them."""
    headings = re.findall(r"^#{1,6} (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(page: Path) -> list[str]:
    """Return the links of a page that lead nowhere."""
    found = []
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(page)):
        path, _, heading = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        file = (page.parent / path) if path else page
        if not file.exists() or (heading and heading not in anchors(file)):
            found.append(target)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}-{page.name}")
def test_links_lead_to_a_page_and_a_heading(page: Path) -> None:
    assert broken(page) == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A b\n[one](#a-b) [two](#c) [three](other.md) [four](https://a.b) `[five](x.md)`")
    assert broken(page) == ["#c", "other.md"]


def test_guides_link_to_guides_alone() -> None:
    """Guides are installed and made a site: files of the source outside them are named, not linked."""
    outside = [
        f"{page.name}: {target}"
        for page in (ROOT / "docs").rglob("*.md")
        for target in re.findall(r"\]\(([^)\s#]+)[^)]*\)", without_code(page))
        if not re.match(r"[a-z]+:", target) and not (page.parent / target).resolve().is_relative_to(ROOT / "docs")
    ]
    assert outside == []


def test_the_notebook_lists_its_pages_and_each_says_when_and_how() -> None:
    index = (NOTEBOOK / "README.md").read_text(encoding="utf-8")
    pages = {page.name: page.read_text(encoding="utf-8") for page in NOTEBOOK.glob("*.md") if page.name != "README.md"}
    assert set(re.findall(r"\]\(([\w-]+\.md)\)", index)) == pages.keys()
    for name, text in pages.items():
        assert re.match(
            r"# .+\?\n\n\| \| \|\n\|---\|---\|\n\| date \| .+\n\| command \| .+\n\| conclusion \| .+\n", text
        ), name
