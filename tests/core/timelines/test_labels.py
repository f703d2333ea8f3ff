"""Labels of moments: their written form, their counts, and kappa over time against counts by hand."""

import pytest

from skillviewer.core.errors import SettingsError
from skillviewer.core.timelines.annotation import Annotation
from skillviewer.core.timelines.labels import ANY, LabelCount, MomentLabel, label_agreement, label_counts, parse_labels


def moment(start_s: float, label: str, author: str, length_s: float = 0.1) -> Annotation:
    return Annotation("moments", start_s, start_s + length_s, label, author)


def test_labels_are_read_as_they_are_written() -> None:
    assert parse_labels(" slip=S#d32f2f,good grasp=g,") == (
        MomentLabel("slip", "s", "#d32f2f"),
        MomentLabel("good grasp", "g"),
    )
    assert parse_labels("") == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("slip", "“slip” is no label: write NAME=KEY"),
        ("slip=ss", "is no label"),
        ("slip=s#red", "is no label"),
        ("slip=s, grasp=S", "“s” stands twice"),
        ("slip=s, Slip=t", "“slip” stands twice"),
    ],
)
def test_other_forms_are_one_sentence(text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        parse_labels(text)


def test_moments_are_counted_by_video_rater_and_label() -> None:
    videos = {
        "b": (9.0, [moment(1, "slip", "Ann")]),
        "a": (9.0, [moment(1, "slip", "Ann"), moment(2, "slip", "Ann", 2.0)]),
    }
    assert label_counts(videos) == [LabelCount("a", "Ann", "slip", 2, 2.1), LabelCount("b", "Ann", "slip", 1, 0.1)]


def test_kappa_over_bins_is_that_of_the_counts_by_hand() -> None:
    """10 bins: Ann in 2 and 5, Bob in 2 and 7, both in one: observed 8 / 10, by chance 0.2² + 0.8²."""
    ann, bob = (
        [moment(2.1, "slip", "Ann"), moment(5.2, "slip", "Ann")],
        [moment(2.6, "slip", "Bob"), moment(7.9, "slip", "Bob")],
    )
    videos = {"a": (10.0, [*ann, *bob]), "only Ann": (100.0, [moment(3, "slip", "Ann")])}
    of_any, of_slip = label_agreement(videos, [])
    chance = 0.2**2 + 0.8**2
    assert (of_any.label, of_slip.label) == (ANY, "slip")
    assert of_slip.kappa == pytest.approx((0.8 - chance) / (1 - chance), abs=1e-6)
    assert (of_slip.n_first, of_slip.n_second, of_slip.n_videos, of_slip.n_bins) == (2, 2, 1, 10)
    assert of_slip.low is not None
    assert of_slip.low < (of_slip.kappa or 0) < (of_slip.high or 0)


def test_moments_on_both_sides_of_a_bin_agree_within_the_tolerance_alone() -> None:
    def kappa(apart_s: float) -> float | None:
        pair = [moment(2.9, "slip", "Ann", 0.05), moment(2.9 + apart_s, "slip", "Bob", 0.05)]
        return label_agreement({"a": (10.0, pair)}, [])[1].kappa

    assert kappa(0.2) == 1.0
    assert (kappa(0.6) or 0.0) < 0


def test_a_model_is_compared_on_any_moment_and_on_no_label() -> None:
    given = [moment(2, "slip", "Ann"), moment(2, "raised the score", "tiny"), moment(6, "lowered the score", "tiny")]
    (only,) = label_agreement({"a": (10.0, given)}, ["tiny"])
    assert (only.label, only.first, only.second, only.n_second) == (ANY, "Ann", "tiny", 2)


def test_a_label_that_fills_every_bin_has_no_kappa() -> None:
    given = [moment(0, "slip", "Ann", 3.0), moment(0, "slip", "Bob", 3.0)]
    assert {one.kappa for one in label_agreement({"a": (3.0, given)}, [])} == {None}
