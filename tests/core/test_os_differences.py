"""The branches for other operating systems, on stand-ins for their modules, and those for this one as they are."""

import ctypes
import errno
import os
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from skillviewer.core import os_differences


def refuse(number: int) -> Any:
    def locking(*_args: object) -> None:
        raise OSError(number, os.strerror(number))

    return locking


def windows(monkeypatch: pytest.MonkeyPatch, locking: Any) -> None:
    module: Any = ModuleType("msvcrt")
    module.LK_NBLCK, module.locking = 2, locking
    monkeypatch.setitem(sys.modules, "msvcrt", module)
    monkeypatch.setattr(sys, "platform", "win32")


def test_a_lock_on_windows_is_one_byte_far_behind_the_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int, int]] = []
    windows(monkeypatch, lambda *given: asked.append(given))
    with (tmp_path / "lock").open("w") as file:
        assert os_differences.try_lock(file.fileno())
        assert asked == [(file.fileno(), 2, 1)]
        assert os.lseek(file.fileno(), 0, os.SEEK_CUR) == os_differences.LOCKED_OFFSET
        windows(monkeypatch, refuse(errno.EACCES))
        assert not os_differences.try_lock(file.fileno())
        windows(monkeypatch, refuse(errno.EDEADLK))
        assert not os_differences.try_lock(file.fileno())
        windows(monkeypatch, refuse(errno.EINVAL))
        with pytest.raises(OSError, match="Invalid") as raised:
            os_differences.try_lock(file.fileno())
        assert os_differences.means_no_locks(raised.value)
    assert not os_differences.can_remove_open_files()


def test_a_second_holder_on_this_system_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as first, (tmp_path / "lock").open("w") as second:
        assert os_differences.try_lock(first.fileno())
        assert not os_differences.try_lock(second.fileno())
    assert os_differences.can_remove_open_files()


@pytest.mark.parametrize("name", ["win32", "darwin"])
def test_other_systems_give_no_short_turns(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", name)
    assert not os_differences.request_short_time_slices()


def test_drives_of_other_computers_on_each_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert os_differences.on_network_drive(Path("/Volumes/share/studies"))
    assert not os_differences.on_network_drive(tmp_path)
    monkeypatch.setattr(sys, "platform", "win32")
    for kind, remote in ((3, False), (4, True)):
        kernel = SimpleNamespace(GetDriveTypeW=lambda _anchor, kind=kind: kind)
        monkeypatch.setattr(ctypes, "windll", SimpleNamespace(kernel32=kernel), raising=False)
        assert os_differences.on_network_drive(tmp_path) is remote
