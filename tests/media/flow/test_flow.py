"""Quantised flow, its sizes and names, and stacks against brute force."""

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmarks.known_flow import known_pairs, texture
from skillviewer.core.arrays import Float32Array, IntArray, RGBImage
from skillviewer.core.errors import SettingsError
from skillviewer.core.video.info import sample_positions
from skillviewer.core.video.preprocessing import FLOW_ALGORITHMS, FlowSettings
from skillviewer.media.flow import flow
from skillviewer.media.flow.flow import FlowStacks, dis, grey_size, quantise

if TYPE_CHECKING:
    from collections.abc import Callable


def flow_field(first: RGBImage, second: RGBImage, algorithm: str) -> Float32Array:
    """Return the flow between two pictures by the algorithm of a name."""
    return dis(first, second) if algorithm == "dis" else flow.tvl1(first, second, algorithm)


def test_quantise_is_that_of_the_extractors() -> None:
    values = np.array([0, 20, -20, 20.1, -500, 1e6, 10, -10, 0.079, -0.079], dtype=np.float64)
    expected = [128, 255, 0, 255, 0, 255, 191, 64, 128, 127]
    assert quantise(values, 20).tolist() == expected
    assert quantise(values, 20).dtype == np.uint8


def test_halves_go_to_the_even_neighbour() -> None:
    """With b = 25.5 the scale is 5 levels a pixel, exactly: a tenth of a pixel is half a level."""
    levels = np.arange(0.5, 255, 1.0)
    pixels = (levels / 5 - 25.5).astype(np.float64)
    exact = [round(Fraction(5) * (Fraction(float(v)) + Fraction(51, 2))) for v in pixels]
    assert quantise(pixels, 25.5).tolist() == pytest.approx(exact, abs=1)
    assert quantise(np.zeros(1), 20).tolist() == [128]  # 127.5 down would be 127
    assert quantise(np.array([2 / 255 * 20.0]), 20).tolist() == [128]  # 128.5


def test_round_trip_within_half_a_level() -> None:
    rng = np.random.default_rng(0)
    values = rng.uniform(-20, 20, (50, 60, 2)).astype(np.float32)
    back = 40.0 * quantise(values, 20) / 255.0 - 20
    assert np.abs(back - values).max() <= 20 / 255 + 1e-5
    every = np.arange(256, dtype=np.uint8)
    assert np.array_equal(quantise(40.0 * every / 255.0 - 20, 20), every)


@pytest.mark.parametrize(
    ("video", "size"),
    [
        ((640, 480), (341, 256)),
        ((1280, 720), (455, 256)),
        ((720, 1280), (256, 455)),
        ((340, 256), (340, 256)),
        ((320, 240), (320, 240)),  # never enlarged
        ((1000, 257), (996, 256)),
        ((1, 1), (1, 1)),
    ],
)
def test_grey_size(video: tuple[int, int], size: tuple[int, int]) -> None:
    assert grey_size(*video, 256) == size


def test_every_algorithm_finds_small_motion() -> None:
    pair = known_pairs(96, 128)[0]
    still = float(np.linalg.norm(pair.truth, axis=-1).mean())
    for algorithm in FLOW_ALGORITHMS:
        found = flow_field(pair.first, pair.second, algorithm)
        assert found.shape == (96, 128, 2)
        assert found.dtype == np.float32
        assert pair.error_px(found) < 0.2 * still, algorithm


def test_names_reach_different_algorithms() -> None:
    pair = known_pairs(64, 80)[1]
    fields = [flow_field(pair.first, pair.second, a) for a in FLOW_ALGORITHMS]
    assert not np.array_equal(fields[0], fields[1])
    assert np.array_equal(fields[0], flow.tvl1(pair.first, pair.second))
    assert np.array_equal(fields[1], flow.tvl1(pair.first, pair.second, "tvl1-fast"))
    assert np.array_equal(fields[2], dis(pair.first, pair.second))


def test_dis_is_deterministic_and_stands_tiny_pictures() -> None:
    pair = known_pairs(64, 80)[2]
    assert np.array_equal(dis(pair.first, pair.second), dis(pair.first, pair.second))
    for shape in ((1, 1), (3, 40), (15, 15), (16, 16), (17, 300)):
        tiny = np.full(shape, 7, dtype=np.uint8)
        assert np.allclose(dis(tiny, tiny), 0, atol=1e-3)


def test_wrong_names_and_pictures_are_refused() -> None:
    picture = np.zeros((20, 20), dtype=np.uint8)
    with pytest.raises(SettingsError, match="tvl1-slow"):
        flow.tvl1(picture, picture, "tvl1-slow")
    with pytest.raises(SettingsError, match=r"farneback.*tvl1, tvl1-fast, dis"):
        FlowStacks(FlowSettings(algorithm="farneback"), 5)
    with pytest.raises(SettingsError, match="not 7"):
        FlowStacks(FlowSettings(length=7), 5)
    others: list[Any] = [np.zeros((20, 21), np.uint8), picture.astype(np.float32), np.zeros((20, 20, 3), np.uint8)]
    for other in others:
        with pytest.raises(ValueError, match="grey pictures of one size"):
            dis(picture, other)


def film(n: int) -> list[RGBImage]:
    """Return n small pictures of a texture that moves by another amount each time."""
    ground = texture(80, 90 + 3 * n, 5)
    return [np.clip(ground[20:60, (i * i) % 61 + i : (i * i) % 61 + i + 48], 0, 255).astype(np.uint8) for i in range(n)]


def brute_force(pictures: list[RGBImage], position: int, settings: FlowSettings) -> RGBImage:
    """Return a stack as the definition says, one channel after the other."""
    channels = []
    for offset in range(-(settings.length // 2), settings.length // 2):
        if len(pictures) == 1:
            field: Float32Array = np.zeros((*pictures[0].shape, 2), dtype=np.float32)
        else:
            f = min(max(position + offset, 0), len(pictures) - 2)
            field = flow_field(pictures[f], pictures[f + 1], settings.algorithm)
        for axis in (0, 1):
            channels.append(quantise(field[..., axis], settings.bound_px))
    return np.stack(channels)


@pytest.mark.parametrize("n", [1, 2, 5, 10, 11, 12, 24])
@pytest.mark.parametrize("length", [2, 10])
def test_stacks_equal_brute_force(n: int, length: int) -> None:
    settings = FlowSettings(algorithm="dis", length=length, bound_px=7)
    pictures = film(n)
    stacks = FlowStacks(settings, n)
    for position in (0, n // 2, n - 1):
        stack = stacks.stack(position, pictures.__getitem__)
        assert stack.shape == (2 * length, 40, 48)
        assert stack.dtype == np.uint8
        assert np.array_equal(stack, brute_force(pictures, position, settings))


@pytest.mark.parametrize("algorithm", ["tvl1", "tvl1-fast"])
def test_tvl1_stacks_equal_single_fields_also_in_threads(algorithm: str) -> None:
    settings = FlowSettings(algorithm=algorithm, length=4)
    pictures = film(6)
    expected = brute_force(pictures, 3, settings)
    for threads in (1, 3):
        assert np.array_equal(FlowStacks(settings, 6, threads).stack(3, pictures.__getitem__), expected)


def test_one_picture_stands_still() -> None:
    stack = FlowStacks(FlowSettings(), 1).stack(0, film(1).__getitem__)
    assert stack.shape == (20, 40, 48)
    assert (stack == 128).all()


@pytest.mark.parametrize("n", [1, 3, 11, 40, 100])
def test_positions_needed_are_those_asked_for(n: int) -> None:
    settings = FlowSettings(algorithm="dis")
    pictures = film(n)
    samples = sample_positions(n, 5, settings.length, passes=2)
    stacks = FlowStacks(settings, n)
    needed = stacks.positions_needed(samples)
    asked: list[int] = []

    def grey(position: int) -> RGBImage:
        asked.append(position)
        return pictures[position]

    for position in np.unique(samples).tolist():
        own = stacks.positions_needed(np.array([position]))
        before = len(asked)
        stacks.stack(position, grey)
        assert asked[before:] == sorted(asked[before:])
        assert set(asked[before:]) <= set(own.tolist())
    assert np.array_equal(needed, np.unique(asked))
    assert needed.dtype == np.int64


@pytest.fixture
def fields_computed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the DIS fields that are computed, by the first pixel of their first picture."""
    computed: list[int] = []
    real: Callable[[RGBImage, RGBImage], Float32Array] = flow.dis

    def counted(first: RGBImage, second: RGBImage) -> Float32Array:
        computed.append(int(first[0, 0]))
        return real(first, second)

    monkeypatch.setattr(flow, "dis", counted)
    return computed


def numbered(n: int) -> list[RGBImage]:
    pictures = film(n)
    for i, picture in enumerate(pictures):
        picture[0, 0] = i
    return pictures


def interleaved() -> IntArray:
    """Stacks of these positions overlap: four passes through 60 positions."""
    return np.unique(sample_positions(60, 4, 10, passes=4))


@pytest.mark.parametrize("pass_by_pass", [False, True])
def test_overlapping_stacks_compute_each_field_once(fields_computed: list[int], pass_by_pass: bool) -> None:
    pictures = numbered(60)
    stacks = FlowStacks(FlowSettings(algorithm="dis"), 60)
    samples = sample_positions(60, 4, 10, passes=4).reshape(-1) if pass_by_pass else interleaved()
    for position in samples.tolist():
        stacks.stack(position, pictures.__getitem__)
    assert len(fields_computed) == len(set(fields_computed)) == len(stacks.positions_needed(interleaved())) - 1


def test_recent_fields_stay_within_their_budget(fields_computed: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    settings = FlowSettings(algorithm="dis")
    pictures = numbered(60)
    monkeypatch.setattr(flow, "MAX_CACHED_BYTES", 12 * 2 * 40 * 48)
    stacks = FlowStacks(settings, 60)
    for position in interleaved().tolist():
        stack = stacks.stack(position, pictures.__getitem__)
        assert sum(field.nbytes for field in stacks._recent.values()) <= flow.MAX_CACHED_BYTES
    last = int(interleaved()[-1])
    assert len(fields_computed) == len(set(fields_computed))  # in order of time even so once each
    assert np.array_equal(stack, brute_force(pictures, last, settings))
    monkeypatch.setattr(flow, "MAX_CACHED_BYTES", 0)
    assert np.array_equal(stacks.stack(20, pictures.__getitem__), brute_force(pictures, 20, settings))
