"""The page of a pack in real Chromium, from the folder itself: nothing lost, nothing doubled, nothing sent."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from skillviewer.core.paths import resources_dir
from skillviewer.data.study import Study
from skillviewer.data.study.judging.browser_votes import import_votes
from tests.data.study.judging.packs import codes_of, make_study, packed
from tests.data.study.judging.pages import JudgingPage, saved_votes
from tests.facts import missing


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study with a pack of two raters."""
    folder = tmp_path_factory.mktemp("judging")
    packed(make_study(folder / "s", n_frames=40), folder / "pack", "Ann", "Bob", n_pairs=6)
    return folder


@pytest.fixture(scope="module")
def page(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JudgingPage]:
    """The page in a browser of its own."""
    made = JudgingPage(folder / "pack", tmp_path_factory.mktemp("browser"))
    yield made
    made.close()


@pytest.fixture
def own_page(folder: Path, tmp_path: Path) -> Iterator[JudgingPage]:
    """The page in a browser that no other test has voted in."""
    opened = JudgingPage(folder / "pack", tmp_path)
    yield opened
    opened.close()


def test_votes_outlive_a_closed_tab_and_a_killed_browser(folder: Path, tmp_path: Path) -> None:
    page = JudgingPage(folder / "pack", tmp_path)
    code, other = codes_of(folder / "s" / "study.skillstudy")
    page.type("nobody", "#code")
    page.click("#enter button")
    assert "no such code" in page.text("#refused")
    page.reopen()
    page.begin(code.lower())
    page.vote("1")
    old, new = page.tab(), page.new_tab()
    page.switch(old)
    page.close_tab()
    page.switch(new)
    page.reopen()
    page.begin(code)
    assert page.ask("shown.index") == 1
    page.vote("2")
    page.kill()  # at once after the vote was told to be stored
    page = JudgingPage(folder / "pack", tmp_path)
    try:
        page.begin(code)
        assert [(vote["pair"], vote["verdict"]) for vote in page.votes()] == [(0, 1), (1, -1)]
        page.vote("0")
        page.run("localStorage.clear()")  # one of the two copies is enough
        page.reopen()
        page.begin(other)
        assert page.votes() == [], "the raters of a pack do not meet"
        source = (folder / "pack" / "index.html").read_text(encoding="utf-8")
        assert code not in source and other not in source, "a rater cannot find the code of another"  # noqa: PT018
        page.reopen()
        page.begin(code)
        for key in ("x", "1", "2"):
            page.vote(key)
        assert page.text("#end-heading") == "All done"
        assert "not saved to a file yet" in page.text("#end-next")
        file = page.save()
        assert "not saved" not in page.text("#end-next")
        assert page.complaints() == []
    finally:
        page.close()
    with Study.open(folder / "s" / "study.skillstudy") as study:
        assert not missing(import_votes(study, file), "5 new votes", "1 skipped")
        assert import_votes(study, file).startswith("0 new votes")
        votes = study.votes.all()
    assert [None if v.verdict is None else int(v.verdict) for v in votes] == [1, -1, 0, None, 1, -1]
    assert all(v.taken_s is not None and 0.25 < v.taken_s < 60 and v.watched == 0 for v in votes)


def test_the_keys_of_the_rank_screen_play_mark_explain_swap_and_undo(folder: Path, own_page: JudgingPage) -> None:
    page = own_page
    code = codes_of(folder / "s" / "study.skillstudy")[1]
    page.begin(code)
    left, right = page.ask("shown.codes")
    page.type(" ")
    page.wait("!shown.playing && shown.videos.every((video) => video.played.length)")
    stop_s = page.ask("shown.stop([0, 1])")
    assert page.ask("shown.at[0]") == pytest.approx(stop_s)
    page.type("\ue011")  # Home
    ahead_s = "shown.videos[0].currentTime = shown.at[0] + shown.clips[0].sync"
    page.ask(f"{ahead_s} + 0.1, shown.follow(0, false)")
    assert page.ask("shown.videos[0].playbackRate") == pytest.approx(0.9, abs=0.01), "it waits for the clock"
    page.ask(f"{ahead_s} + 0.5, shown.follow(0, false), shown.pause(), shown.seek(-Infinity)")
    start_s = page.ask("shown.at[0]")
    assert start_s == pytest.approx(page.ask("Math.min(...shown.clips.map((clip) => -clip.sync))"))
    page.type("...")
    assert page.ask("shown.at[0]") == pytest.approx(start_s + 3 / 30)
    page.type("m")
    marks = page.ask("shown.marks")
    page.type("m")
    assert page.ask("shown.marks") == [None, None], "a second time takes them away"
    page.type("m")
    assert page.ask("shown.marks") == marks
    page.type("s")
    assert page.ask("document.querySelector('#left video').src").endswith(f"{right}.mp4")
    page.type("fa")
    assert page.ask("[shown.together, shown.active]") == [False, 1]
    page.type("f")
    page.type("r")
    page.type("12 x steadier\ue007", "#reason")  # keys are letters here, until Enter
    page.vote("1")
    given = page.votes()[0]
    assert (given["left"], given["right"], given["verdict"]) == (right, left, 1)
    assert given["reason"] == "12 x steadier"
    assert [given["right_mark_s"], given["left_mark_s"]] == marks
    assert given["watched"] > 0.9
    page.command("Input.dispatchKeyEvent", type="keyDown", key="z", modifiers=2)
    page.wait("shown && shown.index === 0 && !busy")
    assert page.ask("$('reason').value") == "12 x steadier"
    assert page.ask("shown.swapped") is True
    page.vote("2")
    page.vote("1")
    votes = saved_votes(page.save())
    assert [(v["pair"], v["verdict"], v["withdrawn_at"] is None) for v in votes] == [
        (0, 1, False),
        (0, -1, True),
        (1, 1, True),
    ]
    # another tab judges the same pair: the first vote stays
    first, second = page.tab(), page.new_tab()
    page.reopen()
    page.begin(code)
    page.switch(first)
    page.vote("1")
    page.switch(second)
    page.wait_for_pair()
    page.type("2")
    page.wait("shown.index === 3")
    assert "another tab" in page.text("#message")
    assert [vote["verdict"] for vote in page.votes() if vote["pair"] == 2] == [1]
    assert page.complaints() == []
    # a clip that is missing on the stick: the pair can only be skipped
    page.wait_for_pair()
    page.run("shown.videos[0].src = 'clips/none.mp4'")
    page.wait("shown.broken")
    assert "cannot be shown" in page.text("#message")
    page.type("1")
    page.vote("x")
    assert [vote["verdict"] for vote in page.votes() if vote["pair"] == 3] == [None]


def test_undo_by_the_mouse_takes_one_vote_back_and_keeps_what_was_watched(folder: Path, own_page: JudgingPage) -> None:
    page = own_page
    assert not page.ask("$('stored').checkVisibility()")
    code = codes_of(folder / "s" / "study.skillstudy")[1]
    page.begin(code)
    page.vote("1")
    page.wait_for_pair()
    page.type(" ")
    page.wait("!shown.playing && shown.videos.every((video) => video.played.length)")
    page.vote("1")
    watched = page.votes()[1]["watched"]
    assert watched > 0.9
    page.wait_for_pair()
    page.click("#undo")
    page.wait("shown.index === 1 && !busy")
    for _ in range(2):  # wherever the focus is
        for kind in ("keyDown", "keyUp"):
            page.command("Input.dispatchKeyEvent", type=kind, key=" ", code="Space", text=" ", windowsVirtualKeyCode=32)
    page.wait("!busy")
    assert [vote["withdrawn_at"] is None for vote in page.votes()] == [True, False], "Space plays"
    page.vote("2")
    assert page.votes()[2]["watched"] >= watched
    page.reopen()
    page.wait("$('stored').checkVisibility()")


TRACES = """
  return indexedDB.databases().then((databases) => [
    ...databases.map((database) => database.name), ...Object.keys(localStorage),
  ].filter((name) => name.includes(PACK.pack)));
"""
"""Names of everything that the page has stored."""


def test_a_rater_deletes_all_own_answers_after_a_question(folder: Path, tmp_path: Path) -> None:
    page = JudgingPage(folder / "pack", tmp_path)
    code, other = codes_of(folder / "s" / "study.skillstudy")
    try:
        page.begin(other)
        page.vote("1")
        kept = set(page.run(TRACES))
        page.reopen()
        page.begin(code)
        page.click("#finish")
        assert page.ask("$('erase').hidden"), "there is no answer to delete"
        page.click("#go-on")
        for key in ("1", "2"):
            page.vote(key)
        page.click("#finish")
        page.click("#erase")
        assert not missing(page.text("#erase-words"), "not all saved")
        page.click("#erase-no")
        assert len(page.votes()) == 2
        page.save()
        page.click("#erase")
        assert missing(page.text("#erase-words"), "not all saved")
        # another tab must not write the answers back
        first, second = page.tab(), page.new_tab()
        page.reopen()
        page.begin(code)
        page.switch(first)
        page.click("#erase-yes")
        page.wait("!$('start').hidden")
        assert not missing(page.text("#erased"), "deleted")
        assert set(page.run(TRACES)) == kept, "only the answers of the other rater are left"
        page.switch(second)
        page.wait("!$('start').hidden && !rater")
        assert set(page.run(TRACES)) == kept
        page.begin(code)
        assert (page.votes(), page.ask("shown.index")) == ([], 0)
        page.reopen()
        page.begin(other)
        assert [vote["verdict"] for vote in page.votes()] == [1]
        assert page.complaints() == []
    finally:
        page.close()


def test_answers_that_cannot_be_deleted_stay_and_the_page_says_so(folder: Path, tmp_path: Path) -> None:
    page = JudgingPage(folder / "pack", tmp_path)
    code = codes_of(folder / "s" / "study.skillstudy")[0]
    try:
        page.begin(code)
        page.vote("1")
        page.click("#finish")
        page.run("store.db.transaction = () => { throw new Error('disk'); }")
        page.click("#erase")
        page.click("#erase-yes")
        page.wait("!$('erase-dialog').open")
        assert not missing(page.text("#end-words"), "could not be deleted")
        page.reopen()
        page.begin(code)
        assert [vote["verdict"] for vote in page.votes()] == [1]
    finally:
        page.close()


PHONES = {
    "upright": (390, 844, ("Top", "Bottom")),
    "small": (320, 568, ("Top", "Bottom")),
    "lying": (844, 390, ("Left", "Right")),
}
NOT_WHOLE = """
  const whole = (element) => {
    const box = element.getBoundingClientRect(), x = (box.left + box.right) / 2;
    const uncovered = (y) => {
      const there = document.elementFromPoint(x, y);
      return there && (element.contains(there) || there.contains(element));
    };
    const inside = box.bottom <= innerHeight && box.right <= innerWidth;
    return inside && [box.top + 2, (box.top + box.bottom) / 2, box.bottom - 2].every(uncovered);
  };
  const shown = [...document.querySelectorAll(arguments[0])].filter((element) => element.offsetParent);
  return shown.filter((element) => !whole(element)).map((element) => element.id || element.textContent);
"""
"""Elements that are not whole on the screen, or covered."""


def on_a_phone(page: JudgingPage, width: int, height: int) -> None:
    page.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2, mobile=True)
    page.command("Emulation.setTouchEmulationEnabled", enabled=True)
    touch = [{"name": "hover", "value": "none"}, {"name": "pointer", "value": "coarse"}]
    page.command("Emulation.setEmulatedMedia", features=touch)


@pytest.mark.parametrize("phone", PHONES)
def test_a_phone_shows_votes_warnings_and_marks_whole_and_no_keys(folder: Path, tmp_path: Path, phone: str) -> None:
    width, height, sides = PHONES[phone]
    page = JudgingPage(folder / "pack", tmp_path)
    try:
        on_a_phone(page, width, height)
        page.begin(codes_of(folder / "s" / "study.skillstudy")[0])
        assert page.run(NOT_WHOLE, "#judge button, #clock") == []
        page.run("vote('1')")
        page.wait("!busy && $('message').textContent")
        page.wait_for_pair()
        assert page.run(NOT_WHOLE, "#judge button, #clock, #message, header") == []
        assert page.ask("document.documentElement.scrollWidth") <= width
        told = page.text("#message")
        assert f"of the {sides[0].lower()} and" in told
        assert "Ctrl" not in told + page.text("#judge")
        assert [page.text(f"[data-vote='{vote}']") for vote in ("1", "-1", "x")] == [
            *(f"{side} is better" for side in sides),
            "Skip",
        ]
        assert "key R" not in page.text("#reason-row")
        assert page.ask("getComputedStyle(document.querySelector('details.keys')).display") == "none"
        assert page.complaints() == []
    finally:
        page.close()


def test_screen_readers_hear_names_and_every_new_pair_and_keys_keep_the_focus(folder: Path, page: JudgingPage) -> None:
    page.reopen()
    page.begin(codes_of(folder / "s" / "study.skillstudy")[0])
    tree = page.command("Accessibility.getFullAXTree")["nodes"]
    names = {(node["role"]["value"], node.get("name", {}).get("value", "")) for node in tree if not node["ignored"]}
    assert {("Video", "Left video"), ("Video", "Right video")} <= {(role, name) for role, name in names}
    assert {("figure", "Left"), ("figure", "Right")} <= names
    assert ("progressbar", "Judged pairs") in names
    assert ("slider", "Time of the videos") in names
    assert not [(role, name) for role, name in names if role in {"button", "textbox", "slider"} and not name]
    first = page.text("#announcement") or page.ask("$('announcement').textContent")
    assert re.fullmatch(r"Pair \d of 6\. Left video [\d.]+ s, right video [\d.]+ s\.", first)
    assert page.ask("$('announcement').role || $('announcement').getAttribute('role')") == "status"
    assert page.ask("document.querySelectorAll('#judge output').length") == 0, (
        "times that run would be read all the time"
    )
    page.run("$('play').focus()")
    page.type("\ue007", "#play")  # Enter
    page.wait("shown.playing || shown.videos.some((video) => video.played.length)")
    assert page.ask("document.activeElement.id") == "play"
    page.run("document.querySelector('[data-vote=\"1\"]').focus()")
    page.wait_for_pair()
    page.type("\ue007", "[data-vote='1']")
    page.wait("!busy && $('announcement').textContent !== arguments[0]".replace("arguments[0]", repr(first)))
    assert page.ask("document.activeElement.id") == "question", "a second Enter is no second vote"
    page.click("#finish")
    assert page.ask("document.activeElement.id") == "end-heading"


def luminance(colour: str) -> float:
    """Return the relative luminance of an rgb() colour (WCAG 2.2)."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_borders_and_texts_have_the_contrast_of_the_guidelines_in_both_themes(page: JudgingPage) -> None:
    for theme in ("light", "dark"):
        page.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])
        names = ("window", "base", "raised", "line", "text", "muted", "warn", "accent", "on-accent")
        script = """
          const made = document.body.appendChild(document.createElement("i"));
          const found = [];
          for (const name of arguments[0]) {
            made.style.color = `var(--${name})`;
            found.push(getComputedStyle(made).color);
          }
          made.remove();
          return found;
        """
        colour = dict(zip(names, page.run(script, names), strict=True))
        for ground in ("window", "base", "raised"):
            assert contrast(colour["line"], colour[ground]) >= 3, (theme, ground)
            assert contrast(colour["text"], colour[ground]) >= 7, (theme, ground)
            assert contrast(colour["muted"], colour[ground]) >= 4.5, (theme, ground)
        assert contrast(colour["warn"], colour["window"]) >= 4.5
        assert contrast(colour["on-accent"], colour["accent"]) >= 4.5
        assert contrast(colour["accent"], colour["window"]) >= 3


def test_the_page_works_where_the_browser_keeps_nothing_and_connects_to_nothing(
    folder: Path, page: JudgingPage
) -> None:
    refuse = """
        for (const name of ["indexedDB", "localStorage"]) {
          Object.defineProperty(window, name, { get() { throw new DOMException("refused", "SecurityError"); } });
        }
    """
    made = page.command("Page.addScriptToEvaluateOnNewDocument", source=refuse)
    page.reopen()
    page.begin(codes_of(folder / "s" / "study.skillstudy")[0])
    assert not missing(page.text("#message"), "cannot store")
    page.vote("1")
    page.click("#finish")
    assert not missing(page.text("#end-words"), "save")
    assert [vote["verdict"] for vote in saved_votes(page.save())] == [1]
    for attempt in (
        "fetch('http://127.0.0.1:9/')",
        "fetch('data:text/plain,x')",
        "new Promise((done, fail) => { const i = new Image(); i.onload = done; i.onerror = fail; i.src = 'data:,'; })",
        "import('data:text/javascript,')",
    ):
        assert page.run(f"return {attempt}.then(() => 'went out', () => 'refused')") == "refused"
    page.command("Page.removeScriptToEvaluateOnNewDocument", **made)


def test_the_source_names_no_address_and_the_sum_is_that_of_python(page: JudgingPage) -> None:
    for file in (resources_dir() / "judging").iterdir():
        text = file.read_text(encoding="utf-8")
        assert re.findall(r"https?:|//[a-z]+\.|url\(|@import|XMLHttpRequest|WebSocket|sendBeacon|fetch\(", text) == []
    import hashlib

    for text in ("", "abc", "ä€😀" * 9, "x" * 55, "x" * 56, "x" * 64, "x" * 1000):
        assert page.run("return sha256(arguments[0])", text) == (hashlib.sha256(text.encode()).hexdigest())
