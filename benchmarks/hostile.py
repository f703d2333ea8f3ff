"""Damaged and hostile files of every kind that the program opens, by the thousand; a table of what was tried and found.

    python -m benchmarks.hostile [--cases N] [--first M] [--kind NAME]... [--workers W]
    python -m benchmarks.hostile --kind NAME --only NUMBER

A case is a kind of file and a number, which fixes how a sound file of it is damaged: the same case is the same file
again. Each is opened in a process of its own with 10 seconds and 2 GB more memory. As it should be: the file is read,
or refused in one sentence (an error of the program's own), and nothing is written outside its folder.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from skillviewer.core.paths import HOME_VARIABLE
from tests.hostile.targets import TARGETS, make_seeds
from tests.hostile.workers import Case, Outcome, run


def main() -> int:
    """Run the cases and print the table; the exit status is 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=2000, help="how many in all")
    parser.add_argument("--first", type=int, default=0, help="number of the first case of each kind")
    parser.add_argument("--kind", choices=sorted(TARGETS), action="append", help="one kind alone; may be repeated")
    parser.add_argument("--only", type=int, help="one case alone")
    parser.add_argument("--workers", type=int, default=1, help="processes at once")
    asked = parser.parse_args()
    kinds = asked.kind or list(TARGETS)
    each = (
        range(asked.only, asked.only + 1)
        if asked.only is not None
        else range(asked.first, asked.first + asked.cases // len(kinds))
    )
    cases = [Case(kind, number) for number in each for kind in kinds]
    with tempfile.TemporaryDirectory(prefix="hostile-") as name:
        folder = Path(name)
        seeds = folder / "seeds"
        seeds.mkdir()
        os.environ[HOME_VARIABLE] = str(folder / "home")
        make_seeds(seeds)
        begun = time.monotonic()
        with ThreadPoolExecutor(asked.workers) as pool:
            places = [folder / f"worker{at}" for at in range(asked.workers)]
            for place in places:
                place.mkdir()
            lots = [cases[at :: asked.workers] for at in range(asked.workers)]
            outcomes = [o for lot in pool.map(lambda lot, place: _told(lot, seeds, place), lots, places) for o in lot]
    _print(outcomes, time.monotonic() - begun)
    return 0 if all(outcome.sound for outcome in outcomes) else 1


def _told(cases: list[Case], seeds: Path, folder: Path) -> list[Outcome]:
    outcomes = []
    for outcome in run(cases, seeds, folder):
        outcomes.append(outcome)
        if not outcome.sound:
            sys.stderr.write(f"{outcome.case.kind} {outcome.case.number}: {outcome.found}\n{outcome.told}\n")
    return outcomes


def _print(outcomes: list[Outcome], seconds: float) -> None:
    print(f"{'kind':22}{'cases':>8}{'read':>8}{'refused':>9}  found")
    for kind in dict.fromkeys(outcome.case.kind for outcome in outcomes):
        counts = Counter(outcome.found for outcome in outcomes if outcome.case.kind == kind)
        n, read, refused = counts.total(), counts.pop("read", 0), counts.pop("refused", 0)
        found = ", ".join(f"{n} {what}" for what, n in sorted(counts.items())) or "nothing"
        print(f"{kind:22}{n:>8}{read:>8}{refused:>9}  {found}")
    print(f"{len(outcomes)} cases in {seconds:.0f} s; {sum(not o.sound for o in outcomes)} found")


if __name__ == "__main__":
    raise SystemExit(main())
