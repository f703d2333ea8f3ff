"""The public names of the package: loaded late, typed, described, and all that the documents use."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import skillviewer
from skillviewer import Exporter, Study

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
NAMES = [name for name in skillviewer.__all__ if name != "__version__"]
HEAVY = ("numpy", "scipy", "torch", "cv2", "av", "numba", "PySide6", "matplotlib", "click")


def test_import_alone_loads_no_library() -> None:
    program = f"import sys, skillviewer; print([name for name in {HEAVY} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_all_public_names_can_be_imported() -> None:
    assert set(dir(skillviewer)) >= set(NAMES)
    for name in NAMES:
        value = getattr(skillviewer, name)
        assert getattr(skillviewer, name) is value
    assert skillviewer.Study is Study


def test_every_function_takes_paths_as_text(tmp_path: Path) -> None:
    wrong = []
    for name in NAMES:
        value = getattr(skillviewer, name)
        public = {name: value} if inspect.isfunction(value) else {}
        if inspect.isclass(value):
            methods = inspect.getmembers(value, lambda one: inspect.isfunction(one) or inspect.ismethod(one))
            public = {f"{name}.{own}": method for own, method in methods if not own.startswith("_")}
        for title, function in public.items():
            for parameter in inspect.signature(function).parameters.values():
                kinds = {part.strip() for part in str(parameter.annotation).split("|")}
                if kinds & {"<class 'pathlib.Path'>", "pathlib.Path"} and "str" not in kinds:
                    wrong.append(f"{title}({parameter.name})")
    assert wrong == []
    with skillviewer.Study.create(str(tmp_path / "s")) as study:
        assert study.save_as(str(tmp_path / "t")).is_file()
    assert skillviewer.videos_below(str(tmp_path)) == []
    with pytest.raises(skillviewer.DatasetError, match="none of the known forms"):
        skillviewer.open_dataset(str(tmp_path))
    with skillviewer.atomic_output(str(tmp_path / "a.txt"), (".txt",), overwrite=False) as out:
        out.write_text("a")
    assert (tmp_path / "a.txt").read_text() == "a"


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        getattr(skillviewer, "nothing")  # noqa: B009 - mypy would refuse the attribute


def test_renamed_attributes_work_for_one_more_version(tmp_path: Path) -> None:
    with Study.create(tmp_path / "a.skillstudy") as study, pytest.warns(DeprecationWarning, match="annotations"):
        assert study.remarks is study.annotations
    with pytest.warns(DeprecationWarning, match="warnings"):
        made = Exporter(name="a", title="A", suffixes=(".a",), write=_nothing, remarks=_warnings)
    assert made.warnings is _warnings


def _nothing(*_given: object, **_keywords: object) -> Path:
    return Path()


def _warnings(*_given: object) -> tuple[str, ...]:
    return ("a",)


def test_scripting_page_describes_every_public_name() -> None:
    text = (ROOT / "docs" / "scripting.md").read_text(encoding="utf-8")
    described = {
        name for row in re.findall(r"^\| (`.+?) \|", text, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }
    assert [name for name in NAMES if name not in described] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_import_public_names_alone(page: Path) -> None:
    for example in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL):
        for node in ast.walk(ast.parse(example)):
            if isinstance(node, ast.Import):
                assert not [alias.name for alias in node.names if alias.name.startswith("skillviewer.")]
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("skillviewer"):
                assert node.module == "skillviewer"
                assert [alias.name for alias in node.names if alias.name not in NAMES] == []
