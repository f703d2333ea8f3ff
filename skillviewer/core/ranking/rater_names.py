"""Names of raters as people type them: one person is one rater, however the name was typed this time."""

import unicodedata
from collections.abc import Collection


def tidy(name: str) -> str:
    """Return a name with composed letters (NFC), single blanks, and none around it."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def folded(name: str) -> str:
    """Return what two ways of typing a name have in common: capitals, blanks and forms of letters say nothing."""
    return unicodedata.normalize("NFKC", tidy(name)).casefold()


def known_as(name: str, known: Collection[str]) -> str:
    """Return the known name that a typed one means, or the typed one, tidied, where nobody is known by it.

    Args:
        name: What was typed or chosen.
        known: Names of raters; one that is written exactly so comes before one that is written alike.
    """
    for exact in (name, tidy(name)):
        if exact in known:
            return exact
    return next((other for other in known if folded(other) == folded(name)), tidy(name))
