"""Presets are data: what the paper says and what its code does."""

from dataclasses import replace

import pytest

from skillviewer.core.errors import CheckpointError
from skillviewer.nets.presets import DATASETS, PRESETS, OptimiserSettings, preset
from skillviewer.nets.sizes import HeadSizes, map_grid


def test_where_paper_and_code_differ() -> None:
    paper, code = preset("paper"), preset("official-code")
    assert (paper.head.layer_norm, code.head.layer_norm) == (False, True)
    assert (paper.head.initial_state, code.head.initial_state) == ("zeros", "randn")
    assert (paper.loss.reduction, code.loss.reduction) == ("sum", "mean")
    assert {p.loss.margin for p in (paper, code)} == {0.5}
    assert {p.head.fusion_stride for p in (paper, code)} == {2}


def test_maps_of_small_studies_are_finer() -> None:
    sizes = preset("small-study").sizes(640, (14, 14))
    assert (sizes.fusion_stride, map_grid(sizes)) == (1, (13, 13))
    assert map_grid(preset("paper").sizes(640, (14, 14))) == (7, 7)


@pytest.mark.parametrize(
    ("name", "dataset", "expected"),
    [
        ("paper", "chopsticks", ("sgd", 1e-3, 0.9, 1e-3, 16, 30)),
        ("paper", "dough", ("sgd", 1e-3, 0.9, 1e-3, 16, 70)),
        ("paper", "infant-grasp", ("sgd", 5e-4, 0.9, 1e-3, 30, 20)),
        ("official-code", "chopsticks", ("sgd", 5e-4, 0.9, 1e-2, 16, 30)),
        ("official-code", "surgery", ("sgd", 5e-4, 0.9, 1e-2, 16, 30)),
        ("official-code", "drawing", ("sgd", 1e-3, 0.9, 1e-3, 16, 30)),
        ("official-code", "dough", ("adam", 5e-6, 0.0, 0.0, 16, 70)),
        ("official-code", "infant-grasp", ("sgd", 5e-4, 0.9, 1e-2, 30, 20)),
        ("official-code", "diving", ("sgd", 5e-5, 0.9, 1e-3, 16, 20)),
    ],
)
def test_optimisers_of_data_sets(name: str, dataset: str, expected: tuple[str, float, float, float, int, int]) -> None:
    found = preset(name).optimiser(dataset)
    assert (
        found.algorithm,
        found.learning_rate,
        found.momentum,
        found.weight_decay,
        found.batch_pairs,
        found.epochs,
    ) == expected


def test_every_preset_has_settings_for_every_data_set() -> None:
    for entry in PRESETS:
        assert all(isinstance(entry.optimiser(dataset), OptimiserSettings) for dataset in DATASETS)
        assert {dataset for dataset, _ in entry.optimisers} <= set(DATASETS)


def test_sizes_are_those_of_the_backbone_at_hand() -> None:
    sizes = preset("paper").sizes(640, (10, 10))
    assert (sizes.feature_channels, sizes.grid, sizes.layer_norm) == (640, (10, 10), False)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(CheckpointError, match="no preset “fast”"):
        preset("fast")
    with pytest.raises(CheckpointError, match="no settings for “knitting”"):
        preset("paper").optimiser("knitting")


@pytest.mark.parametrize(
    "wrong", [{"channels": 0}, {"grid": (0, 7)}, {"dropout": 1.0}, {"fusion_padding": (-1, 0)}, {"tsn_hidden": (8, 0)}]
)
def test_sizes_that_no_network_has_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="|".join(wrong) + "|no network"):
        HeadSizes(**wrong)  # type: ignore[arg-type]


def test_diving_begins_with_zeros() -> None:
    """The released script for diving alone does."""
    code = preset("official-code")
    states = {dataset: code.sizes(640, (14, 14), dataset).initial_state for dataset in DATASETS}
    assert {dataset for dataset, state in states.items() if state == "zeros"} == {"diving"}
    assert replace(code.head_of("diving"), initial_state="randn") == code.head
