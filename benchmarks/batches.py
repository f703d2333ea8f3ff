"""Batches under attack: killed workers, a full disk, two collectors, and a restart over what is finished.

    python -m benchmarks.batches [--units 10000] [--kills 1000] [--finished 10000] [--collected 300] [--jobs 2]

The units of the first two parts are made for the purpose: each writes a few kilobytes in pieces, as slowly as a result.
Workers are killed at random, in the middle of anything. The disk is a small file system in memory, which needs root.
Restart and collectors use the program's own command and result files, of one analysis of the sample study.
"""

import argparse
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from skillviewer.core.atomic_write import atomic_export
from skillviewer.core.paths import resources_dir, safe_name
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.data.analysis_file import load_analysis
from skillviewer.data.result_file import save_result
from skillviewer.data.study import Study
from skillviewer.engine.runtime.processes import JobResult
from skillviewer.engine.runtime.workers import Workers, map_on_workers
from skillviewer.engine.scoring.units import ResultFolder, Scoring, ScoringUnit, result_name
from skillviewer.nets.model_library import DEFAULT_MODEL, checkpoint_digest, model_folder

PIECES, PIECE = 4, bytes(1024)
ANALYSIS = resources_dir() / "sample_study" / "analyses" / "000.analysis.npz"


@dataclass(frozen=True)
class Made:
    """A unit made for the purpose, and the folder of its result."""

    number: int
    folder: Path

    @property
    def path(self) -> Path:
        """The result file."""
        return self.folder / f"{self.number}.result"

    @property
    def whole(self) -> bool:
        """True if the result is there, and is the one asked for."""
        return self.path.is_file() and self.path.read_bytes() == PIECE * PIECES + str(self.number).encode()


def make(pause_s: float, unit: Made, _token: CancelToken, _report: Report) -> int:
    """Write a result in pieces."""
    with atomic_export(unit.path, overwrite=True, durable=False) as temp_path, temp_path.open("wb") as file:
        for _ in range(PIECES):
            file.write(PIECE)
            file.flush()
            time.sleep(pause_s)
        file.write(str(unit.number).encode())
    return unit.number


def run(units: list[Made], workers: Workers, pause_s: float = 0.0) -> tuple[list[int], list[int]]:
    """Do the units that are not done, and return the numbers of those that succeeded and failed now."""
    todo = [unit for unit in units if not unit.whole]
    succeeded: list[int] = []
    failed: list[int] = []

    def finished(index: int, outcome: JobResult[int]) -> None:
        (failed if outcome.result is None else succeeded).append(todo[index].number)

    def nothing(_index: int, _progress: Progress) -> None:
        pass

    map_on_workers(partial(make, pause_s), todo, workers, CancelToken(), nothing, finished)
    return succeeded, failed


def kill_at_random(n: int, ended: threading.Event, killed: list[int]) -> None:
    """Kill one of the children of this process after the other."""
    draw = random.Random(0)
    while len(killed) < n and not ended.is_set():
        children = multiprocessing.active_children()
        if children:
            victim = draw.choice(children)
            victim.kill()
            killed.append(victim.pid or 0)
        ended.wait(draw.uniform(0.0, 0.4))


def kills(n_units: int, n_kills: int, jobs: int) -> None:
    """Kill workers until all units are done."""
    with tempfile.TemporaryDirectory() as name:
        units = [Made(number, Path(name)) for number in range(n_units)]
        ended, killed = threading.Event(), list[int]()
        killer = threading.Thread(target=kill_at_random, args=(n_kills, ended, killed))
        killer.start()
        started, runs, told = time.perf_counter(), 0, list[int]()
        while not all(unit.whole for unit in units):
            succeeded, _ = run(units, Workers(max(2, jobs)), 0.005)
            told += succeeded
            runs += 1
        ended.set()
        killer.join()
        lost = sum(not unit.whole for unit in units)
        double = len(told) - len(set(told)) + len(list(Path(name).glob("*.result"))) - n_units
        seconds = time.perf_counter() - started
    print(
        f"{n_units} units, {len(killed)} kills, {runs} runs, {seconds:.0f} s: {lost} lost, {double} double", flush=True
    )


def full_disk() -> None:
    """Fill a small file system, make room, and go on."""
    with tempfile.TemporaryDirectory() as name:
        mounted = (
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", name], check=False).returncode == 0
        )
        if not mounted:
            print("full disk: not run, since no file system can be mounted")
            return
        try:
            units = [Made(number, Path(name)) for number in range(300)]
            _, failed = run(units, Workers(1))
            half = [path for path in Path(name).iterdir() if path.suffix == ".result" and path.stat().st_size < 4096]
            subprocess.run(["mount", "-o", "remount,size=16m", name], check=True)
            _, again = run(units, Workers(1))
            lost = sum(not unit.whole for unit in units)
        finally:
            subprocess.run(["umount", name], check=True)
    print(
        f"full disk: {len(failed)} of 300 failed, {len(half)} half written; with room {len(again)} failed, {lost} lost"
    )


def fabricate(folder: Path, n: int) -> tuple[Scoring, list[ScoringUnit]]:
    """Make n small files in place of videos, with finished results that differ in the digest of the video alone."""
    model = model_folder(DEFAULT_MODEL)
    scoring = Scoring(model.absolute(), checkpoint_digest(model), folder=folder / "out")
    (folder / "videos").mkdir()
    (folder / "out").mkdir()
    analysis, units = load_analysis(ANALYSIS), []
    for number in range(n):
        path = folder / "videos" / f"{number:05}.mp4"
        path.write_bytes(str(number).encode())
        units.append(ScoringUnit(path))
    for number, unit in enumerate(units):
        content = f"{number:064x}"
        own = replace(analysis, video=replace(analysis.video, path=unit.path, digest=content))
        save_result(own, folder / "out" / result_name(safe_name(unit.path.stem), content), scoring.key(unit), content)
    found = ResultFolder(scoring)
    assert all(found.find(unit) for unit in units)
    return scoring, units


def restart(n: int) -> None:
    """Start again over finished units, by the command."""
    with tempfile.TemporaryDirectory() as name:
        scoring, units = fabricate(Path(name), n)
        command = [
            sys.executable,
            "-m",
            "skillviewer",
            "score",
            str(Path(name) / "videos"),
            "--out",
            str(scoring.folder),
        ]
        started, cpu = time.perf_counter(), os.times()
        ended = subprocess.run(command, capture_output=True, text=True, check=True)
        wall_s, after = time.perf_counter() - started, os.times()
        lines = len(ended.stdout.splitlines())
    cpu_s = after.children_user + after.children_system - cpu.children_user - cpu.children_system
    print(f"restart over {len(units)} finished units: {wall_s:.1f} s, {cpu_s:.1f} CPU s, {lines} scores printed")


def collectors(n: int) -> None:
    """Let two processes collect the same results into one study."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scoring, units = fabricate(folder, min(n, 1000))
        with Study.create(folder / "study") as made:
            study = made.path
        command = [sys.executable, "-m", "skillviewer", "score", str(folder / "videos"), "--out", str(scoring.folder)]
        environment = {**os.environ, "SKILLVIEWER_HOME": str(folder / "home")}
        both = [
            subprocess.Popen([*command, "--into", study], env=environment, stdout=subprocess.DEVNULL) for _ in (1, 2)
        ]
        codes = sorted(one.wait() for one in both)
        last = subprocess.run([*command, "--into", study], env=environment, check=False, capture_output=True, text=True)
        with Study.open(study, read_only=True) as opened:
            n_videos, n_scores = len(opened.videos.all()), len(opened.models.scores(scoring.digest))
    print(
        f"two collectors of {len(units)} results: exit codes {codes}, then {last.returncode}; in the study {n_videos}"
    )
    print(f"videos and {n_scores} scores; the last said: {last.stderr.strip().splitlines()[-1]}")


def main() -> None:
    """Parse and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=1_000)
    parser.add_argument("--finished", type=int, default=10_000)
    parser.add_argument("--collected", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    restart(args.finished)
    full_disk()
    collectors(args.collected)
    kills(args.units, args.kills, args.jobs)


if __name__ == "__main__":
    main()
