"""Numbers of the paper."""

from skillviewer.data.formats.published import BEST_ON_TEST, PUBLISHED, published_accuracy


def test_every_cell_of_both_tables_once() -> None:
    assert len(PUBLISHED) == len({(p.dataset, p.row) for p in PUBLISHED}) == 5 * 10
    assert {p.row for p in PUBLISHED if p.table == 2} == {"No Attention", "No RNN_att", "x̄-based", "h_task-based"}


def test_some_cells() -> None:
    cells = [
        ("chopsticks", "Ours"),
        ("infant-grasp", "Doughty et al."),
        ("dough", "No Attention"),
        ("drawing", "SCA-CNN"),
        ("surgery", "x̄-based"),
    ]
    found = [published_accuracy(*cell) for cell in cells]
    assert [entry and entry.accuracy for entry in found] == [0.855, 0.803, 0.773, 0.844, 0.701]


def test_what_is_not_published_is_none() -> None:
    assert published_accuracy(None, "Ours") is None
    assert published_accuracy("chopsticks", "") is None


def test_the_full_model_is_reported_best_everywhere() -> None:
    for entry in PUBLISHED:
        full = published_accuracy(entry.dataset, "Ours")
        assert full is not None
        assert entry.accuracy <= full.accuracy


def test_what_doughty_et_al_report_themselves_is_of_no_best_epoch() -> None:
    quoted = {p.dataset for p in PUBLISHED if p.epoch != BEST_ON_TEST}
    assert quoted == {"chopsticks", "surgery", "drawing", "dough"}
    assert {p.row for p in PUBLISHED if p.epoch != BEST_ON_TEST} == {"Doughty et al."}
