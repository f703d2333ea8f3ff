"""Spellings of names: accents as one character, and a simplified form in which names are compared."""

import unicodedata


def simplify_name(text: str) -> str:
    """Return the letters and digits of a text in lower case, to compare names in any spelling and any script."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", text).casefold() if letter.isalnum())


def compose_accents(text: str) -> str:
    """Return a text with each accented letter as one character (NFC); some systems decompose accents in file names."""
    return unicodedata.normalize("NFC", text)
