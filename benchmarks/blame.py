"""The parts of a movement that a comment in words blames, by a stated rule.

    python -m benchmarks.blame DATA [DATA ...]

DATA has comments.csv (video, comment). Printed is the agreement of the rule with fifty comments read by hand
(``blame.csv``, labels alone; they were made before the rule).

The rule: sentences are cut into clauses at commas, "but", "however", "although" and "then". A clause names the parts
whose words it has; without any it goes on with those of the clause before it in its sentence. It is bad if a word of
fault is left after all denials ("no errors", "slight", "not bad") are taken out. The parts of all bad clauses are
blamed. "Corner" alone means the corners; "middle corner" the middle, "end corner" the end.
"""

import argparse
import csv
import re
from pathlib import Path

PARTS: dict[str, str] = {
    "first": r"\bfirst (?:part|half)\b",
    "second": r"\b(?:second|next|last|final) (?:part|half)\b|\brest of the (?:path|way|route)"
    r"|\bas (?:he|she|they) continue|\bafter (?:changing the direction|(?:they )?pass\w+ the (?:\w+ )?corner)"
    r"|\bas time passed|\bas it went",
    "beginning": r"\bbeginn?ing\b|\bat first\b|\binitially\b|\bstart(?:s|ed|ing)?\b(?! region)",
    "middle": r"\b(?:in|of|at|around) the mid(?:dle)?\b|\bmid(?:dle)? (?:corner|part|section|of)"
    r"|\binner (?:corner|edge)|\bhalfway",
    "end": r"\b(?:at|in|to|towards?|near|of) the (?:very )?ends?\b|\bat the end\b"
    r"|\b(?:end|last|final|outer|second) (?:corner|vertex)|\btip\b",
    "corners": r"\bcorners?\b|\bvert(?:ex|ices)\b|\bedges?\b|\bchanging the (?:direction|angle)",
}
"""Words of each part of a movement."""

_SPECIFIC = r"\b(?:mid(?:dle)?|inner|end|last|final|outer|second|first) (?:corner|vertex|edge)\w*|\bcorner tip\b"
"""Corners that say which one."""

FAULT = re.compile(
    r"deviat|\berrors?\b|tremor|trembl|shak[eiy]|vibrat|fluctuat|irregular|erratic|disorient|inconsisten|non-uniform|\bpoor|\bbad"
    r"|\bworse|\bweak|\bodd\b|strange|weird|curved|rounded|\bpauses?\b|stop|\blate\b|\bearly\b|\bsooner|\black|\blost\b"
    r"|\blose\b|forgot|mistake|jerk|careless|inward|outward|\binside\b|outside|intru|limitation|decrease|reduced|\bslow\b"
    r"|\bspeed (?:was|is) low|fail|inappropriate|improper|prematurely|couldn't|excessive|wrong|incorrect"
    r"|(?:\bnot|n't|\bwithout|\bnever)\b[^,;]{0,40}\b(?:sharp|uniform|observed|good|well|right|correct\w*|on time"
    r"|in time|enough|careful|appropriate|desirable|suitable|proper|accurat\w+|start|exact|covered|there|follow\w*)"
)
"""Words of fault."""

DENIED = re.compile(
    r"(?:\bno\b|\bwithout\b|\bnot\b|n't|\bfew\b|\blittle\b|\bminimal\b|\bless\b|\bonly\b very|\bfree of)(?: \w+){0,3}? "
    r"(?:deviat\w+|errors?|tremors?|fluctuat\w+|pauses?|stops?|bad|much|inward|outward)|error-free|\bwell\b only"
    r"|(?:errors?|tremors?|deviations?)(?: \w+){0,2} (?:decreased|reduced|minimal|better|less)|little fluctuations"
)
"""Faults that a comment denies."""

HAND = Path(__file__).with_suffix(".csv")


def blamed(comment: str) -> frozenset[str]:
    """Return the parts that a comment blames, keys of ``PARTS``."""
    found: set[str] = set()
    for sentence in re.split(r"[.;!]", comment.lower()):
        parts: set[str] = set()
        for clause in re.split(r",|\bbut\b|\bhowever\b|\balthough\b|\bthen\b", sentence):
            general = re.sub(_SPECIFIC, " ", clause)
            own = {part for part, words in PARTS.items() if re.search(words, general if part == "corners" else clause)}
            parts = own or parts
            if FAULT.search(DENIED.sub(" ", clause)):
                found |= parts
    return frozenset(found)


def read_comments(folder: Path) -> dict[str, str]:
    """Return the comment of every video of a data set."""
    with (folder / "comments.csv").open(newline="", encoding="utf-8") as file:
        return {row["video"]: row["comment"] for row in csv.DictReader(file)}


def read_by_hand() -> dict[str, frozenset[str]]:
    """Return the labels of the comments that were read by hand."""
    with HAND.open(newline="", encoding="utf-8") as file:
        return {row["video"]: frozenset(row["parts"].split()) for row in csv.DictReader(file)}


def agreement(comments: dict[str, str]) -> tuple[int, int, int, list[str]]:
    """Compare the rule with the labels by hand.

    Returns:
        Parts that both blame, that the rule alone blames, and that the reader alone blames; videos that differ.
    """
    hand = {video: parts for video, parts in read_by_hand().items() if video in comments}
    rule = {video: blamed(comments[video]) for video in hand}
    both = sum(len(rule[video] & hand[video]) for video in hand)
    alone, missed = sum(len(rule[v] - hand[v]) for v in hand), sum(len(hand[v] - rule[v]) for v in hand)
    return both, alone, missed, [video for video in hand if rule[video] != hand[video]]


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="+")
    comments = {video: said for folder in parser.parse_args().data for video, said in read_comments(folder).items()}
    both, alone, missed, differ = agreement(comments)
    known = len(read_by_hand().keys() & comments.keys())
    print(
        f"{known} comments by hand: {known - len(differ)} with the same parts; parts that both blame {both}, the rule"
    )
    print(f"alone {alone}, the reader alone {missed}. Different: {', '.join(differ)}")
    counts = {part: sum(part in blamed(said) for said in comments.values()) for part in PARTS}
    print(f"{len(comments)} comments, {sum(bool(blamed(c)) for c in comments.values())} blame a part: {counts}")


if __name__ == "__main__":
    main()
