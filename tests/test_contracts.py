"""Every import contract catches a violation that is planted for it: a rule that cannot fail is none."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

PLANTED = [
    ("core/video/info.py", "import skillviewer.media", "Imports point down"),
    ("media/__init__.py", "import skillviewer.nets", "Imports point down"),
    ("data/__init__.py", "import skillviewer.export", "Imports point down"),
    ("nets/__init__.py", "import skillviewer.data", "Imports point down"),
    ("engine/__init__.py", "import skillviewer.ui", "Imports point down"),
    ("ui/__init__.py", "import skillviewer.cli", "Imports point down"),
    ("helpers/__init__.py", "", "Imports point down"),
    ("engine/__init__.py", "import PySide6.QtCore", "Qt lives in ui"),
    ("export/__init__.py", "import pyqtgraph", "Qt lives in ui"),
    ("ui/__init__.py", "import torch", "torch lives in nets and engine"),
    ("core/__init__.py", "import torchvision", "torch lives in nets and engine"),
    ("engine/__init__.py", "import av", "PyAV, cv2 and numba live in media"),
    ("ui/__init__.py", "import cv2", "PyAV, cv2 and numba live in media"),
    ("engine/__init__.py", "import numba", "PyAV, cv2 and numba live in media"),
    ("engine/__init__.py", "import matplotlib", "matplotlib and what makes pages live in export"),
    ("export/__init__.py", "import openpyxl", "openpyxl lives in data"),
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


@pytest.mark.parametrize(("file", "line", "contract"), PLANTED)
def test_planted_violation_is_caught(copy: Path, file: str, line: str, contract: str) -> None:
    path = copy / "skillviewer" / file
    before = path.read_text() if path.exists() else None
    path.parent.mkdir(exist_ok=True)
    try:
        path.write_text((before or "") + f"\n{line}\n")
        result = lint(copy)
    finally:
        if before is None:
            shutil.rmtree(path.parent)
        else:
            path.write_text(before)
    assert result.returncode != 0
    # an unlisted folder stops the linter before it prints its table
    assert f"{contract} BROKEN" in result.stdout or (file.startswith("helpers") and "helpers" in result.stdout)


def test_panels_do_not_import_each_other(copy: Path) -> None:
    path = copy / "skillviewer" / "ui" / "inspecting" / "moments_panel.py"
    before = path.read_text()
    path.write_text(f"{before}\nimport skillviewer.ui.inspecting.notes_panel\n")
    try:
        result = lint(copy)
    finally:
        path.write_text(before)
    assert "No panel knows another BROKEN" in result.stdout
