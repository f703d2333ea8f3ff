"""Cost of the main jobs beside other busy processes: CPU seconds and wall time.

    python -m benchmarks.contention [--beside 0 2 8] [--jobs control assess evidence report epoch finetune]
                                    [--package FOLDER]

Every job is a command of its own, as the user gives it: a video of the sample study assessed from the file (no features
are kept), the table of its evidence, its report, one epoch of training on cached features of six videos, and two epochs
of fine-tuning on the same. The control multiplies matrices in one thread that waits for nobody: its ratio is that of
the computer alone, whose cores share caches and may be halves of one core. The others are loops that never wait. The
fair share of a job is what it would get if each process got the same: its CPU seconds with none beside it, times the
number of processes, divided by the cores.
``--package`` measures another checkout, for a comparison.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from skillviewer.core.paths import HOME_VARIABLE, resources_dir

SAMPLE = resources_dir() / "sample_study"
NAMES = ("000", "001", "003", "004", "005", "006")
JOBS = ("control", "assess", "evidence", "report", "epoch", "finetune")
LIMIT = 1.3
CONTROL = """
import numpy as np
product = np.random.default_rng(0).random((600, 600))
for _ in range(800):
    product = product @ product / 600 % 1
"""


@contextmanager
def busy(n: int) -> Iterator[None]:
    """Run n processes that never wait."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(n)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


class Jobs:
    """The commands, on files of their own."""

    def __init__(self, folder: Path, package: Path) -> None:
        self._folder = folder
        self._environment = {**os.environ, HOME_VARIABLE: str(folder / "home"), "PYTHONPATH": str(package)}
        self._data = folder / "data"
        self._data.mkdir()
        for name in NAMES:
            shutil.copy(SAMPLE / "videos" / f"{name}.mp4", self._data)
        rows = (SAMPLE / "votes.csv").read_text(encoding="utf-8").splitlines()
        columns = rows[0].split(",")
        sides = [columns.index("left"), columns.index("right")]
        kept = [row for row in rows[1:] if all(row.split(",")[side] in NAMES for side in sides)]
        (folder / "votes.csv").write_text("\n".join([rows[0], *kept]) + "\n", encoding="utf-8")
        pairs = (SAMPLE / "pairs.csv").read_text(encoding="utf-8").splitlines()
        kept = [row for row in pairs[1:] if all(part in NAMES for part in row.split(",")[:2])]
        (self._data / "pairs.csv").write_text("\n".join([pairs[0], *kept]) + "\n", encoding="utf-8")

    def _run(self, *arguments: str | Path) -> None:
        command = [sys.executable, "-m", "skillviewer", *map(str, arguments)]
        ended = subprocess.run(
            command, env=self._environment, capture_output=True, text=True, cwd=self._folder, check=False
        )
        if ended.returncode:
            raise SystemExit(f"{' '.join(command)}\n{ended.stderr}")

    def prepare(self, names: list[str]) -> None:
        """Compile the flow kernels, and compute what single jobs start from."""
        self.do("assess")
        if {"epoch", "finetune"} & {*names}:
            self.do("epoch")  # its features are cached now
        if "finetune" in names:
            study = self._folder / "study.skillstudy"
            self._run("study", "create", study, self._data)
            self._run("study", "import", study, self._folder / "votes.csv")

    def do(self, name: str) -> None:
        """Do a job."""
        if name == "control":
            subprocess.run([sys.executable, "-c", CONTROL], check=True, env=os.environ | {"OPENBLAS_NUM_THREADS": "1"})
            return
        video, out, home = self._data / f"{NAMES[0]}.mp4", self._folder / "out", self._folder / "home" / "cache"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        if name in {"assess", "evidence", "report"}:
            for kept in ("features", "analyses", "evidence"):
                (home / kept).rename(out / kept) if (home / kept).is_dir() else None
        try:
            if name == "assess":
                self._run("score", video)
            elif name == "evidence":
                self._run("export", "table", "evidence", video, "-o", out / "evidence.csv", "--passes", "1")
            elif name == "report":
                self._run("export", "report", "why", video, "-o", out / "report.pdf", "--passes", "1")
            elif name == "epoch":
                options = ["--epochs", "1", "--select", "last", "--candidates", "1"]
                self._run("train", self._data, "-o", out / "model", *options)
            else:
                study = out / "study.skillstudy"
                shutil.copy(self._folder / "study.skillstudy", study)
                self._run("finetune", study, "-o", out / "tuned", "--epochs", "2", "--by", "video", "--candidates", "1")
        finally:
            for kept in ("features", "analyses", "evidence"):
                if (out / kept).is_dir():
                    shutil.rmtree(home / kept, ignore_errors=True)
                    (out / kept).rename(home / kept)


def measure(jobs: Jobs, name: str) -> tuple[float, float]:
    """Return CPU seconds and wall time of a job."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    jobs.do(name)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu_s, time.perf_counter() - started


def main() -> None:
    """Parse and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--beside", type=int, nargs="+", default=[0, 2, 8])
    parser.add_argument("--jobs", nargs="+", choices=JOBS, default=list(JOBS))
    parser.add_argument("--package", type=Path, default=Path.cwd())
    args = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    print(f"{cores} cores, load {os.getloadavg()[0]:.1f} before; limits: CPU {LIMIT}, wall {LIMIT} of the fair share")
    with tempfile.TemporaryDirectory(prefix="contention-") as name:
        jobs = Jobs(Path(name), args.package.absolute())
        jobs.prepare(args.jobs)
        print(f"{'job':<10} {'beside':>6} {'CPU s':>7} {'ratio':>6} {'wall s':>7} {'of fair share':>13}")
        for job in args.jobs:
            alone = None
            for n in args.beside:
                with busy(n):
                    cpu_s, wall_s = measure(jobs, job)
                alone = (cpu_s, wall_s) if alone is None else alone
                fair_s = max(alone[1], alone[0] * (n + 1) / cores)
                ratios = f"{cpu_s / alone[0]:6.2f} {wall_s:7.1f} {wall_s / fair_s:13.2f}"
                print(f"{job:<10} {n:>6} {cpu_s:7.1f} {ratios}", flush=True)


if __name__ == "__main__":
    main()
