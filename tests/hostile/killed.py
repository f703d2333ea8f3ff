"""A process that works on a study and is ended in the middle, without any clean-up.

One process is started, and forks for every order: starting Python each time would take longer than the work.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.data.study import Study, Vote

EACH_INSTRUCTIONS = 25
"""Instructions of SQLite between two places at which the process can be ended."""


class Victims:
    """Workers that are ended in the middle."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def run(self, path: Path, **order: Any) -> list[str]:
        """Let a worker do an order, and return the keys of the votes that it was told to be stored.

        Args:
            path: The study, which nothing else may have open for writing.
            order: ``votes``, (left, right, verdict, rater) each, or ``erase``, a digest; and where it ends: ``after``
                so many votes, ``inside`` the transaction of a vote, after so many ``steps`` of SQLite, or after so many
                ``microseconds``.
        """
        if self._process is None:
            command = [sys.executable, "-m", "tests.hostile.killed"]
            root = Path(__file__).parents[2]
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"path": str(path), **order}) + "\n")
        self._process.stdin.flush()
        told: list[str] = []
        while (line := self._process.stdout.readline().split())[:1] != ["ended"]:
            assert line[:1] == ["stored"], f"the worker said {line}"
            told.append(line[1])
        return told

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.communicate()
            self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _work(order: dict[str, Any]) -> None:
    study = Study.open(Path(order["path"]))
    left = order.get("steps")
    if left is not None:

        def step() -> None:
            nonlocal left
            left -= 1
            if left <= 0:
                os._exit(1)

        study._file._connection.set_progress_handler(step, EACH_INSTRUCTIONS)
    if "erase" in order:
        study.erase([order["erase"]])
    for number, (first, second, verdict, rater) in enumerate(order.get("votes", ())):
        vote = Vote(first, second, None if verdict is None else Verdict(verdict), rater)
        if order.get("inside") == number:
            with study.transaction():
                study.votes.cast(vote)
                os._exit(1)
        os.write(1, f"stored {study.votes.cast(vote).key}\n".encode())
        if order.get("after") == number:
            os._exit(1)


def main() -> None:
    """Do the orders that arrive, one a line."""
    for line in sys.stdin:
        order = json.loads(line)
        worker = os.fork()
        if worker == 0:
            _work(order)
            os._exit(1)
        if "microseconds" in order:
            time.sleep(order["microseconds"] / 1e6)
            os.kill(worker, signal.SIGKILL)
        os.waitpid(worker, 0)
        sys.stdout.write("ended\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
