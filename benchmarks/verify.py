"""Alter one digit in each of 500 exports, and count how many ``skillviewer verify`` finds.

    python -m benchmarks.verify [--cases 500] [--seed 0]

Of tables, results, web pages and drawings any digit of the file is altered, of arrays one number. Pictures, clips and
PDFs are made with another digit in a score that they show. First every kind is verified unaltered: it has to agree.
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.errors import SkillViewerError
from skillviewer.core.paths import resources_dir
from skillviewer.engine.exporting.requests import ExportRequest, ExportSource
from skillviewer.engine.exporting.service import ExportService
from skillviewer.engine.exporting.verify import Verifier
from skillviewer.engine.inference.model_cache import ModelCache
from skillviewer.export.exporters import exporter
from skillviewer.export.options import options_from
from skillviewer.nets.model_library import checkpoint_digest, model_folder

KINDS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("scores", "csv", {}),
    ("scores", "json", {}),
    ("curves", "csv", {}),
    ("curves", "json", {}),
    ("evidence", "csv", {}),
    ("comparison", "csv", {}),
    ("result", "json", {}),
    ("curve", "svg", {}),
    ("why", "html", {}),
    ("maps", "npz", {}),
    ("why", "pdf", {}),
    ("still", "png", {"frame": 60}),
    ("clip", "mp4", {"start": 60, "stop": 63}),
    ("clip", "webm", {"start": 60, "stop": 62}),
    ("clip", "gif", {"start": 60, "stop": 62}),
)
TEXTS = {"csv", "json", "svg", "html"}


class Once:
    """A model cache that assesses each video once: what is measured is the comparison."""

    def __init__(self) -> None:
        self._model_cache, self._known = ModelCache("cpu"), dict[object, Any]()

    def _once(self, key: object, make: Callable[[], Any]) -> Any:  # noqa: ANN401 - analysis or evidence
        if key not in self._known:
            self._known[key] = make()
        return self._known[key]

    def assess(self, folder: Path, video: Path, passes: int, *more: Any) -> Any:  # noqa: ANN401
        """Return the analysis of a video."""
        known = self._once((folder, passes), lambda: self._model_cache.assess(folder, video, passes, *more))
        return known.with_video(replace(known.video, path=video))

    def explain(self, folder: Path, analysis: Analysis, *more: Any) -> Any:  # noqa: ANN401
        """Return the evidence for the video."""
        return self._once(folder, lambda: self._model_cache.explain(folder, analysis, *more))

    def close(self) -> None:
        """Stay open."""


def altered_text(text: str, random: Random) -> str:
    """Return a text with one digit altered."""
    at = random.choice([at for at, c in enumerate(text) if c.isascii() and c.isdigit()])
    return f"{text[:at]}{(int(text[at]) + random.randint(1, 9)) % 10}{text[at + 1 :]}"


def altered_score(analysis: Analysis, random: Random) -> Analysis:
    """Return an analysis with another digit in the second decimal of every score: that of each shown one."""
    return replace(analysis, score_curve=analysis.score_curve + random.randint(1, 9) / 100)


def main() -> int:
    """Print a table of what was tried and found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    random, model_cache = Random(given.seed), Once()
    tried, found, refused = Counter[str](), Counter[str](), Counter[str]()
    video = min((resources_dir() / "sample_study" / "videos").glob("*.mp4"))
    models = [model_folder(name) for name in ("sample-full", "sample-none")]
    opened: Any = model_cache
    verifier = Verifier([ExportSource(video, video.stem)], models, open_model_cache=lambda _cache: opened)
    with tempfile.TemporaryDirectory() as folder, ExportService(lambda: opened) as service:

        def write(kind: str, options: dict[str, Any], path: Path, alter: Callable[[Analysis], Analysis]) -> None:
            used = models if kind == "comparison" else models[:1]
            targets = [ExportSource(video, video.stem, m, checkpoint_digest(m), passes=2) for m in used]
            ready = [
                replace(t, analysis=alter(model_cache.assess(m, video, 2))) for t, m in zip(targets, used, strict=True)
            ]
            chosen = options_from(exporter(kind).options, options)
            service.write(ExportRequest(exporter(kind), tuple(ready), path, chosen, overwrite=True))

        for at in range(given.cases + len(KINDS)):
            kind, suffix, options = KINDS[at % len(KINDS)]
            path = Path(folder) / f"{kind}.{suffix}"
            whole = at < len(KINDS)
            name = f"{kind}.{suffix}"
            if whole or not path.exists():
                write(kind, options, path, lambda analysis: analysis)
            if whole:
                result = verifier.verify(path)
                outcome = "agrees" if result.identical else f"DIFFERS: {result.difference}"
                print(f"{name:16} unaltered: {outcome}", flush=True)
                continue
            case = Path(folder) / f"case.{suffix}"
            if suffix in TEXTS:
                case.write_text(altered_text(path.read_text(encoding="utf-8"), random), encoding="utf-8")
            elif suffix == "npz":
                with np.load(path) as arrays:
                    values = dict(arrays)
                one = values[random.choice(["attention", "times_s", "scores"])]
                one.reshape(-1)[random.randrange(one.size)] *= 1.01
                np.savez_compressed(case, **values)
            else:
                write(kind, options, case, lambda analysis: altered_score(analysis, random))
            tried[name] += 1
            try:
                hit = bool(verifier.verify(case).difference)
            except SkillViewerError:  # the file is refused, in one sentence
                hit = True
                refused[name] += 1
            found[name] += hit
            if not hit:
                print(f"case {at} of {name} was not found")
    for name, n in tried.items():
        print(f"{name:16} {found[name]:4} of {n} found, {refused[name]} of them refused as no export")
    print(f"all              {sum(found.values()):4} of {sum(tried.values())} found")
    return 0 if found == tried else 1


if __name__ == "__main__":
    raise SystemExit(main())
