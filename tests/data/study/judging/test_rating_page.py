"""The page for rating videos in real Chromium: nothing lost, nothing doubled, practice apart."""

from pathlib import Path

import pytest

from benchmarks.browser_judging import rate
from skillviewer.core.ratings.rating_order import FormPurpose
from skillviewer.data.study import Study
from skillviewer.data.study.judging.browser_ratings import import_answers
from skillviewer.data.study.judging.pack_folder import write_pack
from skillviewer.data.study.practice import Practice, PracticePair, PracticeVideo
from tests.data.study.judging.packs import NAMES, codes_of, make_study, packed, rating_pack
from tests.data.study.judging.pages import JudgingPage
from tests.facts import missing

ENTER = "\ue007"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study with a pack of four videos, two of them twice, for two raters."""
    folder = tmp_path_factory.mktemp("rating")
    write_pack(rating_pack(make_study(folder / "s", n_frames=40), folder / "pack", "Ann", "Bob"))
    return folder


def test_ratings_outlive_a_closed_tab_and_a_killed_browser(folder: Path, tmp_path: Path) -> None:
    code, other = codes_of(folder / "s" / "study.skillstudy")
    page = JudgingPage(folder / "pack", tmp_path)
    page.begin(f"{code[:4]}-{code[4:].lower()}")
    page.rate("42")
    old, new = page.tab(), page.new_tab()
    page.switch(old)
    page.close_tab()
    page.switch(new)
    page.reopen()
    page.begin(code)
    assert page.ask("shown.index") == 1
    page.rate("10")
    page.kill()
    page = JudgingPage(folder / "pack", tmp_path)
    try:
        page.begin(code)
        assert [vote["turn"] for vote in page.votes()] == [0, 1]
        page.rate("n1")
        page.run("localStorage.clear()")
        page.reopen()
        page.begin(other)
        assert page.votes() == []
        page.reopen()
        page.begin(code)
        page.command("Input.dispatchKeyEvent", type="keyDown", key="z", modifiers=2)
        page.wait("shown && shown.index === 2 && !busy")
        assert page.ask("shown.answers") == [None, 1], "an item that could not be judged is restored as such"
        for keys in ("51", "32", "32", "32"):
            page.rate(keys)
        assert page.text("#end-heading") == "All done"
        file = page.save()
        assert not missing(page.text("#end-next"), "saved")
        assert page.complaints() == []
    finally:
        page.close()
    with Study.open(folder / "s" / "study.skillstudy") as study:
        assert import_answers(study, file).startswith("6 new rated videos by")
        assert import_answers(study, file).startswith("0 new")
        forms = [form for form in study.forms.all() if form.is_valid]
        assert sorted(tuple(form.answers.values()) for form in forms) == [
            (1, 0),
            (3, 2),
            (3, 2),
            (3, 2),
            (4, 2),
            (5, 1),
        ]
        assert sum(form.purpose is FormPurpose.FIRST for form in forms) == 4
        assert len(study.ratings.all().ratings) == 4 * 3


def test_keys_tabs_and_warnings(folder: Path, tmp_path: Path) -> None:
    page = JudgingPage(folder / "pack", tmp_path)
    try:
        page.type("nobody", "#code")
        page.click("#enter button")
        assert not missing(page.text("#refused"), "no such code")
        page.reopen()
        page.begin(codes_of(folder / "s" / "study.skillstudy")[1])
        page.type(f"9{ENTER}")
        assert page.ask("[shown.index, shown.answers.includes(undefined), $('submit').disabled]") == [0, True, True]
        page.type("3")
        assert page.ask("[shown.answers[0], shown.item]") == [3, 1], "the next item is marked"
        page.type("\ue013")  # Up
        page.type("4")
        assert page.ask("shown.answers[0]") == 4
        page.type(" ")
        page.wait("shown.video.ended || shown.share > 0.6")
        page.type("m")
        assert 0 < page.ask("shown.mark_s") <= page.ask("shown.clip.seconds")
        page.type("r")
        page.type(f"12 n{ENTER}", "#reason")
        page.type(f"2{ENTER}")
        page.wait("store.votes.length === 1 && !busy")
        (given,) = page.votes()
        assert (given["answers"], given["remark"], given["watched"] > 0.5) == ([["flow", 4], ["care", 2]], "12 n", True)
        page.rate("11")
        assert not missing(page.text("#message"), "0 %")
        page.run("document.querySelector('#items button').focus()")
        page.type(ENTER, "#items button")
        assert page.ask("[shown.answers[0], store.votes.length]") == [1, 2], "Enter presses the button with the focus"
        tree = page.command("Accessibility.getFullAXTree")["nodes"]
        names = {(node["role"]["value"], node.get("name", {}).get("value", "")) for node in tree if not node["ignored"]}
        assert ("button", "flow: 1, stops often") in names
        assert not [(role, name) for role, name in names if role in {"button", "textbox", "slider"} and not name]
        assert page.complaints() == []
    finally:
        page.close()


def test_practice_comes_first_tells_the_stated_answers_and_is_not_kept(tmp_path: Path) -> None:
    study = make_study(tmp_path / "s", n_frames=40)
    with Study.open(study) as opened:
        opened.practice = Practice(
            (PracticePair(NAMES[0], NAMES[1], "at once"),), (PracticeVideo(NAMES[0], {"flow": 5}),)
        )
    write_pack(rating_pack(study, tmp_path / "videos", n_videos=1))
    packed(study, tmp_path / "pairs", n_pairs=1)
    page = JudgingPage(tmp_path / "videos", tmp_path / "browser")
    try:
        page.begin()
        page.type(f"21{ENTER}")
        page.wait("!$('proceed').hidden")
        assert not missing(page.text("#message"), "flow", "you 2", "stated 5")
        page.click("#proceed")
        page.wait_for_pair()
        assert page.ask("[practice, store.votes.length]") == [None, 0]
        page.rate("42")
        assert page.text("#end-heading") == "All done"
        page.reopen()
        page.begin()
        assert page.ask("[practice, store.votes.length]") == [None, 1]
    finally:
        page.close()
    page = JudgingPage(tmp_path / "pairs", tmp_path / "other")
    try:
        page.begin()
        better = page.ask("shown.practised.better === shown.sides[0] ? '1' : '2'")
        page.type("1")
        page.wait("!$('proceed').hidden")
        assert not missing(page.text("#message"), "as stated" if better == "1" else "otherwise", "at once")
        page.click("#proceed")
        page.vote("1")
        assert [vote["pair"] for vote in page.votes()] == [0]
        assert page.text("#end-heading") == "All done"
        assert page.complaints() == []
    finally:
        page.close()


@pytest.mark.parametrize(("width", "height"), [(390, 844), (844, 390), (1280, 720)])
def test_the_form_fits_a_phone_and_a_screen(folder: Path, tmp_path: Path, width: int, height: int) -> None:
    page = JudgingPage(folder / "pack", tmp_path)
    try:
        page.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=True)
        page.begin(codes_of(folder / "s" / "study.skillstudy")[0])
        assert page.ask("document.documentElement.scrollWidth") <= width
        page.run("$('submit').scrollIntoView()")
        box = page.ask("JSON.stringify($('submit').getBoundingClientRect())")
        assert '"height":' in box
        assert page.ask("$('submit').getBoundingClientRect().bottom") <= height + 1
    finally:
        page.close()


@pytest.mark.slow
def test_no_rating_of_five_hundred_is_lost_by_closed_tabs_and_killed_browsers() -> None:
    assert rate(500, 25) == (0, 0, 0, 500)
