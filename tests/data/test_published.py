"""Numbers of the paper."""

from skillviewer.data.published import PUBLISHED, published_accuracy


def test_every_cell_of_both_tables_once() -> None:
    assert len(PUBLISHED) == len({(p.dataset, p.model) for p in PUBLISHED}) == 5 * 10
    assert {p.model for p in PUBLISHED if p.table == 2} == {"none", "no-rnn", "xbar", "htask"}


def test_some_cells() -> None:
    cells = [
        ("chopsticks", "full"),
        ("infant-grasp", "tsn"),
        ("dough", "none"),
        ("drawing", "sca"),
        ("surgery", "xbar"),
    ]
    found = [published_accuracy(*cell) for cell in cells]
    assert [entry and entry.accuracy for entry in found] == [0.855, 0.803, 0.773, 0.844, 0.701]


def test_what_is_not_published_is_none() -> None:
    assert published_accuracy(None, "full") is None
    assert published_accuracy("chopsticks", "duration") is None


def test_the_full_model_is_reported_best_everywhere() -> None:
    for entry in PUBLISHED:
        full = published_accuracy(entry.dataset, "full")
        assert full is not None
        assert entry.accuracy <= full.accuracy
