"""Build the wheel, install it into clean environments, and check that it works outside of the checkout.

    python packaging/check_wheel.py [--dependencies SITE_PACKAGES] [--python PYTHON]... [--every-python]

pip installs the program's dependencies. With ``--dependencies`` those of another environment are used instead, and only
the wheel is installed, which saves minutes and needs no network. ``--every-python`` checks one interpreter of each
supported version that this computer has, and prints a table at the end.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OLDEST, NEWEST = 11, 13
"""Minor versions of Python 3 that are looked for."""
WANTED = (
    "skillviewer/_bundled/resources/icons/skillviewer.svg",
    "skillviewer/_bundled/resources/sample_study/pairs.csv",
    "skillviewer/_bundled/resources/judging/page.html",
    "skillviewer/_bundled/models/sample-sharp/weights.safetensors",
    "skillviewer/_bundled/models/efficientnet-lite0/",
    "skillviewer/_bundled/models/faces-yunet/LICENSE",
    "skillviewer/_bundled/models/hands/LICENSE",
    "skillviewer/_bundled/docs/data.md",
    "skillviewer/_bundled/docs/intended-use.md",
)


def run(command: list[str | Path], **how: object) -> None:
    """Print and run a command."""
    print("$", *command, flush=True)
    subprocess.run([str(word) for word in command], check=True, **how)  # type: ignore[call-overload]


def interpreters() -> list[Path]:
    """Return one interpreter of each supported version on this computer, those of pyenv included."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = []
    for minor in range(OLDEST, NEWEST + 1):
        built = sorted(versions.glob(f"3.{minor}.*/bin/python3.{minor}"))
        on_path = shutil.which(f"python3.{minor}")
        places = [*built, *([Path(on_path)] if on_path is not None else [])]
        found += next(([place] for place in places if _runs(place, minor)), [])
    return found


def _runs(python: Path, minor: int) -> bool:
    """Return whether an interpreter is of a version and can make environments (Debian's cannot, as it comes)."""
    wanted = f"import sys, ensurepip, venv; raise SystemExit(sys.version_info[:2] != (3, {minor}))"
    return subprocess.run([python, "-c", wanted], capture_output=True, check=False).returncode == 0


def build(folder: Path) -> Path | None:
    """Build the wheel into a folder and return its path; None if its content is wrong."""
    run([sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "--wheel-dir", folder, ROOT])
    (wheel,) = folder.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    missing = [wanted for wanted in WANTED if not any(name.startswith(wanted) for name in names)]
    strange = [name for name in names if name.startswith(("tests/", "benchmarks/", "docs/"))]
    print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB, {len(names)} files")
    if missing or strange:
        print(f"missing from the wheel: {missing}; unexpected in the wheel: {strange[:5]}")
        return None
    return wheel


def check(python: Path, wheel: Path, folder: Path, dependencies: Path | None) -> None:
    """Install the wheel into a new environment of an interpreter, and try it; a failure raises."""
    run([python, "-m", "venv", folder / "clean"])
    scripts = folder / "clean" / ("Scripts" if sys.platform == "win32" else "bin")
    lent = ["--no-deps"] if dependencies is not None else []
    run([scripts / "python", "-m", "pip", "install", "--quiet", *lent, wheel])
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment |= {"SKILLVIEWER_HOME": str(folder / "home"), "QT_QPA_PLATFORM": "offscreen"}
    if dependencies is not None:
        environment["PYTHONPATH"] = str(dependencies.resolve())
    where = "import skillviewer; print(skillviewer.__file__)"
    run([scripts / "python", "-c", where], cwd=folder, env=environment)
    run([scripts / "skillviewer", "doctor", "--try"], cwd=folder, env=environment)


def main() -> int:
    """Build, install and check the wheel."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--dependencies", type=Path, help="site-packages of an environment with the dependencies.")
    parser.add_argument("--python", type=Path, action="append", help="Interpreter to check with; repeatable.")
    parser.add_argument("--every-python", action="store_true", help="Check with every supported version found here.")
    given = parser.parse_args()
    pythons = [*(given.python or []), *(interpreters() if given.every_python else [])] or [Path(sys.executable)]
    results = {}
    with tempfile.TemporaryDirectory(prefix="skillviewer wheel ") as scratch:
        wheel = build(Path(scratch))
        if wheel is None:
            return 1
        for number, python in enumerate(pythons):
            folder = Path(scratch) / str(number)
            folder.mkdir()
            version = subprocess.run([python, "--version"], capture_output=True, text=True, check=True).stdout.strip()
            try:
                check(python, wheel, folder, given.dependencies)
                results[f"{version} ({python})"] = "works"
            except subprocess.CalledProcessError as error:
                results[f"{version} ({python})"] = (
                    f"fails with {error.returncode} in {' '.join(map(str, error.cmd))[:200]}"
                )
            shutil.rmtree(folder, ignore_errors=True)  # gigabytes
    for python_name, outcome in results.items():
        print(f"{python_name}: the wheel {outcome}.")
    return 0 if all(outcome == "works" for outcome in results.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
