"""Matching of typed text with the names of actions."""


def fits(text: str, typed: str) -> int | None:
    """Return how well a name fits what was typed, smaller is better, or None when it does not.

    Every word typed must begin a word of the name, or stand inside it.
    """
    text = text.casefold()
    total = 0
    for word in typed.casefold().split():
        at = text.find(word)
        if at < 0:
            return None
        begins = at == 0 or not text[at - 1].isalnum()
        total += at if begins else at + 100
    return total
