"""Every import contract catches a violation that is planted for it: a rule that cannot fail is none."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

PLANTED = [
    ("core/video/info.py", "skillviewer.media", "Imports point down"),
    ("media/__init__.py", "skillviewer.nets", "Imports point down"),
    ("data/__init__.py", "skillviewer.export", "Imports point down"),
    ("nets/__init__.py", "skillviewer.data", "Imports point down"),
    ("engine/__init__.py", "skillviewer.ui", "Imports point down"),
    ("ui/__init__.py", "skillviewer.cli", "Imports point down"),
    ("engine/runtime/device.py", "skillviewer.engine.features.feature_cache", "Imports in engine point down"),
    ("engine/features/feature_cache.py", "skillviewer.engine.training.training_plan", "Imports in engine point down"),
    ("engine/training/training_plan.py", "skillviewer.engine.evaluation.record", "Imports in engine point down"),
    ("engine/inference/engine.py", "skillviewer.engine.training.training_plan", "Imports in engine point down"),
    ("engine/evaluation/record.py", "skillviewer.engine.finetuning.job", "Imports in engine point down"),
    ("export/rendering/layout.py", "skillviewer.export.analysed_video", "Imports in export point down"),
    ("export/tables/rows.py", "skillviewer.export.reports.why_content", "Imports in export point down"),
    ("export/figures/plots.py", "skillviewer.export.exporters", "Imports in export point down"),
    ("ui/ranking/judging_view.py", "skillviewer.ui.shell.page_spec", "Wings of the window point down"),
    ("ui/comparing/pane.py", "skillviewer.ui.ranking.pair_clock", "Wings of the window point down"),
    ("ui/player/player.py", "skillviewer.ui.videos.panel", "Wings of the window point down"),
    ("ui/session/app_context.py", "skillviewer.ui.player.player", "Wings of the window point down"),
    ("ui/session/app_context.py", "skillviewer.ui.actions.table", "Wings of the window point down"),
    ("ui/actions/table.py", "skillviewer.ui.session.settings", "Wings of the window point down"),
    ("ui/widgets/colour_bar.py", "skillviewer.ui.actions.actions", "Wings of the window point down"),
    ("ui/threads/messages.py", "skillviewer.ui.widgets.colour_bar", "Wings of the window point down"),
    ("ui/shell/page_spec.py", "skillviewer.ui.app", "Wings of the window point down"),
    ("engine/__init__.py", "PySide6.QtCore", "Qt and the sound device live in ui"),
    ("export/__init__.py", "pyqtgraph", "Qt and the sound device live in ui"),
    ("ui/__init__.py", "torch", "torch lives in nets and engine"),
    ("core/__init__.py", "torchvision", "torch lives in nets and engine"),
    ("engine/__init__.py", "av", "PyAV, cv2 and numba live in media"),
    ("ui/__init__.py", "cv2", "PyAV, cv2 and numba live in media"),
    ("engine/__init__.py", "numba", "PyAV, cv2 and numba live in media"),
    ("engine/__init__.py", "matplotlib", "matplotlib and what makes pages live in export"),
    ("export/__init__.py", "openpyxl", "openpyxl lives in data"),
    ("core/video/info.py", "skillviewer.core.dataset.folds", "Imports point down in core"),
    ("core/ranking/rank_videos.py", "skillviewer.core.explanation.moments", "Imports point down in core"),
    ("media/reading/timing.py", "skillviewer.media.writing.writer", "Imports point down in media"),
    ("data/tables/csv_tables.py", "skillviewer.data.formats.task_files", "Imports point down in data"),
    ("data/study/values.py", "skillviewer.data.study.archive.packer", "Imports point down in data.study"),
    ("nets/sizes.py", "skillviewer.nets.models", "Imports point down in nets"),
    ("ui/inspecting/moments_panel.py", "skillviewer.ui.inspecting.notes_panel", "No panel knows another"),
]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).parent / "lint-imports"
    environment = os.environ | {"PYTHONPATH": str(folder), "COLUMNS": "200"}
    command = [str(program), "--config", "pyproject.toml", "--cache-dir", str(folder / ".cache")]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted")
    shutil.copytree(ROOT / "skillviewer", folder / "skillviewer", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_unplanted_copy_keeps_all_contracts(copy: Path) -> None:
    result = lint(copy)
    assert result.returncode == 0, result.stdout
    assert "BROKEN" not in result.stdout


def module(file: str) -> str:
    return "skillviewer." + file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@pytest.fixture(scope="module")
def broken(copy: Path) -> dict[str, str]:
    """Return what the linter says of every contract that is broken when all violations are planted."""
    planted: dict[Path, str] = {}
    try:
        for file, imported, _ in PLANTED:
            path = copy / "skillviewer" / file
            planted.setdefault(path, path.read_text())
            path.write_text(f"{path.read_text()}\nimport {imported}\n")
        result = lint(copy)
    finally:
        for path, before in planted.items():
            path.write_text(before)
    assert result.returncode != 0
    _, *headed = re.split(r"^(\S.*)\n-+\n", result.stdout.partition("Broken contracts")[2], flags=re.MULTILINE)
    told = dict(zip(headed[::2], headed[1::2], strict=True))
    assert all(f"{contract} BROKEN" in result.stdout for contract in told)
    return told


@pytest.mark.parametrize("contract", dict.fromkeys(contract for *_, contract in PLANTED))
def test_planted_violations_are_caught(broken: dict[str, str], contract: str) -> None:
    for file, imported, breaks in PLANTED:
        if breaks == contract:
            target = imported if imported.startswith("skillviewer") else imported.split(".")[0]
            assert f"{module(file)} -> {target} (l." in broken[contract]


@pytest.mark.parametrize(
    "file", ["helpers/__init__.py", "engine/helpers/__init__.py", "export/helpers.py", "ui/helpers/__init__.py"]
)
def test_a_module_outside_the_layers_is_caught(copy: Path, file: str) -> None:
    path = copy / "skillviewer" / file
    path.parent.mkdir(exist_ok=True)
    path.touch()
    try:
        result = lint(copy)  # stops before it prints its table
    finally:
        path.unlink()
        if path.name == "__init__.py":
            shutil.rmtree(path.parent)
    assert result.returncode != 0
    assert module(file).rpartition(".")[2] in result.stdout


def modules_of(tree: ast.Module) -> set[str]:
    """Return the modules that a module imports, also for types alone and inside functions."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return found


def knows_shell(source: str) -> bool:
    return any(name.startswith("skillviewer.ui.shell") for name in modules_of(ast.parse(source)))


def test_nothing_below_the_shell_knows_the_window_even_for_types() -> None:
    folder = ROOT / "skillviewer" / "ui"
    below = [path for path in folder.rglob("*.py") if path.parent != folder and path.parent.name != "shell"]
    assert len(below) > 90
    assert [str(path.relative_to(folder)) for path in below if knows_shell(path.read_text())] == []


def test_an_import_for_types_alone_is_found() -> None:
    planted = "if TYPE_CHECKING:\n    from skillviewer.ui.shell.main_window import MainWindow\n"
    assert knows_shell(planted)
    assert not knows_shell("from skillviewer.ui.session.app_context import AppContext")
