"""The pages of docs/reference are as ``packaging/make_reference.py`` writes them."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "reference"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Return the pages by the name of their file, as the script makes them."""
    monkeypatch.setenv("SKILLVIEWER_PLUGINS", "off")  # the script sets it, too
    monkeypatch.setenv("SKILLVIEWER_HOME", str(FOLDER))  # no own folder in a default
    spec = importlib.util.spec_from_file_location("make_reference", ROOT / "packaging" / "make_reference.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    pages: dict[str, str] = script.pages()
    return pages


def test_reference_is_that_of_the_program(made: dict[str, str]) -> None:
    """If this fails after a change of a command or a table: ``python packaging/make_reference.py``."""
    assert made.keys() == {path.name for path in FOLDER.glob("*.md")}
    for name, text in made.items():
        assert text.splitlines() == (FOLDER / name).read_text(encoding="utf-8").splitlines()


def test_every_column_has_a_meaning(made: dict[str, str]) -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", made["columns.md"], re.MULTILINE)
    assert len(rows) > 100
    assert [name for name, meaning in rows if not meaning] == []
    assert all(name in made["columns.md"] for name in ("map_kind", "normalised_entropy", "kappa", "withdrawn_at"))
