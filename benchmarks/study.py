"""Cost of a study, and its losses when the program is killed.

    python -m benchmarks.study open [--videos N] [--votes M]
    python -m benchmarks.study kill [--rounds R]

"open" makes a study and prints the CPU and wall time for opening it, listing its videos with their state, casting a
vote and a backup. "kill" lets a driver cast votes and kills it (-9) at random moments; after each it checks that the
study opens for writing, passes the integrity check, and has every vote that was acknowledged to the driver.
"""

import argparse
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.data.study import NewVideo, Study, Vote

ValueT = TypeVar("ValueT")


def drive(path: Path) -> None:
    """Cast votes forever; print the key of every stored vote, and "-key" of every withdrawn one."""
    with Study.open(path) as study:
        while True:
            vote = study.votes.cast(Vote("a", "b", Verdict.LEFT, "Ann"))
            _write_line(vote.key)
            if vote.id % 5 == 0:
                study.votes.withdraw(vote.id)
                _write_line(f"-{vote.key}")
            if vote.id % 7 == 0:
                study.back_up()


def _write_line(word: str) -> None:
    """Write a whole line at once: a kill must not cut it."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def serve(path: Path) -> None:
    """Start a process that drives for every line of stdin, so that a round costs a fork and not the imports."""
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            _write_line(f"driver {os.getpid()}")
            drive(path)
        os.waitpid(child, 0)
        _write_line("dead")


class VoteDriver:
    """A process that casts votes in a study until it is killed.

    Args:
        path: The study; it has the videos a and b.
    """

    def __init__(self, path: Path) -> None:
        command = [sys.executable, "-m", "benchmarks.study", "serve", str(path)]
        self._server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._server:
            assert self._server.stdin is not None
            self._server.stdin.close()

    def kill_after(self, delay_s: float) -> list[str]:
        """Let votes be cast, kill the driver, and return the acknowledged votes."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write("go\n")
        self._server.stdin.flush()
        number = int(self._server.stdout.readline().split()[1])
        time.sleep(delay_s)
        os.kill(number, signal.SIGKILL)
        kept = []
        while (line := self._server.stdout.readline().strip()) != "dead":
            kept.append(line)
        return kept


def losses(path: Path, acknowledged: list[str]) -> list[str]:
    """Return the faults of a study, given the acknowledged votes of all rounds."""
    with Study.open(path) as study:
        votes = {vote.key: vote for vote in study.votes.all()}
        wrong = ["it is read-only"] if study.read_only else []
    with closing(sqlite3.connect(path)) as connection:
        (sound,) = connection.execute("PRAGMA integrity_check").fetchone()
    wrong += [] if sound == "ok" else [sound]
    wrong += [f"vote {word} is lost" for word in acknowledged if word.strip("-") not in votes]
    return wrong + [
        f"withdrawal {word} is lost" for word in acknowledged if word[0] == "-" and votes[word[1:]].is_valid
    ]


def make_study(folder: Path, names: list[str]) -> Path:
    """Make a study of small files and return its path."""
    for name in names:
        (folder / f"{name}.mp4").write_bytes(f"video {name}".encode())
    with Study.create(folder / "benchmark") as study:
        study.videos.add([NewVideo(folder / f"{name}.mp4") for name in names])
        return study.path


def _timed(what: str, work: Callable[[], ValueT]) -> ValueT:
    cpu, wall = time.process_time(), time.perf_counter()
    value = work()
    print(f"{what:44} {1e3 * (time.process_time() - cpu):9.1f} ms CPU {1e3 * (time.perf_counter() - wall):9.1f} ms")
    return value


def measure(n_videos: int, n_votes: int) -> None:
    """Print the cost of opening and using a study."""
    with tempfile.TemporaryDirectory() as folder:
        names = [f"{i:04}" for i in range(n_videos)]
        path = make_study(Path(folder), names)
        chance = random.Random(0)
        with Study.open(path) as study:
            pairs = [chance.sample(names, 2) for _ in range(n_votes)]
            study.votes.import_votes([Vote(a, b, Verdict.LEFT, "Ann") for a, b in pairs])
        print(f"{n_videos} videos, {n_votes} votes, {path.stat().st_size / 2**20:.1f} MiB")
        study = _timed("open, with a backup of the changes", lambda: Study.open(path))
        study.close()
        study = _timed("open again", lambda: Study.open(path))
        _timed("videos with their state", study.videos.all)
        _timed("judgements", study.votes.judgements)
        _timed("scores of a model", lambda: study.models.scores("none"))
        _timed("a vote", lambda: study.votes.cast(Vote(names[0], names[1], Verdict.LEFT, "Ann")))
        _timed(
            "100 votes", lambda: [study.votes.cast(Vote(names[0], names[1], Verdict.LEFT, "Ann")) for _ in range(100)]
        )
        _timed("a backup", study.back_up)
        for name in names:
            (Path(folder) / f"{name}.mp4").rename(Path(folder) / f"moved {name}.mp4")
        _timed("videos with their state, all moved", study.videos.all)
        _timed("relinked", lambda: study.videos.relink(Path(folder)))
        study.close()


def kill(rounds: int) -> int:
    """Kill a driver at random moments, and print the losses."""
    with tempfile.TemporaryDirectory() as folder:
        path = make_study(Path(folder), ["a", "b"])
        chance = random.Random(0)
        acknowledged: list[str] = []
        wrong: list[str] = []
        with VoteDriver(path) as driver:
            for _ in range(rounds):
                acknowledged += driver.kill_after(chance.uniform(0, 0.12))
                wrong += losses(path, acknowledged)
        print(f"{rounds} kills, {len(acknowledged)} acknowledged votes, {len(wrong)} lost or wrong", *wrong[:9])
    return 1 if wrong else 0


def main() -> int:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["open", "kill", "serve"])
    parser.add_argument("path", nargs="?", type=Path)
    parser.add_argument("--videos", type=int, default=1000)
    parser.add_argument("--votes", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=500)
    chosen = parser.parse_args()
    if chosen.what == "serve":
        serve(chosen.path)
    elif chosen.what == "open":
        measure(chosen.videos, chosen.votes)
    else:
        return kill(chosen.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
