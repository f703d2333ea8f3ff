"""Stopping a job."""

import pytest

from skillviewer.core.errors import Cancelled, SkillViewerError
from skillviewer.core.progress import CancelToken


def test_a_token_lets_work_go_on_until_it_is_cancelled() -> None:
    token = CancelToken()
    before = token.cancelled
    token.check()
    token.cancel()
    assert (before, token.cancelled) == (False, True)
    with pytest.raises(Cancelled):
        token.check()


def test_cancelling_is_no_error_of_the_program() -> None:
    assert not issubclass(Cancelled, SkillViewerError)
