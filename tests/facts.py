"""Facts of sentences: numbers, names and key phrases, whose wording may change around them."""

from collections.abc import Iterable


def missing(said: str | Iterable[object], *facts: str) -> list[str]:
    """Return the facts that a text, or no text of several, contains.

    Args:
        said: A text, or texts such as the problems of a data set.
        facts: Numbers, names, values and key phrases.
    """
    text = said if isinstance(said, str) else "\n".join(map(str, said))
    return [fact for fact in facts if fact not in text]
