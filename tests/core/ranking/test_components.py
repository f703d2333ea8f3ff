"""Connected parts, against a search that follows links one by one."""

import numpy as np

from skillviewer.core.ranking.components import components, components_of_names, connected_parts


def reached(name: str, links: set[tuple[str, str]]) -> set[str]:
    """Return what can be reached from a name, with itself."""
    found, new = {name}, {name}
    while new:
        new = {b for a, b in links | {(b, a) for a, b in links} if a in new} - found
        found |= new
    return found


def test_parts_are_those_that_following_links_finds() -> None:
    random = np.random.default_rng(0)
    for n_links in (0, 1, 5, 9, 30):
        names = [f"v{i:02}" for i in range(20)]
        links = {(names[a], names[b]) for a, b in random.integers(0, 20, (n_links, 2)) if a != b}
        expected = sorted({tuple(sorted(reached(name, links))) for name in names})
        assert sorted(map(tuple, connected_parts(names, links))) == expected
        numbers = dict(zip(names, components_of_names(names, links).tolist(), strict=True))
        for name in names:
            assert {other for other in names if numbers[other] == numbers[name]} == reached(name, links)


def test_chains_in_both_directions() -> None:
    names = ["d", "a", "c", "b", "e"]
    links = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "e")]
    i, j = np.array([(names.index(a), names.index(b)) for a, b in links]).T
    both = components(5, i, j, strong=True).tolist()
    assert (both[1] == both[2] == both[3], len({both[0], both[1], both[4]})) == (True, 3)
    assert components(5, i, j).tolist() == [0] * 5
    assert connected_parts(names, links) == [names]


def test_nothing_to_connect() -> None:
    assert connected_parts([], ()) == []
    assert connected_parts(["b", "a"], ()) == [["b"], ["a"]]
    assert connected_parts(["b", "a"], [("a", "b"), ("b", "a")]) == [["b", "a"]]
