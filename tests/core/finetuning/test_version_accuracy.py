"""The accuracy of a version: that of new people comes first, and older versions have that of all held-out pairs."""

import json
import math

from skillviewer.core.evaluation.accuracy import PooledEstimate
from skillviewer.core.finetuning.version_accuracy import accuracy_facts, version_accuracy, version_accuracy_value

HELD_OUT = PooledEstimate(0.9, 0.8, 0.95, 120, 12, "participant")
NEW = PooledEstimate(0.75, 0.494, 0.902, 80, 12, "participant")


def test_the_accuracy_on_new_people_is_stated_where_it_was_measured() -> None:
    facts = json.loads(json.dumps(accuracy_facts(HELD_OUT, NEW)))
    assert version_accuracy(facts) == "75.0 % (49.4 to 90.2) of 80 pairs of new people"
    assert version_accuracy_value(facts) == 0.75
    assert (facts["accuracy"], facts["held_out_pairs"]) == (0.9, 120)


def test_without_a_pair_of_new_people_all_held_out_pairs_count() -> None:
    none_new = PooledEstimate(math.nan, math.nan, math.nan, 0, 0, "participant")
    for facts in (accuracy_facts(HELD_OUT, None), accuracy_facts(HELD_OUT, none_new)):
        assert version_accuracy(facts) == "90.0 % (80.0 to 95.0) of 120 held-out pairs"
        assert version_accuracy_value(facts) == 0.9


def test_an_accuracy_without_an_interval_and_none_at_all() -> None:
    no_interval = PooledEstimate(1.0, math.nan, math.nan, 3, 1, "participant")
    assert version_accuracy(accuracy_facts(HELD_OUT, no_interval)) == "100.0 % (no interval) of 3 pairs of new people"
    assert version_accuracy({}) == "–"
    assert math.isnan(version_accuracy_value({}))
