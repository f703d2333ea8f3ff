"""Comparison of rater names as typed, since different spellings of a name mean the same rater."""

import re
import unicodedata
from collections.abc import Collection


def normalize(name: str) -> str:
    """Return a name with composed letters (NFC) and single blanks, without blanks at the ends."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def match_key(name: str) -> str:
    """Return the key by which typed names are compared, which ignores case, blanks and Unicode forms."""
    return unicodedata.normalize("NFKC", normalize(name)).casefold()


def match_rater_name(name: str, names: Collection[str]) -> str:
    """Return the known name that equals a typed name or has the same key, or else the normalized typed name."""
    normalized_name = normalize(name)
    for candidate in (name, normalized_name):
        if candidate in names:
            return candidate
    key = match_key(name)
    return next((other for other in names if match_key(other) == key), normalized_name)


def name_pattern(name: str) -> re.Pattern[str]:
    """Return a pattern for a name in whole words, in any case and with any blanks between them; "" matches nothing."""
    words = [re.escape(word) for word in normalize(name).split()]
    pattern = r"\s+".join(words) if words else "(?!)"
    return re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE)
