"""Cost of a batch in end-to-end training: the loss of one stream and its gradients, by each way to compute them.

    python -m benchmarks.end_to_end [--backbone efficientnet-lite0] [--videos 10] [--threads 1]

Pictures are random, with seven snippets per video as in ``small-study``. The ways take turns, so that other load
affects all of them; the least CPU seconds of each count.
"""

import argparse
import itertools
import time
from unittest.mock import patch

import torch
from torch import nn

from skillviewer.engine.features.snippets import sizes_of
from skillviewer.nets.attention_models import end_to_end
from skillviewer.nets.attention_models.end_to_end import APPEARANCE, CHANNELS, SIZE_PX, EndToEndModel
from skillviewer.nets.backbones.backbones import backbone
from skillviewer.nets.backbones.two_stream import FLOW_ACROSS_MODALITIES, TwoStream
from skillviewer.nets.convolutions import Conv2d
from skillviewer.nets.losses import PairBatch
from skillviewer.nets.presets import LossSettings, preset

WAYS = {
    "float32, computed again": (False, 0, False),
    "float32, as the program": (False, end_to_end.MAX_ACTIVATION_BYTES, False),
    "bfloat16, computed again, torch's gradients": (True, 0, True),
    "bfloat16, torch's gradients": (True, end_to_end.MAX_ACTIVATION_BYTES, True),
    "bfloat16, as the program": (True, end_to_end.MAX_ACTIVATION_BYTES, False),
}
"""For each way: bfloat16 or not, bytes that are kept, and torch's own gradients of convolutions or not."""


def main() -> None:
    """Parse, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", default="efficientnet-lite0")
    parser.add_argument("--videos", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    entry = backbone(args.backbone)
    trunks = (entry.make(3), entry.make(CHANNELS - 3))
    streams = TwoStream(*trunks, entry.normalisation, FLOW_ACROSS_MODALITIES, end_to_end.CROP_PX)
    sizes = sizes_of(preset("small-study"), args.backbone)
    model = EndToEndModel(sizes, streams.to(memory_format=torch.channels_last)).train()  # type: ignore[call-overload]
    width, height = SIZE_PX
    snippets = torch.randint(0, 256, (args.videos, sizes.tsn_splits, CHANNELS, height, width), dtype=torch.uint8)
    pairs = PairBatch.of([(a, b, 1) for a, b in itertools.combinations(range(args.videos), 2)])
    best = dict.fromkeys(WAYS, float("inf"))
    for _ in range(args.rounds):
        for way, (mixed, room, own) in WAYS.items():
            model.autocast = mixed
            forward = nn.Conv2d.forward if own else Conv2d.forward
            with patch.object(end_to_end, "MAX_ACTIVATION_BYTES", room), patch.object(Conv2d, "forward", forward):
                model.zero_grad()
                start = time.process_time()
                model.loss(snippets, pairs, LossSettings(), APPEARANCE).loss.backward()  # type: ignore[no-untyped-call]
                best[way] = min(best[way], time.process_time() - start)
    print(f"{args.backbone}, {args.videos} videos of {sizes.tsn_splits} snippets, one stream, {args.threads} threads")
    program = best["bfloat16, as the program"]
    for way, seconds in best.items():
        print(f"  {way:45} {seconds:6.2f} s CPU ({seconds / program:.2f}x)")


if __name__ == "__main__":
    main()
