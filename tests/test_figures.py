"""The accuracy of a shipped model reads the same in its card, in ``models``, in README and in the guides."""

import re
from pathlib import Path

import pytest

from skillviewer.cli.main import run
from skillviewer.data.formats.formats import open_dataset
from skillviewer.nets.model_card import ModelCard, load_card

ROOT = Path(__file__).resolve().parent.parent
CARDS = {folder.parent.name: load_card(folder.parent) for folder in sorted((ROOT / "models").glob("*/card.json"))}
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
STATED = re.compile(r"`?(sample-[\w-]+)`?[^\n%.]{0,60}?(?<![\d.])(\d+\.\d) % \((\d+\.\d) to (\d+\.\d)\)")
"""A model, and within some words its accuracy with the interval."""


def stated_in(text: str) -> list[tuple[str, str]]:
    return [(name, f"{value} % ({low} to {high})") for name, value, low, high in STATED.findall(text)]


def figure(card: ModelCard) -> str:
    assert card.held_out is not None
    return card.held_out.headline.text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_states_the_figure_of_the_card(page: Path) -> None:
    stated = stated_in(page.read_text(encoding="utf-8"))
    assert stated == [(name, figure(CARDS[name])) for name, _ in stated]


def test_every_shipped_model_stands_on_the_page_of_what_is_known() -> None:
    text = (ROOT / "docs" / "known.md").read_text(encoding="utf-8")
    assert dict(stated_in(text)) == {name: figure(card) for name, card in CARDS.items()}


def test_models_lists_the_same_figures(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line.startswith("  ")}
    assert [name for name, card in CARDS.items() if figure(card) not in lines[name]] == []


def test_a_figure_is_found_in_words_and_in_tables() -> None:
    text = "`sample-a` orders 88.2 % (64.4 to 96.9)\n| sample-b | 82.4 % (65.0 to 92.6) |"
    assert stated_in(text) == [("sample-a", "88.2 % (64.4 to 96.9)"), ("sample-b", "82.4 % (65.0 to 92.6)")]


def test_the_pairs_of_the_cards_are_those_of_the_sample_study() -> None:
    dataset = open_dataset(ROOT / "resources" / "sample_study")
    people = dataset.participants
    same = sum(people[pair.better] == people[pair.worse] for pair in dataset.pairs)
    assert {card.held_out.headline.n_pairs for card in CARDS.values() if card.held_out} == {len(dataset.pairs)}
    said = (ROOT / "docs" / "known.md").read_text(encoding="utf-8")
    assert f"{len(dataset.pairs)} pairs of new people ({same} of them are of two clips of the same person)" in said
