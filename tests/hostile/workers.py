"""Cases in a process of their own, with a watchdog and a limit on memory: what each came to, and what it left."""

import multiprocessing
import os
import random
import resource
import shutil
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path

from skillviewer.core.errors import SkillViewerError
from skillviewer.core.paths import HOME_VARIABLE
from tests.hostile.mutators import Mutator, bytes_mutated

LONGEST_S = 10.0
"""After which a case counts as one that hangs."""

MAX_BYTES = 2 << 30
"""Of memory that a case may take beyond what the process has when it begins."""


PLANTED = ":"
"""What the names of kinds hold that a test has made up: module and opener."""


@dataclass(frozen=True)
class Case:
    """One damaged file: ``kind`` is a name in ``TARGETS``, and ``number`` fixes how it is damaged."""

    kind: str
    number: int


@dataclass(frozen=True)
class Target:
    """One kind of file.

    Attributes:
        seeds: Sound files of it, below the folder of seeds; the first folder that is named travels whole.
        mutate: Damages one.
        open: Opens it as the program does; only ``SkillViewerError`` may leave it.
    """

    seeds: tuple[str, ...]
    mutate: Mutator
    open: Callable[[Path], object]


@dataclass(frozen=True)
class Outcome:
    """What became of a case.

    Attributes:
        case: The case.
        found: ``read`` or ``refused``, which are as it should be; ``crash``, ``hang``, ``outside`` or the name of an
            error that is none of the program's own.
        told: The error, or what lies outside.
    """

    case: Case
    found: str
    told: str = ""

    @property
    def sound(self) -> bool:
        """Whether it is as it should be."""
        return self.found in {"read", "refused"}


def run(cases: Sequence[Case], seeds: Path, folder: Path, longest_s: float = LONGEST_S) -> Iterator[Outcome]:
    """Run cases one after the other in one process, which is made anew where one ends or hangs.

    Args:
        cases: The cases.
        seeds: What ``make_seeds`` wrote.
        folder: An empty one; everything is written below it.
        longest_s: See ``LONGEST_S``.
    """
    context = multiprocessing.get_context("spawn")
    waiting = list(cases)
    while waiting:
        here, there = context.Pipe()
        kinds = {PLANTED if PLANTED in case.kind else case.kind for case in waiting}
        process = context.Process(target=_serve, args=(there, seeds, folder, kinds), daemon=True)
        process.start()
        there.close()
        try:
            if not here.poll(300) or here.recv() != "ready":
                raise RuntimeError("the worker did not begin")
            while waiting:
                case = waiting.pop(0)
                here.send(case)
                outcome = _answer(here, case, longest_s, process.pid or 0)
                yield outcome
                if outcome.found in {"crash", "hang"}:
                    break
        finally:
            process.kill()
            process.join()
            here.close()


def _answer(pipe: Connection, case: Case, longest_s: float, number: int) -> Outcome:
    begun_s = _processor_s(number)
    try:
        answered = pipe.poll(longest_s)
        while not answered and _runs(number) and _processor_s(number) - begun_s < longest_s:
            answered = pipe.poll(1.0)  # others have the processor: it is not the file that takes so long
        if not answered:
            return Outcome(case, "hang", f"more than {longest_s:g} s")
        answer = pipe.recv()
    except (EOFError, ConnectionError):
        return Outcome(case, "crash", "the process ended")
    return Outcome(case, *answer)


def _processor_s(number: int) -> float:
    """Return the processor time that a process has had."""
    fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _runs(number: int) -> bool:
    """Return whether a thread of a process computes, or would if it had a processor."""
    states = [path.read_text().rpartition(")")[2].split()[0] for path in Path(f"/proc/{number}/task").glob("*/stat")]
    return "R" in states


def _serve(pipe: Connection, seeds: Path, folder: Path, kinds: set[str]) -> None:
    cage = folder / "cage"
    os.environ[HOME_VARIABLE] = str(cage / "home")
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    targets: dict[str, Target] = {}
    if kinds != {PLANTED}:
        targets = import_module("tests.hostile.targets").TARGETS
        for module in ("skillviewer.nets.checkpoint", "skillviewer.ui.shell.recovery"):  # memory that no case takes
            import_module(module)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MAX_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    pipe.send("ready")
    while True:
        case: Case = pipe.recv()
        target = targets.get(case.kind) or _planted(case.kind)
        shutil.rmtree(cage, ignore_errors=True)
        work = cage / "work"
        chance = random.Random(f"{case.kind} {case.number}")
        path = _damaged(target.seeds, target.mutate, chance, seeds, work)
        before = _names(folder, work)
        answer = _opened(target.open, path)
        outside = sorted(_names(folder, work) - before)
        pipe.send(("outside", ", ".join(outside)) if outside else answer)


def _planted(name: str) -> Target:
    """Return a kind of file that a test has made up, by module and name of its opener."""
    module, _, opener = name.partition(":")
    return Target(("pairs.csv",), bytes_mutated, getattr(import_module(module), opener))


def _damaged(names: Sequence[str], mutate: object, chance: random.Random, seeds: Path, work: Path) -> Path:
    name = chance.choice(names)
    top = name.split("/")[0]
    work.mkdir(parents=True)
    if (seeds / top).is_dir():
        shutil.copytree(seeds / top, work / top)
    path = work / name
    path.write_bytes(mutate((seeds / name).read_bytes(), chance))  # type: ignore[operator]
    return path


def _names(folder: Path, work: Path) -> set[str]:
    """Return what lies below a folder, but for what a case may write: its own folder and the program's."""
    home = work.parent / "home"
    found = folder.rglob("*")
    return {str(path) for path in found if not path.is_relative_to(work) and not path.is_relative_to(home)}


def _opened(open_: object, path: Path) -> tuple[str, str]:
    begun = time.process_time()
    try:
        open_(path)  # type: ignore[operator]
    except SkillViewerError as error:
        told = str(error)
        return ("refused", "") if "\n" not in told and len(told) < 4000 else ("long words", told[:300])
    except MemoryError:
        return "MemoryError", f"more than {MAX_BYTES >> 20} MB"
    except Exception as error:  # noqa: BLE001 - which error is the finding
        return type(error).__name__, "".join(traceback.format_exception(error))[-3000:]
    return "read", f"{time.process_time() - begun:.2f} s"
