"""Reader of ELAN documents (EAF 2.7 to 3.0). Entities and DTDs are refused."""

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from skillviewer.core.text import shorten
from skillviewer.core.timelines.annotation import Annotation, without_lane
from skillviewer.core.timelines.contents import TimelineContents
from skillviewer.data.safe_xml import read_xml

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

Span = tuple[int, int]
"""Start and end in whole milliseconds, on the clock of the document."""


@dataclass(frozen=True, slots=True)
class _TierAnnotation:
    """An annotation of the document with its tier."""

    tier: "Element"
    element: "Element"

    @property
    def id(self) -> str:
        return self.element.get("ANNOTATION_ID", "")

    @property
    def slots(self) -> tuple[str, str]:
        return self.element.get("TIME_SLOT_REF1", ""), self.element.get("TIME_SLOT_REF2", "")

    @property
    def parent_id(self) -> str:
        return self.element.get("ANNOTATION_REF", "")

    @property
    def previous_id(self) -> str:
        return self.element.get("PREVIOUS_ANNOTATION", "")

    @property
    def text(self) -> str:
        return self.element.findtext("ANNOTATION_VALUE") or ""


def read_eaf(path: Path, file_name: str) -> TimelineContents:
    """Return the annotations of an ELAN document, with the times that ELAN shows.

    If a chain of annotations subdivides a longer one, ELAN stores no times between them and divides the time evenly
    (``TimeProposer`` and ``SymbolicSubdivision`` of its source). Annotations that refer to the same parent without
    forming a chain each have the times of the parent. Times count from the start of the video, even if ELAN plays it
    with an offset.

    Raises:
        ValueError: It is no ELAN document.
        xml.etree.ElementTree.ParseError: It is no XML.
    """
    root = read_xml(path)
    if root.tag != "ANNOTATION_DOCUMENT":
        raise ValueError(f"its root is <{root.tag}> and not <ANNOTATION_DOCUMENT>")
    rows = [
        _TierAnnotation(tier, annotation)
        for tier in _parents_first(root)
        for annotation in tier.findall("ANNOTATION/*")
    ]
    spans = _spans(root, rows)
    origin_ms = _origin_ms(root, file_name)
    names = {tier.get("TIER_ID", "") for tier in root.iter("TIER")}
    annotations = []
    rejected_annotations = []
    for index, row in enumerate(rows):
        span = spans.get(index)
        if span is None:
            tier = row.tier.get("TIER_ID", "")
            rejected_annotations.append(
                f"The annotation “{shorten(row.text)}” in the tier “{tier}” has no time of its own, and refers to no "
                "annotation that has one."
            )
            continue
        author = row.tier.get("PARTICIPANT", "")
        if not author:
            author = row.tier.get("ANNOTATOR", "")
        # the export of this program adds a lane and an author to the name of a tier
        name = without_lane(row.tier.get("TIER_ID", ""), names).removesuffix(f" – {author}")
        begin_ms, end_ms = span
        start_s = (begin_ms + origin_ms) / 1000
        stop_s = (end_ms + origin_ms) / 1000
        annotations.append(Annotation(name, start_s, stop_s, row.text, author))
    return TimelineContents(tuple(annotations), tuple(rejected_annotations))


def _origin_ms(root: "Element", file_name: str) -> int:
    """Return the offset with which ELAN plays the video ``file_name``, or the first video if there is no such one."""
    media = root.findall("HEADER/MEDIA_DESCRIPTOR")
    same_file = [descriptor for descriptor in media if descriptor.get("MEDIA_URL", "").endswith(f"/{file_name}")]
    return int((same_file or media)[0].get("TIME_ORIGIN", "0")) if media else 0


def _parents_first(root: "Element") -> list["Element"]:
    """Return the tiers, each after its parent; tiers that are their own ancestors come last."""
    tiers = list(root.iter("TIER"))
    names = {tier.get("TIER_ID") for tier in tiers}
    children: dict[str | None, list[Element]] = {}
    for tier in tiers:
        parent = tier.get("PARENT_REF")
        if parent not in names:
            parent = None
        children.setdefault(parent, []).append(tier)
    tiers_in_order = []
    waiting = deque(children.pop(None, []))
    while waiting:
        tier = waiting.popleft()
        tiers_in_order.append(tier)
        waiting.extend(children.pop(tier.get("TIER_ID"), []))
    return [*tiers_in_order, *(tier for circle in children.values() for tier in circle)]


def _slots_ms(root: "Element", rows: list[_TierAnnotation]) -> dict[str, int]:
    """Return the times of the time slots in milliseconds, without the slots of broken chains."""
    slots_ms = {
        slot.get("TIME_SLOT_ID", ""): int(slot.get("TIME_VALUE", ""))
        for slot in root.findall("TIME_ORDER/TIME_SLOT")
        if slot.get("TIME_VALUE")
    }
    # by identity of the tier and start slot: the end slot of the first annotation that begins there
    end_slots: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for row in rows:
        begin, end = row.slots
        if begin:
            end_slots[id(row.tier)].setdefault(begin, end)
    for end_slots_of_tier in end_slots.values():
        _divide(end_slots_of_tier, slots_ms)
    return slots_ms


def _spans(root: "Element", rows: list[_TierAnnotation]) -> dict[int, Span]:
    """Return the times of annotations by their index in ``rows``, without annotations that have no time."""
    slots_ms = _slots_ms(root, rows)
    spans: dict[int, Span] = {}
    by_id: dict[str, int] = {}
    for index, row in enumerate(rows):
        by_id.setdefault(row.id, index)
        begin_slot, end_slot = row.slots
        begin_ms = slots_ms.get(begin_slot)
        end_ms = slots_ms.get(end_slot)
        if begin_ms is not None and end_ms is not None:
            spans[index] = (begin_ms, end_ms)
    chains: dict[int, list[list[int]]] = {}  # by the annotation that a chain subdivides
    for chain in _chains(rows, by_id):
        parent = by_id.get(rows[chain[0]].parent_id)
        if parent is not None:
            chains.setdefault(parent, []).append(chain)
    waiting = deque(spans)
    while waiting:
        parent = waiting.popleft()
        for chain in chains.pop(parent, []):
            shares = _shares(spans[parent], len(chain))
            spans.update(zip(chain, shares, strict=True))
            waiting.extend(chain)
    return spans


def _shares(span: Span, n: int) -> list[Span]:
    """Return n equal parts of a span, cut to whole milliseconds as ELAN does."""
    begin, end = span
    length = (end - begin) / n
    return [(begin + int(i * length), begin + int((i + 1) * length)) for i in range(n)]


def _divide(next_slots: dict[str, str], slots_ms: dict[str, int]) -> None:
    """Set the missing times of slots of one tier, spread evenly between the known slots of a chain."""
    visited: set[str] = set()
    for first in [slot for slot in next_slots if slot in slots_ms]:
        chain = []
        slot = next_slots[first]
        while slot not in slots_ms and slot in next_slots and slot not in visited:
            visited.add(slot)
            chain.append(slot)
            slot = next_slots[slot]
        if chain and slot in slots_ms:
            length = (slots_ms[slot] - slots_ms[first]) // (len(chain) + 1)
            for step, chain_slot in enumerate(chain, start=1):
                slots_ms[chain_slot] = slots_ms[first] + step * length


def _chains(rows: list[_TierAnnotation], by_id: dict[str, int]) -> Iterator[list[int]]:
    """Yield chains of annotations that refer to a parent and follow one another, as indices in ``rows``."""
    next_indices: dict[int, int] = {}
    heads = []
    for index, row in enumerate(rows):
        previous = by_id.get(row.previous_id) if row.previous_id else None
        if row.parent_id and previous is None:
            heads.append(index)
        elif row.parent_id and previous is not None:
            next_indices.setdefault(previous, index)
    for head in heads:
        chain = [head]
        while chain[-1] in next_indices:
            chain.append(next_indices.pop(chain[-1]))
        yield chain
