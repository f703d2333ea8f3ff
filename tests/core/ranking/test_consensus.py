"""From votes to pairs, by every rule."""

from dataclasses import replace

import numpy as np
import pytest

from skillviewer.core.dataset.pairs import UNNAMED, Judgement, Pair, SimilarPair, Verdict
from skillviewer.core.errors import DatasetError
from skillviewer.core.ranking.consensus import (
    DEFAULT_RULE,
    AtLeast,
    ByNumber,
    ConsensusPairs,
    Majority,
    Posterior,
    Rule,
    Unanimous,
    count_votes,
    rule_named,
)


def votes(text: str, left: str = "a", right: str = "b") -> list[Judgement]:
    """Return judgements: "<" the left is better, ">" the right, "0" neither."""
    verdicts = {"<": Verdict.LEFT, ">": Verdict.RIGHT, "0": Verdict.NEITHER}
    return [Judgement(left, right, verdicts[vote], f"r{i}") for i, vote in enumerate(text)]


def outcome(rule: Rule, text: str) -> str:
    """Return "<", ">" or "0": what the rule makes of the votes on a and b."""
    agreement = rule.agree(votes(text))
    return {
        ConsensusPairs((Pair("a", "b"),), ()): "<",
        ConsensusPairs((Pair("b", "a"),), ()): ">",
        ConsensusPairs((), (SimilarPair("a", "b"),)): "0",
    }[agreement]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Unanimous(), {"<<<<": "<", ">>": ">", "<<<>": "0", "<<0": "0", "0": "0", "<": "<"}),
        (AtLeast(3), {"<<<>>": "<", "<<>>>": ">", "<<>>0": "0", "<<<>>>": "0", "<<": "0"}),
        (Majority(0.6), {"<<<>>": "<", "<<<0>": "<", "<<0>0": "0", "<<>>": "0", ">>>0": ">", "00000": "0"}),
        (Majority(0.7), {"<<<<<<<>>>": "<", "<<<<<<>>>>": "0"}),
        # 0.56 of 25 is 14.000000000000002 to a computer
        (Majority(0.56), {"<" * 14 + ">" * 11: "<", "<" * 11 + ">" * 14: ">", "<" * 13 + ">" * 12: "0"}),
        (Majority(0.5), {"<>": "0", "<<>0": "<"}),
        (ByNumber(), {"<<<>": "0", "<<<<": "<", "<<<>>": "<", "<<<<>>>": "0", ">>>>>>000": ">", "<": "<"}),
    ],
)
def test_rules_by_hand(rule: Rule, expected: dict[str, str]) -> None:
    assert {text: outcome(rule, text) for text in expected} == expected
    assert isinstance(rule, Rule)
    assert "no disparity" in rule.text


def test_default_is_unanimous_for_few_and_60_percent_for_more() -> None:
    assert ByNumber(few=4, share=0.6) == DEFAULT_RULE


def test_sides_may_be_swapped_between_raters() -> None:
    mixed = [*votes("<<", "a", "b"), *(replace(vote, rater="another") for vote in votes(">", "b", "a"))]
    (counted,) = count_votes(mixed)
    assert (counted.first, counted.for_first, counted.for_second, counted.neither) == ("a", 3, 0, 0)
    assert Unanimous().agree(mixed) == ConsensusPairs((Pair("a", "b"),), ())


def test_a_rater_counts_once_however_often_they_judged() -> None:
    again = [*votes("<<<>"), *votes("<")]  # the first rater once more
    assert count_votes(again) == count_votes(votes("<<<>"))
    assert ByNumber().agree(again).similar == (SimilarPair("a", "b"),), "still four raters who do not all agree"
    assert ByNumber().agree(votes("<<<><")).pairs == (Pair("a", "b"),), "five of whom four do"


def test_a_rater_who_contradicts_themselves_sees_no_difference() -> None:
    turned = [*votes("<<"), *votes(">", "a", "b")]
    (counted,) = count_votes(turned)
    assert (counted.for_first, counted.for_second, counted.neither) == (1, 0, 1)
    swapped = [*votes("<<"), *votes(">", "b", "a")]  # the same verdict, with the sides exchanged
    assert count_votes(swapped) == count_votes(votes("<<"))


def test_votes_without_a_name_are_each_somebodys() -> None:
    unnamed = [replace(vote, rater=UNNAMED) for vote in votes("<<>")]
    assert count_votes(unnamed) == count_votes(votes("<<>"))


def test_every_judged_pair_comes_out_once() -> None:
    judgements = [*votes("<<"), *votes("0>", "c", "a"), *votes(">>", "b", "c")]
    agreement = Unanimous().agree(judgements)
    assert agreement.pairs == (Pair("a", "b"), Pair("c", "b"))
    assert agreement.similar == (SimilarPair("a", "c"),)


def test_posterior_agrees_with_a_clear_order_and_leaves_doubt_open() -> None:
    judgements = []
    for left, right, text in [("a", "b", "<<<<<<<<<<"), ("b", "c", "<><><><><>"), ("a", "c", "<<<<<<<<<<")]:
        judgements += votes(text, left, right)
    agreement = Posterior(0.95).agree(judgements)
    assert set(agreement.pairs) == {Pair("a", "b"), Pair("a", "c")}
    assert agreement.similar == (SimilarPair("b", "c"),)


def test_posterior_labels_only_what_was_judged_and_borrows_strength() -> None:
    # a single vote on b and c, but b beats a and a beats c every time; b and d were never shown together
    judgements = [*votes("<", "b", "c"), *votes(12 * "<", "a", "c"), *votes(12 * ">", "a", "b")]
    judgements += votes(12 * "<>", "a", "d")
    agreement = Posterior(0.95).agree(judgements)
    assert Pair("b", "c") in agreement.pairs
    judged = {frozenset(("b", "c")), frozenset(("a", "c")), frozenset(("a", "b")), frozenset(("a", "d"))}
    assert {frozenset((p.better, p.worse)) for p in agreement.pairs} <= judged


def test_posterior_is_rarely_wrong_on_simulated_raters() -> None:
    rng = np.random.default_rng(0)
    true = dict(zip("abcdefgh", rng.normal(0, 1.5, 8), strict=True))
    judgements = []
    for i, left in enumerate(sorted(true)):
        for right in sorted(true)[i + 1 :]:
            wins = rng.random(9) < 1 / (1 + np.exp(true[right] - true[left]))
            judgements += votes("".join("<" if win else ">" for win in wins), left, right)
    agreement = Posterior(0.95).agree(judgements)
    wrong = [pair for pair in agreement.pairs if true[pair.better] < true[pair.worse]]
    assert len(agreement.pairs) >= 14
    assert len(wrong) <= 1


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("default", ByNumber()),
        ("unanimous", Unanimous()),
        ("at-least:3", AtLeast(3)),
        ("majority", Majority(0.6)),
        ("majority:0.75", Majority(0.75)),
        ("posterior", Posterior(0.95)),
        ("posterior:0.9", Posterior(0.9)),
    ],
)
def test_rules_by_name(text: str, rule: Rule) -> None:
    assert rule_named(text) == rule


@pytest.mark.parametrize(
    "text",
    ["", "most", "at-least", "at-least:0", "at-least:1.5", "majority:0.4", "majority:x", "posterior:1", "default:2"],
)
def test_a_rule_that_is_none_is_told(text: str) -> None:
    with pytest.raises(DatasetError, match="Choose one of default, unanimous"):
        rule_named(text)


def test_the_posterior_counts_a_rater_once_a_pair() -> None:
    once = [*votes("<"), *votes("<", "a", "c")]
    again = [*once, *(once[0] for _ in range(20))]
    assert Posterior(0.95).agree(again) == Posterior(0.95).agree(once)
