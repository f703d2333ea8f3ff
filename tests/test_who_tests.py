"""The list of a module's tests: by path, imports, one step further, public names, and coverage contexts."""

import subprocess
import sys
from pathlib import Path

import pytest
from coverage import CoverageData

PROGRAM = Path(__file__).resolve().parent.parent / "packaging" / "who_tests.py"
FILES = {
    "skillviewer/__init__.py": "if 1:\n    from skillviewer.core.text import clock\n",
    "skillviewer/core/text.py": "def clock():\n    return 1\n",
    "skillviewer/core/wording.py": "from skillviewer.core import text\n",
    "skillviewer/core/other.py": "",
    "skillviewer/core/untested.py": "",
    "skillviewer/cli/score.py": "",
    "tests/cli/test_score.py": "",
    "tests/cli/test_score_folders.py": "",
    "tests/cli/test_scores.py": "",
    "tests/core/test_text.py": "def test():\n    from skillviewer.core.text import clock\n",
    "tests/core/test_wording.py": "import skillviewer.core.wording\n",
    "tests/core/test_other.py": "from skillviewer.core import other\n",
    "tests/helper.py": "from skillviewer.core.text import clock\n",
    "tests/test_helped.py": "from tests import helper\n",
    "tests/test_public.py": "from skillviewer import clock\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def ask(tree: Path, file: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(PROGRAM), file], cwd=tree, capture_output=True, text=True, check=False)


def test_importing_tests_are_listed(tree: Path) -> None:
    assert ask(tree, "skillviewer/core/text.py").stdout.splitlines() == [
        "tests/core/test_text.py",
        "tests/core/test_wording.py  (through skillviewer.core.wording)",
        "tests/test_public.py",
        "tests/test_helped.py  (through tests.helper)",
    ]
    assert ask(tree, "skillviewer/core/other.py").stdout.splitlines() == ["tests/core/test_other.py"]


def test_tests_that_mirror_the_path_come_first_even_if_they_import_nothing(tree: Path) -> None:
    mirrored = ["tests/cli/test_score.py", "tests/cli/test_score_folders.py"]
    assert ask(tree, "skillviewer/cli/score.py").stdout.splitlines() == mirrored


def test_a_module_without_tests_is_told(tree: Path) -> None:
    told = ask(tree, "skillviewer/core/untested.py")
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr == "No test mirrors or imports skillviewer/core/untested.py: search tests/ for its words.\n"


def test_covering_tests_follow(tree: Path) -> None:
    data = CoverageData(str(tree / ".coverage"))
    for context, line in (("tests/test_a.py::test_one|run", 2), ("tests/test_a.py::test_one|setup", 1), ("", 1)):
        data.set_context(context)
        data.add_lines({str(tree / "skillviewer" / "core" / "other.py"): [line]})
    data.write()
    told = ask(tree, "skillviewer/core/other.py").stdout.splitlines()
    assert told == ["tests/core/test_other.py", "tests/test_a.py::test_one"]


def test_other_path_is_refused(tree: Path) -> None:
    told = ask(tree, "nothing.py")
    assert told.returncode == 2
    assert (
        told.stderr
        == "nothing.py is no module of skillviewer/ or tests/: give a path such as skillviewer/core/text.py.\n"
    )
