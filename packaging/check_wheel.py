"""Build the wheel, install it into a clean environment, and check that it works outside of the checkout.

    python packaging/check_wheel.py [--dependencies SITE_PACKAGES]

pip installs the program's dependencies. With ``--dependencies`` those of another environment are used instead, and only
the wheel is installed, which saves minutes and needs no network.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WANTED = (
    "skillviewer/_bundled/resources/icons/skillviewer.svg",
    "skillviewer/_bundled/resources/sample_study/pairs.csv",
    "skillviewer/_bundled/models/sample-full/weights.safetensors",
    "skillviewer/_bundled/models/efficientnet-lite0/",
    "skillviewer/_bundled/models/faces-yunet/LICENSE",
    "skillviewer/_bundled/docs/data.md",
)


def run(command: list[str | Path], **how: object) -> None:
    """Print and run a command."""
    print("$", *command, flush=True)
    subprocess.run([str(word) for word in command], check=True, **how)  # type: ignore[call-overload]


def main() -> int:
    """Build, install and check the wheel."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--dependencies", type=Path, help="site-packages of an environment with the dependencies.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="skillviewer wheel ") as scratch:
        folder = Path(scratch)
        run([sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "--wheel-dir", folder, ROOT])
        (wheel,) = folder.glob("*.whl")
        names = zipfile.ZipFile(wheel).namelist()
        missing = [wanted for wanted in WANTED if not any(name.startswith(wanted) for name in names)]
        strange = [name for name in names if name.startswith(("tests/", "benchmarks/", "docs/"))]
        print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB, {len(names)} files")
        if missing or strange:
            print(f"missing from the wheel: {missing}; unexpected in the wheel: {strange[:5]}")
            return 1
        run([sys.executable, "-m", "venv", folder / "clean"])
        scripts = folder / "clean" / ("Scripts" if sys.platform == "win32" else "bin")
        lent = ["--no-deps"] if given.dependencies is not None else []
        run([scripts / "python", "-m", "pip", "install", "--quiet", *lent, wheel])
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        environment |= {"SKILLVIEWER_HOME": str(folder / "home"), "QT_QPA_PLATFORM": "offscreen"}
        if given.dependencies is not None:
            environment["PYTHONPATH"] = str(given.dependencies.resolve())
        where = "import skillviewer; print(skillviewer.__file__)"
        run([scripts / "python", "-c", where], cwd=folder, env=environment)
        run([scripts / "skillviewer", "doctor", "--try"], cwd=folder, env=environment)
    print("The wheel works.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
