"""Names of raters as typed: different spellings of a name mean the same rater."""

import unicodedata
from collections.abc import Collection


def tidy(name: str) -> str:
    """Return a name with composed letters (NFC) and single blanks, without leading or trailing ones."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def folded(name: str) -> str:
    """Return the key for comparing typed names: case, blanks and Unicode forms are ignored."""
    return unicodedata.normalize("NFKC", tidy(name)).casefold()


def known_as(name: str, known: Collection[str]) -> str:
    """Return the known name that a typed one matches, exactly or else folded, or else the typed one, tidied."""
    for exact in (name, tidy(name)):
        if exact in known:
            return exact
    return next((other for other in known if folded(other) == folded(name)), tidy(name))
