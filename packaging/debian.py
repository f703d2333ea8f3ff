"""Build a Debian package of the frozen program: menu entry, icon, file types, and a man page made of the help.

    python packaging/debian.py [--program build/frozen/SkillViewer] [--out build]

``make deb`` freezes the program first. Needs dpkg-deb; lintian, where it is installed, must find no error.
"""

import argparse
import gzip
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from skillviewer.cli.main import cli
from skillviewer.core.version import __version__

ROOT = Path(__file__).resolve().parents[1]


def _author() -> str:
    """Return the name of the first author in CITATION.cff."""
    said = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    found = re.search(r"^authors:\n  - name: (.+)$", said, re.MULTILINE)
    if found is None:
        raise SystemExit("CITATION.cff names no author.")
    return found[1]


LINUX = ROOT / "packaging" / "linux"
NAME = "skillviewer"
DATE = "Thu, 01 Jan 2026 00:00:00 +0000"
MAINTAINER = f"{_author()} <{os.environ.get('DEBEMAIL', 'unknown@skillviewer.invalid')}>"
"""Author of CITATION.cff; the project has no address, so a domain that cannot exist stands for it (RFC 2606)."""
DEPENDS = "libegl1, libgl1, libxkbcommon-x11-0, libxcb-cursor0, libdbus-1-3, libfontconfig1, libportaudio2"
OVERRIDES = [
    "embedded-library",
    "unstripped-binary-or-object",
    "unstripped-static-library",
    "hardening-no-pie",
    "hardening-no-relro",
    "custom-library-search-path",
    "shared-library-is-executable",
    "shared-library-lacks-prerequisites",
    "sharedobject-in-library-directory-missing-soname",
    "library-not-linked-against-libc",
    "binary-or-shlib-defines-rpath",
    "executable-stack-in-shared-library",
    "executable-not-elf-or-script",
    "script-not-executable",
    "missing-dependency-on-libc",
    "package-installs-python-bytecode",
    "extra-license-file",
    "package-contains-documentation-outside-usr-share-doc",
    "arch-dependent-file-not-in-arch-specific-directory",
]
"""Tags of lintian about the libraries that the frozen program brings, as their makers built them."""


def man_page() -> str:
    """Return the man page: the help of every command, in the form of man(7)."""
    lines = [f'.TH SKILLVIEWER 1 "2026" "SkillViewer {__version__}" "User Commands"', ".SH NAME"]
    lines += ["skillviewer \\- assess manipulation skill from video, and see why", ".SH SYNOPSIS"]
    lines += [".B skillviewer", "[FILES]... | COMMAND [ARGS]...", ".SH DESCRIPTION", *_paragraphs(cli.help or "")]
    lines.append(".SH COMMANDS")
    for path, command in _commands(cli, ()):
        lines += [f".SS {_escaped(' '.join(('skillviewer', *path)))}", *_paragraphs(command.help or "")]
        context = click.Context(command, info_name=path[-1])
        for parameter in command.params:
            record = parameter.get_help_record(context)
            if record is not None:
                lines += [".TP", f".B {_escaped(record[0])}", *(_escaped(record[1]).splitlines() or ["\\&"])]
    return "\n".join(lines) + "\n"


def _commands(group: click.Group, before: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None and not command.hidden:
            yield (*before, name), command
            if isinstance(command, click.Group):
                yield from _commands(command, (*before, name))


def _escaped(text: str) -> str:
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^(?=[.'])", r"\\&", escaped, flags=re.MULTILINE)


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in text.replace("\b", "").split("\n\n"):
        yield ".PP"
        yield from _escaped(" ".join(paragraph.split())).splitlines()


def _zipped(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))


def stage(program: Path, folder: Path) -> None:
    """Lay out the files of the package below a folder."""
    library, share = folder / "usr" / "lib" / NAME, folder / "usr" / "share"
    library.parent.mkdir(parents=True)
    shutil.copytree(program, library, symlinks=True)
    _without_wrong_interpreter(library)
    (folder / "usr" / "bin").mkdir()
    (folder / "usr" / "bin" / NAME).symlink_to(f"../lib/{NAME}/{NAME}")
    for source, place in (
        (LINUX / f"{NAME}.desktop", share / "applications" / f"{NAME}.desktop"),
        (LINUX / f"{NAME}-mime.xml", share / "mime" / "packages" / f"{NAME}.xml"),
        (
            ROOT / "resources" / "icons" / f"{NAME}.svg",
            share / "icons" / "hicolor" / "scalable" / "apps" / f"{NAME}.svg",
        ),
    ):
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, place)
    _zipped(share / "man" / "man1" / f"{NAME}.1.gz", man_page())
    about = share / "doc" / NAME
    head, signature = f"{NAME} ({__version__}) unstable; urgency=medium", f" -- {MAINTAINER}  {DATE}"
    change = f"{head}\n\n  * See CHANGELOG.md of the source.\n\n{signature}\n"
    _zipped(about / "changelog.gz", change)
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    licence = "On Debian systems the Apache License 2.0 is in /usr/share/common-licenses/Apache-2.0.\n"
    (about / "copyright").write_text(f"{notice}\n{licence}", encoding="utf-8")
    overrides = share / "lintian" / "overrides" / NAME
    overrides.parent.mkdir(parents=True)
    overrides.write_text("".join(f"{NAME}: {tag}\n" for tag in OVERRIDES))
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            runs = path.is_dir() or path.stat().st_mode & 0o111
            path.chmod(0o755 if runs else 0o644)


def _is_elf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def _without_wrong_interpreter(library: Path) -> None:
    """Remove first lines that name an interpreter which exists nowhere, as torch has them in modules."""
    for path in library.rglob("*.py"):
        lines = path.read_bytes()
        if lines.startswith(b"#!/usr/bin/env/"):
            path.write_bytes(lines.partition(b"\n")[2])


def libc_needed(folder: Path) -> str:
    """Return the dependency on the C library: the newest of its versions that a binary below a folder names."""
    versions = {0}
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink() and _is_elf(path):
            versions |= {int(found) for found in re.findall(rb"GLIBC_2\.(\d+)", path.read_bytes())}
    newest = max(versions)
    return f"libc6 (>= 2.{newest})" if newest else "libc6"


def build(program: Path, out: Path) -> Path:
    """Build the package of a frozen program and return its path."""
    kind = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True).stdout.strip()
    package = out / f"{NAME}_{__version__}_{kind}.deb"
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=out) as name:
        folder = Path(name) / "package"
        stage(program, folder)
        files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
        size_kb = sum(path.stat().st_size for path in files) // 1024
        depends = f"{libc_needed(folder)}, {DEPENDS}"
        (folder / "DEBIAN").mkdir(mode=0o755)
        (folder / "DEBIAN" / "control").write_text(
            f"Package: {NAME}\nVersion: {__version__}\nArchitecture: {kind}\nMaintainer: {MAINTAINER}\n"
            f"Installed-Size: {size_kb}\nDepends: {depends}\nSection: science\nPriority: optional\n"
            "Description: assess manipulation skill from video\n"
            " SkillViewer scores how skilfully a task was done in a video, shows where a\n"
            " model looked and when it went well or badly, and ranks videos by the votes\n"
            " of raters. Nothing leaves the computer.\n"
        )
        command = ["dpkg-deb", "--root-owner-group", "-Zxz", "-z1", "--build", str(folder), str(package)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return package


def lint(package: Path) -> list[str]:
    """Return the errors that lintian finds in a package."""
    command = ["lintian", "--tag-display-limit", "0", "--fail-on", "none", "--allow-root", str(package)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return [line for line in found.stdout.splitlines() if line.startswith("E:")] or found.stderr.splitlines()[-3:]


def main() -> int:
    """Build the package and check it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--program", type=Path, default=ROOT / "build" / "frozen" / "SkillViewer")
    parser.add_argument("--out", type=Path, default=ROOT / "build")
    given = parser.parse_args()
    if not (given.program / NAME).is_file():
        print(f"There is no frozen program in {given.program}: run packaging/freeze.py first.", file=sys.stderr)
        return 1
    package = build(given.program, given.out)
    print(f"{package}  {package.stat().st_size / 1e6:.0f} MB")
    if shutil.which("lintian") is None:
        print("lintian is not installed: the package is not checked.", file=sys.stderr)
        return 0
    errors = lint(package)
    print("\n".join(errors) or "lintian finds no error.")
    return 1 if errors else 0


if __name__ == "__main__":
    raise SystemExit(main())
