"""Where things lie."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from skillviewer.core import paths

OWN = {"cache": paths.cache_dir, "data": paths.data_dir, "config": paths.config_dir, "log": paths.log_dir}


@pytest.mark.parametrize(("name", "place"), OWN.items())
def test_one_variable_moves_everything(
    name: str, place: Callable[[], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(paths.HOME_VARIABLE, str(tmp_path))
    assert place() == tmp_path / name


@pytest.mark.parametrize("place", OWN.values())
def test_without_it_the_system_decides(place: Callable[[], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(paths.HOME_VARIABLE, raising=False)
    assert place().is_absolute()
    assert "skillviewer" in str(place())


def test_asking_makes_no_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(paths.HOME_VARIABLE, str(tmp_path / "home"))
    for place in OWN.values():
        place()
    assert not (tmp_path / "home").exists()


def test_a_frozen_build_brings_its_own_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "resources").mkdir()
    (tmp_path / "models").mkdir()
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    assert paths.resources_dir() == tmp_path / "resources"
    assert paths.models_dir() == tmp_path / "models"


def test_a_wheel_brings_its_own_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bundled = tmp_path / "skillviewer" / "_bundled" / "models"
    bundled.mkdir(parents=True)
    monkeypatch.setattr(paths, "__file__", str(tmp_path / "skillviewer" / "core" / "places.py"))
    assert paths.models_dir() == bundled
    with pytest.raises(FileNotFoundError, match="resources"):
        paths.resources_dir()


def test_a_checkout_has_them_beside_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "resources").mkdir()
    monkeypatch.setattr(paths, "__file__", str(tmp_path / "skillviewer" / "core" / "places.py"))
    assert paths.resources_dir() == tmp_path / "resources"
