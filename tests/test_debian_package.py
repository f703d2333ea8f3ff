"""The Debian package: sound by lintian, with a man page of every command; it opens a window, and leaves nothing."""

import gzip
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
NEEDED = ("dpkg-deb", "dpkg", "lintian", "Xvfb")
MISSING = [name for name in NEEDED if shutil.which(name) is None]
needs_debian = pytest.mark.skipif(bool(MISSING), reason=f"needs {', '.join(MISSING)}")


def debian() -> ModuleType:
    spec = importlib.util.spec_from_file_location("debian", ROOT / "packaging" / "debian.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_man_page_names_every_command_and_option() -> None:
    page = debian().man_page()
    for name in ("skillviewer score", "skillviewer study ranking", "skillviewer export clip", "skillviewer forget"):
        assert f".SS {name.replace('-', chr(92) + '-')}\n" in page
    assert ".B \\-\\-passes INTEGER RANGE" in page
    assert not [line for line in page.splitlines() if line.startswith("'")]


def test_the_package_needs_the_newest_c_library_that_a_binary_names(tmp_path: Path) -> None:
    made = debian()
    (tmp_path / "script").write_bytes(b"#!/bin/sh\nGLIBC_2.99")
    assert made.libc_needed(tmp_path) == "libc6"
    (tmp_path / "a.so").write_bytes(b"\x7fELF..GLIBC_2.4\0GLIBC_2.34\0GLIBC_2.17")
    assert made.libc_needed(tmp_path) == "libc6 (>= 2.34)"


def test_the_maintainer_is_the_author_of_the_citation() -> None:
    name = debian().MAINTAINER.partition(" <")[0]
    assert f"- name: {name}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


@needs_debian
@pytest.mark.slow
def test_the_package_is_installed_opened_and_removed(tmp_path: Path) -> None:
    """A stand-in for the frozen program, which takes minutes to build: ``make deb`` checks the real one."""
    program, root = tmp_path / "SkillViewer", tmp_path / "root"
    program.mkdir()
    start = program / "skillviewer"
    start.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m skillviewer "$@"\n')
    start.chmod(0o755)
    made = debian()
    package = made.build(program, tmp_path)
    assert made.lint(package) == []
    (root / "var" / "lib" / "dpkg" / "info").mkdir(parents=True)
    (root / "var" / "lib" / "dpkg" / "status").touch()
    dpkg = ["dpkg", f"--root={root}", f"--log={tmp_path / 'dpkg.log'}", "--force-depends", "--force-not-root"]
    subprocess.run([*dpkg, "--install", str(package)], check=True, capture_output=True)
    page = gzip.decompress((root / "usr/share/man/man1/skillviewer.1.gz").read_bytes())
    assert b".TH SKILLVIEWER 1" in page
    for name in ("applications/skillviewer.desktop", "mime/packages/skillviewer.xml"):
        assert (root / "usr" / "share" / name).is_file()
    environment = {key: value for key, value in os.environ.items() if key != "QT_QPA_PLATFORM"}
    environment |= {"SKILLVIEWER_HOME": str(tmp_path / "home"), "QT_QPA_PLATFORM": "xcb"}
    screen = ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"]
    with subprocess.Popen(screen, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            environment["DISPLAY"] = f":{server.stdout.readline().strip()}"
            command = [str(root / "usr" / "bin" / "skillviewer"), "doctor", "--try"]
            opened = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        finally:
            server.terminate()
    assert opened.returncode == 0, opened.stdout + opened.stderr
    subprocess.run([*dpkg, "--purge", "skillviewer"], check=True, capture_output=True)
    left = [path for path in (root / "usr").rglob("*") if not path.is_dir()] if (root / "usr").exists() else []
    assert left == []
