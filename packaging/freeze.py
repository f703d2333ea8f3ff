"""Build the frozen program with PyInstaller, and check that it starts, opens the sample study and exports a clip.

    python packaging/freeze.py [--out build/frozen] [--check-only]

Needs ``pip install -e .[freeze]``. Exits with 1 if a check fails, or if the program exceeds its size limit.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MAX_MB = 1350
"""Size limit of the program. It has 1,312 MB: torch 429, OpenCV 168, LLVM for the flow kernels 160, Qt 101."""
SHOWN = 12


def build(out: Path) -> None:
    """Build the program into a folder."""
    command = [sys.executable, "-m", "PyInstaller", str(ROOT / "packaging" / "skillviewer.spec"), "--noconfirm"]
    places = ["--distpath", str(out), "--workpath", str(out / "work"), "--log-level", "WARN"]
    subprocess.run([*command, *places], check=True, cwd=ROOT)


def weight(folder: Path) -> dict[str, float]:
    """Return megabytes by library, the largest first."""
    found: dict[str, float] = {}
    inside = folder / "_internal"
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            part = path.relative_to(inside).parts[0] if path.is_relative_to(inside) else path.name
            found[part] = found.get(part, 0.0) + path.stat().st_size / 1e6
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def check(folder: Path) -> bool:
    """Run the program without other software on the path; return whether all checks passed."""
    program = folder / ("skillviewer.exe" if sys.platform == "win32" else "skillviewer")
    with tempfile.TemporaryDirectory() as scratch:
        kept = {name: os.environ[name] for name in ("HOME", "LANG", "SYSTEMROOT", "TEMP") if name in os.environ}
        environment = kept | {
            "PATH": "/usr/bin:/bin",
            "SKILLVIEWER_HOME": str(Path(scratch) / "home"),
            "QT_QPA_PLATFORM": "offscreen",
        }
        sample = folder / "_internal" / "resources" / "sample_study" / "videos"
        clip = Path(scratch) / "a clip.mp4"
        video = min(sample.glob("*.mp4"))
        for arguments in (
            ["--version"],
            ["doctor", "--try"],
            ["export", "clip", str(video), "-o", str(clip), "--stop", "60", "--passes", "1"],
        ):
            print("$ skillviewer", *arguments, flush=True)
            ended = subprocess.run([str(program), *arguments], cwd=scratch, env=environment, check=False, timeout=1200)
            if ended.returncode != 0:
                print(f"exit status {ended.returncode}")
                return False
        return clip.stat().st_size > 10_000


def main() -> int:
    """Build, check and print the sizes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "frozen")
    parser.add_argument("--check-only", action="store_true", help="Check an earlier build.")
    given = parser.parse_args()
    folder = given.out / "SkillViewer"
    if not given.check_only:
        build(given.out)
    parts = weight(folder)
    total = sum(parts.values())
    for name, megabytes in list(parts.items())[:SHOWN]:
        print(f"{megabytes:8.1f} MB  {name}")
    print(f"{total:8.1f} MB  in total, limit {MAX_MB} MB")
    sound = check(folder) and total <= MAX_MB
    print("The frozen program works." if sound else "The frozen program does not work.")
    return 0 if sound else 1


if __name__ == "__main__":
    raise SystemExit(main())
