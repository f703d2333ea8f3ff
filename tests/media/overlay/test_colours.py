"""Colour maps: ascending or diverging, and told apart with any colour vision."""

import cv2
import numpy as np
import pytest

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.analysis.map_style import MapStyle
from skillviewer.core.arrays import FloatArray
from skillviewer.core.errors import SettingsError
from skillviewer.media.overlay.colours import COLOUR_MAPS, SIGNED_COLOURS, colour_map, colour_table_of_kind

# Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB
VISION = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def lab(colours: FloatArray) -> FloatArray:
    """Return CIELAB of sRGB colours from 0 to 1."""
    return np.asarray(cv2.cvtColor(colours[None].astype(np.float32), cv2.COLOR_RGB2Lab)[0], dtype=np.float64)


def linear(colours: FloatArray) -> FloatArray:
    return np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)


def encoded(colours: FloatArray) -> FloatArray:
    c = np.clip(colours, 0, 1)
    return np.where(c <= 0.0031308, 12.92 * c, 1.055 * c ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("name", COLOUR_MAPS)
def test_tables(name: str) -> None:
    table = colour_map(name)
    assert table.shape == (256, 3)
    assert table.dtype == np.uint8
    assert not table.flags.writeable
    steps = np.abs(np.diff(table.astype(int), axis=0)).max(axis=1)
    assert steps.max() <= 12  # no jumps


@pytest.mark.parametrize("name", ["inferno", "cividis"])
def test_lightness_ascends(name: str) -> None:
    lightness = lab(colour_map(name) / 255)[:, 0]
    assert (np.diff(lightness) > -0.3).all()
    assert lightness[-1] - lightness[0] > 70


def test_known_ends() -> None:
    """As published with matplotlib, red first."""
    assert colour_map("inferno")[[0, 128, 255]].tolist() == [[0, 0, 4], [188, 55, 84], [252, 255, 164]]
    assert np.abs(colour_map("cividis")[[0, 255]].astype(int) - [[0, 34, 77], [254, 232, 56]]).max() <= 2


def test_diverging_map_is_balanced_around_white() -> None:
    table = colour_map(SIGNED_COLOURS)
    assert table[127:129].min() > 235
    lightness = lab(table / 255)[:, 0]
    assert np.abs(lightness - lightness[::-1]).max() < 5
    assert (np.diff(lightness[:128]) > 0).all()
    assert (np.diff(lightness[128:]) < 0).all()
    assert table[0, 2] > table[0, 0] + 80  # blue is below zero
    assert table[255, 0] > table[255, 2] + 80  # orange above


@pytest.mark.parametrize("vision", VISION)
def test_signs_differ_with_any_colour_vision(vision: str) -> None:
    seen = lab(encoded(linear(colour_map(SIGNED_COLOURS) / 255.0) @ np.array(VISION[vision]).T))
    apart = np.linalg.norm(seen - seen[::-1], axis=1)
    assert apart[:64].min() > 25  # a CIELAB difference of 2 can just be seen


def test_unknown_names_are_refused() -> None:
    with pytest.raises(SettingsError, match=r"jet.*inferno, cividis, blue-orange"):
        colour_map("jet")


def test_colours_of_a_map() -> None:
    map_style = MapStyle(colours="cividis")
    assert np.array_equal(colour_table_of_kind(MapKind.DISTRIBUTION, map_style), colour_map("cividis"))
    assert np.array_equal(colour_table_of_kind(MapKind.SIGNED, map_style), colour_map(SIGNED_COLOURS))
