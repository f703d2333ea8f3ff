"""Exact parameter counts at the paper's scale: two ResNet101 at 448 pixels."""

from collections import Counter
from dataclasses import replace

import pytest
import torch

from skillviewer.data.formats.published import PUBLISHED
from skillviewer.nets.models import ATTENTION_MODELS, attention_model, parameter_count
from skillviewer.nets.presets import preset
from tests.nets.small import RELEASED

OFFICIAL_CODE = {
    "full": 8_879_329,
    "none": 8_668_801,
    "no-rnn": 8_731_233,
    "xbar": 8_830_177,
    "htask": 8_781_025,
    "pool": 8_520_962,
    "cbam": 8_801_030,
    "visual": 8_790_273,
    "sca": 8_701_891,
}
"""Counted on the authors' released code."""

FUSION, TASK = 4096 * 512 * 4 + 512 + 512 * 256 + 256, 3 * 128 * (256 + 128) + 2 * 3 * 128 + 128 + 1

BY_HAND = {
    "sharp": 8_879_329 + 1,
    "prefix": 8_879_329,
    "average": 8_879_329,
    "follow": 8_879_329 + 1,
    "pool-gru": FUSION + TASK + 2 * (256 + 1),
    "cbam-original": FUSION + TASK + (256 * 16 + 16) + (16 * 256 + 256) + 2 * 7 * 7 + 2,
    "visual-gru": FUSION + (256 * 128 + 128) + 128 * 49 + TASK,
    "sca-original": 8_701_891,
    "tsn": 2 * ((9216 * 4096 + 4096) + (4096 * 4096 + 4096) + 4096 + 1),
    "tsn-frozen": 2 * (2048 + 1),
    "raan": 2 * (3 * (4096 * 256 + 256 + 256 + 1) + 4096 + 1) + 4096 + 1,
    "pooled": 2048 + 1,
    "motion": 12,
    "duration": 1,
}


def test_every_released_model_is_counted_and_no_other_name() -> None:
    counted = set(OFFICIAL_CODE) | set(BY_HAND)
    assert set(RELEASED) <= counted <= {entry.name for entry in ATTENTION_MODELS}


@pytest.mark.parametrize(("name", "count"), [*OFFICIAL_CODE.items(), *BY_HAND.items()])
def test_count_under_official_code(name: str, count: int) -> None:
    entry = attention_model(name)
    assert parameter_count(entry, entry.with_published_input(preset("official-code").head)) == count


@pytest.mark.parametrize("name", ["full", "no-rnn", "xbar", "htask"])
def test_paper_has_no_layer_norm_and_768_fewer(name: str) -> None:
    assert parameter_count(attention_model(name), preset("paper").head) == OFFICIAL_CODE[name] - 768


def test_finer_maps_cost_no_parameters_except_where_the_map_is_part_of_the_model() -> None:
    finer = replace(preset("official-code").head, fusion_stride=1)
    assert parameter_count(attention_model("full"), finer) == OFFICIAL_CODE["full"]
    assert parameter_count(attention_model("visual"), finer) == OFFICIAL_CODE["visual"] + 128 * (169 - 49)


def test_counting_makes_no_model_and_leaves_chance_alone() -> None:
    before = torch.random.get_rng_state()
    parameter_count(attention_model("tsn"), preset("official-code").head)
    assert torch.equal(before, torch.random.get_rng_state())


def test_published_rows_belong_to_the_tables() -> None:
    rows = Counter(entry.row for entry in ATTENTION_MODELS if entry.row)
    assert rows.keys() == {entry.row for entry in PUBLISHED}
    assert rows == {
        "Ours": 1,
        "No Attention": 1,
        "No RNN_att": 1,
        "x̄-based": 1,
        "h_task-based": 1,
        "Attention Pooling": 2,
        "CBAM": 1,
        "Visual Attention": 2,
        "SCA-CNN": 1,
        "Doughty et al.": 1,
    }
