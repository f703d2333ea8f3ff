"""Cost of the evidence of one video: 25 segments, maps of 7 x 7 and 13 x 13 cells, every model with a map.

    python -m benchmarks.evidence [MODEL ...] [--threads 2] [--device cpu] [--passes 1]

The input is random fused features, on untrained heads of the paper's size (the time does not depend on the values).
Fusing the features of a pass is printed separately. With other load on the computer, only the CPU seconds of one thread
are reliable: threads that wait for a core spin.
"""

import argparse
import time
from dataclasses import replace

import numpy as np
import torch

from skillviewer.core.progress import CancelToken, silent
from skillviewer.engine.inference.evidence import measure_evidence
from skillviewer.engine.runtime.device import choose_device
from skillviewer.nets.models import ATTENTION_MODELS, InputKind, attention_model
from skillviewer.nets.presets import preset

N_SEGMENTS = 25
LIMIT_S = 5.0


def measure(name: str, stride: int, device: torch.device, passes: int) -> None:
    """Print the time of one model on one grid."""
    sizes = replace(preset("official-code").sizes(640, (14, 14)), fusion_stride=stride)
    torch.manual_seed(0)
    model = attention_model(name).build(sizes).eval().to(device)
    features = torch.randn(passes, N_SEGMENTS, 640, 14, 14, device=device)
    with torch.inference_mode():
        begun = time.perf_counter()
        fused = model.fuse(features)
        fusing_s = time.perf_counter() - begun
        wall, cpu = time.perf_counter(), time.process_time()
        evidence = measure_evidence(model, fused, "", "", CancelToken(), silent)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    n_cells = int(np.prod(model.grid))
    n_states = passes * N_SEGMENTS * n_cells
    tested = "no map" if evidence.faithfulness is None else f"{evidence.n_random} random orders"
    print(
        f"  {name:<14} {n_cells:>4} cells  {wall:6.2f} s wall {cpu:6.2f} s CPU  {wall / LIMIT_S:5.2f} of the limit  "
        f"{1e3 * cpu / n_states:6.2f} ms CPU a cell and step   fusing {fusing_s:5.2f} s   {tested}",
        flush=True,
    )


def main() -> None:
    """Parse and measure."""
    usual = [entry.name for entry in ATTENTION_MODELS if entry.inputs is InputKind.FEATURES]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=usual)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--passes", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    device = choose_device(args.device)
    print(f"{N_SEGMENTS} segments, {args.passes} passes, {args.threads} threads, {device}; limit {LIMIT_S:.0f} s")
    for name in args.models:
        for stride in (2, 1):
            measure(name, stride, device, args.passes)


if __name__ == "__main__":
    main()
