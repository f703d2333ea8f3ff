"""Cost of each further model on a video with cached features: loading, assessing, comparing.

    OMP_WAIT_POLICY=PASSIVE python -m benchmarks.comparing [VIDEO] [--model sample-full] [--passes 1]

The first model is a shipped checkpoint. The others have the same preprocessing, the same sizes and random weights,
which take the same time as trained ones. Without VIDEO the first clip of the sample study is used. Idle threads sleep,
as in the window.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec
import torch

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.difference import difference
from skillviewer.core.analysis.map_comparison import compare_video
from skillviewer.core.paths import models_dir, resources_dir
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.inference.model_cache import ModelCache
from skillviewer.nets.checkpoint import load_checkpoint, save_checkpoint
from skillviewer.nets.models import attention_model

OTHERS = ("none", "no-rnn", "xbar", "htask", "pool", "cbam", "visual", "sca")
ValueT = TypeVar("ValueT")


def timed(name: str, act: Callable[[], ValueT]) -> ValueT:
    """Run a function and print its times."""
    wall, cpu = time.perf_counter(), time.process_time()
    value = act()
    print(f"  {name:<44} {time.perf_counter() - wall:7.3f} s wall {time.process_time() - cpu:7.3f} s CPU", flush=True)
    return value


def others(model: Path, folder: Path) -> list[Path]:
    """Write checkpoints of other models with the preprocessing of an existing one."""
    first = load_checkpoint(model)
    made = []
    for name in OTHERS:
        torch.manual_seed(0)
        config = msgspec.structs.replace(first.config, attention_model=name)
        built = attention_model(name).build(config.sizes)
        made.append(
            save_checkpoint(folder / name, config, built, msgspec.structs.replace(first.card, name=name)).folder
        )
    return made


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", nargs="?", type=Path)
    parser.add_argument("--model", default="sample-full")
    parser.add_argument("--passes", type=int, default=1)
    args = parser.parse_args()
    video = args.video or min((resources_dir() / "sample_study" / "videos").glob("*.mp4"))
    with tempfile.TemporaryDirectory() as name:
        folder, model = Path(name), models_dir() / args.model
        rest = others(model, folder)
        print(f"{video.name}, {args.passes} passes, {torch.get_num_threads()} threads, all on the CPU")
        with ModelCache("cpu", FeatureCache(folder / "features")) as model_cache:
            timed(f"{model.name}: loading", lambda: model_cache.facts(model))
            first = timed(f"{model.name}: a new video", lambda: model_cache.assess(model, video, args.passes))
            timed(f"{model.name}: again", lambda: model_cache.assess(model, video, args.passes))
            for path in rest:
                measure(model_cache, path, video, args.passes, first)


def measure(model_cache: ModelCache, path: Path, video: Path, passes: int, first: Analysis) -> None:
    """Print the cost of one more model."""
    timed(f"{path.name}: loading", lambda: model_cache.facts(path))
    found = timed(f"{path.name}: the same video", lambda: model_cache.assess(path, video, passes))
    timed(f"{path.name}: numbers compared with the first", lambda: compare_video(first, found))
    timed(f"{path.name}: difference map", lambda: difference(first, found))


if __name__ == "__main__":
    main()
