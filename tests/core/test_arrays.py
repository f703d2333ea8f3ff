"""Read-only arrays."""

import numpy as np
import pytest

from skillviewer.core.arrays import frozen


def test_frozen_is_a_copy_that_nobody_can_write_to() -> None:
    mine = np.arange(6).reshape(2, 3)
    kept = frozen(mine)
    mine[0, 0] = 99
    assert kept[0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        kept[0, 0] = 1


def test_frozen_again_is_the_same_array() -> None:
    kept = frozen(np.arange(3))
    assert frozen(kept) is kept


def test_a_read_only_view_of_a_writeable_array_is_copied() -> None:
    mine = np.arange(3)
    view = mine.view()
    view.flags.writeable = False
    kept = frozen(view)
    mine[0] = 99
    assert kept[0] == 0


def test_a_strided_view_becomes_contiguous() -> None:
    kept = frozen(frozen(np.arange(12).reshape(3, 4))[:, ::2])
    assert kept.flags.c_contiguous
    assert kept.tolist() == [[0, 2], [4, 6], [8, 10]]
